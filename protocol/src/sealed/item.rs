//! The private item: one setting of a register that all devices of an account share.

use zeroize::Zeroizing;

use crate::body::BodyError;
use crate::body::cbor::{self, Reader, Writer};
use crate::body::field::{self, Bytes, Item, Many, Millis, Need, Opt, Plain, Text, record};
use crate::ids::{AccountId, EntryId};
use crate::limits::{
    MAX_COLLECTION, MAX_DRAFT, MAX_FILTERED_POSTS, MAX_ITEM_KEY, MAX_ITEM_VALUE, MAX_PHRASES, MAX_SHORT,
};

/// The name of a collection: small letters and hyphens.
struct Collection;

type AnyText = Text<MAX_COLLECTION>;

fn check(name: &str) -> Result<(), BodyError> {
    let fits = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if fits { Ok(()) } else { Err(BodyError::Characters) }
}

impl Item for Collection {
    type Value = String;

    fn put(value: &String, writer: &mut Writer) -> Result<(), BodyError> {
        check(value)?;
        AnyText::put(value, writer)
    }

    fn get(reader: &mut Reader<'_>) -> Result<String, BodyError> {
        let value = AnyText::get(reader)?;
        check(&value)?;
        Ok(value)
    }
}

record! {
    /// What a register of a collection holds from now on. Of several, the one in the entry with the highest
    /// (timestamp, id) is in force.
    PrivateItem {
        /// What kind of thing it is, as `follow`.
        1 collection: String = Need<Collection>,
        /// Which one of the collection.
        2 key: Vec<u8> = Plain<Bytes<MAX_ITEM_KEY>>,
        /// What it is set to; none if it is removed.
        3 value: Option<Vec<u8>> = Opt<Bytes<MAX_ITEM_VALUE>>,
    }
}

impl PrivateItem {
    /// The bytes to be sealed: a version and a map, as a body has them. They are wiped when dropped.
    ///
    /// Errors: [`Characters`](BodyError::Characters), [`Default`](BodyError::Default),
    /// [`TooLong`](BodyError::TooLong).
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, BodyError> {
        field::encode::<Self>(self).map(Zeroizing::new)
    }

    /// Reads what was sealed; none if its version is not known. The errors are those of bodies.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, BodyError> {
        field::decode::<Self>(bytes)
    }
}

record! {
    /// What the registers of the collections that are known are set to; each uses some of the fields.
    #[derive(Default)]
    ItemValue {
        /// When it was set, in milliseconds since 1970.
        1 at: Option<u64> = Opt<Millis>,
        /// Until when it holds, in milliseconds since 1970; for good where that is not said.
        2 until: Option<u64> = Opt<Millis>,
        /// A name.
        3 name: String = Plain<Text<MAX_SHORT>>,
        /// Whose entry the key names.
        4 account: Option<AccountId> = Opt<AccountId>,
        /// What is filtered, and what then is done.
        5 filter: Option<Filter> = Opt<Filter>,
        /// A post that waits to be signed: its body, as [`Body::encode`](crate::body::Body::encode) writes it.
        6 draft: Vec<u8> = Plain<Bytes<MAX_DRAFT>>,
        /// The entry that stands where something was read up to.
        7 entry: Option<EntryId> = Opt<EntryId>,
    }
}

record! {
    /// What the owner does not want to meet unprepared, or at all.
    #[derive(Default)]
    Filter {
        /// What is looked for: one of them is enough.
        1 phrases: Vec<Phrase> = Many<Phrase, MAX_PHRASES>,
        /// Where it holds: a sum of the constants below.
        2 contexts: u16 = Plain<u16>,
        /// What is done: [`HIDE`](Self::HIDE), or else it is said that the filter has found something.
        3 action: u16 = Plain<u16>,
        /// Single posts that it finds, whatever they say.
        4 posts: Vec<FilteredPost> = Many<FilteredPost, MAX_FILTERED_POSTS>,
    }
}

impl Filter {
    /// The home timeline and those of lists.
    pub const HOME: u16 = 1;
    /// Notifications.
    pub const NOTIFICATIONS: u16 = 2;
    /// Timelines with posts of people who are not followed: all that is held, tags, search.
    pub const PUBLIC: u16 = 4;
    /// Conversations.
    pub const THREAD: u16 = 8;
    /// The posts of one account.
    pub const ACCOUNT: u16 = 16;
    /// What is found is left out.
    pub const HIDE: u16 = 1;
}

record! {
    /// A word or phrase of a filter.
    #[derive(Default)]
    Phrase {
        /// Names it among all phrases of all filters.
        1 id: u64 = Need<u64>,
        /// The phrase.
        2 text: String = Need<Text<MAX_SHORT>>,
        /// Whether it is looked for in the midst of words too.
        3 in_words: bool = Plain<bool>,
    }
}

record! {
    /// A single post of a filter.
    FilteredPost {
        /// Names it among all single posts of all filters.
        1 id: u64 = Need<u64>,
        /// The post.
        2 post: EntryId = Need<EntryId>,
    }
}

impl ItemValue {
    /// The bytes of an item's value: a map, as chapter 3 has them, without a version.
    ///
    /// Errors: [`TooLong`](BodyError::TooLong), [`Range`](BodyError::Range).
    pub fn encode(&self) -> Result<Vec<u8>, BodyError> {
        let mut writer = Writer::default();
        Self::put(self, &mut writer)?;
        Ok(writer.finish())
    }

    /// Reads a value. The errors are those of bodies.
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        cbor::check(bytes)?;
        Self::get(&mut Reader::new(bytes))
    }
}
