//! The peers to which a connection is kept: their addresses, and when each is dialled next. Owned by the swarm task;
//! it decides nothing about connections that exist.

use std::collections::HashMap;

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};
use tokio::time::Instant;

use super::{
    backoff::Backoff,
    config::{MAX_ADDRESSES_PER_PEER, MAX_HINTED_ADDRESSES},
    guard::Hearsay,
    reach::{Reach, is_relayed, reach},
};

/// See the module.
#[derive(Debug)]
pub(super) struct Wanted {
    peers: HashMap<PeerId, WantedPeer>,
    max: usize,
    backoff: Backoff,
}

/// One wanted peer.
#[derive(Debug, Default)]
pub(super) struct WantedPeer {
    /// Addresses from the owner, an invite or discovery; newest first.
    given: Vec<Multiaddr>,
    /// Addresses the peer itself has announced over a connection; the last announcement.
    announced: Vec<Multiaddr>,
    /// Addresses by hearsay; the last that was heard.
    hinted: Vec<Multiaddr>,
    /// Somebody wants it, rather than that it was hinted at.
    asked: bool,
    /// When to dial; `None` while connected or being dialled.
    due: Option<Instant>,
    failures: u32,
}

/// What became of [`Wanted::want`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    /// The peer is wanted; this many addresses were not kept.
    Yes { dropped: usize },
    /// Too many are.
    TooMany,
}

/// What became of [`Wanted::hint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hinted {
    /// It was known, or there is nothing to take back.
    Same,
    /// The peer is sought elsewhere now, or no longer.
    Changed,
    /// Too many are wanted.
    Refused,
}

impl Wanted {
    pub fn new(max: usize, backoff: Backoff) -> Self {
        Self { peers: HashMap::new(), max, backoff }
    }

    /// Remembers the peer, with these addresses before those it has.
    pub fn want(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) -> Remembered {
        if !self.peers.contains_key(&peer) && self.peers.len() >= self.max {
            // Hearsay never keeps out what somebody asks for.
            let Some(hinted) = self.peers.iter().find(|(_, known)| !known.asked).map(|(id, _)| *id) else {
                return Remembered::TooMany;
            };
            self.peers.remove(&hinted);
        }
        let wanted = self.peers.entry(peer).or_default();
        wanted.asked = true;
        let before = addresses.len() + wanted.given.len();
        let mut duplicates = 0;
        let mut all: Vec<Multiaddr> = Vec::new();
        let new = addresses.into_iter().filter_map(|address| transport_part(address, &peer));
        for address in new.chain(std::mem::take(&mut wanted.given)) {
            if all.contains(&address) {
                duplicates += 1;
            } else if all.len() < MAX_ADDRESSES_PER_PEER {
                all.push(address);
            }
        }
        wanted.given = all;
        Remembered::Yes { dropped: before - duplicates - wanted.given.len() }
    }

    /// Replaces what is known of the peer by hearsay; none takes it back.
    pub fn hint(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) -> Hinted {
        let addresses = addresses.into_iter().filter_map(|address| transport_part(address, &peer));
        let addresses: Vec<_> = addresses.take(MAX_HINTED_ADDRESSES).collect();
        let full = self.peers.len() >= self.max;
        match self.peers.get_mut(&peer) {
            Some(known) if known.hinted == addresses => return Hinted::Same,
            Some(known) if addresses.is_empty() && !known.asked => {
                self.peers.remove(&peer);
            }
            Some(known) => known.hinted = addresses,
            None if addresses.is_empty() => return Hinted::Same,
            None if full => return Hinted::Refused,
            None => {
                self.peers.insert(peer, WantedPeer { hinted: addresses, ..WantedPeer::default() });
            }
        }
        Hinted::Changed
    }

    pub fn forget(&mut self, peer: &PeerId) {
        self.peers.remove(peer);
    }

