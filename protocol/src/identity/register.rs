//! The register of an account's identity documents. It only grows, and its state is a function of the set of
//! documents put in, whatever their order.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use super::doc::{Device, VerifiedId};
use crate::ids::{AccountId, EntryId};

/// Rank of an identity document: the higher counts. First the root that signed, then the version; of two with
/// the same, the one with the lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdKey {
    /// The index of the root that signed.
    pub k: u8,
    /// The version.
    pub version: u64,
    /// The entry's id.
    pub id: EntryId,
}

impl Ord for IdKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.k, self.version).cmp(&(other.k, other.version)).then(other.id.cmp(&self.id))
    }
}

impl PartialOrd for IdKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What putting a document in has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the current one now.
    Current,
    /// It adds nothing to what is known.
    Older,
    /// It is held already.
    Known,
    /// It is kept as proof that the account has two inceptions: the account is frozen.
    Frozen,
    /// It is of another account and was not taken.
    Foreign,
}

/// The identity documents of one account that matter: the highest of each inception, and of inceptions the two
/// with the lowest first commitment. Two are proof that the account's phrase was used by two hands, and no
/// entry of the account counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// Ascending by first commitment; at most two.
    kept: Vec<Arc<VerifiedId>>,
}

impl Register {
    /// Whose register it is, once it holds a document.
    pub fn account(&self) -> Option<AccountId> {
        self.kept.first().map(|doc| doc.account())
    }

    /// The highest document, frozen or not.
    pub fn current(&self) -> Option<&Arc<VerifiedId>> {
        self.kept.iter().max_by_key(|doc| doc.key())
    }

    /// The rank of the highest document.
    pub fn key(&self) -> Option<IdKey> {
        self.current().map(|doc| doc.key())
    }

    /// Two documents with different inceptions, if such are known: the account is frozen.
    pub fn frozen(&self) -> Option<[&Arc<VerifiedId>; 2]> {
        match self.kept.as_slice() {
            [first, second] => Some([first, second]),
            _ => None,
        }
    }

    /// All documents that are kept: what a peer or the disk has to be told for the same state.
    pub fn docs(&self) -> impl Iterator<Item = &Arc<VerifiedId>> {
        self.kept.iter()
    }

    /// Takes a document in. After [`Current`](Outcome::Current) and [`Frozen`](Outcome::Frozen) the state has
    /// changed.
    pub fn insert(&mut self, doc: Arc<VerifiedId>) -> Outcome {
        if self.account().is_some_and(|account| account != doc.account()) {
            return Outcome::Foreign;
        }
        match self.kept.binary_search_by_key(doc.c1(), |kept| *kept.c1()) {
            Ok(at) => {
                let Some(kept) = self.kept.get_mut(at) else { return Outcome::Older };
                match doc.key().cmp(&kept.key()) {
                    Ordering::Less => return Outcome::Older,
                    Ordering::Equal => return Outcome::Known,
                    Ordering::Greater => *kept = doc,
                }
            }
            Err(at) if at < 2 => {
                self.kept.insert(at, doc);
                self.kept.truncate(2);
            }
            Err(_) => return Outcome::Older,
        }
        if self.frozen().is_some() { Outcome::Frozen } else { Outcome::Current }
    }
}

/// The union of the devices of every document given, for the next version. Where documents differ on a device,
/// its scope, keys and name are those of the highest document that lists it; it ended when it first ended; a log
/// is closed at the lowest sequence number given, then at the lowest id. Ascending by key.
pub fn merge<'a>(docs: impl IntoIterator<Item = &'a VerifiedId>) -> Vec<Device> {
    let mut docs: Vec<_> = docs.into_iter().collect();
    docs.sort_by_key(|doc| std::cmp::Reverse(doc.key()));
    let mut devices = BTreeMap::new();
    for listed in docs.into_iter().flat_map(|doc| &doc.doc().devices) {
        match devices.entry(listed.key) {
            Slot::Vacant(slot) => {
                slot.insert(listed.clone());
            }
            Slot::Occupied(mut slot) => join(slot.get_mut(), listed),
        }
    }
    devices.into_values().collect()
}

fn join(device: &mut Device, other: &Device) {
    device.ended = device.ended.into_iter().chain(other.ended).min();
    device.closed.extend_from_slice(&other.closed);
    // Ascending by log, sequence number and id, so the first of each log is the one that counts.
    device.closed.sort();
    device.closed.dedup_by_key(|closed| closed.log_id);
}
