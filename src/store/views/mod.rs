//! Views: what is derived from the log and kept for quick reading. Each follows the log by chunk numbers, has a
//! watermark of its own, and is rebuilt by removing its rows. A view only says where to look: whether an entry
//! still counts is asked when it is read.
//!
//! Rows: `v`, the view's number, 0, then its keys; `v`, the number, 1: version u32 and watermark u64.

mod notices;
mod references;
mod registers;
mod responses;

use hashbrown::HashSet;
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogKey};
use parking_lot::Mutex;
use sled::Batch;

use super::db::{Database, key, prefix};
use super::error::StoreError;
use super::log::directory_key;
use super::log::read::Stored;
use super::log::{Index, rows};
use super::plan::Plan;
use super::writer::Shared;

pub use notices::{Notice, notice, notices};
pub use references::{Relation, Subject, about, fold_tag, newest_about};
pub use registers::{follows, history, latest};
pub use responses::{Response, followers, reactions, reposts, votes};

/// Chunks that one step takes in.
const STEP: usize = 256;

/// A projection of the log.
trait View: Send + Sync {
    /// Its number, for ever.
    fn number(&self) -> u8;
    /// Raised when its rows change their meaning: they are then rebuilt.
    fn version(&self) -> u32;
    /// The kinds it is made of.
    fn kinds(&self) -> &'static [Kind];
    /// The keys of the rows an entry gives, without the view's prefix. Given twice, it says the same.
    fn rows(&self, entry: &Entry) -> Vec<Vec<u8>>;
    /// Whether a row has as its value when it was first written, in milliseconds since 1970.
    fn is_stamped(&self) -> bool {
        false
    }
    /// Whether a row is wanted in a home of these owners.
    fn admits(&self, _owners: &HashSet<AccountId>, _row: &[u8]) -> bool {
        true
    }
}

const VIEWS: [&dyn View; 3] = [&registers::Registers, &references::References, &notices::Notices];

/// Key of a view's row.
fn view_key(number: u8, parts: &[u8]) -> Vec<u8> {
    key(prefix::VIEW, &[&[number, 0], parts])
}

fn mark_key(number: u8) -> Vec<u8> {
    key(prefix::VIEW, &[&[number, 1]])
}

/// How far the views have come.
#[derive(Default)]
pub struct Views {
    /// The next chunk number of each.
    marks: Mutex<[u64; VIEWS.len()]>,
    /// Chunks below this number are taken in anew: they did not come just now.
    anew: Mutex<[u64; VIEWS.len()]>,
}

impl Views {
    /// Reads the watermarks; views of another version start anew.
    pub fn start(&self, db: &Database) -> Result<(), StoreError> {
        for (view, mark) in VIEWS.iter().zip(self.marks.lock().iter_mut()) {
            let known = db.get(&mark_key(view.number()))?;
            let known = known.as_deref().and_then(|row| {
                let (version, mark) = row.split_first_chunk::<4>()?;
                (u32::from_be_bytes(*version) == view.version())
                    .then_some(u64::from_be_bytes(mark.try_into().ok()?))
            });
            if known.is_none() {
                reset(db, view.number())?;
            }
            *mark = known.unwrap_or(0);
        }
        Ok(())
    }

    /// Notes which chunks were there at open, for the views that start anew.
    pub fn opened(&self, next_chunk: u64) {
        for (mark, anew) in self.marks.lock().iter().zip(self.anew.lock().iter_mut()) {
            *anew = if *mark == 0 { next_chunk } else { 0 };
        }
    }

    /// One more than the highest chunk number that any view has seen.
    pub fn seen(&self) -> u64 {
        self.marks.lock().iter().copied().max().unwrap_or(0)
    }

    /// Whether every view has seen every chunk.
    pub fn are_current(&self, index: &Index) -> bool {
        self.marks.lock().iter().all(|mark| *mark >= index.directory.next_chunk)
    }

    /// Lets the views take in some chunks; true if there is more. Only the writer calls this.
    pub fn step(&self, shared: &Shared) -> Result<bool, StoreError> {
        let owners = shared.owners.read();
        let index = shared.index.read();
        let mut marks = self.marks.lock();
        let anew = *self.anew.lock();
        let mut more = false;
        for ((view, mark), anew) in VIEWS.iter().zip(marks.iter_mut()).zip(anew) {
            let end = index.directory.next_chunk;
            if *mark >= end {
                continue;
            }
            let mut batch = Batch::default();
            let (next, seen_all) = take_in(&index, *view, &owners, anew, *mark, &mut batch)?;
            let next = if seen_all { end } else { next };
            batch.insert(
                mark_key(view.number()),
                [view.version().to_be_bytes().as_slice(), &next.to_be_bytes()].concat(),
            );
            index.db()?.apply(&batch)?;
            *mark = next;
            more |= !seen_all;
        }
        Ok(more)
    }
}

