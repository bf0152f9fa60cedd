//! How chunks are written: one row of up to 64 hash-linked entries of one log, and a small directory row that
//! says enough of it to open the store without reading posts.
//!
//! Chunk row: log number u32, count u8, clamp count u8, length of the soft section u32, the ids (32 bytes each),
//! the clamps (index u8, first seen u64), then the soft and the hard section of the protocol's pack. With the
//! ids at hand a single entry is read out of the pack without hashing its neighbours.

use bytes::Bytes;
use majlis_protocol::entry::payload_hash;
use majlis_protocol::limits::{BLIND, MAX_PACK_ENTRIES, SIGNATURE};
use majlis_protocol::pack::Sections;
use majlis_protocol::{Entry, EntryId, Header, Kind, LogKey, Payload};
use sled::IVec;

use crate::store::error::StoreError;

const HEAD: usize = 10;
const CLAMP: usize = 9;
const STATE: u8 = 0b011;
const EXTRAS: u8 = 0b100;
/// Some entry of the chunk came without its payload.
pub const HAS_MISSING: u8 = 1;

/// What is held of an entry's payload, as the row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Blind and body are held.
    Held,
    /// Nothing is held.
    Missing,
    /// Taken back.
    Deleted,
}

/// A chunk as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkMeta {
    /// Its number: the key of its row. Numbers are never used twice.
    pub no: u64,
    /// The number of its log.
    pub log: u32,
    /// How many entries it holds.
    pub count: u8,
    /// [`HAS_MISSING`].
    pub flags: u8,
    /// Its payload bytes, held or not, as they count against the size of a row.
    pub bytes: u32,
    /// The lowest sequence number.
    pub low: u64,
    /// The backlink of the lowest entry.
    pub low_backlink: EntryId,
    /// The id of the highest entry.
    pub top_id: EntryId,
    /// The lowest display time in it.
    pub min_display: u64,
    /// The highest display time in it.
    pub max_display: u64,
    /// The highest display time in it and in all chunks of the log that end below it. Not written.
    pub running: u64,
}

impl ChunkMeta {
    /// The highest sequence number.
    pub fn top(&self) -> u64 {
        self.low + u64::from(self.count).saturating_sub(1)
    }

    /// Whether `seq` lies in it.
    pub fn covers(&self, seq: u64) -> bool {
        self.low <= seq && seq <= self.top()
    }
}

/// An entry on its way into a row.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// The entry.
    pub entry: std::borrow::Cow<'a, Entry>,
    /// When it arrived, if its own timestamp lies after that.
    pub first_seen: Option<u64>,
}

impl AsRef<Entry> for Item<'_> {
    fn as_ref(&self) -> &Entry {
        &self.entry
    }
}

impl Item<'_> {
    /// When the entry is shown to have been written.
    pub fn display(&self) -> u64 {
        let stated = self.entry.header.timestamp;
        self.first_seen.map_or(stated, |seen| seen.min(stated))
    }
}

