//! Identity documents: who may speak for an account (spec chapter 4).
//!
//! One document is the whole proof. Its roots and the next commitment hash up to c₁, to which root 0, the
//! account's own key, has bound itself by the inception; and the last of its roots signs it.

use super::phrase::{Roots, link};
use super::register::IdKey;
use crate::body::BodyError;
use crate::body::cbor::{Reader, Writer};
use crate::body::field::{self, Bytes, Item, Many, Millis, Need, Opt, Plain, Text, record};
use crate::context;
use crate::entry::{self, Draft, Entry, Invalid, Kind, Verified};
use crate::ids::{AccountId, DeviceId, EntryId, LogId};
use crate::keys::{self, KeyCache, KeyError};
use crate::limits::{
    BLIND, MAX_CLOSED, MAX_DEVICE_KEY, MAX_DEVICE_KEYS, MAX_DEVICE_NAME, MAX_DEVICES, ROOTS, SIGNATURE,
};

/// The suite of a device's X25519 key: 32 bytes.
pub const SUITE_X25519: u16 = 1;

/// What a device may sign: bit n lets it sign entries of kind n.
pub mod scope {
    use crate::entry::Kind;

    /// Every kind there is, 2 to 13; later kinds have to be granted.
    pub const ALL: u32 = 0x3ffc;
    /// Profile, bit 2.
    pub const PROFILE: u32 = bit(Kind::PROFILE);
    /// Post, bit 3.
    pub const POST: u32 = bit(Kind::POST);
    /// Edit, bit 4.
    pub const EDIT: u32 = bit(Kind::EDIT);
    /// Delete, bit 5.
    pub const DELETE: u32 = bit(Kind::DELETE);
    /// Reaction, bit 6.
    pub const REACTION: u32 = bit(Kind::REACTION);
    /// Repost, bit 7.
    pub const REPOST: u32 = bit(Kind::REPOST);
    /// Follow, bit 8.
    pub const FOLLOW: u32 = bit(Kind::FOLLOW);
    /// Vote, bit 9.
    pub const VOTE: u32 = bit(Kind::VOTE);
    /// Hints, bit 10.
    pub const HINTS: u32 = bit(Kind::HINTS);
    /// Sealed, bit 11.
    pub const SEALED: u32 = bit(Kind::SEALED);
    /// Keys, bit 12.
    pub const KEYS: u32 = bit(Kind::KEYS);
    /// Label, bit 13.
    pub const LABEL: u32 = bit(Kind::LABEL);

    const fn bit(kind: Kind) -> u32 {
        1 << kind.0
    }
}

/// Why an entry is not a valid identity document. The list is closed: each name has a negative test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not of the identity kind and class.
    #[error("the entry is not an identity document")]
    NotIdentity,
    /// The payload is not held. Nobody's fault.
    #[error("the identity document's payload is not held")]
    NoPayload,
    /// A critical flag or extension, or a body version, that only a later reader knows. Nobody's fault.
    #[error("the identity document needs a newer version of this program")]
    Inert,
    /// The body is malformed.
    #[error("identity document: {0}")]
    Body(#[from] BodyError),
    /// The signer is not the last root that the document names.
    #[error("the identity document is not signed by its last root")]
    Signer,
    /// Root keys and next commitment do not hash to what root 0 signed, or it did not sign.
    #[error("the inception does not bind the account to these roots")]
    Inception,
    /// A root key that no root may have.
    #[error("root key: {0}")]
    RootKey(KeyError),
    /// A device key that no device may have.
    #[error("device key: {0}")]
    DeviceKey(KeyError),
    /// Devices, keys of a device or closed logs that repeat or do not ascend.
    #[error("devices, device keys or closed logs are not strictly ascending")]
    Order,
    /// More closed logs than allowed, over all devices.
    #[error("the identity document closes too many logs")]
    TooManyClosed,
    /// Signing with a root beyond the last.
    #[error("the recovery phrase has no root of this index")]
    NoSuchRoot,
    /// The signed entry would not be valid: version 0, a timestamp out of range, or too large a document.
    #[error("identity document: {0}")]
    Entry(#[from] Invalid),
}

/// A key of a device for another purpose than signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKey {
    /// What it is for; [`SUITE_X25519`] is the one defined.
    pub suite: u16,
    /// The public key.
    pub key: Vec<u8>,
}

impl Item for DeviceKey {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        writer.array(2);
        u16::put(&value.suite, writer)?;
        Bytes::<MAX_DEVICE_KEY>::put(&value.key, writer)
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.tuple(2)?;
        Ok(Self { suite: u16::get(reader)?, key: Bytes::<MAX_DEVICE_KEY>::get(reader)? })
    }
}

