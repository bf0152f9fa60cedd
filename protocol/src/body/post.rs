//! What is said, changed and taken back.

use super::BodyError;
use super::cbor::{Reader, Writer};
use super::field::{Item, Many, Millis, Need, Opt, Plain, Text, record};
use super::media::{Attachment, BlobId};
use super::profile::Usage;
use crate::ids::{AccountId, EntryId};
use crate::limits::{
    MAX_LANG, MAX_LIST, MAX_MEDIUM, MAX_POLL_OPTIONS, MAX_SHORT, MAX_TEXT, MAX_URL, MIN_POLL_OPTIONS,
};

/// An entry and whose it is, so that it can be fetched from those who hold that account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryRef {
    /// Whose entry it is.
    pub account: AccountId,
    /// Which entry.
    pub id: EntryId,
}

impl Item for EntryRef {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        writer.array(2);
        writer.bytes(&value.account.0);
        writer.bytes(&value.id.0);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.tuple(2)?;
        Ok(Self { account: AccountId::get(reader)?, id: EntryId::get(reader)? })
    }
}

/// Where a post is shown beside on its author's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Everywhere: left out of the map.
    #[default]
    Public,
    /// To followers and to those who have its link, but not in public lists, tags and search: 1.
    Unlisted,
}

impl Item for Visibility {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        writer.unsigned(match value {
            Self::Public => 0,
            Self::Unlisted => 1,
        });
        Ok(())
    }

    /// A number that is not known fails, so that the post is shown to no one rather than to too many.
    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        match reader.unsigned()? {
            0 => Ok(Self::Public),
            1 => Ok(Self::Unlisted),
            _ => Err(BodyError::Range),
        }
    }
}

record! {
    /// A question with answers to choose from.
    Poll {
        /// The answers, 2 to 20.
        1 options: Vec<String> = Many<Text<MAX_SHORT>, MAX_POLL_OPTIONS, MIN_POLL_OPTIONS>,
        /// Whether more than one may be chosen.
        2 multiple: bool = Plain<bool>,
        /// When it ends, in milliseconds since 1970.
        3 closes_at: Option<u64> = Opt<Millis>,
    }
}

impl Poll {
    /// Whether a vote of this time is in time (BODY-22).
    pub fn is_open_at(&self, timestamp: u64) -> bool {
        self.closes_at.is_none_or(|end| timestamp <= end)
    }

    /// Whether these answers, counted from 0, can be chosen together (BODY-22).
    pub fn allows(&self, choices: &[u8]) -> bool {
        choices.iter().all(|choice| usize::from(*choice) < self.options.len())
            && (self.multiple || choices.len() <= 1)
    }
}

record! {
    /// What a linked page says of itself, fetched by the author's node so that readers need not ask it.
    Card {
        /// The page.
        1 url: String = Need<Text<MAX_URL>>,
        /// Its title.
        2 title: String = Plain<Text<MAX_SHORT>>,
        /// What it says it is about.
        3 description: String = Plain<Text<MAX_MEDIUM>>,
        /// A picture.
        4 image: Option<BlobId> = Opt<BlobId>,
    }
}

record! {
    /// What a post says: what an edit replaces as a whole.
    #[derive(Default)]
    Content {
        /// The text: plain, or Markdown if `markdown` is set.
        1 text: String = Plain<Text<MAX_TEXT>>,
        /// Whether the text is `text/markdown`.
        2 markdown: bool = Plain<bool>,
        /// The text's language, a BCP 47 tag.
        3 language: String = Plain<Text<MAX_LANG>>,
        /// What to say in its place until the reader asks for it.
        4 content_warning: String = Plain<Text<MAX_MEDIUM>>,
        /// Who is addressed.
        5 mentions: Vec<AccountId> = Many<AccountId, MAX_LIST>,
        /// Hashtags, without `#`.
        6 tags: Vec<String> = Many<Text<MAX_SHORT>, MAX_LIST>,
        /// Pictures, sound, video, in order.
        7 attachments: Vec<Attachment> = Many<Attachment, MAX_LIST>,
        /// A poll.
        8 poll: Option<Poll> = Opt<Poll>,
        /// A linked page.
        9 card: Option<Card> = Opt<Card>,
        /// What may be done with it, where that is not what the profile says.
        10 usage: Usage = Plain<Usage>,
        /// How it came about: a name of the IPTC digital source type vocabulary, as `humanEdits`.
        11 source_type: String = Plain<Text<MAX_SHORT>>,
    }
}

record! {
    /// A post.
    #[derive(Default)]
    Post {
        /// What it says.
        1 content: Content = Plain<Content>,
        /// What it answers.
        2 reply_to: Option<EntryRef> = Opt<EntryRef>,
        /// The first post of the thread, where that is not `reply_to`.
        3 root: Option<EntryRef> = Opt<EntryRef>,
        /// What it quotes.
        4 quote: Option<EntryRef> = Opt<EntryRef>,
        /// Who is shown it unasked.
        5 visibility: Visibility = Plain<Visibility>,
        /// When an imported post was first published, in milliseconds since 1970. For show only.
        6 original_date: Option<u64> = Opt<Millis>,
        /// The entry of the same account that it stands for, after its log was lost to a fork.
        7 was: Option<EntryId> = Opt<EntryId>,
    }
}

record! {
    /// New content for a post of the same account.
    Edit {
        /// The post.
        1 target: EntryId = Need<EntryId>,
        /// All of its new content.
        2 content: Content = Plain<Content>,
    }
}

record! {
    /// Takes an entry of the same account back, for ever.
    Delete {
        /// The entry.
        1 target: EntryId = Need<EntryId>,
    }
}
