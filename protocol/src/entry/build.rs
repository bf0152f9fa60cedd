//! Making one's own entries.

use bytes::Bytes;

use super::header::payload_hash;
use super::{Entry, Header, Invalid, Kind, Payload, Verified};
use crate::context;
use crate::ids::{AccountId, DeviceId, EntryId, LogId};
use crate::keys::{self, SecretKey};
use crate::limits::{BLIND, SIGNATURE};

/// What the author decides of a new entry; the rest follows from it and from the key.
pub struct Draft<'a> {
    /// What the entry says.
    pub kind: Kind,
    /// Whose entry it is.
    pub account: AccountId,
    /// Which of the device's logs.
    pub log_id: LogId,
    /// Position in the log, from 1.
    pub seq: u64,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// Id of the entry before; zero at 1 and in the identity log.
    pub backlink: EntryId,
    /// Random bytes in front of the body, so that the hash left behind by a deletion confirms no guess.
    pub blind: [u8; BLIND],
    /// The body: its version and its fields.
    pub body: &'a [u8],
}

/// Signs an entry and verifies the result, so that a fault of memory or of the key never leaves the node.
pub fn sign(draft: &Draft<'_>, key: &SecretKey) -> Result<Verified<Entry>, Invalid> {
    let payload: Bytes = [draft.blind.as_slice(), draft.body].concat().into();
    let header = Header {
        kind: draft.kind,
        flags: 0,
        payload_len: u32::try_from(payload.len()).map_err(|_| Invalid::PayloadLength)?,
        account: draft.account,
        device: DeviceId(key.public()),
        log_id: draft.log_id,
        seq: draft.seq,
        timestamp: draft.timestamp,
        backlink: draft.backlink,
        payload_hash: payload_hash(&payload),
        ext: Bytes::new(),
    };
    header.check()?;
    let mut message = context::message(context::ENTRY_SIGNATURE, &[]);
    header.encode(&mut message);
    let signature: [u8; SIGNATURE] = key.sign(&message);
    if !keys::verify(&header.device.0, &signature, &message) {
        return Err(Invalid::Signature);
    }
    Ok(Verified::vouch(Entry::assemble(header, signature, Payload::Held(payload))))
}
