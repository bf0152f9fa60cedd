//! The people of the vectors: a few phrases, a few devices, and what they sign. Seeds are the byte of their
//! number, thirty-two times.

use majlis_protocol::entry::{self, Draft, Entry, Kind, Verified};
use majlis_protocol::identity::{
    Device, DeviceKey, IdDoc, IdDraft, Phrase, Roots, SUITE_X25519, VerifiedId, scope,
};
use majlis_protocol::ids::{AccountId, DeviceId, EntryId, LogId};
use majlis_protocol::keys::{SecretKey, x25519_public};

/// Midnight, 1 January 2026, UTC: when everything here happens.
pub const THEN: u64 = 1_767_225_600_000;

/// The roots of the person with this number.
pub fn roots(person: u8) -> Roots {
    Roots::derive(&Phrase::from_entropy([person; 32]))
}

/// The account of the person with this number.
pub fn account(person: u8) -> AccountId {
    roots(person).account()
}

/// The device key with this number.
pub fn key(device: u8) -> SecretKey {
    SecretKey::from_seed(&[device; 32])
}

/// The device with this number.
pub fn device_id(device: u8) -> DeviceId {
    DeviceId(key(device).public())
}

/// A device as documents list it, free to sign everything.
pub fn device(number: u8) -> Device {
    Device {
        key: device_id(number),
        scope: scope::ALL,
        keys: vec![DeviceKey { suite: SUITE_X25519, key: x25519_public(&[number; 32]).to_vec() }],
        name: format!("device {number}"),
        ended: None,
        closed: vec![],
    }
}

/// A draft of a document.
pub fn id_draft(k: u8, version: u64, devices: Vec<Device>) -> IdDraft {
    IdDraft { k, version, timestamp: THEN, blind: [0xb1; 16], devices, ended: None, moved_to: None }
}

/// A document of `person`.
pub fn identity(person: u8, k: u8, version: u64, devices: Vec<Device>) -> VerifiedId {
    IdDoc::sign(&roots(person), id_draft(k, version, devices)).unwrap()
}

/// The public log with this number.
pub fn log(number: u64) -> LogId {
    LogId::new(LogId::PUBLIC, number)
}

/// A log that is being written.
#[derive(Clone)]
pub struct Author {
    /// Whose.
    pub account: AccountId,
    /// By which device.
    pub device: u8,
    /// Which log.
    pub log_id: LogId,
    /// The last entry's sequence number.
    pub seq: u64,
    /// The last entry.
    pub backlink: EntryId,
}

impl Author {
    /// An empty public log of `person` on `device`.
    pub fn new(person: u8, device: u8, log_id: LogId) -> Self {
        Self { account: account(person), device, log_id, seq: 0, backlink: EntryId::ZERO }
    }

    /// Signs the next entry.
    pub fn sign(&mut self, kind: Kind, body: &[u8]) -> Verified<Entry> {
        self.seq += 1;
        let draft = Draft {
            kind,
            account: self.account,
            log_id: self.log_id,
            seq: self.seq,
            timestamp: THEN + self.seq * 1_000,
            backlink: self.backlink,
            blind: [self.seq as u8; 16],
            body,
        };
        let entry = entry::sign(&draft, &key(self.device)).unwrap();
        self.backlink = entry.id;
        entry
    }

    /// Signs a post.
    pub fn post(&mut self, text: &str) -> Verified<Entry> {
        self.sign(Kind::POST, &post(text))
    }

    /// Signs some posts.
    pub fn posts(&mut self, count: usize) -> Vec<Verified<Entry>> {
        (0..count).map(|at| self.post(&format!("Post {at} of device {}.", self.device))).collect()
    }
}

/// The body of a post.
pub fn post(text: &str) -> Vec<u8> {
    use majlis_protocol::body::{Body, Content, Post};
    let content = Content { text: text.into(), ..Content::default() };
    Body::Post(Post { content, ..Post::default() }).encode().unwrap()
}
