//! Meeting others through chosen relays alone, so that nobody else sees where this node is.

use std::fmt;

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol, swarm::ConnectionDenied};

use super::{NetConfig, gate::Keeper, on::dial::is_dialable, reach::is_relayed};

/// Whether this is the whole address of a node that may carry: a place, and the name of who is there.
pub(super) fn is_relay(address: &Multiaddr) -> bool {
    is_dialable(address) && !is_relayed(address) && matches!(address.iter().last(), Some(Protocol::P2p(_)))
}

/// The relays through which alone others are met. Without any, everything is dialled.
#[derive(Debug)]
pub(super) struct Veil {
    relays: Vec<Multiaddr>,
}

impl Veil {
    pub fn new(config: &NetConfig) -> Self {
        Self { relays: config.relay_only.clone() }
    }

    /// Whether others are met through relays alone.
    pub fn is_drawn(&self) -> bool {
        !self.relays.is_empty()
    }

    /// Whether who dials this address shows itself to the relays at most.
    pub fn allows(&self, address: &Multiaddr) -> bool {
        !self.is_drawn() || self.relays.iter().any(|relay| is_through(address, relay))
    }

    /// The ways to a peer: of these addresses those that may be dialled; where there is none, any relay may happen to
    /// carry for it.
    pub fn ways(&self, peer: &PeerId, mut addresses: Vec<Multiaddr>) -> Vec<Multiaddr> {
        addresses.retain(|address| self.allows(&whole(address, peer)));
        if addresses.is_empty() {
            let others = self.relays.iter().filter(|relay| relay.iter().last() != Some(Protocol::P2p(*peer)));
            addresses = others.map(|relay| relay.clone().with(Protocol::P2pCircuit)).collect();
        }
        addresses
    }
}

/// Why a dial was not made.
#[derive(Debug)]
struct Shown;

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it would show where this node is, which meets others only through the nodes of `relay_only`",
        )
    }
}

impl std::error::Error for Shown {}

/// Refuses every dial that shows more, whichever part of the node asks for it.
impl Keeper for Veil {
    fn may_go(&mut self, peer: Option<PeerId>, addresses: &[Multiaddr]) -> Result<(), ConnectionDenied> {
        let allows = |address: &Multiaddr| match &peer {
            Some(peer) => self.allows(&whole(address, peer)),
            None => self.allows(address),
        };
        if addresses.iter().all(allows) { Ok(()) } else { Err(ConnectionDenied::new(Shown)) }
    }
}

/// The address with the name of the peer at its end.
fn whole(address: &Multiaddr, peer: &PeerId) -> Multiaddr {
    address.clone().with_p2p(*peer).unwrap_or_else(|named| named)
}

/// Whether the address is the relay's own, or begins with it and has others carried there.
fn is_through(address: &Multiaddr, relay: &Multiaddr) -> bool {
    let mut parts = address.iter();
    relay.iter().all(|part| parts.next() == Some(part))
        && matches!(
            [parts.next(), parts.next(), parts.next()],
            [None | Some(Protocol::P2pCircuit), None, None]
                | [Some(Protocol::P2pCircuit), Some(Protocol::P2p(_)), None]
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn relay(host: u8) -> (PeerId, Multiaddr) {
        let peer = PeerId::random();
        (peer, address(&format!("/ip4/192.0.2.{host}/tcp/4001/p2p/{peer}")))
    }

    fn drawn(relays: &[&Multiaddr]) -> Veil {
        let relay_only = relays.iter().map(|relay| (*relay).clone()).collect();
        Veil::new(&NetConfig { relay_only, ..NetConfig::default() })
    }

    #[test]
    fn only_the_relays_and_what_they_carry_are_dialled() {
        let (_, one) = relay(1);
        let (other_name, other) = relay(2);
        let veil = drawn(&[&one]);
        let friend = PeerId::random();
        for allowed in [
            one.clone(),
            one.clone().with(Protocol::P2pCircuit),
            one.clone().with(Protocol::P2pCircuit).with(Protocol::P2p(friend)),
        ] {
            assert!(veil.allows(&allowed), "{allowed}");
        }
        for forbidden in [
            other.clone(),
            other.with(Protocol::P2pCircuit),
            // The place of the relay with another's name, and its name at another place.
            address(&format!("/ip4/192.0.2.1/tcp/4001/p2p/{other_name}")),
            address("/ip4/192.0.2.1/tcp/4001"),
            address(&one.to_string().replace("192.0.2.1", "192.0.2.2")),
            one.clone().with(Protocol::P2p(friend)),
            one.with(Protocol::P2pCircuit).with(Protocol::P2pCircuit),
            Multiaddr::empty(),
        ] {
            assert!(!veil.allows(&forbidden), "{forbidden}");
        }
    }

    #[test]
    fn a_peer_is_sought_where_it_is_carried_and_else_at_every_relay() {
        let ((_, one), (name, other)) = (relay(1), relay(2));
        let veil = drawn(&[&one, &other]);
        let friend = PeerId::random();
        let [by_one, by_other] = [&one, &other].map(|relay| relay.clone().with(Protocol::P2pCircuit));
        let direct = address("/ip4/192.0.2.9/tcp/4001");
        assert_eq!(veil.ways(&friend, vec![direct.clone(), by_one.clone()]), std::slice::from_ref(&by_one));
        assert_eq!(veil.ways(&friend, vec![direct.clone()]), [by_one.clone(), by_other]);
        let place = address("/ip4/192.0.2.2/tcp/4001");
        assert_eq!(veil.ways(&name, vec![direct.clone(), place.clone()]), [place]);
        assert_eq!(veil.ways(&name, vec![direct.clone()]), [by_one], "a relay does not carry to itself");
        assert_eq!(drawn(&[]).ways(&friend, vec![direct.clone()]), [direct]);
    }
}
