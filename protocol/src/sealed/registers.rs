//! What an account's private items come to: for each register, a name of a collection and a key, the value in
//! force; and which items have to be repeated because a device that was listed later cannot read them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Envelope, Place, PrivateItem, SealedError, key_id, seal};
use crate::Kind;
use crate::body::{Body, Sealed};
use crate::entry::Entry;
use crate::identity::{IdDoc, SUITE_X25519};
use crate::ids::{EntryId, LogId};
use crate::keys::x25519_gives_secret;
use crate::limits::MAX_TIMESTAMP;

/// The keys for which an account's private items are sealed: those of its devices that have not ended and whose
/// key gives a secret.
pub fn recipients(document: &IdDoc) -> Vec<[u8; 32]> {
    let devices = document.devices.iter().filter(|device| device.ended.is_none());
    let keys = devices.flat_map(|device| &device.keys).filter(|key| key.suite == SUITE_X25519);
    keys.filter_map(|key| key.key.as_slice().try_into().ok()).filter(x25519_gives_secret).collect()
}

/// What an entry has set a register to. The order of two is that of (timestamp, id).
#[derive(Clone)]
struct Write {
    at: (u64, EntryId),
    /// None where it was removed.
    value: Option<Arc<[u8]>>,
}

struct Register {
    /// The highest of all that can be read here: the one in force.
    latest: Write,
    /// The highest of those that all recipients can read.
    shared: Option<Write>,
}

impl Register {
    /// Whether some recipient may see something else in force.
    fn is_stale(&self) -> bool {
        self.shared
            .as_ref()
            .is_none_or(|shared| shared.at.0 != self.latest.at.0 || shared.value != self.latest.value)
    }
}

/// The registers of an account, as one of its devices can read them.
pub struct Registers {
    secret: Zeroizing<[u8; 32]>,
    recipients: Vec<[u8; 32]>,
    /// Entries taken in, whether or not they could be read.
    seen: HashSet<EntryId>,
    all: BTreeMap<(String, Vec<u8>), Register>,
}

impl Registers {
    /// None yet, for the device with this X25519 secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            secret: Zeroizing::new(*secret),
            recipients: Vec::new(),
            seen: HashSet::new(),
            all: BTreeMap::new(),
        }
    }

    /// Takes in all entries of the account's logs of class 1 that are effective and whose payload is held, and the
    /// [`recipients`] of the current document. What was taken in before is not opened again, unless an entry has
    /// ceased to count or the recipients are others.
    pub fn read(&mut self, entries: &[Entry], recipients: Vec<[u8; 32]>) {
        let held: HashSet<EntryId> = entries.iter().map(|entry| entry.id).collect();
        if recipients != self.recipients || !self.seen.is_subset(&held) {
            self.seen.clear();
            self.all.clear();
            self.recipients = recipients;
        }
        for entry in entries {
            self.add(entry);
        }
    }

    /// Takes in one more such entry.
    pub fn add(&mut self, entry: &Entry) {
        if !self.seen.insert(entry.id) {
            return;
        }
        // What is not for this device, or is not what it should be, is kept by the log and not interpreted.
        let Some((item, for_all)) = self.open(entry) else { return };
        let write = Write { at: (entry.header.timestamp, entry.id), value: item.value.map(Into::into) };
        let shared = for_all.then(|| write.clone());
        let register = self
            .all
            .entry((item.collection, item.key))
            .or_insert_with(|| Register { latest: write.clone(), shared: None });
        if write.at > register.latest.at {
            register.latest = write;
        }
        if let Some(write) = shared
            && register.shared.as_ref().is_none_or(|shared| write.at > shared.at)
        {
            register.shared = Some(write);
        }
    }

    /// The item in an entry, and whether all recipients can read it.
    fn open(&self, entry: &Entry) -> Option<(PrivateItem, bool)> {
        let header = &entry.header;
        let own = header.log_id.class() == LogId::OWN_DEVICES;
        if header.kind != Kind::SEALED || header.is_inert() || !own {
            return None;
        }
        let Ok(Some(Body::Sealed(sealed))) = Body::decode(Kind::SEALED, entry.body()?) else { return None };
        let envelope = Envelope::read(&sealed).ok()??;
        let plaintext = envelope.open(&Place::of(&header.log()), &self.secret).ok()??;
        let item = PrivateItem::decode(&plaintext).ok()??;
        let readers: HashSet<_> = envelope.recipients().collect();
        let for_all = self.recipients.iter().all(|recipient| readers.contains(&key_id(recipient)));
        Some((item, for_all))
    }

    /// The value of a register, if it is set.
    pub fn get(&self, collection: &str, key: &[u8]) -> Option<&[u8]> {
        self.find(collection, key)?.latest.value.as_deref()
    }

    /// When a register was set to what it is now, or removed: the timestamp of the entry in force. It only ever grows.
    pub fn changed_at(&self, collection: &str, key: &[u8]) -> Option<u64> {
        Some(self.find(collection, key)?.latest.at.0)
    }

    /// The registers of a collection that are set, ascending by key.
    pub fn collection(&self, name: &str) -> impl Iterator<Item = (&[u8], &[u8])> {
        let all = self.all.range((name.to_owned(), Vec::new())..);
        all.take_while(move |((collection, _), _)| collection == name)
            .filter_map(|((_, key), register)| Some((key.as_slice(), register.latest.value.as_deref()?)))
    }

    /// All items in force that are set, each with the timestamp of its entry.
    pub fn items(&self) -> impl Iterator<Item = (PrivateItem, u64)> {
        self.all.iter().filter_map(|((collection, key), Register { latest, .. })| {
            let value = Some(latest.value.as_deref()?.to_vec());
            Some((PrivateItem { collection: collection.clone(), key: key.clone(), value }, latest.at.0))
        })
    }

    fn find(&self, collection: &str, key: &[u8]) -> Option<&Register> {
        self.all.get(&(collection.to_owned(), key.to_vec()))
    }

    /// The timestamp with which an item is signed that is to be in force from now on.
    pub fn time_for(&self, item: &PrivateItem, now: u64) -> u64 {
        let latest = self.find(&item.collection, &item.key).map_or(0, |register| register.latest.at.0 + 1);
        now.max(latest).min(MAX_TIMESTAMP - 1)
    }

    /// Items in force that not all recipients can see in force, each with the timestamp with which it is to be
    /// repeated for all of them.
    pub fn to_repeat(&self) -> Vec<(PrivateItem, u64)> {
        let stale = self.all.iter().filter(|(_, register)| register.is_stale());
        stale
            .map(|((collection, key), Register { latest, .. })| {
                let (collection, key) = (collection.clone(), key.clone());
                let value = latest.value.as_deref().map(<[u8]>::to_vec);
                (PrivateItem { collection, key, value }, latest.at.0)
            })
            .collect()
    }

    /// Seals an item for all recipients. `seed` has to be random, secret and new.
    ///
    /// Errors: those of [`PrivateItem::encode`] and [`seal`].
    pub fn seal(&self, place: &Place, item: &PrivateItem, seed: &[u8; 32]) -> Result<Sealed, ItemError> {
        Ok(seal(place, &self.recipients, &item.encode()?, seed)?)
    }
}

/// Why an item could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// It is not one that may be written.
    #[error("the private item: {0}")]
    Item(#[from] crate::body::BodyError),
    /// It could not be sealed.
    #[error(transparent)]
    Sealed(#[from] SealedError),
}
