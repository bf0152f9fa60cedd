//! The application: what a node does with entries, whether or not it is running as a daemon.
//!
//! [`Node`] owns the store, the keys, the heads of the own logs and the private items. A command that opens the home itself and the
//! running node call the same functions; the only difference is whether a [`driver`] is attached, which is told
//! of what changed so that peers learn of it.

mod account;
pub mod api;
pub mod apps;
mod carry;
mod compose;
mod config;
mod conversations;
mod days;
mod door;
mod drafts;
pub mod driver;
mod execute;
mod feeds;
mod figures;
mod filters;
mod finding;
mod follows;
mod hints;
mod holders;
mod identity;
mod keep;
mod keys;
mod letters;
mod live;
mod media;
mod notifications;
mod peers;
mod people;
mod pins;
mod positions;
mod posts;
mod private;
mod respond;
mod sift;
mod storage;
mod tags;
mod text;
mod thread;
mod usage;
mod view;
mod watch;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use majlis_protocol::body::EntryRef;
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::sync::{PinAnswer, SessionId, Verdict};
use majlis_protocol::{AccountId, Entry, EntryId, LogKey, Verified};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

pub use crate::media::{nothing, somebody};
pub use crate::store::fold_tag;
pub use api::{Failure, Reply, Request};
pub use carry::is_archive;
pub use config::{HintScope, NodeConfig, PinOffer};
pub use door::Named;
pub use execute::execute;
pub use figures::Figure;
pub use identity::{renew_peer_id, restore, set_moved};
pub use keys::Keys;
pub use live::{Channel, Coming, Live, Wanted, Whose};
pub use peers::{Addresses, KnownPeer, reach};
pub use watch::{NodeEvent, Watch};

use crate::blobs::BlobsConfig;
use crate::net::{Metrics, PeerId};
use crate::store::{Batch, Committed, OpenReport, Store, StoreConfig, StoreError};

/// What the driver of a running node is told by the rest of it.
pub(crate) enum Local {
    /// Own entries, acknowledged by the journal.
    Publish(Vec<Verified<Entry>>),
    /// The store has committed something that did not come through the driver.
    Committed { changed: Vec<LogKey>, identities: Vec<AccountId> },
    /// There are letters for these accounts.
    Letters(BTreeSet<AccountId>),
    /// Letters for the owner of a session's peer.
    HandOver { session: SessionId, letters: Vec<letters::Letter> },
    /// Ask peers for the conversation that a post begins; each answer is sent, and the channel closed after the last.
    AskConversation { root: EntryRef, answers: mpsc::Sender<conversations::Answer> },
    /// What a peer is given of a conversation that it has asked for.
    GiveConversation { session: SessionId, number: u64, given: conversations::Given },
    /// Ask a peer for a piece of a file.
    AskPiece(media::Asked),
    /// Who may have a file.
    FileSources {
        /// Whose entry names the file.
        account: AccountId,
        /// Where they go.
        answer: oneshot::Sender<media::Sources>,
    },
    /// A piece of a file for a peer, or nothing; whose entry names it.
    GivePiece { session: SessionId, number: u64, account: Option<AccountId>, piece: bytes::Bytes },
    /// A peer has given something else for a file.
    Misled(SessionId),
    /// What became of an entry that a peer has handed over.
    Answer { session: SessionId, entry: EntryId, verdict: Verdict },
    /// The node holds other accounts now.
    Interests,
    /// Ask a peer, where it is connected, how it stands with holding the owner's account.
    AskPin(String),
    /// What a peer is told that has asked to have its account held.
    TellPinned { session: SessionId, answer: PinAnswer },
    /// How an account is held has changed, or of all: tell those of its owner's nodes that are connected.
    PinNews(Option<AccountId>),
    /// No more is taken of an account, or is again.
    Full { account: AccountId, full: bool },
    /// Keep a connection to this peer; the owner named it.
    Befriend { peer: String, addresses: Vec<String> },
    /// Connect now and say who answered.
    Connect { address: String, answer: oneshot::Sender<Result<String, Failure>> },
    /// Connected peers.
    Peers(oneshot::Sender<Vec<api::PeerView>>),
    /// By hearsay these peers hold these accounts: then, with whom each of them is shared, and with whom it is known what
    /// is shared.
    Seek { holders: Vec<(AccountId, Vec<PeerId>)>, answer: oneshot::Sender<Shared> },
    /// Ask those who share one of these accounts who else holds it.
    AskHolders(Vec<AccountId>),
    /// Answered when connected peers have nothing new: how many there are.
    Synced(oneshot::Sender<usize>),
}

