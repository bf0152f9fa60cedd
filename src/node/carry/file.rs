//! The file: eight bytes of magic, then records of type u8, length u32 and body, the last of which says how many there
//! were, so that a file cut short is seen.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use bytes::Bytes;
use majlis_protocol::blob::{self, Span};
use majlis_protocol::body::BlobId;
use majlis_protocol::entry::{verify, verify_all};
use majlis_protocol::have::{HeldRun, Interval};
use majlis_protocol::identity::{IdDoc, VerifiedId};
use majlis_protocol::keys::KeyCache;
use majlis_protocol::limits::MAX_FRAME;
use majlis_protocol::pack::{Reader, Sections, put_varint, read as read_pack};
use majlis_protocol::state::Proof;
use majlis_protocol::sync::chunk;
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, LogId, LogKey};

pub const MAGIC: &[u8; 8] = b"MAJLIS1\n";
const IDENTITY: u8 = 1;
const PROOF: u8 = 2;
const PACK: u8 = 3;
const PIECE: u8 = 4;
const KEPT: u8 = 5;
const END: u8 = 255;
/// Bytes after which what was written is synced: as much may have to be written again after a crash.
const SYNC: u64 = 16 * 1024 * 1024;

/// A record that has been read; nothing in it is verified.
pub enum Record {
    Identity(Bytes),
    Proof(Bytes),
    Pack(Bytes),
    Piece(Bytes),
    /// What a node keeps for itself.
    Kept(Bytes),
    /// A piece of a file that nobody wants; only its length was looked at.
    Skipped,
}

/// Why a file cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is not a Majlis archive")]
    Magic,
    #[error("it is a have file: give it to `majlis export --for` on the other node")]
    Have,
    #[error("it ends early, after {0} whole records")]
    Truncated(u64),
    #[error("record {0} is longer than any can be")]
    Limit(u64),
    #[error("record {0} is of an unknown type")]
    UnknownType(u64),
    #[error("records are missing from it")]
    Count,
}

/// Reads records.
pub struct Records {
    file: BufReader<File>,
    /// Where the next record begins.
    pub at: u64,
    /// How many were read.
    pub count: u64,
    /// Bytes of the file.
    pub size: u64,
}

impl Records {
    pub fn open(path: &Path) -> Result<Self, Fault> {
        Self::new(File::open(path)?)
    }

    fn new(file: File) -> Result<Self, Fault> {
        let size = file.metadata()?.len();
        let mut file = BufReader::with_capacity(MAX_FRAME, file);
        let mut magic = [0; 8];
        file.read_exact(&mut magic).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::Magic,
            _ => Fault::Io(error),
        })?;
        match &magic {
            MAGIC => Ok(Self { file, at: MAGIC.len() as u64, count: 0, size }),
            majlis_protocol::have::MAGIC => Err(Fault::Have),
            _ => Err(Fault::Magic),
        }
    }

    /// The next record; none is the end. Pieces of files that `skip` names are passed over unread.
    pub fn next(&mut self, skip: impl Fn(&BlobId) -> bool) -> Result<Option<Record>, Fault> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length);
        if length as usize > MAX_FRAME {
            return Err(Fault::Limit(self.count));
        }
        let next = self.at + 5 + u64::from(length);
        if next > self.size {
            return Err(Fault::Truncated(self.count));
        }
        let mut body = vec![0; length as usize];
        let record = if kind == PIECE
            && let Some((blob, rest)) = body.split_first_chunk_mut::<32>()
        {
            self.fill(blob)?;
            if skip(&BlobId(*blob)) {
                self.file.seek_relative(rest.len() as i64)?;
                Record::Skipped
            } else {
                self.fill(rest)?;
                Record::Piece(body.into())
            }
        } else {
            self.fill(&mut body)?;
            match kind {
                IDENTITY => Record::Identity(body.into()),
                PROOF => Record::Proof(body.into()),
                PACK => Record::Pack(body.into()),
                PIECE => Record::Piece(body.into()),
                KEPT => Record::Kept(body.into()),
                END if body == self.count.to_be_bytes() => return Ok(None),
                END => return Err(Fault::Count),
                _ => return Err(Fault::UnknownType(self.count)),
            }
        };
        self.at = next;
        self.count += 1;
        Ok(Some(record))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        self.file.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::Truncated(self.count),
            _ => Fault::Io(error),
        })
    }
}