/// Where a log ends for good: of the log, this entry and its ancestors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Closed {
    /// Which of the device's logs.
    pub log_id: LogId,
    /// The last entry's sequence number, from 1.
    pub seq: u64,
    /// The last entry.
    pub id: EntryId,
}

impl Item for Closed {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        if value.seq == 0 {
            return Err(BodyError::Range);
        }
        writer.array(3);
        writer.unsigned(value.log_id.0);
        writer.unsigned(value.seq);
        writer.bytes(&value.id.0);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.tuple(3)?;
        let closed =
            Self { log_id: LogId(reader.unsigned()?), seq: reader.unsigned()?, id: EntryId::get(reader)? };
        if closed.seq == 0 { Err(BodyError::Range) } else { Ok(closed) }
    }
}

/// The end of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Whether everything the account ever published is to be deleted.
    pub erase: bool,
}

impl Item for Ended {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        writer.array(2);
        Millis::put(&value.at, writer)?;
        writer.bool(value.erase);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.tuple(2)?;
        Ok(Self { at: Millis::get(reader)?, erase: reader.bool()? })
    }
}

record! {
    /// A device that speaks, or spoke, for the account.
    Device {
        /// The key that signs its entries.
        1 key: DeviceId = Need<DeviceId>,
        /// Which kinds it may sign: see [`scope`].
        2 scope: u32 = Plain<u32>,
        /// Its keys for other purposes, one a suite, ascending by suite.
        3 keys: Vec<DeviceKey> = Many<DeviceKey, MAX_DEVICE_KEYS>,
        /// What its owner calls it.
        4 name: String = Plain<Text<MAX_DEVICE_NAME>>,
        /// When it was ended, in milliseconds since 1970. Its logs count only as far as they are closed.
        5 ended: Option<u64> = Opt<Millis>,
        /// Its closed logs, one entry a log, ascending by log id.
        6 closed: Vec<Closed> = Many<Closed, MAX_CLOSED>,
    }
}

record! {
    /// The body of an identity document.
    IdDoc {
        /// Root 0's signature over the first commitment: the inception.
        1 inception: [u8; SIGNATURE] = Need<[u8; SIGNATURE]>,
        /// Public keys of root 1 to root k, the one that signs.
        2 roots: Vec<[u8; 32]> = Many<[u8; 32], { ROOTS - 1 }>,
        /// The commitment to the roots after k: cₖ₊₁.
        3 next: [u8; 32] = Need<[u8; 32]>,
        /// The devices, ascending by key.
        4 devices: Vec<Device> = Many<Device, MAX_DEVICES>,
        /// Whether the account has ended.
        5 ended: Option<Ended> = Opt<Ended>,
        /// The account that its owner goes by now.
        6 moved_to: Option<AccountId> = Opt<AccountId>,
    }
}

/// What the owner decides of a new identity document.
#[derive(Clone, Debug)]
pub struct IdDraft {
    /// The root that signs, 0 to 16. One more than before is a rotation and outranks everything earlier.
    pub k: u8,
    /// The version, from 1; higher than that of every document known.
    pub version: u64,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// Random bytes.
    pub blind: [u8; BLIND],
    /// The devices, in any order: [`merge`](super::merge) of every document known, with changes.
    pub devices: Vec<Device>,
    /// Whether the account ends.
    pub ended: Option<Ended>,
    /// The account that its owner goes by now.
    pub moved_to: Option<AccountId>,
}

/// An identity document that has passed every check. Only this module can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedId {
    entry: Verified<Entry>,
    doc: IdDoc,
    k: u8,
    c1: [u8; 32],
}

impl VerifiedId {
    /// The entry, payload held.
    pub fn entry(&self) -> &Verified<Entry> {
        &self.entry
    }

    /// What it says.
    pub fn doc(&self) -> &IdDoc {
        &self.doc
    }

    /// Whose identity it is.
    pub fn account(&self) -> AccountId {
        self.entry.header.account
    }

    /// The index of the root that signed it.
    pub fn k(&self) -> u8 {
        self.k
    }

    /// The first commitment: two documents of one account that differ here freeze it.
    pub fn c1(&self) -> &[u8; 32] {
        &self.c1
    }

    /// Its version: the entry's sequence number.
    pub fn version(&self) -> u64 {
        self.entry.header.seq
    }

    /// The entry's id.
    pub fn id(&self) -> EntryId {
        self.entry.id
    }

