//! The log: all entries, in chunk rows, and what is kept in memory to find them.
//!
//! The writer alone changes an [`Index`]; everyone else reads under its lock. A row that a transaction has taken
//! away stays readable in `fading` until the index no longer names it.

pub mod directory;
pub mod ids;
pub mod read;
pub mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::{HashMap, HashSet};
use majlis_protocol::identity::{IdDoc, VerifiedId};
use majlis_protocol::ids::LogId;
use majlis_protocol::state::{Account, Log, Proof, Replica, Run, Standing};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, KeyCache, Kind, LogKey, Verified};
use parking_lot::RwLock;
use sled::IVec;

use self::directory::{Directory, LogChunks};
use self::ids::IdTable;
use self::rows::{ChunkMeta, Row};
use super::db::{Database, key, prefix};
use super::error::StoreError;

/// What finds entries. One lock guards all of it, the database handle included, because a compaction swaps it.
#[derive(Default)]
pub struct Index {
    db: Option<Database>,
    /// From ids to chunks.
    pub ids: IdTable,
    /// Chunks and logs.
    pub directory: Directory,
    /// Rows that the database no longer has and the directory still names.
    pub fading: HashMap<u64, IVec>,
    /// Rows that the transaction under way writes anew in place.
    pub changing: HashSet<u64>,
    /// First bytes of the ids that some Delete names.
    pub marked: HashSet<[u8; 8]>,
    warm: Warm,
    heads: RwLock<HashMap<AccountId, Arc<[Head]>>>,
}

/// Where the timeline of an account begins: the top of a run of posts that count.
#[derive(Clone, Copy)]
pub struct Head {
    /// The number of the log.
    pub log: u32,
    /// The chunk that holds the run's top.
    pub chunk: u32,
    /// The run's highest sequence number.
    pub hi: u64,
    /// The run's lowest.
    pub low: u64,
    /// No post of the run is from later than this.
    pub bound: u64,
}

/// Which leaves of the database were read of late, by the chunk numbers that lie on them: more or less.
struct Warm([AtomicU64; 128]);

impl Default for Warm {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(u64::MAX)))
    }
}

impl Warm {
    /// Notes that a chunk is read; true if its leaf was not of late.
    fn was_cold(&self, no: u64) -> bool {
        // sled keeps up to 16 rows on a leaf.
        let leaf = no >> 4;
        let place = (leaf % self.0.len() as u64) as usize;
        self.0.get(place).is_some_and(|known| known.swap(leaf, Ordering::Relaxed) != leaf)
    }
}

/// Where an entry is.
pub struct Place {
    /// Its chunk's place in the directory.
    pub chunk: u32,
    /// Which of the chunk's entries it is.
    pub at: usize,
    /// The chunk's row.
    pub row: Row,
    /// Its log.
    pub key: LogKey,
}

/// A run that overlaps another of its log, found when runs were put into the replica.
pub struct Conflict {
    /// The log.
    pub key: LogKey,
    /// The lowest sequence number that is held twice.
    pub seq: u64,
}

impl Index {
    /// The database.
    pub fn db(&self) -> Result<&Database, StoreError> {
        self.db.as_ref().ok_or(StoreError::Closed)
    }

    /// Puts a database in place of the one held, which is closed first.
    pub fn replace_db(&mut self, db: Option<Database>) {
        self.db = db;
    }

    /// One chunk's row.
    pub fn row(&self, meta: &ChunkMeta) -> Result<Row, StoreError> {
        let (db, key) = (self.db()?, chunk_key(meta.no));
        if self.warm.was_cold(meta.no) {
            db.cool(&key)?;
        }
        let value = match db.get(&key)? {
            Some(value) => value,
            None => self
                .fading
                .get(&meta.no)
                .cloned()
                .ok_or_else(|| StoreError::damaged(format!("chunk {} is missing", meta.no)))?,
        };
        Row::parse(value)
            .filter(|row| row.log() == meta.log && row.len() == usize::from(meta.count))
            .ok_or_else(|| damaged_chunk(meta))
    }

    /// Finds an entry.
    pub fn locate(&self, id: &EntryId) -> Result<Option<Place>, StoreError> {
        for chunk in self.ids.find(id.prefix()) {
            let Some(meta) = self.directory.chunk(chunk) else { continue };
            let Some(log) = self.directory.log(meta.log) else { continue };
            let row = self.row(meta)?;
            let at = row.ids().position(|held| held == *id);
            if let Some(at) = at {
                return Ok(Some(Place { chunk, at, row, key: log.key }));
            }
        }
        Ok(None)
    }

    /// Whether an entry is held.
    pub fn holds(&self, id: &EntryId) -> Result<bool, StoreError> {
        Ok(self.locate(id)?.is_some())
    }

