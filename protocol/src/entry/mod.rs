//! The entry: one signed record of one log. Fixed layout, big-endian, signed and hashed as received.
//!
//! An [`Entry`] is decoded bytes and claims nothing. A [`Verified<Entry>`](crate::Verified) has passed its own
//! signature; only this crate can make one.

mod build;
mod header;
mod kind;
mod verify;

pub use build::{Draft, sign};
pub use header::{Entry, Header, Payload, Tlv, payload_hash};
pub use kind::Kind;
pub use verify::{Verified, verify, verify_all};

/// Why bytes are not an entry. The list is closed: each name has a negative vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Fewer bytes than the layout needs.
    #[error("the entry is cut short")]
    Truncated,
    /// More bytes than the layout holds.
    #[error("bytes follow the end of the entry")]
    TrailingBytes,
    /// A version other than 1.
    #[error("the entry's version is not 1")]
    Version,
    /// `payload_len` outside what its kind allows.
    #[error("the payload length is out of range")]
    PayloadLength,
    /// `seq` is zero.
    #[error("the sequence number is zero")]
    Sequence,
    /// A timestamp of 2^47 ms or more.
    #[error("the timestamp is out of range")]
    Timestamp,
    /// A backlink at seq 1, none above it, or one on an identity document.
    #[error("the backlink does not fit the sequence number")]
    Backlink,
    /// An extension block that is too long, cut short, or not strictly ascending.
    #[error("the extension block is malformed")]
    Extension,
    /// Identity class and identity kind do not go together, or its log id is not FF and zeros.
    #[error("identity documents and only they live in the identity log")]
    IdentityLog,
    /// The account key is not a key an account may have.
    #[error("account: {0}")]
    AccountKey(crate::KeyError),
    /// The device key is not a key a device may have.
    #[error("device: {0}")]
    DeviceKey(crate::KeyError),
    /// The signature does not hold.
    #[error("the signature is forged")]
    Signature,
    /// The payload does not hash to `payload_hash`.
    #[error("the payload does not match its hash")]
    PayloadHash,
}