/// Writes a chunk row and its directory row. `items` are 1 to 64, ascending and linked; the caller has them so.
pub fn encode(no: u64, log: u32, items: &[Item<'_>]) -> Result<(Vec<u8>, Vec<u8>, ChunkMeta), StoreError> {
    let mut sections = Sections::default();
    let written = sections.put(items);
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return Err(StoreError::damaged("a chunk without entries was about to be written"));
    };
    if written != items.len() {
        return Err(StoreError::damaged("entries that are not linked were about to be written as one chunk"));
    }
    let clamps: Vec<_> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| item.first_seen.map(|seen| (at as u8, seen)))
        .collect();
    let mut row = Vec::with_capacity(
        HEAD + 32 * written + CLAMP * clamps.len() + sections.soft.len() + sections.hard.len(),
    );
    row.extend_from_slice(&log.to_be_bytes());
    row.push(written as u8);
    row.push(clamps.len() as u8);
    row.extend_from_slice(&(sections.soft.len() as u32).to_be_bytes()); // A pack is far below 4 GiB.
    for item in items {
        row.extend_from_slice(&item.entry.id.0);
    }
    for (at, seen) in clamps {
        row.push(at);
        row.extend_from_slice(&seen.to_be_bytes());
    }
    row.extend_from_slice(&sections.soft);
    row.extend_from_slice(&sections.hard);
    let missing = items.iter().any(|item| item.entry.payload == Payload::Missing);
    let meta = ChunkMeta {
        no,
        log,
        count: written as u8,
        flags: if missing { HAS_MISSING } else { 0 },
        bytes: items.iter().map(|item| item.entry.header.payload_len).sum(),
        low: first.entry.header.seq,
        low_backlink: first.entry.header.backlink,
        top_id: last.entry.id,
        min_display: items.iter().map(Item::display).min().unwrap_or(0),
        max_display: items.iter().map(Item::display).max().unwrap_or(0),
        running: 0,
    };
    let directory = encode_directory(&meta, items.iter().map(|item| item.entry.id));
    Ok((row, directory, meta))
}

/// Writes a directory row.
pub fn encode_directory(meta: &ChunkMeta, ids: impl Iterator<Item = EntryId>) -> Vec<u8> {
    let mut out = Vec::with_capacity(DIRECTORY + 8 * usize::from(meta.count));
    out.extend_from_slice(&meta.log.to_be_bytes());
    out.push(meta.count);
    out.push(meta.flags);
    out.extend_from_slice(&meta.bytes.to_be_bytes());
    out.extend_from_slice(&meta.low.to_be_bytes());
    out.extend_from_slice(&meta.low_backlink.0);
    out.extend_from_slice(&meta.top_id.0);
    out.extend_from_slice(&meta.min_display.to_be_bytes());
    out.extend_from_slice(&meta.max_display.to_be_bytes());
    for id in ids {
        out.extend_from_slice(&id.prefix());
    }
    out
}

const DIRECTORY: usize = 4 + 1 + 1 + 4 + 8 + 32 + 32 + 8 + 8;

/// Reads a directory row: the chunk and the first bytes of its entries' ids.
pub fn decode_directory(no: u64, row: &[u8]) -> Option<(ChunkMeta, &[[u8; 8]])> {
    let mut at = Cursor(row);
    let meta = ChunkMeta {
        no,
        log: u32::from_be_bytes(at.array()?),
        count: at.array::<1>()?[0],
        flags: at.array::<1>()?[0],
        bytes: u32::from_be_bytes(at.array()?),
        low: u64::from_be_bytes(at.array()?),
        low_backlink: EntryId(at.array()?),
        top_id: EntryId(at.array()?),
        min_display: u64::from_be_bytes(at.array()?),
        max_display: u64::from_be_bytes(at.array()?),
        running: 0,
    };
    let (prefixes, rest) = at.0.as_chunks::<8>();
    (rest.is_empty() && prefixes.len() == usize::from(meta.count) && meta.count > 0)
        .then_some((meta, prefixes))
}

/// Reads off the front of a slice.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for (at, &byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.0 = &self.0[at + 1..]; // `at` is an index of the slice.
                return Some(value);
            }
        }
        None
    }
}

/// A chunk row as read.
#[derive(Clone)]
pub struct Row {
    value: IVec,
    count: usize,
    clamps: usize,
    soft: usize,
    hard: usize,
    log: u32,
}

impl Row {
    /// Reads a row's head.
    pub fn parse(value: IVec) -> Option<Self> {
        let mut at = Cursor(&value);
        let log = u32::from_be_bytes(at.array()?);
        let count = usize::from(at.array::<1>()?[0]);
        let clamps = usize::from(at.array::<1>()?[0]);
        let soft_len = u32::from_be_bytes(at.array()?) as usize;
        if count == 0 || count > MAX_PACK_ENTRIES {
            return None;
        }
        let soft = HEAD + 32 * count + CLAMP * clamps;
        let hard = soft.checked_add(soft_len)?;
        (hard <= value.len()).then_some(Self { value, count, clamps, soft, hard, log })
    }

