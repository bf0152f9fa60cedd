//! Layout of an entry's header (spec chapter 2).

use bytes::Bytes;

use super::{Invalid, Kind};
use crate::context;
use crate::ids::{AccountId, DeviceId, EntryId, LogId, LogKey};
use crate::limits::{
    BLIND, HEADER_FIXED, MAX_EXT, MAX_IDENTITY_PAYLOAD, MAX_PAYLOAD, MAX_SIGNED_HEADER, MAX_TIMESTAMP,
    MIN_PAYLOAD, SIGNATURE,
};

/// The unsigned header's fields. Encoding a decoded header gives the bytes back, so keeping the fields is
/// keeping the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the entry says.
    pub kind: Kind,
    /// High byte critical, low byte ignorable; zero in version 1.
    pub flags: u16,
    /// Length of blind and body, in bytes.
    pub payload_len: u32,
    /// Whose entry it is.
    pub account: AccountId,
    /// Who signs.
    pub device: DeviceId,
    /// Which of the device's logs.
    pub log_id: LogId,
    /// Position in the log, from 1.
    pub seq: u64,
    /// Milliseconds since 1970, as the author's clock had it. Clocks never decide anything.
    pub timestamp: u64,
    /// Id of the entry at `seq - 1`; zero at 1.
    pub backlink: EntryId,
    /// Hash of blind and body.
    pub payload_hash: [u8; 32],
    /// The extension block's bytes, checked to be well-formed.
    pub ext: Bytes,
}

/// One extension of a header: even types are critical, odd ones may be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Its type.
    pub kind: u8,
    /// Its value.
    pub value: &'a [u8],
}

/// What is held of an entry's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Blind and body.
    Held(Bytes),
    /// Taken back by the entry with this id.
    Deleted(EntryId),
    /// Not held here, for no reason of the author's.
    Missing,
}

/// A decoded entry. Nothing about it has been verified but its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The header.
    pub header: Header,
    /// The device's signature.
    pub signature: [u8; SIGNATURE],
    /// Hash of the signed header.
    pub id: EntryId,
    /// The payload, or why it is not there.
    pub payload: Payload,
}

/// Reads fixed-size fields off the front of a slice.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Invalid> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Invalid::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    fn slice(&mut self, len: usize) -> Result<&'a [u8], Invalid> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Invalid::Truncated)?;
        self.0 = rest;
        Ok(head)
    }
}

impl Header {
    /// The log that the entry belongs to.
    pub fn log(&self) -> LogKey {
        LogKey { account: self.account, device: self.device, log_id: self.log_id }
    }

    /// The extensions, ascending by type.
    pub fn extensions(&self) -> impl Iterator<Item = Tlv<'_>> {
        Extensions(&self.ext)
    }

    /// Whether something in the header says that a version 1 reader must not interpret the entry.
    pub fn is_inert(&self) -> bool {
        self.flags & 0xff00 != 0 || self.extensions().any(|tlv| tlv.kind % 2 == 0)
    }

    /// Appends the unsigned header.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(1);
        out.push(self.kind.0);
        out.extend_from_slice(&self.flags.to_be_bytes());
        out.extend_from_slice(&self.payload_len.to_be_bytes());
        out.extend_from_slice(&self.account.0);
        out.extend_from_slice(&self.device.0);
        out.extend_from_slice(&self.log_id.0.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.backlink.0);
        out.extend_from_slice(&self.payload_hash);
        out.extend_from_slice(&(self.ext.len() as u16).to_be_bytes());
        out.extend_from_slice(&self.ext);
    }

    /// Checks every rule that the header's own fields can be held to.
    pub fn check(&self) -> Result<(), Invalid> {
        let identity = self.log_id.class() == LogId::IDENTITY_CLASS;
        if identity != (self.kind == Kind::IDENTITY) || (identity && self.log_id != LogId::IDENTITY) {
            return Err(Invalid::IdentityLog);
        }
        let longest = if identity { MAX_IDENTITY_PAYLOAD } else { MAX_PAYLOAD };
        if self.payload_len < MIN_PAYLOAD || self.payload_len > longest {
            return Err(Invalid::PayloadLength);
        }
        if self.seq == 0 {
            return Err(Invalid::Sequence);
        }
        if self.timestamp >= MAX_TIMESTAMP {
            return Err(Invalid::Timestamp);
        }
        if (self.backlink == EntryId::ZERO) != (identity || self.seq == 1) {
            return Err(Invalid::Backlink);
        }
        check_extensions(&self.ext)
    }

    /// Reads an unsigned header off the front of `fields`.
    fn read(fields: &mut Fields<'_>) -> Result<Self, Invalid> {
        let [version] = fields.take::<1>()?;
        if version != 1 {
            return Err(Invalid::Version);
        }
        let [kind] = fields.take::<1>()?;
        let header = Self {
            kind: Kind(kind),
            flags: u16::from_be_bytes(fields.take()?),
            payload_len: u32::from_be_bytes(fields.take()?),
            account: AccountId(fields.take()?),
            device: DeviceId(fields.take()?),
            log_id: LogId(u64::from_be_bytes(fields.take()?)),
            seq: u64::from_be_bytes(fields.take()?),
            timestamp: u64::from_be_bytes(fields.take()?),
            backlink: EntryId(fields.take()?),
            payload_hash: fields.take()?,
            ext: {
                let len = usize::from(u16::from_be_bytes(fields.take()?));
                if len > MAX_EXT {
                    return Err(Invalid::Extension);
                }
                Bytes::copy_from_slice(fields.slice(len)?)
            },
        };
        header.check()?;
        Ok(header)
    }
}