    /// Its rank among the documents of its account.
    pub fn key(&self) -> IdKey {
        IdKey { k: self.k, version: self.version(), id: self.id() }
    }

    /// The listed device with this key.
    pub fn device(&self, key: DeviceId) -> Option<&Device> {
        let devices = &self.doc.devices;
        devices.binary_search_by_key(&key, |device| device.key).ok().and_then(|at| devices.get(at))
    }
}

fn ascending<T: Ord>(mut keys: impl Iterator<Item = T>) -> bool {
    let Some(mut last) = keys.next() else { return true };
    keys.all(|key| std::mem::replace(&mut last, key) < last)
}

impl IdDoc {
    /// Checks an authentic entry against every rule of identity documents. The keys it names are checked
    /// through `cache`, last, since that costs most.
    pub fn verify(entry: Verified<Entry>, cache: &KeyCache) -> Result<VerifiedId, IdentityError> {
        // The header's own rules bind the kind to class 255, its one log id, and a zero backlink.
        if entry.header.kind != Kind::IDENTITY {
            return Err(IdentityError::NotIdentity);
        }
        let body = entry.body().ok_or(IdentityError::NoPayload)?;
        if entry.header.is_inert() {
            return Err(IdentityError::Inert);
        }
        let doc = field::decode::<Self>(body)?.ok_or(IdentityError::Inert)?;
        doc.check_order()?;
        let signer = doc.roots.last().unwrap_or(&entry.header.account.0);
        if *signer != entry.header.device.0 {
            return Err(IdentityError::Signer);
        }
        let c1 = doc.first_commitment();
        let inception = context::message(context::INCEPTION, &[&c1]);
        if !keys::verify(&entry.header.account.0, &doc.inception, &inception) {
            return Err(IdentityError::Inception);
        }
        for root in &doc.roots {
            cache.check(root).map_err(IdentityError::RootKey)?;
        }
        for device in &doc.devices {
            cache.check(&device.key.0).map_err(IdentityError::DeviceKey)?;
        }
        let k = doc.roots.len() as u8;
        Ok(VerifiedId { entry, doc, k, c1 })
    }

    /// Makes, signs and verifies a document. Devices, their keys and their closed logs are put in order.
    ///
    /// Errors: [`NoSuchRoot`](IdentityError::NoSuchRoot); [`Entry`](IdentityError::Entry) for a version of 0, a
    /// timestamp out of range or a document over 32 KiB; and what [`verify`](Self::verify) says of the devices.
    pub fn sign(roots: &Roots, draft: IdDraft) -> Result<VerifiedId, IdentityError> {
        let IdDraft { k, version, timestamp, blind, mut devices, ended, moved_to } = draft;
        let (Some(inceptor), Some(signer), Some(public), Some(c1), Some(next)) = (
            roots.key(0),
            roots.key(k),
            roots.public(k),
            roots.commitment(1),
            roots.commitment(k.saturating_add(1)),
        ) else {
            return Err(IdentityError::NoSuchRoot);
        };
        devices.sort_by_key(|device| device.key);
        for device in &mut devices {
            device.keys.sort_by_key(|key| key.suite);
            device.closed.sort();
        }
        let inception = inceptor.sign(&context::message(context::INCEPTION, &[&c1]));
        let doc = Self { inception, roots: public.to_vec(), next, devices, ended, moved_to };
        let draft = Draft {
            kind: Kind::IDENTITY,
            account: roots.account(),
            log_id: LogId::IDENTITY,
            seq: version,
            timestamp,
            backlink: EntryId::ZERO,
            blind,
            body: &field::encode::<Self>(&doc)?,
        };
        Self::verify(entry::sign(&draft, &signer)?, &KeyCache::default())
    }

    /// Folds the next commitment back through the roots, last to first.
    fn first_commitment(&self) -> [u8; 32] {
        self.roots.iter().rev().fold(self.next, |next, root| link(root, &next))
    }

    fn check_order(&self) -> Result<(), IdentityError> {
        let in_order = ascending(self.devices.iter().map(|device| device.key))
            && self.devices.iter().all(|device| {
                ascending(device.keys.iter().map(|key| key.suite))
                    && ascending(device.closed.iter().map(|closed| closed.log_id))
            });
        if !in_order {
            return Err(IdentityError::Order);
        }
        if self.devices.iter().map(|device| device.closed.len()).sum::<usize>() > MAX_CLOSED {
            return Err(IdentityError::TooManyClosed);
        }
        Ok(())
    }
}
