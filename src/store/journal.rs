//! The journal: the owner's own entries, in the order they were written, each synced before it is acknowledged.
//! The database is completed from it at start, and its tail is how far the owner's logs have come, so that no
//! sequence number is ever signed twice.
//!
//! A record: magic (4 bytes), length of its content u32, hash of length and content (8 bytes), content. Content:
//! a type byte; 0 an entry in full; 1 an entry whose payload was erased: the id of its Delete, the signed header;
//! 2 a break: the logs of the entries before it may go on elsewhere and are not written to again. A record that is cut off at the end of the file was never acknowledged and is removed at open.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use majlis_protocol::{Entry, EntryId, Kind, LogKey, Payload, Verified};

use super::error::StoreError;
use super::home::{private, sync_dir};

const MAGIC: [u8; 4] = *b"mjr1";
const RECORD_HEAD: usize = 16;
const HASH: &str = "majlis v1 journal record";
const WHOLE: u8 = 0;
const ERASED: u8 = 1;
const BREAK: u8 = 2;
/// No record is longer: a type byte, an id, the largest header and payload.
const MAX_RECORD: usize = 128 * 1024;

/// The highest entry of an own log, as the journal has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnTail {
    /// Which log.
    pub key: LogKey,
    /// Its highest sequence number.
    pub seq: u64,
    /// The entry there.
    pub id: EntryId,
    /// That entry's timestamp.
    pub timestamp: u64,
    /// The log may go on elsewhere, or further than the journal has it: the next entry begins a new one.
    pub ended: bool,
}

/// What was found in the journal at open.
#[derive(Default)]
pub struct Found {
    /// Its entries, in order. Nothing about them has been verified.
    pub entries: Vec<Entry>,
    /// Bytes cut off the end: a record whose writing was interrupted.
    pub torn: u64,
    /// Bytes in the middle that are no record, since the last break.
    pub damaged: u64,
    /// How many of the entries come before the last break.
    ended: usize,
}

/// The open journal.
pub struct Journal {
    path: PathBuf,
    file: File,
    len: u64,
    /// Per class the log that was last written to, and its highest entry.
    tails: HashMap<u8, OwnTail>,
    /// After a failed write whose remains could not be removed nothing more is appended.
    broken: bool,
}

fn checksum(len: [u8; 4], content: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key(HASH);
    hasher.update(&len);
    hasher.update(content);
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

fn put_record(out: &mut Vec<u8>, content: &[u8]) {
    let len = (content.len() as u32).to_be_bytes();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&len);
    out.extend_from_slice(&checksum(len, content));
    out.extend_from_slice(content);
}

fn put_entry(out: &mut Vec<u8>, entry: &Entry) {
    let mut content = Vec::with_capacity(entry.logical_size() + 33);
    match &entry.payload {
        Payload::Held(_) => content.push(WHOLE),
        Payload::Deleted(by) => {
            content.push(ERASED);
            content.extend_from_slice(&by.0);
        }
        Payload::Missing => {
            content.push(ERASED);
            content.extend_from_slice(&EntryId::ZERO.0);
        }
    }
    content.extend_from_slice(&entry.encode());
    put_record(out, &content);
}

/// The content of the record at the front of `bytes`, if there is one.
fn record(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_first_chunk::<RECORD_HEAD>()?;
    let [m0, m1, m2, m3, l0, l1, l2, l3, sum @ ..] = head;
    let len = [*l0, *l1, *l2, *l3];
    let size = u32::from_be_bytes(len) as usize;
    if [*m0, *m1, *m2, *m3] != MAGIC || size > MAX_RECORD {
        return None;
    }
    let content = rest.get(..size)?;
    (checksum(len, content) == *sum).then_some(content)
}

/// What a record holds.
enum Record {
    Entry(Box<Entry>),
    Break,
}

fn put_break(out: &mut Vec<u8>) {
    put_record(out, &[BREAK]);
}

fn decode(content: &[u8]) -> Option<Record> {
    match content.split_first()? {
        (&WHOLE, bytes) => Entry::decode(bytes).ok().map(Box::new).map(Record::Entry),
        (&ERASED, bytes) => {
            let (by, header) = bytes.split_first_chunk::<32>()?;
            let mut entry = Entry::decode_header(header).ok()?;
            if *by != EntryId::ZERO.0 {
                entry.payload = Payload::Deleted(EntryId(*by));
            }
            Some(Record::Entry(Box::new(entry)))
        }
        (&BREAK, []) => Some(Record::Break),
        _ => None,
    }
}

