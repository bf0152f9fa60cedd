//! Timelines: the newest posts of many accounts, merged from the newest chunks of their logs.
//!
//! Clocks go backwards, so a log is not in order of display time. Each chunk knows the highest display time in
//! itself and below; a heap ordered by that bound opens a chunk only when nothing already found can be newer.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, EntryId, Kind};

use super::error::StoreError;
use super::log::read::Stored;
use super::log::rows::{Row, State};
use super::log::{Head, Index, damaged_chunk};

/// A place in a timeline: display time, then id.
pub type Position = (u64, EntryId);

/// The highest id there is, so that a chunk comes before every post at its bound.
const LAST: EntryId = EntryId([0xff; 32]);

/// Something on the heap, highest position first; of equals a chunk comes before a post.
struct Ranked {
    position: Position,
    what: What,
}

enum What {
    /// A chunk not yet opened, and where its part of the run ends.
    Chunk { log: u32, chunk: u32, hi: u64, low: u64 },
    /// The newest post left of an opened row.
    Post { row: usize, at: usize },
}

impl Ranked {
    fn rank(&self) -> (Position, bool) {
        (self.position, matches!(self.what, What::Chunk { .. }))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// The merge as it goes.
struct Merge<'a> {
    index: &'a Index,
    kinds: &'a [Kind],
    before: Position,
    heap: BinaryHeap<Ranked>,
    rows: Vec<Opened>,
}

/// An opened row: its log, and its posts not yet on the heap, oldest first.
struct Opened {
    row: Row,
    log: u32,
    posts: Vec<(Position, usize)>,
}

/// The newest entries of some kinds of `accounts`, or of all, that lie before `before`.
pub fn timeline(
    index: &Index,
    replica: &Replica,
    accounts: Option<&[AccountId]>,
    kinds: &[Kind],
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<Stored>, StoreError> {
    let mut merge = Merge {
        index,
        kinds,
        before: before.unwrap_or((u64::MAX, LAST)),
        heap: BinaryHeap::new(),
        rows: Vec::new(),
    };
    match accounts {
        Some(accounts) => accounts.iter().try_for_each(|id| merge.start(replica, id))?,
        None => replica.accounts().try_for_each(|(id, _)| merge.start(replica, id))?,
    }
    let mut found = Vec::with_capacity(limit.min(256));
    let mut last = None;
    while found.len() < limit
        && let Some(next) = merge.heap.pop()
    {
        match next.what {
            What::Chunk { log, chunk, hi, low } => merge.open(log, chunk, hi, low)?,
            What::Post { row, at } => {
                merge.push_post(row);
                // An account named twice must not show its posts twice.
                if last.replace(next.position) != Some(next.position) {
                    found.push(merge.read(row, at)?);
                }
            }
        }
    }
    Ok(found)
}

/// How many entries of a kind an account has that a timeline would show. None is read as a whole, and of the rows one is
/// in memory at a time.
pub fn count(index: &Index, replica: &Replica, account: &AccountId, kind: Kind) -> Result<u64, StoreError> {
    let kinds = [kind];
    let before = (u64::MAX, LAST);
    let mut merge = Merge { index, kinds: &kinds, before, heap: BinaryHeap::new(), rows: Vec::new() };
    merge.start(replica, account)?;
    let mut count = 0;
    while let Some(next) = merge.heap.pop() {
        match next.what {
            What::Chunk { log, chunk, hi, low } => merge.open(log, chunk, hi, low)?,
            // The first of a row stands on the heap, the others in the row.
            What::Post { .. } => count += 1,
        }
        count += merge.rows.pop().map_or(0, |row| row.posts.len() as u64);
    }
    Ok(count)
}

impl Merge<'_> {
    fn start(&mut self, replica: &Replica, id: &AccountId) -> Result<(), StoreError> {
        for Head { log, chunk, hi, low, bound } in self.index.heads(replica, id)?.iter().copied() {
            self.heap.push(Ranked { position: (bound, LAST), what: What::Chunk { log, chunk, hi, low } });
        }
        Ok(())
    }

    /// Puts the posts of a chunk on the heap, and the chunk below it.
    fn open(&mut self, log: u32, chunk: u32, hi: u64, low: u64) -> Result<(), StoreError> {
        let (Some(chunks), Some(meta)) = (self.index.directory.log(log), self.index.directory.chunk(chunk))
        else {
            return Ok(());
        };
        if meta.low > low
            && let Some(below) = self.index.below(chunks, meta)?
        {
            let bound = self.index.directory.chunk(below).map_or(0, |below| below.running);
            let what = What::Chunk { log, chunk: below, hi: meta.low - 1, low };
            self.heap.push(Ranked { position: (bound, LAST), what });
        }
        if meta.min_display > self.before.0 {
            return Ok(());
        }
        let row = self.index.row(meta)?;
        let columns = row.columns().ok_or_else(|| damaged_chunk(meta))?;
        let mut posts = Vec::with_capacity(row.len());
        for at in 0..row.len() {
            let seq = meta.low + at as u64;
            if seq < low
                || seq > hi
                || !columns.kind(at).is_some_and(|kind| self.kinds.contains(&kind))
                || columns.state(at) != Some(State::Held)
            {
                continue;
            }
            let Some(id) = row.id(at) else { continue };
            let position = (columns.display(at), id);
            if position < self.before {
                posts.push((position, at));
            }
        }
        posts.sort_unstable();
        self.rows.push(Opened { row, log, posts });
        self.push_post(self.rows.len() - 1);
        Ok(())
    }

    /// Puts the newest post left of an opened row on the heap.
    fn push_post(&mut self, row: usize) {
        if let Some((position, at)) = self.rows.get_mut(row).and_then(|opened| opened.posts.pop()) {
            self.heap.push(Ranked { position, what: What::Post { row, at } });
        }
    }

    fn read(&self, row: usize, at: usize) -> Result<Stored, StoreError> {
        let read = || {
            let Opened { row, log, .. } = self.rows.get(row)?;
            let columns = row.columns()?;
            let entry = columns.entry(&self.index.directory.log(*log)?.key, at)?;
            Some(Stored { entry, display_ms: columns.display(at) })
        };
        read().ok_or_else(|| StoreError::damaged("a post on the timeline does not decode"))
    }
}
