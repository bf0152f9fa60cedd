//! Nodes that carry connections for others (circuit relay v2), and at which of them this node may be reached. Owned by
//! the swarm task; it decides nothing about connections that exist.

use std::collections::{BTreeMap, HashMap};

use libp2p::{Multiaddr, PeerId, core::transport::ListenerId};
use tokio::time::Instant;

use super::config::{CARRIER_PAUSE, CARRIERS};

/// What to do so that this node is carried as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask this node, at this address, to carry connections.
    Ask(PeerId, Multiaddr),
    /// No longer be carried there.
    Leave(ListenerId),
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    /// Connected nodes that offer to carry, and where others reach them.
    offers: BTreeMap<PeerId, Multiaddr>,
    /// Reservations asked for or had.
    held: HashMap<ListenerId, PeerId>,
    /// Who has refused or broken off is left in peace until then.
    paused: HashMap<PeerId, Instant>,
}

impl Carriers {
    /// A connected node offers to carry.
    pub fn offered(&mut self, peer: PeerId, address: Multiaddr) {
        self.offers.insert(peer, address);
    }

    /// The node is no longer connected, or no longer offers.
    pub fn withdrawn(&mut self, peer: &PeerId) {
        self.offers.remove(peer);
    }

    /// The node was asked.
    pub fn asked(&mut self, listener: ListenerId, peer: PeerId) {
        self.held.insert(listener, peer);
    }

    /// The reservation is over, or was refused; whether it was one.
    pub fn ended(&mut self, listener: ListenerId, now: Instant) -> bool {
        let Some(peer) = self.held.remove(&listener) else { return false };
        self.paused.insert(peer, now + CARRIER_PAUSE);
        true
    }

    /// What is to be done, where this node is reached `directly` or not.
    pub fn steps(&mut self, directly: bool, now: Instant) -> Vec<Step> {
        self.paused.retain(|_, until| *until > now);
        if directly {
            return self.held.keys().map(|listener| Step::Leave(*listener)).collect();
        }
        let wanting = CARRIERS.saturating_sub(self.held.len());
        let free =
            self.offers.iter().filter(|(peer, _)| !self.paused.contains_key(peer) && !self.holds(peer));
        free.take(wanting).map(|(peer, address)| Step::Ask(*peer, address.clone())).collect()
    }

    /// When somebody may be asked again who had refused.
    pub fn next_due(&self) -> Option<Instant> {
        let offered = self.paused.iter().filter(|(peer, _)| self.offers.contains_key(peer));
        offered.map(|(_, until)| *until).min().filter(|_| self.held.len() < CARRIERS)
    }

    fn holds(&self, peer: &PeerId) -> bool {
        self.held.values().any(|holding| holding == peer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(port: u16) -> Multiaddr {
        format!("/ip4/192.0.2.1/tcp/{port}").parse().unwrap()
    }

    fn asked(steps: Vec<Step>) -> Vec<PeerId> {
        let peers = steps.into_iter().map(|step| match step {
            Step::Ask(peer, _) => peer,
            Step::Leave(_) => panic!("nothing was held"),
        });
        peers.collect()
    }

    #[test]
    fn a_few_are_asked_and_others_when_one_is_gone() {
        let now = Instant::now();
        let mut carriers = Carriers::default();
        assert_eq!(carriers.steps(false, now), []);
        for port in 1..=4 {
            carriers.offered(PeerId::random(), at(port));
        }
        let first = asked(carriers.steps(false, now));
        assert_eq!(first.len(), CARRIERS);
        let listeners: Vec<_> = first.iter().map(|_| ListenerId::next()).collect();
        for (listener, peer) in listeners.iter().zip(&first) {
            carriers.asked(*listener, *peer);
        }
        assert_eq!(carriers.steps(false, now), []);
        assert!(carriers.ended(listeners[0], now) && !carriers.ended(listeners[0], now));
        let next = asked(carriers.steps(false, now));
        assert_eq!(next.len(), 1);
        assert!(!first.contains(&next[0]), "who broke off is not asked at once");
    }

    #[test]
    fn who_refused_is_asked_again_after_a_while() {
        let now = Instant::now();
        let (mut carriers, peer, listener) = (Carriers::default(), PeerId::random(), ListenerId::next());
        carriers.offered(peer, at(1));
        carriers.asked(listener, peer);
        carriers.ended(listener, now);
        assert_eq!(carriers.steps(false, now), []);
        assert_eq!(carriers.next_due(), Some(now + CARRIER_PAUSE));
        let later = now + CARRIER_PAUSE + Duration::from_millis(1);
        assert_eq!(asked(carriers.steps(false, later)), [peer]);
        carriers.withdrawn(&peer);
        assert_eq!(carriers.steps(false, later), []);
    }

    #[test]
    fn whoever_is_reached_directly_is_not_carried() {
        let now = Instant::now();
        let (mut carriers, peer, listener) = (Carriers::default(), PeerId::random(), ListenerId::next());
        carriers.offered(peer, at(1));
        assert_eq!(carriers.steps(true, now), []);
        carriers.asked(listener, peer);
        assert_eq!(carriers.steps(true, now), [Step::Leave(listener)]);
    }
}