/// Reads all records; also the length up to which the file is to be kept.
fn read_all(bytes: &[u8]) -> (Found, usize) {
    let mut found = Found::default();
    let (mut at, mut keep) = (0, 0);
    while at < bytes.len() {
        if let Some(content) = bytes.get(at..).and_then(record) {
            // What lies between two records is damage; what follows the last is a torn tail.
            found.damaged += (at - keep) as u64;
            at += RECORD_HEAD + content.len();
            keep = at;
            match decode(content) {
                Some(Record::Entry(entry)) => found.entries.push(*entry),
                // What was damaged before a break has had its consequence.
                Some(Record::Break) => (found.ended, found.damaged) = (found.entries.len(), 0),
                None => found.damaged += content.len() as u64,
            }
        } else {
            at += 1;
        }
    }
    found.torn = (bytes.len() - keep) as u64;
    (found, keep)
}

impl Journal {
    /// Opens or creates the journal and reads it.
    pub fn open(path: &Path) -> Result<(Self, Found), StoreError> {
        let failed = |source| StoreError::io("open", path, source);
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(failed(source)),
        };
        // A compaction that was cut off has left the journal as it was.
        match fs::remove_file(path.with_extension("new")) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(source)),
            _ => {}
        }
        let (found, keep) = read_all(&bytes);
        let mut file = private().create(true).truncate(false).open(path).map_err(failed)?;
        if found.torn > 0 {
            file.set_len(keep as u64).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        if let Some(dir) = path.parent() {
            sync_dir(dir)?;
        }
        let mut journal =
            Self { path: path.to_path_buf(), file, len: keep as u64, tails: HashMap::new(), broken: false };
        let (ended, going_on) = found.entries.split_at(found.ended);
        for entry in ended {
            journal.note(entry);
        }
        journal.end_logs();
        for entry in going_on {
            journal.note(entry);
        }
        Ok((journal, found))
    }

    fn end_logs(&mut self) {
        self.tails.values_mut().for_each(|tail| tail.ended = true);
    }

    fn note(&mut self, entry: &Entry) {
        if entry.header.kind == Kind::IDENTITY {
            return;
        }
        let key = entry.header.log();
        let (seq, timestamp) = (entry.header.seq, entry.header.timestamp);
        let tail = OwnTail { key, seq, id: entry.id, timestamp, ended: false };
        let class = key.log_id.class();
        if self.tails.get(&class).is_none_or(|known| known.key != key || known.seq < tail.seq) {
            self.tails.insert(class, tail);
        }
    }

    /// Appends entries and syncs once. When this returns they are acknowledged; when it fails none of them is.
    pub fn append(&mut self, entries: &[Verified<Entry>]) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        for entry in entries {
            put_entry(&mut bytes, entry);
        }
        self.write(&bytes)?;
        for entry in entries {
            self.note(entry);
        }
        Ok(())
    }

    /// Ends all own logs: whatever is signed from now on, in this run or a later one, begins new ones.
    pub fn append_break(&mut self) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        put_break(&mut bytes);
        self.write(&bytes)?;
        self.end_logs();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if self.broken {
            return Err(StoreError::Closed);
        }
        if let Err(source) = self.file.write_all(bytes).and_then(|()| self.file.sync_data()) {
            let undone =
                self.file.set_len(self.len).and_then(|()| self.file.seek(SeekFrom::End(0)).map(drop));
            self.broken = undone.is_err();
            return Err(StoreError::io("append to", &self.path, source));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// How far the log of a class has come that was written to last.
    pub fn tail(&self, class: u8) -> Option<OwnTail> {
        self.tails.get(&class).copied()
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Writes the journal anew without the payloads for which `erased` names a Delete; returns how many went.
    /// The new file takes the place of the old at once or not at all.
    pub fn compact(&mut self, erased: impl Fn(&Entry) -> Option<EntryId>) -> Result<usize, StoreError> {
        let failed = |source| StoreError::io("compact", &self.path, source);
        let bytes = fs::read(&self.path).map_err(failed)?;
        let (mut found, _) = read_all(&bytes);
        let mut gone = 0;
        let mut out = Vec::with_capacity(bytes.len());
        for entry in &mut found.entries {
            if let Payload::Held(_) = entry.payload
                && let Some(by) = erased(entry)
            {
                entry.payload = Payload::Deleted(by);
                gone += 1;
            }
        }
        let (ended, going_on) = found.entries.split_at(found.ended);
        for entry in ended {
            put_entry(&mut out, entry);
        }
        if !ended.is_empty() {
            put_break(&mut out);
        }
        for entry in going_on {
            put_entry(&mut out, entry);
        }
        if gone == 0 {
            return Ok(0);
        }
        let aside = self.path.with_extension("new");
        let mut file = private().create(true).truncate(true).open(&aside).map_err(failed)?;
        file.write_all(&out).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&aside, &self.path).map_err(failed)?;
        if let Some(dir) = self.path.parent() {
            sync_dir(dir)?;
        }
        self.len = out.len() as u64;
        self.file = file;
        Ok(gone)
    }
}
