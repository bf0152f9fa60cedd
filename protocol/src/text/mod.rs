//! How names are written for people: keys, entries, files, links and invites (spec chapter 7).
//!
//! Each name has one text form, given by its `Display`; reading (`FromStr`) takes that form and, where it says
//! so, shorter ones. White space around it does not matter.

mod link;
mod name;
#[cfg(test)]
mod tests;

pub use link::{Invite, Target};
pub use name::bare_key;

use crate::keys::KeyError;

/// Why a text does not name what it should. Each message says what a right one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not `did:key:z` or `z` and base58btc.
    #[error("this is not an account or device: one looks like did:key:z6Mk… or z6Mk…")]
    KeyForm,
    /// A `did:key` of another sort than Ed25519.
    #[error("this key is not an Ed25519 key: an account or device begins with z6Mk")]
    KeyType,
    /// Ed25519 bytes that no account or device may have.
    #[error("{0}: an account or device looks like did:key:z6Mk…; was it copied in full?")]
    Key(KeyError),
    /// Not `b` and 52 characters of base32.
    #[error("this is not a post: one looks like b and 52 letters a to z and digits 2 to 7")]
    EntryForm,
    /// Not `b` and 58 characters of base32.
    #[error("this is not a file's CID: one looks like bafkr4i… with 59 letters a to z and digits 2 to 7")]
    CidForm,
    /// A CID of another version, codec or hash.
    #[error("this CID is not of raw bytes by BLAKE3-256: one looks like bafkr4i…")]
    CidType,
    /// Not a link to a post and not a bare post id.
    #[error("this is not a post: one looks like majlis:z6Mk…/b… or b…")]
    TargetForm,
    /// A link to a post where an account or invite should be.
    #[error("this names a post, not an account: an invite looks like majlis:z6Mk…?peer=…")]
    InvitesPost,
    /// An address that is not `/…/p2p/<peer id>`, has strange characters, or is too long.
    #[error(
        "a peer of the invite is not an address: one looks like /ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3Koo…"
    )]
    Address,
    /// More addresses than an invite may have.
    #[error("the invite names too many peers: at most {}", crate::limits::MAX_ADDRESSES)]
    TooManyPeers,
}
