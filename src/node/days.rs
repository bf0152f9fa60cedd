//! Which day it is, by this machine's clock and by those of connected peers. Names in the table by which nodes are found
//! change daily: a node whose clock is wrong by more than a day would be found by nobody, and find nobody.

use std::collections::BTreeMap;

use majlis_protocol::finding::DAY_MS;
use majlis_protocol::sync::SessionId;
use parking_lot::Mutex;

/// Days that peers tell, in days since 1970 in UTC. Any of them may lie: they are used beside one's own, never instead.
#[derive(Default)]
pub struct Days(Mutex<BTreeMap<SessionId, u64>>);

impl Days {
    /// A peer has told its day, of which the first in a session counts; true if the median is another now.
    pub fn told(&self, session: SessionId, day: u64) -> bool {
        let mut told = self.0.lock();
        let before = median(&told);
        told.entry(session).or_insert(day);
        before != median(&told)
    }

    /// A session has ended.
    pub fn gone(&self, session: SessionId) {
        self.0.lock().remove(&session);
    }

    /// Days by which this machine's clock is ahead of the median of what connected peers tell; negative where it is
    /// behind. 0 where they differ by no more than a day, as around midnight, or nobody has told.
    pub fn ahead(&self, now_ms: u64) -> i64 {
        let Some(theirs) = median(&self.0.lock()) else { return 0 };
        let signed = |day: u64| i64::try_from(day).unwrap_or(i64::MAX);
        let ahead = signed(now_ms / DAY_MS).saturating_sub(signed(theirs));
        if ahead.abs() <= 1 { 0 } else { ahead }
    }

    /// The times by which names are worked out, in milliseconds since 1970: this machine's, then that of its peers
    /// where it is another day there (FIND-6).
    pub fn times(&self, now_ms: u64) -> Vec<u64> {
        let ahead = self.ahead(now_ms);
        let by = ahead.unsigned_abs().saturating_mul(DAY_MS);
        match ahead {
            0 => vec![now_ms],
            1.. => vec![now_ms, now_ms.saturating_sub(by)],
            _ => vec![now_ms, now_ms.saturating_add(by)],
        }
    }
}

fn median(told: &BTreeMap<SessionId, u64>) -> Option<u64> {
    let mut days: Vec<u64> = told.values().copied().collect();
    days.sort_unstable();
    days.get(days.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 20_000 * DAY_MS + 5;

    fn with(days: &[u64]) -> Days {
        let out = Days::default();
        for (session, day) in (0..).zip(days) {
            out.told(session, *day);
        }
        out
    }

    /// FIND-6.
    #[test]
    fn a_clock_that_is_wrong_is_told_from_one_that_a_few_lie_about() {
        assert_eq!(with(&[]).times(NOW), [NOW]);
        assert_eq!(with(&[19_999, 20_001]).ahead(NOW), 0);
        // Two who lie are not believed where three do not.
        assert_eq!(with(&[0, 20_000, 20_000, 20_000, u64::MAX]).times(NOW), [NOW]);
        let late = with(&[20_365, 20_365, 20_000]);
        assert_eq!((late.ahead(NOW), late.times(NOW)), (-365, vec![NOW, NOW + 365 * DAY_MS]));
        let early = with(&[19_635]);
        assert_eq!((early.ahead(NOW), early.times(NOW)), (365, vec![NOW, NOW - 365 * DAY_MS]));
        assert!(!early.told(0, 20_000), "who changes its mind is not heard");
        early.gone(0);
        assert_eq!(early.times(NOW), [NOW]);
    }

    #[test]
    fn what_cannot_be_a_day_is_borne() {
        assert_eq!(with(&[u64::MAX]).times(NOW), [NOW, u64::MAX]);
        assert_eq!(with(&[0]).times(u64::MAX), [u64::MAX, u64::MAX % DAY_MS]);
    }
}
