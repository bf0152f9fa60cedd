//! CHUNK: packs of several logs in one frame, and the two jobs that cost time (building and verifying one),
//! which a driver runs off the machine's own task. Both are pure functions.
//!
//! Body: codec u8 (0 none, 1 zstd), inflated length of the soft section varint, stored length of it varint, the
//! soft section, then the hard section. The soft section begins each group: wid varint; where it is 0 (a push)
//! the account's number varint and the log reference; then the pack.

use std::cell::RefCell;
use std::io;

use bytes::Bytes;
use zstd::bulk::{Compressor, Decompressor};

use crate::entry::{Entry, Invalid, verify_all};
use crate::ids::LogKey;
use crate::keys::KeyCache;
use crate::limits::{MAX_CHUNK_SOFT, MAX_FRAME, PACK_BYTES};
use crate::pack::{self, Reader, Sections, put_varint};
use crate::{Payload, Verified};

use super::frame::{CloseCode, DecodeError, Frame, kind};
use super::message::{LogRef, encode_log, read_log};

/// Whose entries a group holds, as the frame says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Answers the want with this number.
    Wanted(u64),
    /// Pushed unasked: account number and log.
    Pushed(u64, LogRef),
}

/// Groups of entries, each of one log.
pub type Groups<E> = Vec<(Address, LogKey, Vec<E>)>;

/// Builds CHUNK bodies. Soft sections are compressed with zstd where that saves bytes.
#[derive(Default)]
pub struct Builder {
    sections: Sections,
    groups: usize,
}

const ZSTD_LEVEL: i32 = 1;
/// Below this, a zstd frame saves nothing worth its header.
const WORTH_COMPRESSING: usize = 128;

impl Builder {
    /// Adds a pack that is coded already, as rows in storage are.
    pub fn add_coded(&mut self, address: &Address, soft: &[u8], hard: &[u8]) {
        self.put_address(address);
        self.sections.soft.extend_from_slice(soft);
        self.sections.hard.extend_from_slice(hard);
    }

    /// Adds a pack of entries as [`Sections::put`] takes them; returns how many went in.
    pub fn add<E: AsRef<Entry>>(&mut self, address: &Address, entries: &[E]) -> usize {
        self.put_address(address);
        self.sections.put(entries)
    }

    fn put_address(&mut self, address: &Address) {
        self.groups += 1;
        match address {
            Address::Wanted(wid) => put_varint(&mut self.sections.soft, *wid),
            Address::Pushed(number, log) => {
                self.sections.soft.push(0);
                put_varint(&mut self.sections.soft, *number);
                encode_log(&mut self.sections.soft, log);
            }
        }
    }

    /// Whether the frame has the size to be sent.
    pub fn is_full(&self) -> bool {
        self.size() >= PACK_BYTES
    }

    /// Whether a further pack of this size must wait for the next frame.
    pub fn overflows(&self, bytes: usize) -> bool {
        self.groups > 0 && self.size() + bytes + 64 > MAX_FRAME - 64
    }

    fn size(&self) -> usize {
        self.sections.soft.len() + self.sections.hard.len()
    }

    /// The frame, and the bytes of credit that it costs; nothing if no pack was added.
    pub fn finish(&mut self) -> Option<(Frame, u64)> {
        if self.groups == 0 {
            return None;
        }
        let Self { sections, .. } = std::mem::take(self);
        let cost = (sections.soft.len() + sections.hard.len()) as u64;
        let mut body = Vec::with_capacity(sections.soft.len() + sections.hard.len() + 12);
        put_sections(&mut body, &sections);
        Some((Frame { kind: kind::CHUNK, body: body.into() }, cost))
    }
}

/// Appends both sections, the soft one compressed where that saves bytes: codec u8 (0 none, 1 zstd), inflated
/// length varint, stored length varint, soft section, hard section.
pub fn put_sections(out: &mut Vec<u8>, sections: &Sections) {
    let Sections { soft, hard } = sections;
    let compressed = if soft.len() < WORTH_COMPRESSING {
        None
    } else {
        deflate(soft).ok().filter(|small| small.len() < soft.len())
    };
    out.push(u8::from(compressed.is_some()));
    put_varint(out, soft.len() as u64);
    let stored = compressed.as_deref().unwrap_or(soft);
    put_varint(out, stored.len() as u64);
    out.extend_from_slice(stored);
    out.extend_from_slice(hard);
}

