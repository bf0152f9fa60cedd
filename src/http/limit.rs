//! How much may be asked without the owner's token: so much at once, and so much a second, from each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use parking_lot::Mutex;

/// Requests at once.
const BURST: f64 = 300.0;
/// Requests a second.
const RATE: f64 = 5.0;
/// What a request that fails costs beside its own: whoever guesses fails most of the time.
const FAILED: f64 = 5.0;
/// Addresses that are told apart.
const MAX_ADDRESSES: usize = 1_024;

/// What each address has left.
#[derive(Default)]
pub struct Limits(Mutex<HashMap<IpAddr, (f64, Instant)>>);

/// An address, or the network of one that has very many.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

impl Limits {
    fn take(&self, address: IpAddr, cost: f64, now: Instant) -> bool {
        let refilled = |(left, at): (f64, Instant)| {
            (left + RATE * now.saturating_duration_since(at).as_secs_f64()).min(BURST)
        };
        let mut known = self.0.lock();
        if known.len() >= MAX_ADDRESSES {
            known.retain(|_, entry| refilled(*entry) < BURST);
        }
        // Where there are too many to tell apart, the rest share one.
        let full = known.len() >= MAX_ADDRESSES;
        let mut key = source(address);
        if full && !known.contains_key(&key) {
            key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        }
        let left = known.get(&key).map_or(BURST, |entry| refilled(*entry));
        let allowed = left >= 1.0;
        known.insert(key, ((left - cost).clamp(0.0, BURST), now));
        allowed
    }

    /// Whether one more request from this address is answered.
    pub fn ask(&self, address: IpAddr) -> bool {
        self.take(address, 1.0, Instant::now())
    }

    /// A request from this address was none that counts.
    pub fn give_back(&self, address: IpAddr) {
        self.take(address, -1.0, Instant::now());
    }

    /// A request from this address has failed.
    pub fn failed(&self, address: IpAddr) {
        self.take(address, FAILED, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_address_has_its_burst_and_its_rate() {
        let (limits, now) = (Limits::default(), Instant::now());
        let here = IpAddr::from([127, 0, 0, 1]);
        let taken = (0..1_000).filter(|_| limits.take(here, 1.0, now)).count();
        assert_eq!(taken, 300);
        assert!(limits.take(IpAddr::from([127, 0, 0, 2]), 1.0, now), "another is not held up by it");
        assert!(!limits.take(here, 1.0, now));
        limits.take(here, -1.0, now);
        assert!(limits.take(here, 1.0, now), "what does not count is given back");
        let later = now + Duration::from_secs(2);
        assert_eq!((0..100).filter(|_| limits.take(here, 1.0, later)).count(), 10);
    }

    #[test]
    fn a_crowd_takes_no_memory() {
        let (limits, now) = (Limits::default(), Instant::now());
        for n in 0..10_000_u32 {
            limits.take(IpAddr::from(n.to_be_bytes()), 1.0, now);
        }
        assert!(limits.0.lock().len() <= MAX_ADDRESSES + 1);
    }
}