/// Takes the rows of an entry away whose payload is about to go: what is left of it would say what it said.
pub fn unlist(plan: &mut Plan, entry: &Entry) {
    for view in VIEWS.iter().filter(|view| view.kinds().contains(&entry.header.kind)) {
        for parts in view.rows(entry) {
            plan.delete(view_key(view.number(), &parts));
        }
    }
}

/// Removes all rows of a view.
fn reset(db: &Database, number: u8) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    for row in db.scan(&[prefix::VIEW, number]) {
        batch.remove(row?.0);
    }
    db.apply(&batch)
}

/// The rows that chunks from `from` on give a view; the number after the last one read, and whether it was the
/// last.
fn take_in(
    index: &Index,
    view: &dyn View,
    owners: &HashSet<AccountId>,
    anew: u64,
    from: u64,
    batch: &mut Batch,
) -> Result<(u64, bool), StoreError> {
    let (db, now) = (index.db()?, super::open::now());
    walk(index, from, STEP, view.kinds(), |no, entry| {
        for parts in view.rows(&entry).into_iter().filter(|parts| view.admits(owners, parts)) {
            let row_key = view_key(view.number(), &parts);
            if !view.is_stamped() {
                batch.insert(row_key, &[]);
            } else if db.get(&row_key)?.is_none() {
                let came = if no < anew { now.min(entry.header.timestamp) } else { now };
                batch.insert(row_key, &came.to_be_bytes());
            }
        }
        Ok(())
    })
}

/// The entries of some kinds in at most `steps` chunks from `from` on, with the number of their chunk; the number after
/// the last one read, and whether it was the last.
fn walk(
    index: &Index,
    from: u64,
    steps: usize,
    kinds: &[Kind],
    mut each: impl FnMut(u64, Entry) -> Result<(), StoreError>,
) -> Result<(u64, bool), StoreError> {
    let mut next = from;
    let mut rows = index.db()?.range_from(&directory_key(from));
    for _ in 0..steps {
        let Some(row) = rows.next() else { return Ok((next, true)) };
        let (row_key, value) = row?;
        let Some(number) = row_key.strip_prefix(&[prefix::DIRECTORY]) else { return Ok((next, true)) };
        let Some(no) = number.try_into().ok().map(u64::from_be_bytes) else { continue };
        next = no + 1;
        let Some((meta, _)) = rows::decode_directory(no, &value) else { continue };
        let Some(log) = index.directory.log(meta.log) else { continue };
        for entry in entries_of(index, kinds, &meta, &log.key)? {
            each(no, entry)?;
        }
    }
    Ok((next, false))
}

/// What has come since a mark, for those who follow the log from outside of the store.
#[derive(Debug, Default)]
pub struct Changes {
    /// Posts, edits and deletions whose payload is held, in no order. Whether they count is not asked.
    pub entries: Vec<Entry>,
    /// The mark to go on from.
    pub next: u64,
    /// Whether there is more.
    pub more: bool,
}

/// What has come since a mark.
pub fn changes(index: &Index, mark: u64) -> Result<Changes, StoreError> {
    const KINDS: [Kind; 3] = [Kind::POST, Kind::EDIT, Kind::DELETE];
    let mut entries = Vec::new();
    let (next, is_end) = walk(index, mark, STEP / 4, &KINDS, |_, entry| {
        entries.push(entry);
        Ok(())
    })?;
    Ok(Changes { entries, next, more: !is_end })
}

fn entries_of(
    index: &Index,
    kinds: &[Kind],
    meta: &rows::ChunkMeta,
    log: &LogKey,
) -> Result<Vec<Entry>, StoreError> {
    let row = index.row(meta)?;
    // A row that does not decode is the check's business; the view goes on without it.
    let Some(columns) = row.columns().filter(|columns| columns.holds_any(kinds)) else {
        return Ok(Vec::new());
    };
    Ok((0..row.len())
        .filter(|at| columns.kind(*at).is_some_and(|kind| kinds.contains(&kind)))
        .filter_map(|at| columns.entry(log, at))
        .filter(|entry| !entry.header.is_inert())
        .collect())
}

/// An entry that a view names, if it counts and its payload is held.
pub fn effective(
    index: &Index,
    replica: &majlis_protocol::state::Replica,
    id: &EntryId,
) -> Result<Option<Stored>, StoreError> {
    let Some(place) = index.locate(id)? else { return Ok(None) };
    let stored = index.stored(&place)?;
    let counts = index.standing(replica, &place, stored.entry.header.kind)?
        == majlis_protocol::state::Standing::Effective;
    Ok((counts && stored.entry.body().is_some()).then_some(stored))
}