/// Reads what [`put_sections`] wrote, to the end of `body`. The stated length is checked before anything is
/// allocated.
pub fn read_sections(mut body: Reader) -> Result<(Reader, Reader), DecodeError> {
    let codec = body.byte()?;
    let (inflated, stored) = (body.varint()?, body.varint()?);
    if codec > 1 || inflated > MAX_CHUNK_SOFT as u64 || stored > MAX_FRAME as u64 {
        return Err(DecodeError::Limit);
    }
    let stored = body.slice(stored as usize)?;
    let soft = if codec == 0 {
        stored
    } else {
        inflate(&stored, inflated as usize).map_err(|_| DecodeError::Inflate)?.into()
    };
    if soft.len() as u64 != inflated {
        return Err(DecodeError::Inflate);
    }
    Ok((Reader::new(soft), Reader::new(body.rest())))
}

thread_local! {
    // Making a context takes zstd as long as a frame does, so each thread keeps its own.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn deflate(plain: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = kept.take().map_or_else(|| Compressor::new(ZSTD_LEVEL), Ok)?;
        let packed = compressor.compress(plain);
        *kept = Some(compressor);
        packed
    })
}

fn inflate(packed: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = kept.take().map_or_else(Decompressor::new, Ok)?;
        let plain = decompressor.decompress(packed, limit);
        *kept = Some(decompressor);
        plain
    })
}

/// A CHUNK whose sections are inflated and whose groups have not been read.
pub struct Chunk {
    soft: Reader,
    hard: Reader,
    /// Bytes of credit that the frame costs.
    pub cost: u64,
}

impl Chunk {
    /// Inflates a CHUNK body. The stated length is checked before anything is allocated.
    pub fn decode(body: Bytes) -> Result<Self, DecodeError> {
        let (soft, hard) = read_sections(Reader::new(body))?;
        let cost = (soft.len() + hard.len()) as u64;
        Ok(Self { soft, hard, cost })
    }

    /// Reads the groups; `resolve` says which log an address means, or refuses it.
    pub fn groups(
        mut self,
        mut resolve: impl FnMut(&Address) -> Result<LogKey, DecodeError>,
    ) -> Result<Groups<Entry>, DecodeError> {
        let mut groups = Vec::new();
        while !self.soft.is_empty() {
            let address = match self.soft.varint()? {
                0 => Address::Pushed(self.soft.varint()?, read_log(&mut self.soft)?),
                wid => Address::Wanted(wid),
            };
            let log = resolve(&address)?;
            let entries = pack::read(log, &mut self.soft, &mut self.hard)?;
            groups.push((address, log, entries));
        }
        if groups.is_empty() || !self.hard.is_empty() {
            return Err(DecodeError::Trailing);
        }
        Ok(groups)
    }
}

/// Verifies the entries of one frame in one batch: [`verify_frames`] of it alone.
pub fn verify_groups(groups: Groups<Entry>, keys: &KeyCache) -> Result<Groups<Verified<Entry>>, Invalid> {
    verify_frames(vec![groups], keys).pop().unwrap_or(Ok(Vec::new()))
}

/// Verifies the entries of several frames in one batch, which costs less a signature the larger it is; each
/// frame has a verdict of its own. A payload that hashes wrong cannot be seen apart from a forged header: the
/// recomputed hash is part of what was signed.
pub fn verify_frames(
    frames: Vec<Groups<Entry>>,
    keys: &KeyCache,
) -> Vec<Result<Groups<Verified<Entry>>, Invalid>> {
    let mut entries = Vec::new();
    let mut shapes = Vec::with_capacity(frames.len());
    for groups in frames {
        let mut shape = Vec::with_capacity(groups.len());
        for (address, log, group) in groups {
            shape.push((address, log, group.len()));
            entries.extend(group);
        }
        shapes.push(shape);
    }
    let mut verdicts = verify_all(entries, keys).into_iter();
    shapes
        .into_iter()
        .map(|shape| {
            // Every verdict of the frame is taken before the first bad one fails it, or the next would be shifted.
            let groups: Vec<_> = shape
                .into_iter()
                .map(|(address, log, count)| {
                    (address, log, verdicts.by_ref().take(count).collect::<Vec<_>>())
                })
                .collect();
            groups
                .into_iter()
                .map(|(address, log, group)| Ok((address, log, group.into_iter().collect::<Result<_, _>>()?)))
                .collect()
        })
        .collect()
}

/// The close code that a failed decode or verification earns the peer.
pub fn blame(error: Invalid) -> CloseCode {
    match error {
        Invalid::Signature | Invalid::DeviceKey(_) | Invalid::AccountKey(_) => CloseCode::ForgedEntry,
        _ => CloseCode::Decode,
    }
}

/// Whether an entry came with its payload.
pub fn is_held(entry: &Entry) -> bool {
    matches!(entry.payload, Payload::Held(_))
}
