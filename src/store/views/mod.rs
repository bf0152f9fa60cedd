//! Views: what is derived from the log and kept for quick reading. Each follows the log by chunk numbers, has a
//! watermark of its own, and is rebuilt by removing its rows. A view only says where to look: whether an entry
//! still counts is asked when it is read.
//!
//! Rows: `v`, the view's number, 0, then its keys; `v`, the number, 1: version u32 and watermark u64.

mod registers;

use majlis_protocol::{AccountId, Entry, Kind, LogKey};
use parking_lot::Mutex;
use sled::Batch;

use super::db::{Database, key, prefix};
use super::error::StoreError;
use super::log::directory_key;
use super::log::read::Stored;
use super::log::{Index, rows};
use super::writer::Shared;

pub use registers::{follows, history, latest};

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
    /// The rows an entry gives: keys without the view's prefix, and values. Given twice, it says the same.
    fn rows(&self, entry: &Entry) -> Vec<(Vec<u8>, Vec<u8>)>;
    /// What the keys of an account's rows begin with.
    fn prefixes_of(&self, account: &AccountId) -> Vec<Vec<u8>>;
}

/// Key of a view's row.
fn view_key(number: u8, parts: &[u8]) -> Vec<u8> {
    key(prefix::VIEW, &[&[number, 0], parts])
}

fn mark_key(number: u8) -> Vec<u8> {
    key(prefix::VIEW, &[&[number, 1]])
}

/// All views and how far they have come.
pub struct Views {
    views: Vec<Box<dyn View>>,
    /// The next chunk number of each.
    marks: Mutex<Vec<u64>>,
}

impl Default for Views {
    fn default() -> Self {
        let views: Vec<Box<dyn View>> = vec![Box::new(registers::Registers)];
        let marks = Mutex::new(vec![0; views.len()]);
        Self { views, marks }
    }
}

impl Views {
    /// Reads the watermarks; views of another version start anew.
    pub fn start(&self, db: &Database) -> Result<(), StoreError> {
        for (view, mark) in self.views.iter().zip(self.marks.lock().iter_mut()) {
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

    /// One more than the highest chunk number that any view has seen.
    pub fn seen(&self) -> u64 {
        self.marks.lock().iter().copied().max().unwrap_or(0)
    }

    /// Whether every view has seen every chunk.
    pub fn are_current(&self, index: &Index) -> bool {
        self.marks.lock().iter().all(|mark| *mark >= index.directory.next_chunk)
    }

    /// What the keys of all rows of an account begin with.
    pub fn prefixes_of(&self, account: &AccountId) -> Vec<Vec<u8>> {
        let of = |view: &dyn View| {
            let parts = view.prefixes_of(account);
            parts.into_iter().map(|parts| view_key(view.number(), &parts)).collect::<Vec<_>>()
        };
        self.views.iter().flat_map(|view| of(view.as_ref())).collect()
    }

    /// Lets the views take in some chunks; true if there is more. Only the writer calls this.
    pub fn step(&self, shared: &Shared) -> Result<bool, StoreError> {
        let index = shared.index.read();
        let mut marks = self.marks.lock();
        let mut more = false;
        for (view, mark) in self.views.iter().zip(marks.iter_mut()) {
            let end = index.directory.next_chunk;
            if *mark >= end {
                continue;
            }
            let mut batch = Batch::default();
            let (next, seen_all) = take_in(&index, view.as_ref(), *mark, &mut batch)?;
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
fn take_in(index: &Index, view: &dyn View, from: u64, batch: &mut Batch) -> Result<(u64, bool), StoreError> {
    let db = index.db()?;
    let mut next = from;
    let mut rows = db.range_from(&directory_key(from));
    for _ in 0..STEP {
        let Some(row) = rows.next() else { return Ok((next, true)) };
        let (row_key, value) = row?;
        let Some(number) = row_key.strip_prefix(&[prefix::DIRECTORY]) else { return Ok((next, true)) };
        let Some(no) = number.try_into().ok().map(u64::from_be_bytes) else { continue };
        next = no + 1;
        let Some((meta, _)) = rows::decode_directory(no, &value) else { continue };
        let Some(log) = index.directory.log(meta.log) else { continue };
        for entry in entries_of(index, view, &meta, &log.key)? {
            for (parts, value) in view.rows(&entry) {
                batch.insert(view_key(view.number(), &parts), value);
            }
        }
    }
    Ok((next, false))
}

fn entries_of(
    index: &Index,
    view: &dyn View,
    meta: &rows::ChunkMeta,
    log: &LogKey,
) -> Result<Vec<Entry>, StoreError> {
    let row = index.row(meta)?;
    // A row that does not decode is the check's business; the view goes on without it.
    let Some(columns) = row.columns().filter(|columns| columns.holds_any(view.kinds())) else {
        return Ok(Vec::new());
    };
    Ok((0..row.len())
        .filter(|at| columns.kind(*at).is_some_and(|kind| view.kinds().contains(&kind)))
        .filter_map(|at| columns.entry(log, at))
        .filter(|entry| !entry.header.is_inert())
        .collect())
}

/// An entry that a view names, if it counts and its payload is held.
fn effective(
    index: &Index,
    replica: &majlis_protocol::state::Replica,
    id: &majlis_protocol::EntryId,
) -> Result<Option<Stored>, StoreError> {
    let Some(place) = index.locate(id)? else { return Ok(None) };
    let stored = index.stored(&place)?;
    let counts = index.standing(replica, &place, stored.entry.header.kind)?
        == majlis_protocol::state::Standing::Effective;
    Ok((counts && stored.entry.body().is_some()).then_some(stored))
}