pub fn read_identity(body: &[u8], keys: &KeyCache) -> Option<VerifiedId> {
    let entry = verify(Entry::decode(body).ok()?, keys).ok()?;
    IdDoc::verify(entry, keys).ok()
}

pub fn read_proof(body: Bytes, keys: &KeyCache) -> Option<Proof> {
    let mut body = Reader::new(body);
    let mut header = || {
        let length = usize::try_from(body.varint().ok()?).ok()?;
        verify(Entry::decode_header(&body.slice(length).ok()?).ok()?, keys).ok()
    };
    let (one, other) = (header()?, header()?);
    if body.is_empty() { Proof::new(one, other).ok() } else { None }
}

/// Linked entries of one log, ascending.
pub fn read_group(body: Bytes) -> Option<Vec<Entry>> {
    let mut body = Reader::new(body);
    let log = LogKey {
        account: AccountId(body.array().ok()?),
        device: DeviceId(body.array().ok()?),
        log_id: LogId(u64::from_be_bytes(body.array().ok()?)),
    };
    let (mut soft, mut hard) = chunk::read_sections(body).ok()?;
    let entries = read_pack(log, &mut soft, &mut hard).ok()?;
    (soft.is_empty() && hard.is_empty()).then_some(entries)
}

/// A part of a file that bodies name, which proves itself.
#[derive(Debug)]
pub struct Piece {
    pub blob: BlobId,
    pub size: u64,
    pub span: Span,
    pub bytes: Bytes,
}

pub fn read_piece(body: Bytes) -> Option<Piece> {
    let mut body = Reader::new(body);
    let blob = BlobId(body.array().ok()?);
    let size = body.varint().ok()?;
    let span = Span { first: body.varint().ok()?, count: body.varint().ok()? };
    Some(Piece { blob, size, span, bytes: body.rest() })
}

/// What a node keeps for itself: a name and what it names.
pub fn read_kept(body: Bytes) -> Option<(String, Bytes)> {
    let mut body = Reader::new(body);
    let length = usize::try_from(body.varint().ok()?).ok()?;
    let name = String::from_utf8(body.slice(length).ok()?.to_vec()).ok()?;
    Some((name, body.rest()))
}

/// What a file that is being written already holds.
#[derive(Default)]
pub struct Written {
    pub documents: HashSet<EntryId>,
    /// Logs with their seals.
    pub proofs: HashSet<(LogKey, u64)>,
    runs: HashMap<LogKey, Vec<(HeldRun, EntryId)>>,
    groups: HashMap<BlobId, Vec<Interval>>,
    pub entries: u64,
}

impl Written {
    /// Notes a record, if it is as it was written.
    fn note(&mut self, record: Record, keys: &KeyCache) -> Option<()> {
        match record {
            Record::Identity(body) => {
                self.documents.insert(read_identity(&body, keys)?.id());
            }
            Record::Proof(body) => {
                let proof = read_proof(body, keys)?;
                self.proofs.insert((proof.log(), proof.seq()));
            }
            Record::Pack(body) => {
                let group = read_group(body)?;
                let (low, top) = (group.first()?, group.last()?);
                let (log, below) = (low.header.log(), low.header.backlink);
                let run = HeldRun { top: top.header.seq, tag: top.id.prefix(), low: low.header.seq };
                let (top_id, count) = (top.id, group.len() as u64);
                if verify_all(group, keys).iter().any(Result::is_err) {
                    return None;
                }
                self.entries += count;
                let runs = self.runs.entry(log).or_default();
                match runs.last_mut() {
                    // Packs are written from the newest down.
                    Some((above, link)) if *link == top_id && above.low == run.top + 1 => {
                        (above.low, *link) = (run.low, below);
                    }
                    _ => runs.push((run, below)),
                }
            }
            Record::Piece(body) => {
                let Piece { blob, size, span, bytes } = read_piece(body)?;
                blob::verify(&blob, size, span, &bytes).ok()?;
                let groups = self.groups.entry(blob).or_default();
                match groups.last_mut() {
                    Some((last, _)) if *last + 1 == span.first => *last += span.count,
                    _ => groups.push((span.first + span.count - 1, span.first)),
                }
            }
            // They are written again.
            Record::Kept(_) | Record::Skipped => {}
        }
        Some(())
    }