    pub fn contains(&self, peer: &PeerId) -> bool {
        self.peers.contains_key(peer)
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// The addresses to dial: hinted ones first, which are news where those given have failed, then given, then
    /// announced.
    pub fn addresses(&self, peer: &PeerId) -> Vec<Multiaddr> {
        let Some(wanted) = self.peers.get(peer) else { return Vec::new() };
        let mut all: Vec<Multiaddr> = Vec::new();
        for address in wanted.hinted.iter().chain(&wanted.given).chain(&wanted.announced) {
            if all.len() < MAX_ADDRESSES_PER_PEER && !all.contains(address) {
                all.push(address.clone());
            }
        }
        all
    }

    /// Replaces what the peer has announced of itself.
    pub fn announced(&mut self, peer: &PeerId, addresses: &[Multiaddr]) {
        if let Some(wanted) = self.peers.get_mut(peer) {
            wanted.announced = addresses.to_vec();
        }
    }

    /// Dials the peer at `at`, or sooner if it is due sooner. Returns when it is due now.
    pub fn dial_at(&mut self, peer: &PeerId, at: Instant) -> Option<Instant> {
        let wanted = self.peers.get_mut(peer)?;
        let due = wanted.due.map_or(at, |due| due.min(at));
        wanted.due = Some(due);
        Some(due)
    }

    /// No dial while connected, or being dialled.
    pub fn pause(&mut self, peer: &PeerId) {
        if let Some(wanted) = self.peers.get_mut(peer) {
            wanted.due = None;
        }
    }

    /// A dial failed, or a connection ended. A connection that served well starts the backoff anew.
    pub fn lost(&mut self, peer: &PeerId, served_well: bool, now: Instant) -> Option<Instant> {
        let backoff = self.backoff;
        let wanted = self.peers.get_mut(peer)?;
        if served_well {
            wanted.failures = 0;
        }
        let due = now + backoff.after(wanted.failures);
        wanted.failures = wanted.failures.saturating_add(1);
        wanted.due = Some(due);
        Some(due)
    }

    /// The network has changed: earlier failures say nothing about it.
    pub fn start_anew(&mut self, peer: &PeerId) {
        if let Some(wanted) = self.peers.get_mut(peer) {
            wanted.failures = 0;
        }
    }

    pub fn peers(&self) -> impl Iterator<Item = &PeerId> {
        self.peers.keys()
    }

    /// Peers due now that have an address, longest waiting first.
    pub fn due(&self, now: Instant) -> Vec<PeerId> {
        let mut due: Vec<_> = self.waiting().filter(|(_, due)| *due <= now).collect();
        due.sort_unstable_by_key(|(_, due)| *due);
        due.into_iter().map(|(peer, _)| peer).collect()
    }

    /// When the next peer is due after `now`.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        self.waiting().map(|(_, due)| due).filter(|due| *due > now).min()
    }

    fn waiting(&self) -> impl Iterator<Item = (PeerId, Instant)> + '_ {
        self.peers
            .iter()
            .filter(|(_, wanted)| {
                !wanted.given.is_empty() || !wanted.announced.is_empty() || !wanted.hinted.is_empty()
            })
            .filter_map(|(peer, wanted)| wanted.due.map(|due| (*peer, due)))
    }
}

/// The address without its `/p2p` part; `None` if that names another peer or nothing else is left.
pub(super) fn transport_part(mut address: Multiaddr, peer: &PeerId) -> Option<Multiaddr> {
    if let Some(Protocol::P2p(named)) = address.iter().last() {
        if named != *peer {
            return None;
        }
        address.pop();
    }
    (!address.is_empty()).then_some(address)
}