    /// See [`Store::holds_linked`](crate::store::Store::holds_linked).
    pub fn holds_linked(&self, linked: &[Entry]) -> Result<bool, StoreError> {
        let mut rest = linked;
        while let Some(top) = rest.last() {
            let place = self.locate(&top.id)?;
            let meta = place.and_then(|place| self.directory.chunk(place.chunk));
            let Some(meta) = meta.filter(|meta| meta.flags & rows::HAS_MISSING == 0) else {
                return Ok(false);
            };
            // A chunk is linked too, so what lies below its entry in it are that entry's ancestors.
            rest = &rest[..rest.partition_point(|entry| entry.header.seq < meta.low)];
        }
        Ok(true)
    }

    /// The id at `seq` in a chunk that covers it.
    pub fn id_at(&self, meta: &ChunkMeta, seq: u64) -> Result<EntryId, StoreError> {
        if seq == meta.top() {
            return Ok(meta.top_id);
        }
        let at = seq.checked_sub(meta.low).ok_or_else(|| damaged_chunk(meta))?;
        self.row(meta)?.id(at as usize).ok_or_else(|| damaged_chunk(meta))
    }

    /// The chunk that holds the entry `id` at `seq`.
    fn holding(&self, log: &LogChunks, seq: u64, id: &EntryId) -> Result<Option<u32>, StoreError> {
        for (place, meta) in self.directory.covering(log, seq) {
            if self.id_at(meta, seq)? == *id {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The chunk with the entry that the chunk's lowest links to.
    pub fn below(&self, log: &LogChunks, meta: &ChunkMeta) -> Result<Option<u32>, StoreError> {
        match meta.low.checked_sub(1) {
            None | Some(0) => Ok(None),
            Some(seq) => self.holding(log, seq, &meta.low_backlink),
        }
    }

    /// The chunk of a run that covers `seq`. Where the log is not forked there is but one; else the run is
    /// walked down from its top.
    pub fn in_run(&self, log: &LogChunks, run: &Run, seq: u64) -> Result<Option<u32>, StoreError> {
        if !run.covers(seq) {
            return Ok(None);
        }
        let mut covering = self.directory.covering(log, seq).map(|(place, _)| place);
        let (first, second) = (covering.next(), covering.next());
        if second.is_none() {
            return Ok(first);
        }
        let mut place = self.holding(log, run.top, &run.top_id)?;
        while let Some(meta) = place.and_then(|place| self.directory.chunk(place)) {
            if meta.covers(seq) {
                return Ok(place);
            }
            place = self.below(log, meta)?;
        }
        Ok(None)
    }

    /// The run that holds the entry at `seq` of a chunk.
    pub fn run_of(
        &self,
        known: &Log,
        log: &LogChunks,
        chunk: u32,
        seq: u64,
    ) -> Result<Option<Run>, StoreError> {
        let mut covering = known.runs().iter().filter(|run| run.covers(seq));
        let (first, second) = (covering.next(), covering.next());
        if second.is_none() {
            return Ok(first.copied());
        }
        for run in known.runs().iter().filter(|run| run.covers(seq)) {
            if self.in_run(log, run, seq)? == Some(chunk) {
                return Ok(Some(*run));
            }
        }
        Ok(None)
    }

    /// Whether the entry at a place counts.
    pub fn standing(&self, replica: &Replica, place: &Place, kind: Kind) -> Result<Standing, StoreError> {
        let key = &place.key;
        let (Some(account), Some(log), Some(meta)) =
            (replica.account(&key.account), self.directory.log_of(key), self.directory.chunk(place.chunk))
        else {
            return Ok(Standing::UnknownDevice);
        };
        let run = match account.log(key.device, key.log_id) {
            Some(known) => self.run_of(known, log, place.chunk, meta.low + place.at as u64)?,
            None => None,
        };
        Ok(run.map_or(Standing::Void, |run| account.standing(key.device, key.log_id, &run, kind)))
    }

    /// Where the timeline of an account begins; remembered until something about the account changes.
    pub fn heads(&self, replica: &Replica, id: &AccountId) -> Result<Arc<[Head]>, StoreError> {
        if let Some(heads) = self.heads.read().get(id) {
            return Ok(Arc::clone(heads));
        }
        let mut found = Vec::new();
        let account = replica.account(id);
        for (device, log_id, known) in account.into_iter().flat_map(Account::logs) {
            let Some(account) = account.filter(|account| shows_posts(account, device, log_id)) else {
                continue;
            };
            let Some(number) = self.directory.number(&LogKey { account: *id, device, log_id }) else {
                continue;
            };
            let Some(log) = self.directory.log(number) else { continue };
            for run in known.admissible(account.limit(device, log_id)) {
                if let Some(chunk) = self.in_run(log, run, run.top)?
                    && let Some(meta) = self.directory.chunk(chunk)
                {
                    found.push(Head { log: number, chunk, hi: run.top, low: run.low, bound: meta.running });
                }
            }
        }
        let heads: Arc<[Head]> = found.into();
        if account.is_some() {
            self.heads.write().insert(*id, Arc::clone(&heads));
        }
        Ok(heads)
    }

    /// Forgets where the timeline of an account begins.
    pub fn forget_heads(&self, id: &AccountId) {
        self.heads.write().remove(id);
    }

    /// All entries held at one place of a log: more than one where it was forked.
    pub fn all_at(&self, key: &LogKey, seq: u64) -> Result<Vec<Entry>, StoreError> {
        let Some(log) = self.directory.log_of(key) else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        for (_, meta) in self.directory.covering(log, seq) {
            let row = self.row(meta)?;
            let at = (seq - meta.low) as usize; // `covering` gives chunks that cover it.
            entries.push(
                row.columns()
                    .and_then(|columns| columns.entry(key, at))
                    .ok_or_else(|| damaged_chunk(meta))?,
            );
        }
        Ok(entries)
    }
}

/// Whether posts of a log belong into timelines: it is public and its device may post.
fn shows_posts(account: &Account, device: DeviceId, log_id: LogId) -> bool {
    let listed = account.register().current().and_then(|current| current.device(device));
    log_id.class() == LogId::PUBLIC && listed.is_some_and(|device| device.scope & Kind::POST.scope_bit() != 0)
}

/// Key of a chunk row.
pub fn chunk_key(no: u64) -> [u8; 9] {
    numbered(prefix::CHUNK, no)
}

/// Key of a directory row.
pub fn directory_key(no: u64) -> [u8; 9] {
    numbered(prefix::DIRECTORY, no)
}

fn numbered(prefix: u8, no: u64) -> [u8; 9] {
    let mut key = [prefix; 9];
    key[1..].copy_from_slice(&no.to_be_bytes());
    key
}

/// Key of a log row.
pub fn log_key(number: u32) -> Vec<u8> {
    key(prefix::LOG, &[&number.to_be_bytes()])
}

/// The bytes of a log's key.
pub fn log_bytes(log: &LogKey) -> [u8; 72] {
    let mut out = [0; 72];
    out[..32].copy_from_slice(&log.account.0);
    out[32..64].copy_from_slice(&log.device.0);
    out[64..].copy_from_slice(&log.log_id.0.to_be_bytes());
    out
}

fn read_log(bytes: &[u8]) -> Option<LogKey> {
    let (account, rest) = bytes.split_first_chunk::<32>()?;
    let (device, rest) = rest.split_first_chunk::<32>()?;
    let log_id = u64::from_be_bytes(rest.try_into().ok()?);
    Some(LogKey { account: AccountId(*account), device: DeviceId(*device), log_id: LogId(log_id) })
}

/// Key of an identity row.
pub fn identity_key(account: &AccountId, id: &EntryId) -> Vec<u8> {
    key(prefix::IDENTITY, &[&account.0, &id.0])
}

/// Key of a log's proof.
pub fn proof_key(log: &LogKey) -> Vec<u8> {
    key(prefix::PROOF, &[&log_bytes(log)])
}

/// A proof as it is stored: length of the first signed header u16, both signed headers.
pub fn encode_proof(proof: &Proof) -> Vec<u8> {
    let [lower, higher] = proof.headers().map(|header| header.signed_header());
    let mut out = Vec::with_capacity(2 + lower.len() + higher.len());
    out.extend_from_slice(&(lower.len() as u16).to_be_bytes()); // A signed header is at most 482 bytes.
    out.extend_from_slice(&lower);
    out.extend_from_slice(&higher);
    out
}

fn decode_proof(bytes: &[u8], cache: &KeyCache) -> Option<Proof> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    let (lower, higher) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    let verify = |bytes, cache: &KeyCache| {
        majlis_protocol::entry::verify(Entry::decode_header(bytes).ok()?, cache).ok()
    };
    Proof::new(verify(lower, cache)?, verify(higher, cache)?).ok()
}

/// The error for a chunk whose row does not read.
pub fn damaged_chunk(meta: &ChunkMeta) -> StoreError {
    StoreError::damaged(format!(
        "chunk {} (sequence numbers {} to {}) does not decode",
        meta.no,
        meta.low,
        meta.top()
    ))
}

/// What [`load`] has found.
pub struct Loaded {
    /// The index, database included.
    pub index: Index,
    /// The replica.
    pub replica: Replica,
    /// Runs that overlap and have no proof yet.
    pub conflicts: Vec<Conflict>,
    /// Rows that did not decode and were passed over.
    pub bad_rows: usize,
}

/// Reads everything but the posts. Identities are verified again meanwhile, in batches on other threads: they
/// are few, and what all else rests on. `keys` comes to know their keys.
pub fn load(db: Database, keys: &KeyCache) -> Result<Loaded, StoreError> {
    let stored: Vec<(IVec, IVec)> = db.scan(&[prefix::IDENTITY]).collect::<Result<_, _>>()?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = stored.len().div_ceil(threads).max(1);
    let mut index = Index::default();
    let mut bad_rows = 0;
    let verified: Vec<Option<VerifiedId>> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            stored.chunks(share).map(|share| scope.spawn(move || verify_identities(share, keys))).collect();
        let loaded = load_directory(&db, &mut index, &mut bad_rows);
        // A worker that panicked leaves fewer documents than rows, which is counted below.
        let verified = workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect();
        loaded.map(|()| verified)
    })?;
    let mut replica = Replica::default();
    let good: Vec<_> = verified.into_iter().flatten().collect();
    bad_rows += stored.len() - good.len();
    for doc in good {
        replica.insert_identity(Arc::new(doc));
    }
    for row in db.scan(&[prefix::PROOF]) {
        match decode_proof(&row?.1, keys) {
            Some(proof) => {
                replica.insert_proof(Arc::new(proof));
            }
            None => bad_rows += 1,
        }
    }
    index.replace_db(Some(db));
    let conflicts = load_runs(&index, &mut replica);
    Ok(Loaded { index, replica, conflicts, bad_rows })
}

