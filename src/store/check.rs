//! The check: every row is read again and held against what it must be.

use majlis_protocol::entry::verify_all;
use majlis_protocol::pack::{self, Reader};
use majlis_protocol::{KeyCache, LogKey};
use parking_lot::RwLock;

use super::error::StoreError;
use super::log::rows::{ChunkMeta, encode_directory};
use super::log::{Index, directory_key};

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Logs read.
    pub logs: usize,
    /// Entries read.
    pub entries: usize,
    /// What is wrong.
    pub bad: Vec<Bad>,
    /// Entries that were lost with the end of the database and are not back.
    pub missing: u64,
}

/// Something that is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// In which log.
    pub log: LogKey,
    /// At or from which sequence number.
    pub seq: u64,
    /// What is wrong.
    pub why: String,
}

/// Reads every chunk: shape, hashes, links, signatures, ids, directory and id table. The lock is taken anew for
/// each chunk, so the store stays usable.
pub fn check(index: &RwLock<Index>) -> Result<CheckReport, StoreError> {
    let places: Vec<(u32, u64)> = {
        let index = index.read();
        index.directory.chunks().map(|(place, meta)| (place, meta.no)).collect()
    };
    let mut report = CheckReport { logs: index.read().directory.logs().count(), ..CheckReport::default() };
    let cache = KeyCache::default();
    for (place, no) in places {
        let index = index.read();
        // A chunk that was merged meanwhile, or is just now, was read by the writer.
        let Some(meta) = index.directory.chunk(place).filter(|meta| meta.no == no) else { continue };
        if index.fading.contains_key(&no) || index.changing.contains(&no) {
            continue;
        }
        let Some(log) = index.directory.log(meta.log) else { continue };
        report.entries += usize::from(meta.count);
        if let Err(why) = check_chunk(&index, place, meta, &log.key, &cache)? {
            report.bad.push(Bad { log: log.key, seq: meta.low, why });
        }
    }
    Ok(report)
}

type Verdict = Result<(), String>;

fn check_chunk(
    index: &Index,
    place: u32,
    meta: &ChunkMeta,
    log: &LogKey,
    cache: &KeyCache,
) -> Result<Verdict, StoreError> {
    let row = match index.row(meta) {
        Ok(row) => row,
        Err(StoreError::Damaged { what }) => return Ok(Err(what)),
        Err(other) => return Err(other),
    };
    let (soft, hard) = row.sections();
    let (mut soft, mut hard) = (Reader::new(soft), Reader::new(hard));
    let entries = match pack::read(*log, &mut soft, &mut hard) {
        Ok(entries) => entries,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let ids: Vec<_> = row.ids().collect();
    if !soft.is_empty() || !hard.is_empty() || entries.len() != ids.len() {
        return Ok(Err("the row is longer or shorter than its pack".into()));
    }
    if entries.iter().map(|entry| entry.id).ne(ids.iter().copied()) {
        return Ok(Err("an id is not the hash of its entry".into()));
    }
    let fits = entries
        .first()
        .is_some_and(|first| first.header.seq == meta.low && first.header.backlink == meta.low_backlink)
        && ids.last() == Some(&meta.top_id);
    let written = index.db()?.get(&directory_key(meta.no))?;
    if !fits || written.as_deref() != Some(&encode_directory(meta, ids.iter().copied())) {
        return Ok(Err("the directory says something else than the row".into()));
    }
    if ids.iter().any(|id| !index.ids.find(id.prefix()).any(|found| found == place)) {
        return Ok(Err("an entry is not in the id table".into()));
    }
    let low = meta.low;
    for (at, verdict) in verify_all(entries, cache).into_iter().enumerate() {
        if let Err(error) = verdict {
            return Ok(Err(format!("sequence number {}: {error}", low + at as u64)));
        }
    }
    Ok(Ok(()))
}
