//! What only the holders of a key can read (spec chapter 9): the envelope of suite 1 around some bytes, and the
//! private item, which is what an account's devices seal to one another in logs of class 1.
//!
//! There is no randomness here: whoever seals passes in 32 bytes that nobody else knows, new for each body.

mod envelope;
mod item;
mod registers;
#[cfg(test)]
mod tests;

pub use envelope::{Envelope, Place, SUITE, key_id, seal};
pub use item::{Filter, FilteredPost, ItemValue, Phrase, PrivateItem};
pub use registers::{ItemError, Registers, recipients};

/// Why bytes are not an envelope, or do not open, or cannot be sealed. The list is closed: each name has a
/// negative vector. None of them makes the entry around it invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// Fewer bytes than the recipients and the seal take.
    #[error("the sealed body is cut short")]
    Truncated,
    /// No recipient, or more than 64.
    #[error("a sealed body is for 1 to 64 recipients")]
    Recipients,
    /// Recipients that repeat or do not ascend.
    #[error("the recipients of the sealed body are not strictly ascending")]
    Order,
    /// The content key was not sealed for this key in this place, or a recipient's key is one that gives no secret.
    #[error("the content key does not open with this key, or cannot be sealed for it")]
    Key,
    /// The content was changed, or is that of another place.
    #[error("the sealed content is not what was sealed here")]
    Content,
}
