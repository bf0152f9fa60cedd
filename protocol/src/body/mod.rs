//! Bodies: what entries say, by kind (spec chapter 3).
//!
//! A body is a version byte, 1, and one map in deterministic CBOR ([`cbor`]) with unsigned integers as keys.
//! Keys that are not known are passed over; whoever holds the entry keeps its bytes. There is one encoding of
//! each value, so a body of known keys encodes to the bytes it was decoded from.

pub mod cbor;
pub(crate) mod field;
mod media;
mod network;
mod post;
mod profile;
mod response;
#[cfg(test)]
mod tests;

pub use media::{Attachment, BlobId, Focus, Preview};
pub use network::{Follow, Hints, Holder, Sealed};
pub use post::{Card, Content, Delete, Edit, EntryRef, Poll, Post, Visibility};
pub use profile::{Profile, ProfileField, Usage};
pub use response::{Reaction, Repost, Vote};

use crate::entry::Kind;
use crate::ids::AccountId;

/// The version of bodies that this crate reads and writes.
pub const VERSION: u8 = 1;

/// Why bytes are not a body, or a value cannot be one. The list is closed: each name has a negative test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Fewer bytes than an item announces.
    #[error("the body is cut short")]
    Truncated,
    /// Bytes behind the map.
    #[error("bytes follow the end of the body")]
    TrailingBytes,
    /// A number or length in a longer form than needed.
    #[error("a number in the body is not in its shortest form")]
    NotShortest,
    /// A string, array or map of indefinite length.
    #[error("an item in the body is of indefinite length")]
    Indefinite,
    /// Map keys that repeat or do not ascend.
    #[error("map keys in the body are not strictly ascending")]
    MapOrder,
    /// A tag, a float, undefined, another simple value, or a reserved head.
    #[error("the body holds a tag, a float or another item that bodies may not hold")]
    Forbidden,
    /// Text that is not UTF-8.
    #[error("a text in the body is not UTF-8")]
    Utf8,
    /// Items nested deeper than 16.
    #[error("the body is nested too deeply")]
    Depth,
    /// A value of another type than its key has, or a key that is not an unsigned integer.
    #[error("a field of the body is of the wrong type")]
    Type,
    /// A field that its kind cannot do without.
    #[error("the body lacks field {0}")]
    Missing(u64),
    /// An empty, false or zero value that has to be left out, or an empty string where none may be.
    #[error("a field of the body is empty and must be left out")]
    Default,
    /// A string or list beyond its limit.
    #[error("a field of the body is longer than allowed")]
    TooLong,
    /// A string or list that has not the length it must have.
    #[error("a field of the body is not of the length it must have")]
    Length,
    /// A number outside what its field allows.
    #[error("a number in the body is out of range")]
    Range,
    /// A text with characters that its field does not allow.
    #[error("a text of the body holds characters that its field may not")]
    Characters,
    /// A body longer than a payload can be.
    #[error("the body is too large for a payload")]
    TooLarge,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// How the account presents itself.
    Profile(Profile),
    /// A post.
    Post(Post),
    /// New content for a post.
    Edit(Edit),
    /// Takes an entry back.
    Delete(Delete),
    /// An emoji on a post.
    Reaction(Reaction),
    /// A post shown to one's followers.
    Repost(Repost),
    /// A public follow or its end.
    Follow(Follow),
    /// A choice in a poll.
    Vote(Vote),
    /// Where the account's entries can be had.
    Hints(Hints),
    /// For holders of a key.
    Sealed(Sealed),
}

