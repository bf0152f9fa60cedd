//! What happened in the large simulation, written down, so that others can be put through the same day.

use crate::society::HOUR;
use crate::world::{NodeId, World};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    On(NodeId),
    Off(NodeId),
    /// A session of two, the first of which dialled, begins.
    Meet(NodeId, NodeId),
    /// It is over, both being on, or it ends with one of them.
    Part(NodeId, NodeId),
    /// A post, by its number.
    Post(usize),
}

/// A stretch of time: from, to.
pub type Span = (u64, u64);

/// What had been counted at a time.
#[derive(Clone, Default)]
pub struct Mark {
    /// Bytes both ways over each node's line.
    pub carried: Vec<u64>,
    /// Copies of entries that came to honest nodes, and entries that these stored.
    pub copies: usize,
    pub stored: usize,
}

/// What happened, and what had been counted when the hour began that is looked at closely, and when it ended.
pub struct Tape {
    pub hour: Span,
    pub deeds: Vec<(u64, Deed)>,
    marks: Vec<Mark>,
}

impl Tape {
    /// The hour begins then.
    pub fn new(from: u64) -> Self {
        Self { hour: (from, from + HOUR), deeds: Vec::new(), marks: Vec::new() }
    }

    /// Takes note of what has been counted, if it is time to.
    pub fn look(&mut self, now: u64, mark: impl FnOnce() -> Mark) {
        let due = [self.hour.0, self.hour.1].get(self.marks.len()).copied();
        if due.is_some_and(|due| now >= due) {
            self.marks.push(mark());
        }
    }

    /// What was counted in the hour.
    pub fn counted(&self) -> Mark {
        let [before, after] = self.marks.as_slice() else { return Mark::default() };
        let carried = after.carried.iter().zip(&before.carried).map(|(after, before)| after - before);
        Mark {
            carried: carried.collect(),
            copies: after.copies - before.copies,
            stored: after.stored - before.stored,
        }
    }

    /// Who was on when the hour began, and which sessions there were.
    pub fn begin(&self) -> (Vec<NodeId>, Vec<(NodeId, NodeId)>) {
        let (mut on, mut met) = (Vec::new(), Vec::new());
        for (_, deed) in self.deeds.iter().take_while(|(at, _)| *at < self.hour.0) {
            match *deed {
                Deed::On(node) => on.push(node),
                Deed::Off(node) => on.retain(|other| *other != node),
                Deed::Meet(one, other) => met.push((one, other)),
                Deed::Part(one, other) => met.retain(|pair| *pair != (one, other) && *pair != (other, one)),
                Deed::Post(_) => {}
            }
        }
        (on, met)
    }

    /// What happened in the hour.
    pub fn of_the_hour(&self) -> impl Iterator<Item = (u64, Deed)> {
        let (from, to) = self.hour;
        self.deeds.iter().copied().filter(move |(at, _)| (from..to).contains(at))
    }
}

/// Bytes both ways that each node's line has carried.
pub fn carried_by(world: &World) -> Vec<u64> {
    world.lines.iter().map(|line| line.sent + line.received).collect()
}
