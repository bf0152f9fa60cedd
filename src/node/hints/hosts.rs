//! Hosts at which nobody was who was said to be there. Each is dialled ever more rarely, so that what is out of date is
//! not dialled for ever, and nobody can have a machine dialled again and again by naming it under many names. Peers that do
//! not answer are left alone sooner, for a while: see [`majlis_protocol::sync::cover::Failures`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::net::{Multiaddr, host};

/// A host at which nobody has answered so often is left alone.
const PATIENCE: u32 = 40;
/// For so long at first; with each three failures more it doubles.
const PAUSE: Duration = Duration::from_hours(1);
/// At most for so long.
const LONGEST: Duration = Duration::from_hours(7 * 24);
/// What has not failed for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(14 * 24);
/// Hosts remembered; of more those go that failed longest ago.
const MAX: usize = 4_096;

/// Failures in a row.
#[derive(Clone, Copy)]
struct Missed {
    count: u32,
    last: Instant,
}

impl Missed {
    fn is_paused(self, now: Instant) -> bool {
        let Some(more) = self.count.checked_sub(PATIENCE) else { return false };
        let pause = PAUSE.saturating_mul(1 << (more / 3).min(16)).min(LONGEST);
        now < self.last + pause
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Hosts(HashMap<IpAddr, Missed>);

impl Hosts {
    /// Somebody did not answer at any of these addresses.
    pub fn failed(&mut self, addresses: &[Multiaddr], now: Instant) {
        let mut hosts: Vec<_> = addresses.iter().filter_map(host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        for host in hosts {
            let missed = self.0.entry(host).or_insert(Missed { count: 0, last: now });
            *missed = Missed { count: missed.count.saturating_add(1), last: now };
        }
        while self.0.len() > MAX {
            let oldest = self.0.iter().min_by_key(|(_, missed)| missed.last).map(|(host, _)| *host);
            let Some(oldest) = oldest else { return };
            self.0.remove(&oldest);
        }
    }

    /// Somebody is here who may have been at one of these addresses.
    pub fn met(&mut self, addresses: &[Multiaddr]) {
        for host in addresses.iter().filter_map(host) {
            self.0.remove(&host);
        }
    }

    /// Whether nobody is to be sought at an address now.
    pub fn is_dead(&self, address: &Multiaddr, now: Instant) -> bool {
        host(address).and_then(|host| self.0.get(&host)).is_some_and(|missed| missed.is_paused(now))
    }

    /// Forgets what is long past.
    pub fn sweep(&mut self, now: Instant) {
        self.0.retain(|_, missed| now < missed.last + FORGOTTEN);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;
    use crate::net::PeerId;

    fn at(host: &str, port: usize) -> Multiaddr {
        format!("/ip4/{host}/tcp/{port}").parse().unwrap()
    }

    #[test]
    fn where_nobody_answers_is_dialled_ever_more_rarely() {
        let (mut hosts, mut now, address) = (Hosts::default(), Instant::now(), at("8.8.8.8", 1));
        let mut tried = 0;
        // A month in which each attempt fails, five minutes apart at least.
        let end = now + Duration::from_hours(30 * 24);
        while now < end {
            if !hosts.is_dead(&address, now) {
                hosts.failed(std::slice::from_ref(&address), now);
                tried += 1;
            }
            now += Duration::from_mins(5);
        }
        assert!((PATIENCE..100).contains(&tried), "{tried}");
        hosts.met(std::slice::from_ref(&address));
        assert!(!hosts.is_dead(&address, now));
    }

    #[test]
    fn a_host_named_under_many_names_is_left_alone() {
        let (mut hosts, now) = (Hosts::default(), Instant::now());
        let mut dialled = 0;
        for number in 0..10_000 {
            let address = at("8.8.8.8", 1 + number % 60_000);
            if !hosts.is_dead(&address, now) {
                hosts.failed(&[address], now);
                dialled += 1;
            }
        }
        assert_eq!(dialled, PATIENCE);
        assert!(!hosts.is_dead(&at("9.9.9.9", 1), now));
        // Somebody does answer there: it is not dead after all.
        hosts.met(&[at("8.8.8.8", 1)]);
        assert!(!hosts.is_dead(&at("8.8.8.8", 2), now));
    }

    #[test]
    fn those_whom_another_node_carries_do_not_make_that_node_a_dead_host() {
        let (mut hosts, now) = (Hosts::default(), Instant::now());
        let carried: Multiaddr =
            format!("/ip4/8.8.8.8/tcp/1/p2p/{}/p2p-circuit", PeerId::random()).parse().unwrap();
        for _ in 0..2 * PATIENCE {
            hosts.failed(std::slice::from_ref(&carried), now);
        }
        assert!(!hosts.is_dead(&carried, now) && !hosts.is_dead(&at("8.8.8.8", 1), now));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_ends() {
        let (mut hosts, now) = (Hosts::default(), Instant::now());
        for number in 0..MAX + 100 {
            let host = format!("8.{}.{}.1", number / 250, number % 250);
            hosts.failed(&[at(&host, 1)], now);
        }
        assert_eq!(hosts.0.len(), MAX);
        hosts.sweep(now + FORGOTTEN);
        assert_eq!(hosts.0.len(), 0);
    }
}
