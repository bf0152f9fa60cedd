//! Packs: up to 64 hash-linked entries of one log with everything derivable left out (spec chapter 5). The same
//! coding serves CHUNK frames, stored rows and export files.
//!
//! A pack is written into two sections: `soft` holds what compresses (numbers and bodies), `hard` what does not
//! (signatures, blinds, hashes). Entries stand in ascending order; ids and backlinks are recomputed on reading.

use bytes::Bytes;

use crate::entry::{Entry, Header, Invalid, Kind, Payload};
use crate::ids::{EntryId, LogKey};
use crate::limits::{BLIND, MAX_EXT, MAX_PACK_ENTRIES, SIGNATURE};

/// Why bytes are not a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// A section ended early.
    #[error("the pack is cut short")]
    Truncated,
    /// A number in a longer form than needed, or beyond 64 bits.
    #[error("a number in the pack is not in its shortest form")]
    Number,
    /// No entries, or more than 64.
    #[error("the pack's entry count is out of range")]
    Count,
    /// An unknown payload state, or a state that its entry cannot have.
    #[error("a payload state in the pack is unknown")]
    State,
    /// One of its entries is not an entry.
    #[error("an entry in the pack is invalid: {0}")]
    Entry(#[from] Invalid),
}

const HELD: u8 = 0;
const MISSING: u8 = 1;
const DELETED: u8 = 2;
const STATE: u8 = 0b011;
const EXTRAS: u8 = 0b100;

/// Appends `value` as LEB128.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A cursor over one section.
pub struct Reader {
    bytes: Bytes,
}

