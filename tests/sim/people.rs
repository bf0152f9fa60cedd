//! People and what they sign: real identities, real devices, real entries.

use std::sync::Arc;

use majlis_protocol::context;
use majlis_protocol::entry::{Draft, Kind, sign};
use majlis_protocol::identity::{Closed, Device, IdDoc, IdDraft, Phrase, Roots, VerifiedId, scope};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, KeyCache, LogId, LogKey, SecretKey, Verified};

/// One person: the phrase's roots and the latest document.
pub struct Person {
    roots: Roots,
    pub account: AccountId,
    pub devices: Vec<Device>,
    pub doc: Arc<VerifiedId>,
    version: u64,
}

/// The key of a person's device.
pub fn device_key(seed: u64, index: u8) -> Arc<SecretKey> {
    let mut bytes = [index; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Arc::new(SecretKey::from_seed(&bytes))
}

pub fn listed(key: &SecretKey) -> Device {
    Device {
        key: DeviceId(key.public()),
        scope: scope::ALL,
        keys: Vec::new(),
        name: String::new(),
        ended: None,
        closed: Vec::new(),
    }
}

fn roots(seed: u64) -> Roots {
    let mut entropy = [7; 32];
    entropy[..8].copy_from_slice(&seed.to_be_bytes());
    Roots::derive(&Phrase::from_entropy(entropy))
}

impl Person {
    /// A person whose first document lists these keys.
    pub fn new(seed: u64, keys: &[&SecretKey]) -> Self {
        let roots = roots(seed);
        let devices: Vec<_> = keys.iter().map(|key| listed(key)).collect();
        let doc = publish(&roots, 1, devices.clone());
        Self { account: roots.account(), roots, devices, doc, version: 1 }
    }

    /// The next document, with the devices as they are now.
    pub fn update(&mut self) -> Arc<VerifiedId> {
        self.version += 1;
        self.doc = publish(&self.roots, self.version, self.devices.clone());
        Arc::clone(&self.doc)
    }

    pub fn add_device(&mut self, key: &SecretKey) -> Arc<VerifiedId> {
        self.devices.push(listed(key));
        self.update()
    }

    pub fn end_device(&mut self, key: DeviceId, closed: &[Closed]) -> Arc<VerifiedId> {
        for device in self.devices.iter_mut().filter(|device| device.key == key) {
            device.ended = Some(1);
            device.closed = closed.to_vec();
        }
        self.update()
    }
}

fn publish(roots: &Roots, version: u64, devices: Vec<Device>) -> Arc<VerifiedId> {
    let draft =
        IdDraft { k: 0, version, timestamp: version, blind: [1; 16], devices, ended: None, moved_to: None };
    Arc::new(IdDoc::sign(roots, draft).expect("a document within its limits"))
}

/// A log as its author continues it.
#[derive(Clone)]
pub struct Author {
    pub key: LogKey,
    device: Arc<SecretKey>,
    pub seq: u64,
    pub last: EntryId,
    /// Added to every timestamp: a wrong clock.
    pub skew: i64,
}

impl Author {
    pub fn new(account: AccountId, device: &Arc<SecretKey>, log_id: LogId) -> Self {
        let key = LogKey { account, device: DeviceId(device.public()), log_id };
        Self { key, device: Arc::clone(device), seq: 0, last: EntryId::ZERO, skew: 0 }
    }

    pub fn post(&mut self, now: u64, text: &str) -> Verified<Entry> {
        self.entry(Kind::POST, now, text.as_bytes())
    }

    fn entry(&mut self, kind: Kind, now: u64, body: &[u8]) -> Verified<Entry> {
        let draft = Draft {
            kind,
            account: self.key.account,
            log_id: self.key.log_id,
            seq: self.seq + 1,
            timestamp: now.saturating_add_signed(self.skew),
            backlink: self.last,
            blind: [2; 16],
            body,
        };
        let entry = sign(&draft, &self.device).expect("an entry within its limits");
        self.seq += 1;
        self.last = entry.id;
        entry
    }

    pub fn posts(&mut self, now: u64, count: u64, text: &str) -> Vec<Verified<Entry>> {
        (0..count).map(|index| self.post(now + index, &format!("{text} {index}"))).collect()
    }
}

/// A document of the same account under another chain of roots: what a thief with root 0 alone could make.
pub fn second_inception(seed: u64, keys: &[&SecretKey]) -> Arc<VerifiedId> {
    let (roots, honest) = (roots(seed), Person::new(seed, keys).doc);
    let root = roots.key(0).expect("there is a root 0");
    let next = [9; 32];
    let inception = root.sign(&context::message(context::INCEPTION, &[&next]));
    let body = honest.entry().body().expect("documents are held whole");
    let body = replaced(body, &honest.doc().next, &next);
    let body = replaced(&body, &honest.doc().inception, &inception);
    let draft = Draft {
        kind: Kind::IDENTITY,
        account: roots.account(),
        log_id: LogId::IDENTITY,
        seq: 1,
        timestamp: 1,
        backlink: EntryId::ZERO,
        blind: [3; 16],
        body: &body,
    };
    let entry = sign(&draft, &root).expect("an entry within its limits");
    Arc::new(IdDoc::verify(entry, &KeyCache::default()).expect("a valid document"))
}

fn replaced(body: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = body.windows(old.len()).position(|window| window == old).expect("it is in the body");
    [&body[..at], new, &body[at + old.len()..]].concat()
}
