//! Reading entries and stretches of logs.

use bytes::Bytes;
use majlis_protocol::limits::{MAX_PACK_ENTRIES, PACK_BYTES};
use majlis_protocol::pack::Sections;
use majlis_protocol::state::{Replica, Run};
use majlis_protocol::{Entry, EntryId, LogKey, Payload};

use super::rows::{ChunkMeta, Item};
use super::{Index, Place, damaged_chunk};
use crate::store::error::StoreError;

/// An entry as stored. It was verified when it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
    /// When it is shown to have been written: its timestamp, or its arrival if that was earlier.
    pub display_ms: u64,
}

/// A stretch of a log, coded as in CHUNK frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPack {
    /// Its lowest sequence number.
    pub low: u64,
    /// Its highest.
    pub top: u64,
    /// What compresses.
    pub soft: Bytes,
    /// What does not.
    pub hard: Bytes,
}

/// What of the entries a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Headers and payloads.
    Full,
    /// Headers; every payload that is held reads as missing.
    Headers,
}

impl Index {
    /// The entry at a place.
    pub fn stored(&self, place: &Place) -> Result<Stored, StoreError> {
        let read = || {
            let columns = place.row.columns()?;
            Some(Stored {
                entry: columns.entry(&place.key, place.at)?,
                display_ms: columns.display(place.at),
            })
        };
        read().ok_or_else(|| match self.directory.chunk(place.chunk) {
            Some(meta) => damaged_chunk(meta),
            None => StoreError::damaged("a chunk is named that is not held"),
        })
    }

    /// The entry with this id.
    pub fn entry(&self, id: &EntryId) -> Result<Option<Stored>, StoreError> {
        self.locate(id)?.map(|place| self.stored(&place)).transpose()
    }

    /// The entry that counts at `seq`.
    pub fn entry_at(&self, replica: &Replica, key: &LogKey, seq: u64) -> Result<Option<Stored>, StoreError> {
        let (Some(known), Some(log)) = (replica.log(key), self.directory.log_of(key)) else {
            return Ok(None);
        };
        for run in known.admissible(replica.limit(key)).filter(|run| run.covers(seq)) {
            if let Some(chunk) = self.in_run(log, run, seq)?
                && let Some(meta) = self.directory.chunk(chunk)
            {
                let place = Place { chunk, at: (seq - meta.low) as usize, row: self.row(meta)?, key: *key };
                return self.stored(&place).map(Some);
            }
        }
        Ok(None)
    }

    /// What counts of a log from `hi` down to `lo`, newest pack first. At least one pack is given if there is
    /// one; further ones as long as neither bound is crossed.
    pub fn read_range(
        &self,
        replica: &Replica,
        key: &LogKey,
        (hi, lo): (u64, u64),
        max_entries: usize,
        max_bytes: usize,
        want: Want,
    ) -> Result<Vec<StoredPack>, StoreError> {
        let mut packs = Packs { want, max_entries, max_bytes, entries: 0, bytes: 0, gathered: Vec::new() };
        let (Some(known), Some(log)) = (replica.log(key), self.directory.log_of(key)) else {
            return Ok(packs.gathered);
        };
        for run in known.admissible(replica.limit(key)) {
            let Some((mut hi, lo)) = clip(run, hi, lo) else { continue };
            let mut chunk = self.in_run(log, run, hi)?;
            while let Some(meta) = chunk.and_then(|chunk| self.directory.chunk(chunk)) {
                if !packs.add(self, key, meta, hi, lo.max(meta.low))? {
                    return Ok(packs.gathered);
                }
                if meta.low <= lo {
                    break;
                }
                hi = meta.low - 1;
                chunk = self.below(log, meta)?;
            }
        }
        Ok(packs.gathered)
    }
}

fn clip(run: &Run, hi: u64, lo: u64) -> Option<(u64, u64)> {
    let (hi, lo) = (hi.min(run.top), lo.max(run.low));
    (lo <= hi).then_some((hi, lo))
}

/// Packs being gathered, within bounds.
struct Packs {
    want: Want,
    max_entries: usize,
    max_bytes: usize,
    entries: usize,
    bytes: usize,
    gathered: Vec<StoredPack>,
}

impl Packs {
    /// Adds the part from `hi` down to `lo` of a chunk; false once a bound is reached.
    fn add(
        &mut self,
        index: &Index,
        key: &LogKey,
        meta: &ChunkMeta,
        hi: u64,
        lo: u64,
    ) -> Result<bool, StoreError> {
        let room = self.max_entries.saturating_sub(self.entries) as u64;
        if room == 0 || (self.bytes >= self.max_bytes && !self.gathered.is_empty()) {
            return Ok(false);
        }
        // Newest first: what does not fit is left off the lower end.
        let low = lo.max((hi + 1).saturating_sub(room));
        let row = index.row(meta)?;
        let pack = if self.want == Want::Full && low == meta.low && hi == meta.top() {
            let (soft, hard) = row.sections();
            StoredPack { low, top: hi, soft, hard }
        } else {
            let items = row.items(key).ok_or_else(|| damaged_chunk(meta))?;
            let part = items.get((low - meta.low) as usize..=(hi - meta.low) as usize);
            self.recode(part.ok_or_else(|| damaged_chunk(meta))?.to_vec())?
        };
        let size = pack.soft.len() + pack.hard.len();
        if !self.gathered.is_empty() && self.bytes + size > self.max_bytes {
            return Ok(false);
        }
        self.bytes += size;
        self.entries += (pack.top - pack.low + 1) as usize;
        self.gathered.push(pack);
        Ok(low == lo)
    }

    fn recode(&self, mut items: Vec<Item<'_>>) -> Result<StoredPack, StoreError> {
        if self.want == Want::Headers {
            for item in &mut items {
                if let Payload::Held(_) = item.entry.payload {
                    item.entry.to_mut().payload = Payload::Missing;
                }
            }
        }
        let mut sections = Sections::default();
        let (Some(first), Some(last)) = (items.first(), items.last()) else {
            return Err(StoreError::damaged("a stretch of a log without entries was about to be read"));
        };
        let (low, top) = (first.entry.header.seq, last.entry.header.seq);
        if sections.put(&items) != items.len() {
            return Err(StoreError::damaged("a chunk holds entries that do not link"));
        }
        Ok(StoredPack { low, top, soft: sections.soft.into(), hard: sections.hard.into() })
    }
}

/// Whether a chunk of `count` entries with `bytes` of payload takes `more` entries with `more_bytes`.
pub fn fits(count: usize, bytes: usize, more: usize, more_bytes: usize) -> bool {
    count + more <= MAX_PACK_ENTRIES && bytes + more_bytes <= PACK_BYTES
}