/// Reads logs, chunks and marks.
fn load_directory(db: &Database, index: &mut Index, bad_rows: &mut usize) -> Result<(), StoreError> {
    for row in db.scan(&[prefix::LOG]) {
        let (row_key, value) = row?;
        let number = row_key.get(1..).and_then(|number| Some(u32::from_be_bytes(number.try_into().ok()?)));
        match (number, read_log(&value)) {
            (Some(number), Some(log)) => index.directory.add_log(number, log),
            _ => *bad_rows += 1,
        }
    }
    let rows: Vec<(IVec, IVec)> = db.scan(&[prefix::DIRECTORY]).collect::<Result<_, _>>()?;
    let chunks = rows.iter().filter_map(|(row_key, value)| {
        let no = row_key.get(1..)?.try_into().ok().map(u64::from_be_bytes)?;
        rows::decode_directory(no, value)
    });
    index.ids.reserve(chunks.clone().map(|(_, prefixes)| prefixes.len()).sum());
    let mut good = 0;
    for (meta, prefixes) in chunks {
        if index.directory.log(meta.log).is_none() {
            continue;
        }
        good += 1;
        let place = index.directory.insert(meta);
        for prefix in prefixes {
            index.ids.insert(*prefix, place);
        }
    }
    *bad_rows += rows.len() - good;
    for row in db.scan(&[prefix::MARK]) {
        let (row_key, _) = row?;
        if let Some(target) = row_key.get(33..).and_then(|target| target.first_chunk::<8>()) {
            index.marked.insert(*target);
        }
    }
    Ok(())
}

