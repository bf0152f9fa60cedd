//! Holders of accounts of which others have told, peers that were asked and the table by which nodes are found. It is
//! as foreign as what accounts write in their logs, and passes sooner.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use majlis_protocol::AccountId;
use tokio::time::Instant;

use super::choose::Holder;

/// How long it is believed.
const BELIEVED: Duration = Duration::from_hours(1);
/// Holders of one account; of more the oldest go.
const MAX_HOLDERS: usize = 16;

/// See the module.
#[derive(Default)]
pub(super) struct Told(HashMap<AccountId, VecDeque<(Holder, Instant)>>);

impl Told {
    /// Takes note. Of whom is told in answer to a question only, so as many accounts are here as were asked for.
    pub fn add(&mut self, account: AccountId, holders: Vec<Holder>, now: Instant) {
        let known = self.0.entry(account).or_default();
        for holder in holders.into_iter().take(MAX_HOLDERS) {
            known.retain(|(other, _)| other.peer != holder.peer);
            known.push_back((holder, now + BELIEVED));
        }
        while known.len() > MAX_HOLDERS {
            known.pop_front();
        }
    }

    /// Of whom is told, the newest first.
    pub fn holders(&self, account: &AccountId) -> impl Iterator<Item = &Holder> {
        self.0.get(account).into_iter().flatten().rev().map(|(holder, _)| holder)
    }

    /// Forgets what has passed, and all of accounts that are no longer held.
    pub fn sweep(&mut self, now: Instant, is_held: impl Fn(&AccountId) -> bool) {
        for holders in self.0.values_mut() {
            holders.retain(|(_, until)| *until > now);
        }
        self.0.retain(|account, holders| !holders.is_empty() && is_held(account));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;
    use crate::net::PeerId;

    fn holder() -> Holder {
        Holder { peer: PeerId::random(), addresses: vec!["/ip4/8.8.8.8/tcp/1".parse().unwrap()] }
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let (mut told, account, now) = (Told::default(), AccountId([1; 32]), Instant::now());
        let all: Vec<_> = (0..MAX_HOLDERS + 4).map(|_| holder()).collect();
        for (second, holder) in all.iter().enumerate() {
            told.add(account, vec![holder.clone()], now + Duration::from_secs(second as u64));
        }
        let known: Vec<_> = told.holders(&account).cloned().collect();
        assert_eq!(known, all[4..].iter().rev().cloned().collect::<Vec<_>>());
        told.sweep(now + BELIEVED + Duration::from_secs(10), |_| true);
        assert_eq!(told.holders(&account).count(), 9);
        told.sweep(now, |_| false);
        assert_eq!(told.holders(&account).count(), 0);
    }
}
