//! Runs: maximal hash-linked intervals of one log.

use std::cmp::Reverse;

use crate::ids::EntryId;

/// A maximal hash-linked interval of held entries. Its top commits to everything in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Lowest sequence number held.
    pub low: u64,
    /// Highest sequence number held.
    pub top: u64,
    /// The backlink of the lowest entry; zero when `low` is 1.
    pub low_backlink: EntryId,
    /// The id of the highest entry.
    pub top_id: EntryId,
}

impl Run {
    /// Whether `seq` lies in the run.
    pub fn covers(&self, seq: u64) -> bool {
        self.low <= seq && seq <= self.top
    }

    /// Whether this run's lowest entry names the other's top as the one before it.
    pub fn follows(&self, below: &Self) -> bool {
        self.low == below.top.saturating_add(1) && self.low_backlink == below.top_id
    }
}

/// A held run covers a sequence number of the inserted one with another id: a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The lowest sequence number that both cover.
    pub seq: u64,
}

/// All runs of one log, highest top first. Runs overlap only where the log was forked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// The runs, highest first.
    pub fn iter(&self) -> impl Iterator<Item = &Run> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The run that covers `seq`, where there is one.
    pub fn covering(&self, seq: u64) -> Option<&Run> {
        self.0.iter().find(|run| run.covers(seq))
    }

    /// Adds a run none of whose entries is held, joining it to those it links with, except across `cut` (the
    /// lowest sequence number of the upper side). Says where it overlaps a held run.
    pub fn insert(&mut self, run: Run, cut: Option<u64>) -> Option<Overlap> {
        let overlap = self
            .0
            .iter()
            .filter(|held| held.low <= run.top && run.low <= held.top)
            .map(|held| held.low.max(run.low))
            .min();
        self.0.push(run);
        self.join(cut);
        overlap.map(|seq| Overlap { seq })
    }

    /// Takes away every run that `gone` names.
    pub fn remove(&mut self, gone: impl Fn(&Run) -> bool) {
        self.0.retain(|run| !gone(run));
    }

    /// Joins whatever links, except across `cut` and where a log branches: which branch the part below belongs to
    /// must not depend on which came first.
    pub fn join(&mut self, cut: Option<u64>) {
        self.0.sort_unstable_by_key(|run| (run.low, run.top, run.top_id));
        let mut upper = 1;
        while upper < self.0.len() {
            let run = self.0[upper];
            let below = (cut != Some(run.low))
                .then(|| self.0.iter().position(|below| run.follows(below)))
                .flatten()
                .filter(|below| self.0.iter().filter(|other| other.follows(&self.0[*below])).count() == 1);
            if let Some(below) = below {
                self.0[below].top = run.top;
                self.0[below].top_id = run.top_id;
                self.0.remove(upper);
            } else {
                upper += 1;
            }
        }
        self.0.sort_unstable_by_key(|run| Reverse((run.top, run.low, run.top_id)));
    }

    /// Places where a run has to be split because another one grows out of its middle, if the ids agree: the
    /// top of the run, and the sequence number of its entry that may have two successors.
    pub fn branches(&self) -> impl Iterator<Item = (EntryId, u64)> {
        let loose = self.0.iter().filter(|run| run.low > 1 && !self.0.iter().any(|below| run.follows(below)));
        loose.flat_map(|run| {
            let parent = run.low - 1;
            self.0
                .iter()
                .filter(move |held| held.low <= parent && parent < held.top)
                .map(move |held| (held.top_id, parent))
        })
    }

    /// The closed entry's run and those that it grows out of, highest first.
    pub fn chain(&self, seq: u64, id: EntryId) -> Vec<&Run> {
        let mut chain = Vec::new();
        let mut next = self.0.iter().find(|run| run.top == seq && run.top_id == id);
        while let Some(run) = next {
            chain.push(run);
            next = self.0.iter().find(|below| run.follows(below));
        }
        chain
    }

    /// Splits the run that ends in `top_id` so that one part ends at `seq`, whose id is `id`.
    pub fn split(&mut self, top_id: EntryId, seq: u64, id: EntryId) {
        let found = self.0.iter_mut().find(|run| run.top_id == top_id && run.low <= seq && seq < run.top);
        if let Some(run) = found {
            let upper = Run { low: seq + 1, low_backlink: id, ..*run };
            run.top = seq;
            run.top_id = id;
            self.0.push(upper);
            self.0.sort_unstable_by_key(|run| Reverse((run.top, run.low, run.top_id)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u64) -> EntryId {
        if n == 0 { EntryId::ZERO } else { EntryId([n as u8; 32]) }
    }

    fn one(seq: u64) -> Run {
        Run { low: seq, top: seq, low_backlink: id(seq - 1), top_id: id(seq) }
    }

    #[test]
    fn neighbours_join_and_strangers_do_not() {
        let mut runs = Runs::default();
        assert_eq!(runs.insert(one(1), None), None);
        assert_eq!(runs.insert(one(3), None), None);
        assert_eq!(runs.len(), 2);
        assert_eq!(runs.insert(one(2), None), None);
        assert_eq!(
            runs.iter().copied().collect::<Vec<_>>(),
            [Run { low: 1, top: 3, low_backlink: EntryId::ZERO, top_id: id(3) }]
        );
        let other = Run { low: 3, top: 4, low_backlink: id(9), top_id: id(8) };
        assert_eq!(runs.insert(other, None), Some(Overlap { seq: 3 }));
        assert_eq!(runs.len(), 2);
    }

    #[test]
    fn a_cut_keeps_its_sides_apart_until_it_is_lifted() {
        let mut runs = Runs::default();
        runs.insert(Run { low: 1, top: 5, low_backlink: EntryId::ZERO, top_id: id(5) }, None);
        runs.split(id(5), 2, id(2));
        assert_eq!(runs.len(), 2);
        runs.join(Some(3));
        assert_eq!(runs.len(), 2);
        runs.join(None);
        assert_eq!(runs.len(), 1);
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same_runs(order in Just((1u64..40).filter(|n| n % 7 != 0).collect::<Vec<_>>()).prop_shuffle()) {
            let mut shuffled = Runs::default();
            for seq in &order {
                shuffled.insert(one(*seq), Some(20));
            }
            let mut sorted = Runs::default();
            for seq in (1u64..40).filter(|n| n % 7 != 0) {
                sorted.insert(one(seq), Some(20));
            }
            prop_assert_eq!(shuffled, sorted);
        }
    }
}
