//! A plan: one transaction of the writer, and the changes to the index that follow it once it is on disk.

use majlis_protocol::LogKey;
use sled::{Batch, IVec};

use super::db::prefix;
use super::error::StoreError;
use super::log::rows::{self, ChunkMeta, Item, Row};
use super::log::{Index, chunk_key, directory_key, log_bytes, log_key};

struct Removed {
    place: u32,
    no: u64,
    prefixes: Vec<[u8; 8]>,
    row: IVec,
}

/// What is about to be written.
#[derive(Default)]
pub struct Plan {
    batch: Batch,
    rows: usize,
    next_chunk: u64,
    next_log: u32,
    added: Vec<(ChunkMeta, Vec<[u8; 8]>)>,
    removed: Vec<Removed>,
    /// Place, number and new flags of what is written anew in place.
    flags: Vec<(u32, u64, u8)>,
    logs: Vec<(u32, LogKey)>,
    marks: Vec<[u8; 8]>,
}

impl Plan {
    /// An empty plan that continues the index's numbers.
    pub fn new(index: &Index) -> Self {
        Self {
            next_chunk: index.directory.next_chunk,
            next_log: index.directory.next_log(),
            ..Self::default()
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// What goes to the database.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Writes a row.
    pub fn put(&mut self, key: impl Into<IVec>, value: impl Into<IVec>) {
        self.rows += 1;
        self.batch.insert(key, value);
    }

    /// Takes a row away.
    pub fn delete(&mut self, key: impl Into<IVec>) {
        self.rows += 1;
        self.batch.remove(key);
    }

    /// The number of a log, given to it if it is new.
    pub fn log_number(&mut self, index: &Index, key: &LogKey) -> u32 {
        if let Some(number) = index.directory.number(key) {
            return number;
        }
        // Logs come one after the other, so a number given in this plan was given last.
        if let Some((number, _)) = self.logs.last().filter(|(_, last)| last == key) {
            return *number;
        }
        let number = self.next_log;
        self.next_log += 1;
        self.logs.push((number, *key));
        self.put(log_key(number), log_bytes(key).as_slice());
        number
    }

    /// Notes that a Delete names an entry.
    pub fn mark(&mut self, target: [u8; 8]) {
        self.marks.push(target);
    }

    /// Adds a chunk.
    pub fn add_chunk(&mut self, log: u32, items: &[Item<'_>]) -> Result<(), StoreError> {
        let no = self.next_chunk;
        self.next_chunk += 1;
        let (row, directory, meta) = rows::encode(no, log, items)?;
        self.put(chunk_key(no).as_slice(), row);
        self.put(directory_key(no).as_slice(), directory);
        self.added.push((meta, items.iter().map(|item| item.entry.id.prefix()).collect()));
        Ok(())
    }

    /// Takes a chunk away.
    pub fn remove_chunk(&mut self, place: u32, meta: &ChunkMeta, row: &Row) {
        self.delete(chunk_key(meta.no).as_slice());
        self.delete(directory_key(meta.no).as_slice());
        let prefixes = row.ids().map(|id| id.prefix()).collect();
        self.removed.push(Removed { place, no: meta.no, prefixes, row: row.value().clone() });
    }

    /// Writes a chunk anew with the same entries, some of whose payloads have changed. With `renumber` those who
    /// follow the log by chunk numbers see it again.
    pub fn rewrite_chunk(
        &mut self,
        place: u32,
        meta: &ChunkMeta,
        old: &Row,
        items: &[Item<'_>],
        renumber: bool,
    ) -> Result<(), StoreError> {
        if renumber {
            self.remove_chunk(place, meta, old);
            return self.add_chunk(meta.log, items);
        }
        let (row, directory, new) = rows::encode(meta.no, meta.log, items)?;
        self.put(chunk_key(meta.no).as_slice(), row);
        self.put(directory_key(meta.no).as_slice(), directory);
        self.flags.push((place, meta.no, new.flags));
        Ok(())
    }

    /// Keeps rows readable that the transaction is about to take away, and names those that it writes anew.
    pub fn fade(&self, index: &mut Index) {
        index.changing.extend(self.flags.iter().map(|(_, no, _)| *no));
        index.fading.extend(self.removed.iter().map(|removed| (removed.no, removed.row.clone())));
    }

    /// Brings the index to what the database now says.
    pub fn settle(self, index: &mut Index) {
        for (number, key) in self.logs {
            index.directory.add_log(number, key);
        }
        for Removed { place, no, prefixes, .. } in self.removed {
            if let Some(log) = index.directory.chunk(place).and_then(|meta| index.directory.log(meta.log)) {
                index.forget_heads(&log.key.account);
            }
            for prefix in prefixes {
                index.ids.remove(prefix, place);
            }
            index.directory.remove(place);
            index.fading.remove(&no);
        }
        for (meta, prefixes) in self.added {
            if let Some(log) = index.directory.log(meta.log) {
                index.forget_heads(&log.key.account);
            }
            let place = index.directory.insert(meta);
            for prefix in prefixes {
                index.ids.insert(prefix, place);
            }
        }
        for (place, no, flags) in self.flags {
            index.directory.update_flags(place, flags);
            index.changing.remove(&no);
        }
        index.marked.extend(self.marks);
        index.directory.next_chunk = index.directory.next_chunk.max(self.next_chunk);
    }
}

/// Meta row: an entry may have to be taken back or restored; looked at again after a crash.
pub fn pending_key(account: &[u8; 32], target: &[u8; 32]) -> Vec<u8> {
    super::db::key(prefix::META, &[b"p", account, target])
}