fn verify_identities(stored: &[(IVec, IVec)], keys: &KeyCache) -> Vec<Option<VerifiedId>> {
    let entries: Vec<Entry> = stored.iter().filter_map(|(_, value)| Entry::decode(value).ok()).collect();
    majlis_protocol::entry::verify_all(entries, keys)
        .into_iter()
        .map(|entry| identity(entry.ok()?, keys))
        .collect()
}

/// An identity document out of a verified entry.
pub fn identity(entry: Verified<Entry>, cache: &KeyCache) -> Option<VerifiedId> {
    IdDoc::verify(entry, cache).ok()
}

fn load_runs(index: &Index, replica: &mut Replica) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (_, log) in index.directory.logs() {
        let mut open: Option<Run> = None;
        let mut runs = Vec::new();
        for meta in log.chunks.iter().filter_map(|place| index.directory.chunk(*place)) {
            match &mut open {
                Some(run) if run.top + 1 == meta.low && run.top_id == meta.low_backlink => {
                    run.top = meta.top();
                    run.top_id = meta.top_id;
                }
                _ => runs.extend(open.replace(run_of_chunk(meta))),
            }
        }
        runs.extend(open);
        for run in runs {
            if let Some(overlap) = replica.insert_run(&log.key, run) {
                conflicts.push(Conflict { key: log.key, seq: overlap.seq });
            }
        }
    }
    conflicts
}

fn run_of_chunk(meta: &ChunkMeta) -> Run {
    Run { low: meta.low, top: meta.top(), low_backlink: meta.low_backlink, top_id: meta.top_id }
}