/// The addresses that a peer announces of itself, as far as they are believed: bounded; loopback only of a peer that is
/// on this machine, and what else is not the internet's only of one that is near. `over` is where its connection goes.
pub(super) fn believed(
    peer: &PeerId,
    addresses: Vec<Multiaddr>,
    over: Option<&Multiaddr>,
    hearsay: Hearsay,
) -> Vec<Multiaddr> {
    let near = over.filter(|remote| !is_relayed(remote)).and_then(reach);
    let near = near.filter(|near| matches!(near, Reach::Household | Reach::Machine));
    let is_believed = |address: &Multiaddr| match reach(address) {
        Some(Reach::Machine) => near == Some(Reach::Machine),
        Some(reach) => near.is_some() || hearsay.believes(reach),
        None => false,
    };
    let places = addresses.into_iter().filter(is_believed);
    places.filter_map(|address| transport_part(address, peer)).take(MAX_ADDRESSES_PER_PEER).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn wanted(max: usize) -> Wanted {
        Wanted::new(max, Backoff { base: Duration::from_secs(1), max: Duration::from_mins(1) })
    }

    fn address(port: u16) -> Multiaddr {
        format!("/ip4/192.0.2.1/tcp/{port}").parse().unwrap()
    }

    #[test]
    fn addresses_are_bounded_newest_first_and_of_this_peer() {
        let mut table = wanted(4);
        let (peer, other) = (PeerId::random(), PeerId::random());
        let many: Vec<_> = (1..=20).map(address).collect();
        assert_eq!(table.want(peer, many), Remembered::Yes { dropped: 4 });
        assert_eq!(table.want(peer, vec![address(99), address(1)]), Remembered::Yes { dropped: 1 });
        let kept = table.addresses(&peer);
        assert_eq!(kept.len(), MAX_ADDRESSES_PER_PEER);
        assert_eq!(kept[..3], [address(99), address(1), address(2)]);

        let own = address(7).with(Protocol::P2p(other));
        let foreign = address(8).with(Protocol::P2p(peer));
        assert_eq!(table.want(other, vec![own, foreign]), Remembered::Yes { dropped: 1 });
        assert_eq!(table.addresses(&other), [address(7)]);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut table = wanted(1);
        let peer = PeerId::random();
        assert_eq!(table.want(peer, vec![]), Remembered::Yes { dropped: 0 });
        assert_eq!(table.want(PeerId::random(), vec![]), Remembered::TooMany);
        assert_eq!(table.want(peer, vec![address(1)]), Remembered::Yes { dropped: 0 });
        table.forget(&peer);
        assert_eq!(table.want(PeerId::random(), vec![]), Remembered::Yes { dropped: 0 });
    }

    #[test]
    fn hearsay_is_replaced_and_never_crowds_out_what_was_given() {
        let mut table = wanted(4);
        let peer = PeerId::random();
        assert_eq!(table.hint(peer, vec![]), Hinted::Same);
        assert_eq!(table.hint(peer, vec![address(1)]), Hinted::Changed);
        assert_eq!(table.hint(peer, vec![address(1)]), Hinted::Same);
        let given: Vec<_> = (100..100 + MAX_ADDRESSES_PER_PEER as u16).map(address).collect();
        table.want(peer, given.clone());
        assert_eq!(table.hint(peer, (1..=40).map(address).collect()), Hinted::Changed);
        let all = table.addresses(&peer);
        assert_eq!(
            all[..MAX_HINTED_ADDRESSES],
            (1..=MAX_HINTED_ADDRESSES as u16).map(address).collect::<Vec<_>>()
        );
        assert_eq!(all[MAX_HINTED_ADDRESSES..], given[..MAX_ADDRESSES_PER_PEER - MAX_HINTED_ADDRESSES]);
        assert_eq!(table.hint(peer, vec![address(2)]), Hinted::Changed);
        assert_eq!(table.addresses(&peer)[..2], [address(2), address(100)]);
        // Taken back, it is still wanted.
        assert_eq!(table.hint(peer, vec![]), Hinted::Changed);
        assert_eq!(table.addresses(&peer), given);
        let other = PeerId::random();
        table.hint(other, vec![address(1).with(Protocol::P2p(other)), address(2).with(Protocol::P2p(peer))]);
        assert_eq!(table.addresses(&other), [address(1)]);
        table.hint(other, vec![]);
        assert!(!table.contains(&other));
    }

    #[test]
    fn a_wanted_peer_takes_the_place_of_one_that_was_hinted_at() {
        let mut table = wanted(2);
        let [named, hinted, late] = [(); 3].map(|()| PeerId::random());
        table.want(named, vec![]);
        assert_eq!(table.hint(hinted, vec![address(1)]), Hinted::Changed);
        assert_eq!(table.hint(late, vec![address(1)]), Hinted::Refused);
        assert_eq!(table.want(late, vec![]), Remembered::Yes { dropped: 0 });
        assert!(table.contains(&named) && table.contains(&late) && !table.contains(&hinted));
        assert_eq!(table.want(hinted, vec![]), Remembered::TooMany);
    }

    #[test]
    fn failures_lengthen_the_pause_until_a_connection_serves_well() {
        let mut table = wanted(4);
        let peer = PeerId::random();
        let now = Instant::now();
        table.want(peer, vec![address(1)]);
        for _ in 0..5 {
            table.lost(&peer, false, now);
        }
        assert!(table.due(now + Duration::from_secs(7)).is_empty());
        assert_eq!(table.due(now + Duration::from_secs(16)), [peer]);
        table.lost(&peer, true, now);
        assert_eq!(table.due(now + Duration::from_secs(1)), [peer]);
        table.pause(&peer);
        assert_eq!(table.next_due(now), None);
    }

    #[test]
    fn what_is_not_the_internets_is_believed_of_those_who_are_near() {
        let peer = PeerId::random();
        let parse = |text: &str| text.parse::<Multiaddr>().unwrap();
        let all = [
            "/ip4/8.8.8.8/tcp/1",
            "/ip4/192.168.1.1/tcp/80",
            "/dns4/router/tcp/80",
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/169.254.1.1/tcp/1",
        ]
        .map(parse);
        let strict = Hearsay { nearby: false };
        let over = |remote: &str, hearsay| believed(&peer, all.to_vec(), Some(&parse(remote)), hearsay);
        assert_eq!(over("/ip4/9.9.9.9/tcp/1", strict), all[..1]);
        // Another carries what comes from there, and is itself nearby.
        let carried = format!("/ip4/10.0.0.1/tcp/1/p2p/{peer}/p2p-circuit");
        assert_eq!(over(&carried, strict), all[..1]);
        assert_eq!(over("/ip4/192.168.1.7/tcp/1", strict), all[..3]);
        assert_eq!(over("/ip4/127.0.0.1/tcp/1", strict), all[..4]);
        assert_eq!(over("/ip4/9.9.9.9/tcp/1", Hearsay { nearby: true }), all[..3]);
        assert_eq!(believed(&peer, all.to_vec(), None, strict), all[..1]);
        let many = vec![all[0].clone(); 40];
        assert_eq!(believed(&peer, many, None, strict).len(), MAX_ADDRESSES_PER_PEER);

        let mut table = wanted(4);
        table.want(peer, vec![address(2)]);
        table.announced(&peer, &[address(1), address(2)]);
        assert_eq!(table.addresses(&peer), [address(2), address(1)]);
    }
}