struct Extensions<'a>(&'a [u8]);

impl<'a> Iterator for Extensions<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (&[kind, len], rest) = self.0.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(usize::from(len))?;
        self.0 = rest;
        Some(Tlv { kind, value })
    }
}

fn check_extensions(ext: &[u8]) -> Result<(), Invalid> {
    if ext.len() > MAX_EXT {
        return Err(Invalid::Extension);
    }
    let mut read = 0;
    let mut last = None;
    for tlv in Extensions(ext) {
        if last.is_some_and(|last| last >= tlv.kind) {
            return Err(Invalid::Extension);
        }
        last = Some(tlv.kind);
        read += 2 + tlv.value.len();
    }
    if read == ext.len() { Ok(()) } else { Err(Invalid::Extension) }
}

/// The hash in a header of the payload `blind ‖ body`.
pub fn payload_hash(payload: &[u8]) -> [u8; 32] {
    context::hash(context::PAYLOAD, &[payload])
}

impl Entry {
    /// Puts an entry together from parts whose header has been checked; computes its id.
    pub(crate) fn assemble(header: Header, signature: [u8; SIGNATURE], payload: Payload) -> Self {
        let mut signed = Vec::with_capacity(MAX_SIGNED_HEADER);
        header.encode(&mut signed);
        let id = EntryId(context::hash(context::ENTRY_ID, &[&signed, &signature]));
        Self { header, signature, id, payload }
    }

    /// Reads a signed header and no payload.
    pub fn decode_header(bytes: &[u8]) -> Result<Self, Invalid> {
        let mut fields = Fields(bytes);
        let header = Header::read(&mut fields)?;
        let signature = fields.take()?;
        if !fields.0.is_empty() {
            return Err(Invalid::TrailingBytes);
        }
        Ok(Self::assemble(header, signature, Payload::Missing))
    }

    /// Reads a signed header followed by its payload; checks the payload against the header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Invalid> {
        let mut fields = Fields(bytes);
        let header = Header::read(&mut fields)?;
        let signature = fields.take()?;
        let payload = Bytes::copy_from_slice(fields.slice(header.payload_len as usize)?);
        if !fields.0.is_empty() {
            return Err(Invalid::TrailingBytes);
        }
        if payload_hash(&payload) != header.payload_hash {
            return Err(Invalid::PayloadHash);
        }
        Ok(Self::assemble(header, signature, Payload::Held(payload)))
    }

    /// The signed header.
    pub fn signed_header(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_SIGNED_HEADER);
        self.header.encode(&mut out);
        out.extend_from_slice(&self.signature);
        out
    }

    /// The signed header and, where it is held, the payload: what [`decode`](Self::decode) reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.signed_header();
        if let Payload::Held(payload) = &self.payload {
            out.extend_from_slice(payload);
        }
        out
    }

    /// The body without its blind, where the payload is held.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.payload {
            Payload::Held(payload) => payload.get(BLIND..),
            Payload::Deleted(_) | Payload::Missing => None,
        }
    }

    /// Bytes of header and payload as the log counts them, whether or not the payload is held.
    pub fn logical_size(&self) -> usize {
        HEADER_FIXED + self.header.ext.len() + SIGNATURE + self.header.payload_len as usize
    }
}
