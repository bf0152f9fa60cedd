//! Peers that were not where they were said to be. Each is sought ever more rarely, so that what is out of date is not
//! dialled for ever; and so is each host, whoever is said to be there, so that nobody can have a machine dialled again
//! and again by naming it under many names.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::net::{Multiaddr, PeerId, host};

/// A peer that has not answered so often is sought less.
const PEER_PATIENCE: u32 = 10;
/// So is a host at which nobody has.
const HOST_PATIENCE: u32 = 40;
/// The first pause then; with each three failures more it doubles.
const PAUSE: Duration = Duration::from_hours(1);
/// The longest.
const LONGEST: Duration = Duration::from_hours(7 * 24);
/// What has not failed for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(14 * 24);
/// Peers remembered, and hosts; of more those go that failed longest ago.
const MAX: usize = 4_096;

/// Failures in a row.
#[derive(Clone, Copy)]
struct Missed {
    count: u32,
    last: Instant,
}

impl Missed {
    fn is_paused(self, patience: u32, now: Instant) -> bool {
        let Some(more) = self.count.checked_sub(patience) else { return false };
        let pause = PAUSE.saturating_mul(1 << (more / 3).min(16)).min(LONGEST);
        now < self.last + pause
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Failures {
    peers: HashMap<PeerId, Missed>,
    hosts: HashMap<IpAddr, Missed>,
}

fn note<K: Copy + Eq + Hash>(table: &mut HashMap<K, Missed>, key: K, now: Instant) {
    let missed = table.entry(key).or_insert(Missed { count: 0, last: now });
    *missed = Missed { count: missed.count.saturating_add(1), last: now };
    if table.len() > MAX
        && let Some(oldest) = table.iter().min_by_key(|(_, missed)| missed.last).map(|(key, _)| *key)
    {
        table.remove(&oldest);
    }
}

impl Failures {
    /// A peer did not answer at any of these addresses.
    pub fn failed(&mut self, peer: PeerId, addresses: &[Multiaddr], now: Instant) {
        note(&mut self.peers, peer, now);
        let mut hosts: Vec<_> = addresses.iter().filter_map(host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        for host in hosts {
            note(&mut self.hosts, host, now);
        }
    }

    /// A peer is here; it may have been at one of these addresses.
    pub fn met(&mut self, peer: &PeerId, addresses: &[Multiaddr]) {
        self.peers.remove(peer);
        for host in addresses.iter().filter_map(host) {
            self.hosts.remove(&host);
        }
    }

    /// How often it has not answered since it was last here.
    pub fn count(&self, peer: &PeerId) -> u32 {
        self.peers.get(peer).map_or(0, |missed| missed.count)
    }

    /// Whether it is not to be sought now.
    pub fn is_paused(&self, peer: &PeerId, now: Instant) -> bool {
        self.peers.get(peer).is_some_and(|missed| missed.is_paused(PEER_PATIENCE, now))
    }

    /// Whether nobody is to be sought at an address now.
    pub fn is_dead(&self, address: &Multiaddr, now: Instant) -> bool {
        let missed = host(address).and_then(|host| self.hosts.get(&host));
        missed.is_some_and(|missed| missed.is_paused(HOST_PATIENCE, now))
    }

    /// Forgets what is long past.
    pub fn sweep(&mut self, now: Instant) {
        self.peers.retain(|_, missed| now < missed.last + FORGOTTEN);
        self.hosts.retain(|_, missed| now < missed.last + FORGOTTEN);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    fn at(host: &str, port: usize) -> Multiaddr {
        format!("/ip4/{host}/tcp/{port}").parse().unwrap()
    }

    #[test]
    fn who_does_not_answer_is_sought_ever_more_rarely() {
        let (mut failures, peer, mut now) = (Failures::default(), PeerId::random(), Instant::now());
        let mut tried = 0;
        // A month in which each attempt fails, five minutes apart at least.
        let end = now + Duration::from_hours(30 * 24);
        while now < end {
            if !failures.is_paused(&peer, now) {
                failures.failed(peer, &[at("8.8.8.8", 1)], now);
                tried += 1;
            }
            now += Duration::from_mins(5);
        }
        assert!((PEER_PATIENCE..60).contains(&tried), "{tried}");
        failures.met(&peer, &[]);
        assert!(!failures.is_paused(&peer, now));
        assert_eq!(failures.count(&peer), 0);
    }

    #[test]
    fn a_host_named_under_many_names_is_left_alone() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        let mut dialled = 0;
        for number in 0..10_000 {
            let address = at("8.8.8.8", 1 + number % 60_000);
            if !failures.is_dead(&address, now) {
                failures.failed(PeerId::random(), &[address], now);
                dialled += 1;
            }
        }
        assert_eq!(dialled, HOST_PATIENCE);
        assert!(!failures.is_dead(&at("9.9.9.9", 1), now));
        // Somebody does answer there: it is not dead after all.
        failures.met(&PeerId::random(), &[at("8.8.8.8", 1)]);
        assert!(!failures.is_dead(&at("8.8.8.8", 2), now));
    }

    #[test]
    fn those_whom_another_node_carries_do_not_make_that_node_a_dead_host() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        let carried: Multiaddr =
            format!("/ip4/8.8.8.8/tcp/1/p2p/{}/p2p-circuit", PeerId::random()).parse().unwrap();
        for _ in 0..2 * HOST_PATIENCE {
            failures.failed(PeerId::random(), std::slice::from_ref(&carried), now);
        }
        assert!(!failures.is_dead(&carried, now) && !failures.is_dead(&at("8.8.8.8", 1), now));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_ends() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        for number in 0..MAX + 100 {
            let host = format!("8.{}.{}.1", number / 250, number % 250);
            failures.failed(PeerId::random(), &[at(&host, 1)], now);
        }
        assert_eq!((failures.peers.len(), failures.hosts.len()), (MAX, MAX));
        failures.sweep(now + FORGOTTEN);
        assert_eq!((failures.peers.len(), failures.hosts.len()), (0, 0));
    }
}
