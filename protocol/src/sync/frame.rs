//! Frames: a type and a body. On the stream a u32 length (of type and body) goes before them.

use bytes::Bytes;

use crate::pack::PackError;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the body is: see [`kind`].
    pub kind: u8,
    /// Its content.
    pub body: Bytes,
}

impl Frame {
    /// Bytes on the stream, length prefix included.
    pub fn wire_len(&self) -> usize {
        4 + 1 + self.body.len()
    }
}

/// Frame types. From 0x80 on a receiver skips what it does not know; below, an unknown type is an error.
pub mod kind {
    /// Versions, salt, limits, credit.
    pub const HELLO: u8 = 1;
    /// Which account the sender is a device of.
    pub const PROVE: u8 = 2;
    /// Fingerprint of what was shared last time.
    pub const WARM: u8 = 3;
    /// Tags of accounts.
    pub const OFFER: u8 = 4;
    /// Which of the offered are shared.
    pub const SHARE: u8 = 5;
    /// What the sender holds of accounts.
    pub const ROWS: u8 = 6;
    /// Asks for entries, identity documents or proofs.
    pub const WANT: u8 = 7;
    /// Entries.
    pub const CHUNK: u8 = 8;
    /// What was wanted cannot be had here.
    pub const NONE: u8 = 9;
    /// A fork proof.
    pub const PROOF: u8 = 10;
    /// Identity documents.
    pub const IDDOC: u8 = 11;
    /// Changed rows.
    pub const HEAD: u8 = 12;
    /// Whether to push a log's entries unasked.
    pub const MODE: u8 = 13;
    /// Bytes committed.
    pub const CREDIT: u8 = 14;
    /// Fingerprint of all that is shared.
    pub const AUDIT: u8 = 15;
    /// The end.
    pub const CLOSE: u8 = 16;
    /// Asks for the posts of a conversation.
    pub const REFS: u8 = 0x80;
    /// Hands an entry to the addressed person's node.
    pub const DELIVER: u8 = 0x81;
    /// Answers DELIVER.
    pub const STATUS: u8 = 0x82;
    /// Answers `WHO_HAS`: other peers' addresses.
    pub const PEERS: u8 = 0x83;
    /// Asks who else holds accounts.
    pub const WHO_HAS: u8 = 0x84;
    /// Asks to hold the sender's account while it is away.
    pub const PIN: u8 = 0x85;
    /// Asks for a piece of a blob.
    pub const BLOB_WANT: u8 = 0x86;
    /// Answers `BLOB_WANT`.
    pub const BLOB: u8 = 0x87;
    /// Answers REFS.
    pub const REFERRED: u8 = 0x88;
    /// Answers PIN, and tells when what it said has changed.
    pub const PINNED: u8 = 0x89;
    /// Which day it is, by the sender's clock.
    pub const CLOCK: u8 = 0x8a;
}

/// Why a frame's bytes are not what its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// An unknown type below 0x80.
    #[error("frame type {0} is unknown")]
    UnknownType(u8),
    /// A HELLO of another version.
    #[error("the peer speaks another version")]
    Version,
    /// A field is cut short or malformed.
    #[error("a field of the frame is malformed: {0}")]
    Field(#[from] PackError),
    /// Bytes follow the last field.
    #[error("bytes follow the frame's last field")]
    Trailing,
    /// A list is longer than the specification allows, or a value out of its range.
    #[error("a value of the frame is beyond its limit")]
    Limit,
    /// The compressed part does not inflate to its stated length.
    #[error("the compressed part does not inflate to the stated length")]
    Inflate,
}

/// Why a session ends. Numbers are wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CloseCode {
    /// The sender is done.
    Bye = 0,
    /// No common version.
    Version = 1,
    /// A frame could not be decoded.
    Decode = 2,
    /// A documented limit was broken.
    Limit = 3,
    /// A PROVE did not verify.
    BadProof = 4,
    /// An entry's signature did not verify.
    ForgedEntry = 5,
    /// CHUNKs beyond the credit given.
    Credit = 6,
    /// Too many sessions.
    Busy = 7,
    /// The disk has no room.
    StorageFull = 8,
    /// An answer did not come in time.
    Timeout = 9,
    /// Another session of the same pair stays.
    Duplicate = 10,
    /// The owner has blocked the peer.
    Refused = 11,
    /// A fault of the sender's own.
    Internal = 12,
    /// A piece of a blob did not verify.
    ForgedBlob = 13,
}

/// What became of an entry that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// It was taken and is shown.
    Accepted = 0,
    /// It was taken and waits for the owner to decide.
    Queued = 1,
    /// It was not taken, and is not to be handed over again.
    Refused = 2,
    /// It was not looked at now: it is to be handed over again.
    Later = 3,
}

impl Verdict {
    /// From its number on the wire; unknown numbers read as `Refused`.
    pub fn from_wire(code: u8) -> Self {
        [Self::Accepted, Self::Queued, Self::Refused, Self::Later]
            .get(usize::from(code))
            .copied()
            .unwrap_or(Self::Refused)
    }
}

impl CloseCode {
    /// Whether the peer that caused this code did something that an honest peer does not do.
    pub fn counts_against_peer(self) -> bool {
        matches!(
            self,
            Self::Decode | Self::Limit | Self::BadProof | Self::ForgedEntry | Self::Credit | Self::ForgedBlob
        )
    }

    /// From its number on the wire; unknown numbers read as `Internal`.
    pub fn from_wire(code: u8) -> Self {
        [
            Self::Bye,
            Self::Version,
            Self::Decode,
            Self::Limit,
            Self::BadProof,
            Self::ForgedEntry,
            Self::Credit,
            Self::Busy,
            Self::StorageFull,
            Self::Timeout,
            Self::Duplicate,
            Self::Refused,
            Self::Internal,
            Self::ForgedBlob,
        ]
        .get(usize::from(code))
        .copied()
        .unwrap_or(Self::Internal)
    }
}