impl Body {
    /// Reads the body of an entry of `kind`, without its blind. None for a kind or body version that is not
    /// known, and for identity documents, which [`IdDoc`](crate::identity::IdDoc) reads: such entries are kept
    /// and passed on, not interpreted. The same holds for bodies that fail; none of the errors makes the entry
    /// around it invalid.
    pub fn decode(kind: Kind, body: &[u8]) -> Result<Option<Self>, BodyError> {
        Ok(match kind {
            Kind::PROFILE => field::decode::<Profile>(body)?.map(Self::Profile),
            Kind::POST => field::decode::<Post>(body)?.map(Self::Post),
            Kind::EDIT => field::decode::<Edit>(body)?.map(Self::Edit),
            Kind::DELETE => field::decode::<Delete>(body)?.map(Self::Delete),
            Kind::REACTION => field::decode::<Reaction>(body)?.map(Self::Reaction),
            Kind::REPOST => field::decode::<Repost>(body)?.map(Self::Repost),
            Kind::FOLLOW => field::decode::<Follow>(body)?.map(Self::Follow),
            Kind::VOTE => field::decode::<Vote>(body)?.map(Self::Vote),
            Kind::HINTS => field::decode::<Hints>(body)?.map(Self::Hints),
            Kind::SEALED => field::decode::<Sealed>(body)?.map(Self::Sealed),
            _ => None,
        })
    }

    /// The bytes, version included. Fails for a value beyond a limit: [`TooLong`](BodyError::TooLong),
    /// [`Length`](BodyError::Length), [`Range`](BodyError::Range), [`Default`](BodyError::Default) for an empty
    /// string in a list, [`TooLarge`](BodyError::TooLarge).
    pub fn encode(&self) -> Result<Vec<u8>, BodyError> {
        match self {
            Self::Profile(body) => field::encode::<Profile>(body),
            Self::Post(body) => field::encode::<Post>(body),
            Self::Edit(body) => field::encode::<Edit>(body),
            Self::Delete(body) => field::encode::<Delete>(body),
            Self::Reaction(body) => field::encode::<Reaction>(body),
            Self::Repost(body) => field::encode::<Repost>(body),
            Self::Follow(body) => field::encode::<Follow>(body),
            Self::Vote(body) => field::encode::<Vote>(body),
            Self::Hints(body) => field::encode::<Hints>(body),
            Self::Sealed(body) => field::encode::<Sealed>(body),
        }
    }

    /// The accounts that it addresses: those named in it, and those whose posts it is about. Each once.
    pub fn addressed(&self) -> Vec<AccountId> {
        let mut accounts = match self {
            Self::Post(post) => {
                let about = [post.reply_to, post.quote].into_iter().flatten().map(|target| target.account);
                about.chain(post.content.mentions.iter().copied()).collect()
            }
            Self::Edit(edit) => edit.content.mentions.clone(),
            Self::Reaction(reaction) => vec![reaction.target.account],
            Self::Repost(repost) => vec![repost.target.account],
            Self::Follow(follow) => vec![follow.account],
            Self::Vote(vote) => vec![vote.target.account],
            Self::Profile(_) | Self::Delete(_) | Self::Hints(_) | Self::Sealed(_) => Vec::new(),
        };
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// The files that it names and their lengths in bytes, each with its preview behind it.
    pub fn files(&self) -> Vec<(BlobId, u64)> {
        let attachments: Vec<&Attachment> = match self {
            Self::Post(post) => post.content.attachments.iter().collect(),
            Self::Edit(edit) => edit.content.attachments.iter().collect(),
            Self::Profile(profile) => profile.avatar.iter().chain(&profile.header).collect(),
            _ => Vec::new(),
        };
        let files = attachments.into_iter().flat_map(|attachment| {
            let preview = attachment.preview.as_ref().map(|preview| (preview.blob, preview.size));
            std::iter::once((attachment.blob, attachment.size)).chain(preview)
        });
        files.collect()
    }

    /// The kind of entry that carries it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Profile(_) => Kind::PROFILE,
            Self::Post(_) => Kind::POST,
            Self::Edit(_) => Kind::EDIT,
            Self::Delete(_) => Kind::DELETE,
            Self::Reaction(_) => Kind::REACTION,
            Self::Repost(_) => Kind::REPOST,
            Self::Follow(_) => Kind::FOLLOW,
            Self::Vote(_) => Kind::VOTE,
            Self::Hints(_) => Kind::HINTS,
            Self::Sealed(_) => Kind::SEALED,
        }
    }
}