impl Reader {
    /// Reads from the front of `bytes`.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes are left.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What is left.
    pub fn rest(self) -> Bytes {
        self.bytes
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, PackError> {
        let (&byte, _) = self.bytes.split_first().ok_or(PackError::Truncated)?;
        let _ = self.bytes.split_to(1);
        Ok(byte)
    }

    /// The next `len` bytes, shared and not copied.
    pub fn slice(&mut self, len: usize) -> Result<Bytes, PackError> {
        if len > self.bytes.len() {
            return Err(PackError::Truncated);
        }
        Ok(self.bytes.split_to(len))
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (&head, _) = self.bytes.split_first_chunk::<N>().ok_or(PackError::Truncated)?;
        let _ = self.bytes.split_to(N);
        Ok(head)
    }

    /// A LEB128 number in its shortest form.
    pub fn varint(&mut self) -> Result<u64, PackError> {
        let mut value = 0u64;
        for (index, &byte) in self.bytes.iter().enumerate().take(10) {
            if index == 9 && byte > 1 {
                return Err(PackError::Number);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                if byte == 0 && index > 0 {
                    return Err(PackError::Number);
                }
                let _ = self.bytes.split_to(index + 1);
                return Ok(value);
            }
        }
        Err(if self.bytes.len() < 10 { PackError::Truncated } else { PackError::Number })
    }
}

fn zigzag(delta: i64) -> u64 {
    ((delta << 1) ^ (delta >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// The two sections that packs are written to.
#[derive(Default, Debug, Clone, PartialEq, Eq)]
pub struct Sections {
    /// What compresses.
    pub soft: Vec<u8>,
    /// What does not.
    pub hard: Vec<u8>,
}

impl Sections {
    /// Appends `entries`: 1 to 64 of one log, ascending, each linked to the one before by its backlink. The
    /// caller has them that way; what is not is dropped from the first that does not follow, and the number
    /// written is returned.
    pub fn put<E: AsRef<Entry>>(&mut self, entries: &[E]) -> usize {
        let mut linked = 0;
        let mut last: Option<&Entry> = None;
        for entry in entries.iter().map(AsRef::as_ref).take(MAX_PACK_ENTRIES) {
            if last.is_some_and(|last| {
                entry.header.seq != last.header.seq + 1
                    || entry.header.backlink != last.id
                    || entry.header.log() != last.header.log()
            }) {
                break;
            }
            linked += 1;
            last = Some(entry);
        }
        let entries: Vec<&Entry> = entries[..linked].iter().map(AsRef::as_ref).collect();
        if let Some(lowest) = entries.first() {
            self.put_soft(&entries, lowest);
            self.put_hard(&entries, lowest);
        }
        linked
    }

    fn put_soft(&mut self, entries: &[&Entry], lowest: &Entry) {
        let soft = &mut self.soft;
        soft.push(entries.len() as u8);
        put_varint(soft, lowest.header.seq);
        for entry in entries {
            let state = match entry.payload {
                Payload::Held(_) => HELD,
                Payload::Missing => MISSING,
                Payload::Deleted(_) => DELETED,
            };
            let plain = entry.header.flags == 0 && entry.header.ext.is_empty();
            soft.push(if plain { state } else { state | EXTRAS });
        }
        soft.extend(entries.iter().map(|entry| entry.header.kind.0));
        let mut last = 0i64;
        for entry in entries {
            let now = entry.header.timestamp as i64;
            put_varint(soft, zigzag(now - last));
            last = now;
        }
        for entry in entries {
            put_varint(soft, u64::from(entry.header.payload_len));
        }
        for header in entries.iter().map(|entry| &entry.header) {
            if header.flags != 0 || !header.ext.is_empty() {
                soft.extend_from_slice(&header.flags.to_be_bytes());
                put_varint(soft, header.ext.len() as u64);
                soft.extend_from_slice(&header.ext);
            }
        }
        for body in entries.iter().filter_map(|entry| entry.body()) {
            soft.extend_from_slice(body);
        }
    }

    fn put_hard(&mut self, entries: &[&Entry], lowest: &Entry) {
        let hard = &mut self.hard;
        if lowest.header.seq > 1 {
            hard.extend_from_slice(&lowest.header.backlink.0);
        }
        for entry in entries {
            hard.extend_from_slice(&entry.signature);
        }
        for entry in entries {
            match &entry.payload {
                Payload::Held(payload) => hard.extend_from_slice(&payload[..BLIND.min(payload.len())]),
                Payload::Missing => hard.extend_from_slice(&entry.header.payload_hash),
                Payload::Deleted(by) => {
                    hard.extend_from_slice(&entry.header.payload_hash);
                    hard.extend_from_slice(&by.0);
                }
            }
        }
    }
}

impl AsRef<Entry> for Entry {
    fn as_ref(&self) -> &Entry {
        self
    }
}

impl AsRef<Entry> for crate::Verified<Entry> {
    fn as_ref(&self) -> &Entry {
        self
    }
}

/// The columns of a pack before its entries are put together.
struct Columns {
    states: Vec<u8>,
    kinds: Bytes,
    timestamps: Vec<u64>,
    lens: Vec<u32>,
    extras: Vec<(u16, Bytes)>,
}

fn read_columns(soft: &mut Reader, count: usize) -> Result<Columns, PackError> {
    let states = soft.slice(count)?.to_vec();
    if states.iter().any(|state| state & !(STATE | EXTRAS) != 0 || state & STATE > DELETED) {
        return Err(PackError::State);
    }
    let kinds = soft.slice(count)?;
    let mut timestamps = Vec::with_capacity(count);
    let mut last = 0i64;
    for _ in 0..count {
        last = last.checked_add(unzigzag(soft.varint()?)).ok_or(PackError::Number)?;
        timestamps.push(u64::try_from(last).map_err(|_| Invalid::Timestamp)?);
    }
    let lens = (0..count)
        .map(|_| Ok(u32::try_from(soft.varint()?).map_err(|_| Invalid::PayloadLength)?))
        .collect::<Result<Vec<_>, PackError>>()?;
    let mut extras = Vec::with_capacity(count);
    for state in &states {
        extras.push(if state & EXTRAS == 0 {
            (0, Bytes::new())
        } else {
            let flags = u16::from_be_bytes([soft.byte()?, soft.byte()?]);
            let len = soft.varint()?;
            if len > MAX_EXT as u64 {
                return Err(Invalid::Extension.into());
            }
            let ext = soft.slice(len as usize)?;
            if flags == 0 && ext.is_empty() {
                return Err(PackError::State);
            }
            (flags, ext)
        });
    }
    Ok(Columns { states, kinds, timestamps, lens, extras })
}

/// Reads one pack of `log` off the front of both sections. The entries are as their author signed them if, and
/// only if, their signatures then verify.
pub fn read(log: LogKey, soft: &mut Reader, hard: &mut Reader) -> Result<Vec<Entry>, PackError> {
    let count = usize::from(soft.byte()?);
    if count == 0 || count > MAX_PACK_ENTRIES {
        return Err(PackError::Count);
    }
    let low = soft.varint()?;
    let columns = read_columns(soft, count)?;
    let mut backlink = if low > 1 { EntryId(hard.array()?) } else { EntryId::ZERO };
    let signatures = hard.slice(SIGNATURE * count)?;
    let mut entries = Vec::with_capacity(count);
    let (signatures, _) = signatures.as_chunks::<SIGNATURE>();
    for (index, ((state, signature), (flags, ext))) in
        columns.states.iter().zip(signatures).zip(columns.extras).enumerate()
    {
        let payload_len = columns.lens[index];
        let (payload_hash, payload) = read_payload(state & STATE, payload_len, soft, hard)?;
        let header = Header {
            kind: Kind(columns.kinds[index]),
            flags,
            payload_len,
            account: log.account,
            device: log.device,
            log_id: log.log_id,
            seq: low.checked_add(index as u64).ok_or(Invalid::Sequence)?,
            timestamp: columns.timestamps[index],
            backlink,
            payload_hash,
            ext,
        };
        header.check()?;
        let entry = Entry::assemble(header, *signature, payload);
        backlink = entry.id;
        entries.push(entry);
    }
    Ok(entries)
}

fn read_payload(
    state: u8,
    payload_len: u32,
    soft: &mut Reader,
    hard: &mut Reader,
) -> Result<([u8; 32], Payload), PackError> {
    if state == HELD {
        let blind = hard.slice(BLIND)?;
        let body = soft.slice((payload_len as usize).checked_sub(BLIND).ok_or(Invalid::PayloadLength)?)?;
        let payload: Bytes = [blind, body].concat().into();
        return Ok((crate::entry::payload_hash(&payload), Payload::Held(payload)));
    }
    let hash = hard.array()?;
    let payload = if state == DELETED { Payload::Deleted(EntryId(hard.array()?)) } else { Payload::Missing };
    Ok((hash, payload))
}