    /// What of a log is there.
    pub fn runs(&self, log: &LogKey) -> impl Iterator<Item = HeldRun> {
        self.runs.get(log).into_iter().flatten().map(|(run, _)| *run)
    }

    /// Which groups of a file are there.
    pub fn groups(&self, blob: &BlobId) -> &[Interval] {
        self.groups.get(blob).map_or(&[], Vec::as_slice)
    }
}

/// Writes a file. Nobody else writes the same one meanwhile.
pub struct Writer {
    file: BufWriter<File>,
    records: u64,
    unsynced: u64,
}

impl Writer {
    /// Begins a file, which only its owner may read if it is private, or goes on with one: what is whole of it stays,
    /// and is told.
    pub fn open(path: &Path, private: bool) -> Result<(Self, Written), Fault> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(if private { 0o600 } else { 0o666 })
            .open(path)?;
        // The lock goes with the file.
        if file.try_lock().is_err() {
            return Err(Fault::Io(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "it is being written already",
            )));
        }
        let (mut written, keys) = (Written::default(), KeyCache::default());
        let (mut at, mut records) = (0, 0);
        if let Ok(mut found) = Records::new(file.try_clone()?) {
            at = found.at;
            // What was not synced when the power went may be anything, so every record is proved. The first that is
            // not whole is written again, as is all behind it, and so is the end.
            while let Ok(Some(record)) = found.next(|_| false) {
                if written.note(record, &keys).is_none() {
                    break;
                }
                (at, records) = (found.at, found.count);
            }
        }
        file.set_len(at)?;
        let mut file = BufWriter::new(file);
        file.seek(SeekFrom::Start(at))?;
        if at == 0 {
            file.write_all(MAGIC)?;
        }
        Ok((Self { file, records, unsynced: 0 }, written))
    }

    fn record(&mut self, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.file.write_all(&[kind])?;
        self.file.write_all(&(length as u32).to_be_bytes())?;
        for part in parts {
            self.file.write_all(part)?;
        }
        self.records += 1;
        self.unsynced += length as u64;
        if self.unsynced >= SYNC {
            self.unsynced = 0;
            self.file.flush()?;
            self.file.get_ref().sync_data()?;
        }
        Ok(())
    }

    pub fn identity(&mut self, document: &VerifiedId) -> io::Result<()> {
        self.record(IDENTITY, &[&document.entry().encode()])
    }

    pub fn proof(&mut self, proof: &Proof) -> io::Result<()> {
        let mut body = Vec::new();
        for header in proof.headers() {
            let header = header.signed_header();
            put_varint(&mut body, header.len() as u64);
            body.extend_from_slice(&header);
        }
        self.record(PROOF, &[&body])
    }

    pub fn pack(&mut self, log: &LogKey, coded: &Sections) -> io::Result<()> {
        let mut body = Vec::with_capacity(80 + coded.soft.len() + coded.hard.len());
        body.extend_from_slice(&log.account.0);
        body.extend_from_slice(&log.device.0);
        body.extend_from_slice(&log.log_id.0.to_be_bytes());
        chunk::put_sections(&mut body, coded);
        self.record(PACK, &[&body])
    }

    pub fn piece(&mut self, blob: &BlobId, size: u64, span: Span, piece: &[u8]) -> io::Result<()> {
        let mut head = blob.0.to_vec();
        for number in [size, span.first, span.count] {
            put_varint(&mut head, number);
        }
        self.record(PIECE, &[&head, piece])
    }

    pub fn kept(&mut self, name: &str, value: &[u8]) -> io::Result<()> {
        let mut head = Vec::new();
        put_varint(&mut head, name.len() as u64);
        self.record(KEPT, &[&head, name.as_bytes(), value])
    }

    /// Writes the end and syncs the file.
    pub fn finish(mut self) -> io::Result<()> {
        let records = self.records.to_be_bytes();
        self.record(END, &[&records])?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}
