//! Which accounts are sought by their key alone, and when. A search tells those who keep that part of the table that
//! somebody at this node's address looks for a name, which says nothing to those who do not know the account. So it is
//! made only for accounts that nobody who is connected shares, and never for those followed in private.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use majlis_protocol::AccountId;
use majlis_protocol::finding::{DAY_MS, provider_key};
use tokio::time::Instant;

use super::choose::Holder;
use crate::net::Net;

/// Searches at once.
const AT_ONCE: usize = 4;
/// The pause after a search that found nobody; it doubles each time. Two who have both lost whoever carried for them look
/// for each other before either has said where it is now.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest; also after one that found somebody.
const LONGEST: Duration = Duration::from_mins(30);

/// When an account is sought next.
#[derive(Clone, Copy)]
struct Turn {
    due: Instant,
    pause: Duration,
}

/// See the module.
#[derive(Default)]
pub(super) struct Seeking {
    turns: HashMap<AccountId, Turn>,
    /// Searches under way.
    open: HashSet<AccountId>,
}

impl Seeking {
    /// Of accounts that lack holders those to be sought now, as far as there is room.
    pub fn next<'a>(&mut self, lacking: impl Iterator<Item = &'a AccountId>, now: Instant) -> Vec<AccountId> {
        let room = AT_ONCE.saturating_sub(self.open.len());
        let due = |account: &AccountId| self.turns.get(account).is_none_or(|turn| turn.due <= now);
        let mut due: Vec<_> =
            lacking.filter(|account| !self.open.contains(*account) && due(account)).collect();
        // Those never sought come first, then those that waited longest.
        due.sort_by_key(|account| self.turns.get(*account).map(|turn| turn.due));
        let chosen: Vec<_> = due.into_iter().take(room).copied().collect();
        self.open.extend(&chosen);
        chosen
    }

    /// A search has ended.
    pub fn ended(&mut self, account: AccountId, has_found: bool, now: Instant) {
        self.open.remove(&account);
        let before = self.turns.get(&account).map(|turn| turn.pause);
        let pause = match (has_found, before) {
            (true, _) => LONGEST,
            (false, None) => PAUSE,
            (false, Some(pause)) => (pause * 2).min(LONGEST),
        };
        self.turns.insert(account, Turn { due: now + pause, pause });
    }

    /// Forgets those that no longer lack holders: if they do again they are sought at once.
    pub fn retain(&mut self, is_lacking: impl Fn(&AccountId) -> bool) {
        self.turns.retain(|account, _| is_lacking(account));
    }
}

/// The days whose names an account may go by at these times, in milliseconds since 1970: clocks differ, and records
/// outlive midnight.
pub(super) fn days(times: &[u64]) -> Vec<u64> {
    let mut days = Vec::new();
    for today in times.iter().map(|time| time / DAY_MS) {
        for day in [today, today.saturating_sub(1), today + 1] {
            if !days.contains(&day) {
                days.push(day);
            }
        }
    }
    days
}

/// Looks an account up under its name of one day after the other, until somebody is found.
pub(super) async fn seek(net: &Net, account: &AccountId, days: Vec<u64>) -> Vec<Holder> {
    for day in days {
        let found = net.seek(provider_key(account, day)).await;
        if !found.is_empty() {
            return found.into_iter().map(|(peer, addresses)| Holder { peer, addresses }).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_take_turns_and_are_sought_ever_more_rarely() {
        let (mut seeking, start) = (Seeking::default(), Instant::now());
        let lacking: Vec<_> = (0..6).map(|n| AccountId([n; 32])).collect();
        assert_eq!(seeking.next(lacking.iter(), start), lacking[..4]);
        assert_eq!(seeking.next(lacking.iter(), start), []);
        for account in &lacking[..4] {
            seeking.ended(*account, false, start);
        }
        assert_eq!(seeking.next(lacking.iter(), start), lacking[4..]);
        for account in &lacking[4..] {
            seeking.ended(*account, true, start);
        }
        assert_eq!(seeking.next(lacking.iter(), start + PAUSE), lacking[..4]);
        seeking.ended(lacking[0], false, start + PAUSE);
        assert_eq!(seeking.next(lacking[..1].iter(), start + 2 * PAUSE), []);
        assert_eq!(seeking.next(lacking[..1].iter(), start + 3 * PAUSE), lacking[..1]);
        seeking.ended(lacking[0], false, start);
        // One that found its holders and lost them is sought at once.
        seeking.retain(|_| false);
        assert_eq!(seeking.next(lacking[..1].iter(), start), lacking[..1]);
    }

    /// FIND-3.
    #[test]
    fn around_midnight_neighbouring_days_are_tried() {
        assert_eq!(days(&[DAY_MS * 100 - 1]), [99, 98, 100]);
        assert_eq!(days(&[0]), [0, 1]);
        assert_eq!(days(&[DAY_MS * 7, DAY_MS * 9]), [7, 6, 8, 9, 10]);
    }
}
