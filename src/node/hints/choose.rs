//! Which of the addresses that others have published are dialled at all. Whom of their holders a node seeks is decided
//! in [`majlis_protocol::sync::cover`].

use majlis_protocol::body::Hints;
use majlis_protocol::sync::cover;

use crate::net::{Multiaddr, PeerId, Reach, place};
use crate::node::config::HintScope;

/// A node that holds an account, and where it is said to be.
pub(super) type Holder = cover::Holder<PeerId, Multiaddr>;

impl HintScope {
    /// Whether an address that somebody else has published is dialled. Not by name, unless the owner trusts the
    /// network around: a name may lead into it, and who is asked for it learns who asks.
    fn dials(self, reach: Reach) -> bool {
        self == Self::All || reach == Reach::World
    }
}

/// The holders that hints name, with those of their addresses that may be dialled.
pub(super) fn holders(hints: Hints, scope: HintScope) -> Vec<Holder> {
    let mut found: Vec<Holder> = Vec::new();
    for holder in hints.holders {
        let Ok(peer) = PeerId::from_bytes(&holder.peer_id) else { continue };
        let addresses: Vec<_> = holder
            .addresses
            .into_iter()
            .filter_map(|address| place(Multiaddr::try_from(address).ok()?, &peer))
            .filter(|(reach, _)| scope.dials(*reach))
            .map(|(_, address)| address)
            .collect();
        if !addresses.is_empty() && found.iter().all(|known| known.peer != peer) {
            found.push(Holder { peer, addresses });
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use majlis_protocol::body;

    use super::*;

    /// Peers in ascending order.
    fn peers<const N: usize>() -> [PeerId; N] {
        let mut peers = [(); N].map(|()| PeerId::random());
        peers.sort_unstable();
        peers
    }

    #[test]
    fn foreign_addresses_are_dialled_only_where_they_can_do_no_harm() {
        let [peer, other] = peers();
        let said = |addresses: &[String]| {
            let addresses =
                addresses.iter().map(|address| address.parse::<Multiaddr>().unwrap().to_vec()).collect();
            body::Hints { holders: vec![body::Holder { peer_id: peer.to_bytes(), addresses }] }
        };
        let good = [
            "/ip4/8.8.8.8/tcp/1".to_owned(),
            format!("/ip6/2600::1/udp/1/quic-v1/p2p/{peer}"),
            format!("/ip4/8.8.8.8/tcp/1/p2p/{other}/p2p-circuit/p2p/{peer}"),
        ];
        let near = [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/10.0.0.1/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/fd00::1/tcp/1",
            "/dns4/localhost/tcp/1",
        ]
        .map(str::to_owned);
        let never = [
            "/ip4/169.254.1.1/tcp/1".to_owned(),
            "/ip6/fe80::1/tcp/1".to_owned(),
            format!("/ip4/8.8.8.8/tcp/1/p2p/{other}"),
            format!("/ip4/8.8.8.8/tcp/1/p2p/{peer}/p2p-circuit/p2p/{other}"),
            format!("/ip4/10.0.0.1/tcp/1/p2p/{other}/p2p-circuit/p2p/{peer}/p2p-circuit"),
        ];
        let all = [&good[..], &near, &never].concat();
        for (scope, count) in [(HintScope::Public, 3), (HintScope::Off, 3), (HintScope::All, 8)] {
            let found: Vec<usize> = all
                .chunks(8)
                .flat_map(|part| holders(said(part), scope))
                .map(|h| h.addresses.len())
                .collect();
            assert_eq!(found.iter().sum::<usize>(), count, "{scope:?}");
        }
        assert_eq!(holders(said(&near), HintScope::Public), []);
        let mut broken = said(&good);
        broken.holders[0].addresses[0] = vec![255; 9];
        assert_eq!(holders(broken.clone(), HintScope::Public)[0].addresses.len(), 2);
        broken.holders[0].peer_id = vec![1, 2, 3];
        assert_eq!(holders(broken, HintScope::Public), []);
    }
}
