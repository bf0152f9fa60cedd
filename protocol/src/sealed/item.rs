//! The private item: one setting of a register that all devices of an account share.

use zeroize::Zeroizing;

use crate::body::BodyError;
use crate::body::cbor::{self, Reader, Writer};
use crate::body::field::{self, Bytes, Item, Millis, Need, Opt, Plain, Text, record};
use crate::ids::AccountId;
use crate::limits::{MAX_COLLECTION, MAX_ITEM_KEY, MAX_ITEM_VALUE, MAX_SHORT};

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