/// With whom accounts are shared.
pub(crate) struct Shared {
    /// Of each account that was asked for.
    pub sharers: Vec<Vec<PeerId>>,
    /// Peers of sessions in which both sides know what they share.
    pub settled: HashSet<PeerId>,
}

/// The end of an own log: where the next entry goes.
#[derive(Clone, Copy, Debug)]
struct Head {
    log: LogKey,
    seq: u64,
    id: EntryId,
}

/// A node, running or opened by a command.
pub struct Node {
    home: PathBuf,
    keys: Keys,
    store: Store,
    /// Of each class the log that is written to.
    heads: Mutex<BTreeMap<u8, Head>>,
    private: private::Private,
    finder: finding::Finder,
    numbering: door::Numbering,
    apps: apps::Apps,
    counted: account::Counted,
    media: media::Media,
    /// Told when a post comes to wait for a time.
    scheduled: tokio::sync::Notify,
    keep: storage::Keep,
    /// Held while it is decided what is taken of a stranger.
    receiving: Mutex<()>,
    /// Held while it is worked out which accounts the node holds.
    refreshing: Mutex<()>,
    driver: Mutex<Option<mpsc::Sender<Local>>>,
    /// Whether the node that runs takes part in a table by which others are found by a key alone.
    in_tables: AtomicBool,
    /// What the network counts, once it runs.
    network: Mutex<Option<Arc<Metrics>>>,
    crier: watch::Crier,
    peers: peers::Peers,
    days: days::Days,
    pins: pins::Pins,
    started: std::time::Instant,
}

/// What opening a home has found.
pub struct Opened {
    /// The home was made just now.
    pub created: bool,
    /// Sentences for people: what was repaired or set aside.
    pub notes: Vec<String>,
}

/// Milliseconds since 1970, by this machine's clock.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0).min(majlis_protocol::limits::MAX_TIMESTAMP - 1)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // A store's message ends in what to do, after a semicolon.
        let message = error.to_string();
        let (message, hint) = message.split_once("; ").unwrap_or((&message, "Try again."));
        Self::new(message, hint)
    }
}

impl Node {
    /// Opens the home, or makes one: account, device and recovery phrase. Blocks on the disk.
    pub fn open(
        home: &Path,
        store: &StoreConfig,
        config: &NodeConfig,
        blobs: &BlobsConfig,
    ) -> Result<(Arc<Self>, Opened), Failure> {
        let (opened, report) = Store::open(home, store.clone())?;
        let (keys, created) = match Keys::load(home)? {
            Some(keys) => (keys, false),
            None => (identity::found(home)?, true),
        };
        Self::with(home, keys, opened, (config, store, blobs)).map(|node| {
            let notes = notes(&report);
            (node, Opened { created, notes })
        })
    }

    /// The network takes part in a table by which others are found by a key alone, or in none.
    pub fn set_in_tables(&self, takes_part: bool) {
        self.in_tables.store(takes_part, Ordering::Relaxed);
    }

    fn with(
        home: &Path,
        keys: Keys,
        store: Store,
        (config, of_store, of_blobs): (&NodeConfig, &StoreConfig, &BlobsConfig),
    ) -> Result<Arc<Self>, Failure> {
        let peers = peers::Peers::load(&store)?;
        let pins = pins::Pins::load(&store, config)?;
        let node = Arc::new(Self {
            home: home.to_owned(),
            private: private::Private::new(&keys),
            finder: finding::Finder::default(),
            numbering: door::Numbering::default(),
            apps: apps::Apps::default(),
            counted: account::Counted::default(),
            media: media::Media::new(config, of_store, of_blobs),
            scheduled: tokio::sync::Notify::new(),
            keep: storage::Keep::new(config),
            keys,
            store,
            heads: Mutex::default(),
            receiving: Mutex::default(),
            refreshing: Mutex::default(),
            driver: Mutex::new(None),
            in_tables: AtomicBool::new(false),
            network: Mutex::default(),
            crier: watch::Crier::default(),
            peers,
            days: days::Days::default(),
            pins,
            started: std::time::Instant::now(),
        });
        node.establish()?;
        node.read_private()?;
        node.refresh_interests()?;
        Ok(node)
    }