    /// The number of its log.
    pub fn log(&self) -> u32 {
        self.log
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The row as the database has it.
    pub fn value(&self) -> &IVec {
        &self.value
    }

    /// The ids, ascending by sequence number.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = EntryId> {
        let (ids, _) = self.value[HEAD..HEAD + 32 * self.count].as_chunks::<32>();
        ids.iter().map(|id| EntryId(*id))
    }

    /// The id at one place.
    pub fn id(&self, at: usize) -> Option<EntryId> {
        if at >= self.count {
            return None;
        }
        self.value.get(HEAD + 32 * at..)?.first_chunk::<32>().map(|id| EntryId(*id))
    }

    /// When the entry arrived, if its timestamp lies after that.
    pub fn first_seen(&self, at: usize) -> Option<u64> {
        let clamps = self.value.get(HEAD + 32 * self.count..self.soft)?;
        let (clamps, _) = clamps.as_chunks::<CLAMP>();
        clamps
            .iter()
            .find_map(|[index, seen @ ..]| (usize::from(*index) == at).then(|| u64::from_be_bytes(*seen)))
    }

    fn has_clamps(&self) -> bool {
        self.clamps > 0
    }

    /// Both sections of the pack, shared and not copied.
    pub fn sections(&self) -> (Bytes, Bytes) {
        let all = Bytes::from_owner(self.value.clone());
        (all.slice(self.soft..self.hard), all.slice(self.hard..))
    }

    /// The columns, from which single entries are read.
    pub fn columns(&self) -> Option<Columns<'_>> {
        Columns::parse(self)
    }

    /// All entries with their clamps, or none if the row is damaged.
    pub fn items(&self, log: &LogKey) -> Option<Vec<Item<'static>>> {
        let columns = self.columns()?;
        (0..self.count)
            .map(|at| {
                let entry = std::borrow::Cow::Owned(columns.entry(log, at)?);
                Some(Item { entry, first_seen: self.first_seen(at) })
            })
            .collect()
    }
}

/// The columns of a row's pack.
pub struct Columns<'a> {
    row: &'a Row,
    low: u64,
    states: &'a [u8],
    kinds: &'a [u8],
    timestamps: [u64; MAX_PACK_ENTRIES],
    lens: [u32; MAX_PACK_ENTRIES],
    extras: &'a [u8],
    bodies: &'a [u8],
    low_backlink: EntryId,
    signatures: &'a [[u8; SIGNATURE]],
    tails: &'a [u8],
}

impl<'a> Columns<'a> {
    fn parse(row: &'a Row) -> Option<Self> {
        let mut soft = Cursor(row.value.get(row.soft..row.hard)?);
        if usize::from(soft.array::<1>()?[0]) != row.count {
            return None;
        }
        let low = soft.varint()?;
        let states = soft.slice(row.count)?;
        let kinds = soft.slice(row.count)?;
        let mut timestamps = [0; MAX_PACK_ENTRIES];
        let mut last = 0i64;
        for slot in timestamps.iter_mut().take(row.count) {
            let delta = soft.varint()?;
            last = last.checked_add(((delta >> 1) as i64) ^ -((delta & 1) as i64))?;
            *slot = u64::try_from(last).ok()?;
        }
        let mut lens = [0; MAX_PACK_ENTRIES];
        for slot in lens.iter_mut().take(row.count) {
            *slot = u32::try_from(soft.varint()?).ok()?;
        }
        let extras = soft.0;
        for _ in states.iter().filter(|state| **state & EXTRAS != 0) {
            soft.slice(2)?;
            let len = soft.varint()? as usize;
            soft.slice(len)?;
        }
        let bodies = soft.0;
        let mut hard = Cursor(row.value.get(row.hard..)?);
        let low_backlink = if low > 1 { EntryId(hard.array()?) } else { EntryId::ZERO };
        let (signatures, _) = hard.slice(SIGNATURE * row.count)?.as_chunks::<SIGNATURE>();
        let tails = hard.0;
        Some(Self {
            row,
            low,
            states,
            kinds,
            timestamps,
            lens,
            extras,
            bodies,
            low_backlink,
            signatures,
            tails,
        })
    }

