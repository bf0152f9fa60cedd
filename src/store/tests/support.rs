//! Authors who sign, and stores to put what they sign into.

use std::path::Path;
use std::sync::Arc;

use majlis_protocol::body::{Body, Content, Delete, Edit, Follow, Post, Profile};
use majlis_protocol::entry::{Draft, sign};
use majlis_protocol::identity::{Closed, Device, Ended, IdDoc, IdDraft, Phrase, Roots, VerifiedId, scope};
use majlis_protocol::ids::{LogId, LogKey};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, Kind, SecretKey, Verified};

use crate::store::{Batch, Committed, OpenReport, Store, StoreConfig};

/// After every timestamp that the tests sign, so that nothing is clamped unless a test wants it.
pub const NOW: u64 = 1_000_000_000;

/// An account with one device and one log.
pub struct Author {
    roots: Roots,
    pub device: SecretKey,
    pub account: AccountId,
    pub log: LogKey,
    pub tail: EntryId,
    pub seq: u64,
    pub clock: u64,
    version: u64,
}

impl Author {
    pub fn new(number: u16) -> Self {
        let mut entropy = [7; 32];
        entropy[..2].copy_from_slice(&number.to_be_bytes());
        let roots = Roots::derive(&Phrase::from_entropy(entropy));
        entropy[31] = 8;
        let device = SecretKey::from_seed(&entropy);
        let account = roots.account();
        let log_id = LogId::new(LogId::PUBLIC, u64::from(number) + 1);
        let log = LogKey { account, device: DeviceId(device.public()), log_id };
        Self { roots, device, account, log, tail: EntryId::ZERO, seq: 0, clock: 1_000, version: 0 }
    }

    pub fn listed(&self) -> Device {
        Device {
            key: DeviceId(self.device.public()),
            scope: scope::ALL,
            keys: Vec::new(),
            name: String::new(),
            ended: None,
            closed: Vec::new(),
        }
    }

    pub fn identity(&mut self) -> Arc<VerifiedId> {
        self.identity_with(self.listed(), None)
    }

    pub fn identity_with(&mut self, device: Device, ended: Option<Ended>) -> Arc<VerifiedId> {
        self.version += 1;
        let draft = IdDraft {
            k: 0,
            version: self.version,
            timestamp: self.clock,
            blind: [1; 16],
            devices: vec![device],
            ended,
            moved_to: None,
        };
        Arc::new(IdDoc::sign(&self.roots, draft).unwrap())
    }

    /// An identity in which the log is closed at an entry.
    pub fn closing(&mut self, seq: u64, id: EntryId) -> Arc<VerifiedId> {
        let mut device = self.listed();
        device.closed = vec![Closed { log_id: self.log.log_id, seq, id }];
        self.identity_with(device, None)
    }

    /// Signs at any place of the log.
    pub fn sign_at(&self, seq: u64, backlink: EntryId, timestamp: u64, body: &Body) -> Verified<Entry> {
        let bytes = body.encode().unwrap();
        let draft = Draft {
            kind: body.kind(),
            account: self.account,
            log_id: self.log.log_id,
            seq,
            timestamp,
            backlink,
            blind: [seq as u8; 16],
            body: &bytes,
        };
        sign(&draft, &self.device).unwrap()
    }

    pub fn say(&mut self, body: &Body) -> Verified<Entry> {
        self.seq += 1;
        self.clock += 1_000;
        let entry = self.sign_at(self.seq, self.tail, self.clock, body);
        self.tail = entry.id;
        entry
    }

    pub fn post(&mut self, text: &str) -> Verified<Entry> {
        self.say(&post(text))
    }

    pub fn posts(&mut self, count: usize) -> Vec<Verified<Entry>> {
        (0..count).map(|number| self.post(&format!("post {number}"))).collect()
    }

    pub fn delete(&mut self, target: EntryId) -> Verified<Entry> {
        self.say(&Body::Delete(Delete { target }))
    }

    pub fn edit(&mut self, target: EntryId, text: &str) -> Verified<Entry> {
        self.say(&Body::Edit(Edit { target, content: content(text) }))
    }

    pub fn follow(&mut self, account: AccountId, on: bool) -> Verified<Entry> {
        self.say(&Body::Follow(Follow { account, on }))
    }

    pub fn profile(&mut self, name: &str) -> Verified<Entry> {
        self.say(&Body::Profile(Profile { name: name.into(), ..Profile::default() }))
    }
}

fn content(text: &str) -> Content {
    Content { text: text.into(), ..Content::default() }
}

pub fn post(text: &str) -> Body {
    Body::Post(Post { content: content(text), ..Post::default() })
}

pub fn config() -> StoreConfig {
    StoreConfig { min_free: 0, ..StoreConfig::default() }
}

pub fn open(home: &Path) -> (Store, OpenReport) {
    Store::open(home, config()).unwrap()
}

/// A fresh store, and the directory that has to outlive it.
pub fn fresh() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(report, OpenReport::default());
    (dir, store)
}

pub fn put(store: &Store, entries: impl IntoIterator<Item = Verified<Entry>>) -> Committed {
    let batch = Batch { now_ms: NOW, entries: entries.into_iter().collect(), ..Batch::default() };
    store.commit_blocking(batch).unwrap()
}

pub fn know(store: &Store, doc: Arc<VerifiedId>) -> Committed {
    let batch = Batch { now_ms: NOW, identities: vec![doc], ..Batch::default() };
    store.commit_blocking(batch).unwrap()
}

/// The texts of a timeline.
pub fn texts(store: &Store, limit: usize) -> Vec<String> {
    store
        .timeline(None, &[Kind::POST], None, limit)
        .unwrap()
        .iter()
        .map(|stored| text(&stored.entry))
        .collect()
}

pub fn text(entry: &Entry) -> String {
    match Body::decode(Kind::POST, entry.body().unwrap()).unwrap().unwrap() {
        Body::Post(post) => post.content.text,
        other => panic!("not a post: {other:?}"),
    }
}

/// Whether any file under a directory holds these bytes.
pub fn files_hold(dir: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().flatten().any(|name| {
        let path = name.path();
        if path.is_dir() {
            return files_hold(&path, bytes);
        }
        std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}