    /// The owner's account.
    pub fn account(&self) -> AccountId {
        self.keys.account
    }

    /// The keys of this home.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The home directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Writes everything out. Nothing may be asked of the node afterwards.
    pub fn close(&self) -> Result<(), Failure> {
        let flushed = self.peers.flush(&self.store).and(self.pins.flush(&self.store));
        self.close_search();
        self.store.close();
        flushed
    }

    fn is_running(&self) -> bool {
        self.driver.lock().is_some()
    }

    /// Tells the driver, where there is one.
    async fn tell(&self, news: Local) {
        let driver = self.driver.lock().clone();
        if let Some(driver) = driver {
            // A driver that is gone is a node that is stopping.
            let _ = driver.send(news).await;
        }
    }

    /// Asks the driver something; fails where no node is running.
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Local) -> Result<T, Failure> {
        let not_running = || {
            Failure::new(
                "the node is not running",
                "Start it in another terminal with `majlis`, then try again.",
            )
        };
        if !self.is_running() {
            return Err(not_running());
        }
        let (sender, answer) = oneshot::channel();
        self.tell(question(sender)).await;
        answer.await.map_err(|_| not_running())
    }

    /// Commits what is the owner's and tells the driver.
    async fn commit_own(
        &self,
        entries: Arc<[Verified<Entry>]>,
        identities: Vec<Arc<VerifiedId>>,
    ) -> Result<Committed, Failure> {
        let batch = Batch { now_ms: now_ms(), own: true, identities, entries, ..Batch::default() };
        let committed = self.commit(batch).await?;
        let (changed, identities) = (committed.changed.clone(), committed.identities_changed.clone());
        self.tell(Local::Committed { changed, identities }).await;
        Ok(committed)
    }

    async fn commit(&self, batch: Batch) -> Result<Committed, Failure> {
        let stopped =
            || Failure::new("the store has stopped", "Restart the node; nothing acknowledged is lost.");
        Ok(self.store.commit(batch).await.map_err(|_| stopped())??)
    }
}

/// What opening has found, in sentences for people.
fn notes(report: &OpenReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.copied_home {
        notes.push(
            "This home was copied or moved: posting goes on in a new log, so that two copies never clash."
                .into(),
        );
    }
    if report.journal_damaged {
        notes.push(
            "The journal of own posts was damaged: posting goes on in a new log; peers give back the rest."
                .into(),
        );
    }
    if let Some(aside) = &report.set_aside {
        notes.push(format!(
            "The database was damaged and set aside as {}: own posts are back from the journal, others' come back \
             from peers.",
            aside.display()
        ));
    }
    if report.bad_rows > 0 {
        notes.push(format!("{} damaged rows were passed over; peers give them back.", report.bad_rows));
    }
    if let Some(lost) = report.lost {
        notes.push(format!(
            "The end of the database was damaged, and what was written last is gone: own posts are back from the \
             journal, {lost} entries of others' come back from peers; `majlis following` shows whom you follow."
        ));
    }
    if report.unrecovered > 0 {
        notes.push(format!(
            "{} own entries in the journal are of a device that is not listed.",
            report.unrecovered
        ));
    }
    notes
}

/// A tag as tags are compared.
pub fn folded_tag(tag: &str) -> String {
    crate::store::fold_tag(tag)
}

/// Bytes as people name them.
fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Runs work that waits for the disk off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::new(
            format!("the work was broken off: {error}"),
            "Try again; please report it if it returns.",
        ))
    })
}