    /// The kind of an entry.
    pub fn kind(&self, at: usize) -> Option<Kind> {
        self.kinds.get(at).copied().map(Kind)
    }

    /// Whether any entry is of one of these kinds.
    pub fn holds_any(&self, kinds: &[Kind]) -> bool {
        self.kinds.iter().any(|kind| kinds.contains(&Kind(*kind)))
    }

    /// Bytes of a payload, held or not.
    pub fn payload_len(&self, at: usize) -> u32 {
        self.lens.get(at).copied().unwrap_or(0)
    }

    /// What is held of a payload.
    pub fn state(&self, at: usize) -> Option<State> {
        match self.states.get(at)? & STATE {
            0 => Some(State::Held),
            1 => Some(State::Missing),
            2 => Some(State::Deleted),
            _ => None,
        }
    }

    /// When an entry is shown to have been written.
    pub fn display(&self, at: usize) -> u64 {
        let stated = self.timestamps.get(at).copied().unwrap_or(0);
        if !self.row.has_clamps() {
            return stated;
        }
        self.row.first_seen(at).map_or(stated, |seen| seen.min(stated))
    }

    /// One entry. Its id is taken from the row; of its payload the hash is computed.
    pub fn entry(&self, log: &LogKey, at: usize) -> Option<Entry> {
        let id = self.row.id(at)?;
        let backlink = match at.checked_sub(1) {
            Some(before) => self.row.id(before)?,
            None => self.low_backlink,
        };
        let payload_len = *self.lens.get(at)?;
        let (payload_hash, payload) = self.payload(at)?;
        let (flags, ext) = self.extra(at)?;
        let header = Header {
            kind: self.kind(at)?,
            flags,
            payload_len,
            account: log.account,
            device: log.device,
            log_id: log.log_id,
            seq: self.low.checked_add(at as u64)?,
            timestamp: *self.timestamps.get(at)?,
            backlink,
            payload_hash,
            ext,
        };
        Some(Entry { header, signature: *self.signatures.get(at)?, id, payload })
    }

    fn payload(&self, at: usize) -> Option<([u8; 32], Payload)> {
        let (mut body, mut tail) = (0, 0);
        for before in 0..at {
            match self.state(before)? {
                State::Held => {
                    body += (self.lens.get(before).copied()? as usize).checked_sub(BLIND)?;
                    tail += BLIND;
                }
                State::Missing => tail += 32,
                State::Deleted => tail += 64,
            }
        }
        let mut tail = Cursor(self.tails.get(tail..)?);
        match self.state(at)? {
            State::Held => {
                let len = (self.lens.get(at).copied()? as usize).checked_sub(BLIND)?;
                let body = self.bodies.get(body..)?.get(..len)?;
                let payload = [tail.slice(BLIND)?, body].concat();
                Some((payload_hash(&payload), Payload::Held(payload.into())))
            }
            State::Missing => Some((tail.array()?, Payload::Missing)),
            State::Deleted => Some((tail.array()?, Payload::Deleted(EntryId(tail.array()?)))),
        }
    }

    fn extra(&self, at: usize) -> Option<(u16, Bytes)> {
        if self.states.get(at)? & EXTRAS == 0 {
            return Some((0, Bytes::new()));
        }
        let mut extras = Cursor(self.extras);
        for _ in self.states.get(..at)?.iter().filter(|state| **state & EXTRAS != 0) {
            extras.slice(2)?;
            let len = extras.varint()? as usize;
            extras.slice(len)?;
        }
        let flags = u16::from_be_bytes(extras.array()?);
        let len = extras.varint()? as usize;
        Some((flags, Bytes::copy_from_slice(extras.slice(len)?)))
    }
}
