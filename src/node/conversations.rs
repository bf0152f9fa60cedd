//! Conversations beyond what is held: posts by whoever, asked of peers when someone reads a thread, and given to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use majlis_protocol::body::EntryRef;
use majlis_protocol::entry::verify;
use majlis_protocol::identity::{IdDoc, VerifiedId};
use majlis_protocol::limits::MAX_REFERRED;
use majlis_protocol::sync::Reason;
use majlis_protocol::{AccountId, Entry, EntryId, KeyCache, Kind, LogId};
use tokio::sync::mpsc;

use super::compose::root_of;
use super::letters::lists;
use super::view::post;
use super::{Failure, Local, Node, blocking, now_ms};
use crate::store::{Relation, Stored, Subject};

/// How long a thread waits for peers.
const PATIENCE: Duration = Duration::from_secs(2);

/// A peer's answer: how many posts of a conversation it would give, and some of them as bytes, each with the document
/// that lists its device. Nothing of it is verified.
pub(crate) type Answer = (u64, Vec<(Bytes, Bytes)>);

/// What a peer is given: how many posts there are, and the first of them, each with the document that lists its device.
pub(crate) type Given = (u64, Vec<(Arc<VerifiedId>, Entry)>);

/// What peers have of a conversation.
#[derive(Default)]
pub(super) struct Fetched {
    /// The posts, verified.
    pub posts: BTreeMap<EntryId, Stored>,
    /// How many posts the peer with the most would give.
    pub total: u64,
}

/// Whether a post is of the conversation that a post begins.
fn is_of(entry: &Entry, root: EntryId) -> bool {
    entry.header.kind == Kind::POST
        && entry.header.log_id.class() == LogId::PUBLIC
        && post(entry).is_some_and(|said| entry.id == root || root_of(&said).is_some_and(|of| of.id == root))
}

/// A post of a conversation out of an answer, if it is one and verifies.
fn read(document: &[u8], entry: &[u8], root: EntryId, keys: &KeyCache) -> Option<Entry> {
    let entry = verify(Entry::decode(entry).ok()?, keys).ok()?;
    let document = verify(Entry::decode(document).ok()?, keys).ok()?;
    let document = IdDoc::verify(document, keys).ok()?;
    (lists(&document, &entry.header) && is_of(&entry, root)).then(|| Entry::clone(&entry))
}

impl Node {
    /// Asks peers for the conversation that a post begins. Empty where the node is not running or nobody answers.
    pub(super) async fn fetch_conversation(self: &Arc<Self>, root: EntryRef) -> Result<Fetched, Failure> {
        let mut fetched = Fetched::default();
        if !self.is_running() {
            return Ok(fetched);
        }
        let (sender, mut answers) = mpsc::channel(1);
        self.tell(Local::AskConversation { root, answers: sender }).await;
        let mut given = Vec::new();
        // The channel closes when the last peer that was asked has answered or gone.
        let collect = async {
            while let Some((total, posts)) = answers.recv().await {
                fetched.total = fetched.total.max(total);
                given.extend(posts);
            }
        };
        // Whoever is late is not waited for: what is missing is said.
        let _ = tokio::time::timeout(PATIENCE, collect).await;
        let keys = self.store.keys();
        fetched.posts = blocking(move || {
            let posts = given.iter().filter_map(|(document, entry)| read(document, entry, root.id, &keys));
            let stored = |entry: Entry| {
                let display_ms = entry.header.timestamp.min(now_ms());
                (entry.id, Stored { entry, display_ms })
            };
            Ok(posts.map(stored).collect())
        })
        .await?;
        Ok(fetched)
    }

    /// Whether posts of an account are given to whoever asks for a conversation.
    pub(super) fn gives(&self, account: &AccountId) -> bool {
        match self.peers.reason(account) {
            Some(Reason::Own | Reason::Public | Reason::Pinned) => true,
            Some(Reason::Private) => false,
            None => self.is_accepted(account),
        }
    }

    /// What is given to a peer that asks for the conversation that a post begins: how many posts, and the first of them.
    pub(super) fn conversation(&self, root: &EntryId) -> Result<Given, Failure> {
        let first = self.store.entry(root)?.filter(|first| is_of(&first.entry, *root));
        let held = self.store.about(&Subject::Entry(*root), Relation::Thread)?;
        let given = first.into_iter().chain(held).map(|stored| stored.entry);
        let given: Vec<_> = given.filter(|entry| self.gives(&entry.header.account)).collect();
        let total = given.len() as u64;
        let replica = self.store.replica();
        let posts = given.into_iter().take(MAX_REFERRED).filter_map(|entry| {
            let document = replica.account(&entry.header.account)?.register().current()?;
            Some((Arc::clone(document), entry))
        });
        Ok((total, posts.collect()))
    }
}
