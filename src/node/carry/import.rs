//! Import: each record proved, in batches, on the way into the store. What is held already is neither proved nor
//! written again, so an import that was broken off goes on at little cost when it is given once more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use majlis_protocol::body::BlobId;
use majlis_protocol::entry::verify_all;
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::keys::KeyCache;
use majlis_protocol::state::Proof;
use majlis_protocol::{AccountId, Entry, LogId, Verified};
use tokio::sync::mpsc;

use super::file::{Piece, Record, Records, read_group, read_identity, read_kept, read_piece, read_proof};
use super::{cannot_go_on, cannot_open};
use crate::blobs::{BlobError, Download, Owner};
use crate::node::api::{CarriedOf, CarriedView, ProgressView, Reply};
use crate::node::execute::{Out, reply};
use crate::node::media::files;
use crate::node::watch::News;
use crate::node::{Failure, Local, Node, blocking, now_ms};
use crate::store::Batch;

/// Entries verified and committed as one batch, and bytes of records that are read into one.
pub(super) const BATCH: usize = 4_096;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Accounts that are not held here and of which a file may bring something.
const MAX_STRANGERS: usize = 16_384;

/// A part of an archive, verified.
#[derive(Default)]
struct Incoming {
    identities: Vec<Arc<VerifiedId>>,
    proofs: Vec<Arc<Proof>>,
    entries: Vec<Verified<Entry>>,
    pieces: Vec<Piece>,
    kept: Vec<(String, Bytes)>,
    /// Entries that are held already.
    held: u64,
    refused: u64,
    /// Up to where the file was read.
    at: u64,
}

/// What an import has brought of an account.
#[derive(Default)]
struct Brought {
    entries: u64,
    files: u64,
}

/// An import under way.
struct Import {
    node: Arc<Node>,
    carried: CarriedView,
    brought: BTreeMap<AccountId, Brought>,
    accounts: BTreeSet<AccountId>,
    strangers: BTreeSet<AccountId>,
    files: Files,
    /// The file is the owner's backup.
    restores: bool,
}

/// Files that come in pieces, one after the other.
#[derive(Default)]
struct Files {
    /// They are the owner's backup, of which no quota leaves anything out.
    is_all: bool,
    /// The one that is coming.
    open: Option<(Download, Coming)>,
    /// Those that are not taken, and whose other pieces are passed over.
    left: BTreeSet<BlobId>,
    /// The last that nothing names.
    unnamed: Option<(BlobId, u64)>,
    /// Bytes that others' files may take yet.
    room: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Coming {
    blob: BlobId,
    size: u64,
    account: AccountId,
}

impl Node {
    /// Takes a file in; one that the owner's node has kept for itself with what that had kept.
    pub(in crate::node) async fn import(
        self: &Arc<Self>,
        file: PathBuf,
        restores: bool,
        out: &Out,
    ) -> Result<(), Failure> {
        let path = file.clone();
        let records =
            blocking(move || Records::open(&path).map_err(|fault| cannot_open(&path, &fault))).await?;
        let size = records.size;
        let (batches, mut arriving) = mpsc::channel::<Incoming>(1);
        let (node, path) = (Arc::clone(self), file.clone());
        let reading = tokio::task::spawn_blocking(move || read_archive(&node, &path, records, &batches));
        let mut import = Import {
            node: Arc::clone(self),
            carried: CarriedView::default(),
            brought: BTreeMap::new(),
            accounts: BTreeSet::new(),
            strangers: BTreeSet::new(),
            files: Files { is_all: restores, ..Files::default() },
            restores,
        };
        let mut taken = Ok(());
        while let Some(incoming) = arriving.recv().await {
            let at = incoming.at;
            taken = import.take(incoming).await;
            if taken.is_err() {
                break;
            }
            reply(out, Reply::Progress(ProgressView { done: at, total: Some(size) })).await?;
        }
        drop(arriving);
        let read = reading.await.map_err(|error| cannot_go_on(&file, error))?;
        let ended = import.end(out).await;
        taken.and(ended).and(read)
    }
}

impl Import {
    /// Takes a part of the file in.
    async fn take(&mut self, incoming: Incoming) -> Result<(), Failure> {
        let node = Arc::clone(&self.node);
        self.carried.refused += incoming.refused;
        self.carried.held += incoming.held;
        let identities = self.admitted(incoming.identities);
        let entries: Arc<[_]> = incoming.entries.into();
        let imported = Arc::clone(&entries);
        let batch =
            Batch { now_ms: now_ms(), identities, proofs: incoming.proofs, entries, ..Batch::default() };
        let committed = node.commit(batch).await?;
        node.crier.call(News::Stored(imported));
        self.carried.entries += committed.added as u64;
        self.carried.held += committed.duplicates as u64;
        self.carried.refused += committed.refused as u64;
        for (account, added) in committed.added_of {
            self.brought.entry(account).or_default().entries += added as u64;
        }
        let (changed, identities) = (committed.changed, committed.identities_changed);
        if identities.contains(&node.keys.account) {
            let node = Arc::clone(&node);
            blocking(move || node.establish()).await?;
        }
        node.tell(Local::Committed { changed, identities }).await;
        if self.restores && !incoming.kept.is_empty() {
            node.take_kept(incoming.kept).await?;
        }
        if !incoming.pieces.is_empty() {
            self.pieces(incoming.pieces).await?;
        }
        Ok(())
    }

    /// Documents of accounts that are held or known here, and of some more.
    fn admitted(&mut self, identities: Vec<Arc<VerifiedId>>) -> Vec<Arc<VerifiedId>> {
        let mut admitted = Vec::new();
        for document in identities {
            let account = document.account();
            let is_known = self.node.peers.reason(&account).is_some()
                || self.strangers.contains(&account)
                || self.node.store.replica().account(&account).is_some();
            if !is_known && !self.restores {
                if self.strangers.len() >= MAX_STRANGERS {
                    self.carried.refused += 1;
                    continue;
                }
                self.strangers.insert(account);
            }
            self.accounts.insert(account);
            admitted.push(document);
        }
        admitted
    }

    async fn pieces(&mut self, pieces: Vec<Piece>) -> Result<(), Failure> {
        let (node, mut files) = (Arc::clone(&self.node), std::mem::take(&mut self.files));
        let (files, finished, refused) = blocking(move || {
            let (mut finished, mut refused) = (Vec::new(), 0);
            for piece in pieces {
                match files.take(&node, &piece)? {
                    Taken::Refused => refused += 1,
                    Taken::Whole(coming) => finished.push(coming),
                    Taken::Part | Taken::Left => {}
                }
            }
            Ok((files, finished, refused))
        })
        .await?;
        self.files = files;
        self.carried.refused += refused;
        for coming in finished {
            self.carried.files += 1;
            self.accounts.insert(coming.account);
            self.brought.entry(coming.account).or_default().files += 1;
        }
        Ok(())
    }

    /// Says what was new, of each account.
    async fn end(mut self, out: &Out) -> Result<(), Failure> {
        let node = Arc::clone(&self.node);
        let files = std::mem::take(&mut self.files);
        self.carried.left = files.left.len() as u64;
        let (closing, restores) = (Arc::clone(&node), self.restores);
        blocking(move || {
            // A file that is not whole keeps what has come.
            drop(files);
            if restores { Ok(()) } else { closing.make_room(closing.media.quota) }
        })
        .await?;
        node.own_news(false).await?;
        self.accounts.extend(self.brought.keys());
        self.carried.accounts = self.accounts.len() as u64;
        for (account, brought) in self.brought {
            let reader = Arc::clone(&node);
            let name = blocking(move || Ok(reader.profile_of(&account)?.name)).await?;
            let Brought { entries, files } = brought;
            let of = CarriedOf { account: account.to_string(), name, entries, files };
            reply(out, Reply::CarriedOf(of)).await?;
        }
        reply(out, Reply::Carried(self.carried)).await
    }
}

/// What became of a piece.
enum Taken {
    /// It is kept.
    Part,
    /// It was the last, and its file is here.
    Whole(Coming),
    /// It proves nothing, or no entry that is held and counts names its file.
    Refused,
    /// There is no room for its file, or it comes in another way just now.
    Left,
}

impl Files {
    fn take(&mut self, node: &Arc<Node>, piece: &Piece) -> Result<Taken, Failure> {
        let blobs = node.blobs()?;
        if self.left.contains(&piece.blob) {
            return Ok(Taken::Left);
        }
        if blobs.get(&piece.blob).is_some() {
            return Ok(Taken::Part);
        }
        let is_open = self
            .open
            .as_ref()
            .is_some_and(|(_, coming)| (coming.blob, coming.size) == (piece.blob, piece.size));
        if !is_open {
            // What has come of another one is kept for the next time.
            self.open = None;
            if self.unnamed == Some((piece.blob, piece.size)) {
                return Ok(Taken::Refused);
            }
            let Some(account) = wanted_by(node, piece)? else {
                self.unnamed = Some((piece.blob, piece.size));
                return Ok(Taken::Refused);
            };
            if !self.has_room(node, piece, &account)? {
                self.left.insert(piece.blob);
                return Ok(Taken::Left);
            }
            let download = match blobs.download(&piece.blob, piece.size) {
                Ok(download) => download,
                Err(BlobError::Unfit(..)) => {
                    self.left.insert(piece.blob);
                    return Ok(Taken::Left);
                }
                Err(error) => return Err(error.into()),
            };
            self.open = Some((download, Coming { blob: piece.blob, size: piece.size, account }));
        }
        let Some((download, coming)) = self.open.take() else { return Ok(Taken::Left) };
        if !download.has(piece.span) {
            match download.add(piece.span, &piece.bytes) {
                Err(BlobError::Mismatch(_)) => {
                    self.open = Some((download, coming));
                    return Ok(Taken::Refused);
                }
                added => added?,
            }
        }
        if !download.is_whole() {
            self.open = Some((download, coming));
            return Ok(Taken::Part);
        }
        let is_own = coming.account == node.keys.account;
        download.finish(if is_own { Owner::Me } else { Owner::Others })?;
        Ok(Taken::Whole(coming))
    }

    /// Whether a file may come; then its room is taken.
    fn has_room(&mut self, node: &Node, piece: &Piece, account: &AccountId) -> Result<bool, Failure> {
        if node.store.free_bytes()? < piece.size.saturating_add(node.media.min_free) {
            return Ok(false);
        }
        if self.is_all || *account == node.keys.account {
            return Ok(true);
        }
        let room = match self.room {
            Some(room) => room,
            None => node.media.quota.saturating_sub(node.blobs()?.size_of_others()),
        };
        let left = room.checked_sub(piece.size);
        self.room = Some(left.unwrap_or(room));
        Ok(left.is_some())
    }
}

/// Whose entry, of those that are held and count, names a file with this length, or whose draft: the owner's before
/// others'.
fn wanted_by(node: &Node, piece: &Piece) -> Result<Option<AccountId>, Failure> {
    if node.draft_files().contains(&piece.blob) {
        return Ok(Some(node.keys.account));
    }
    let mut naming = node.naming(&piece.blob)?;
    naming.retain(|stored| {
        files(&stored.entry).iter().any(|named| (named.blob, named.size) == (piece.blob, piece.size))
    });
    let accounts = naming.iter().map(|stored| stored.entry.header.account);
    Ok(accounts.min_by_key(|account| *account != node.keys.account))
}

/// Reads the file to its end or to its first fault; what came before that goes on its way too.
fn read_archive(
    node: &Node,
    path: &Path,
    mut records: Records,
    batches: &mpsc::Sender<Incoming>,
) -> Result<(), Failure> {
    let blobs = node.blobs()?;
    let mut reading = Reading {
        node,
        keys: node.store.keys(),
        batches,
        incoming: Incoming::default(),
        entries: Vec::new(),
    };
    let mut bytes = 0;
    loop {
        let before = records.at;
        match records.next(|blob| blobs.get(blob).is_some()) {
            Ok(Some(record)) => reading.record(record)?,
            Ok(None) => return reading.send(records.size),
            Err(fault) => {
                reading.send(records.at)?;
                return Err(cannot_go_on(path, fault));
            }
        }
        bytes += (records.at - before) as usize;
        if bytes >= BATCH_BYTES || reading.entries.len() >= BATCH {
            reading.send(records.at)?;
            bytes = 0;
        }
    }
}

/// Public logs are for all; what an account keeps for its own devices is for no one else.
fn is_for(owner: &AccountId, group: &[Entry]) -> bool {
    group.iter().all(|entry| match entry.header.log_id.class() {
        LogId::PUBLIC => true,
        LogId::OWN_DEVICES => entry.header.account == *owner,
        _ => false,
    })
}

struct Reading<'a> {
    node: &'a Node,
    keys: KeyCache,
    batches: &'a mpsc::Sender<Incoming>,
    incoming: Incoming,
    /// Not verified yet.
    entries: Vec<Entry>,
}

impl Reading<'_> {
    fn record(&mut self, record: Record) -> Result<(), Failure> {
        let (node, incoming) = (self.node, &mut self.incoming);
        match record {
            Record::Identity(body) => match read_identity(&body, &self.keys) {
                Some(document) => incoming.identities.push(Arc::new(document)),
                None => incoming.refused += 1,
            },
            Record::Proof(body) => match read_proof(body, &self.keys) {
                Some(proof) => incoming.proofs.push(Arc::new(proof)),
                None => incoming.refused += 1,
            },
            Record::Pack(body) => match read_group(body) {
                Some(group) if !is_for(&node.keys.account, &group) => incoming.refused += group.len() as u64,
                Some(group) if node.store.holds_linked(&group)? => incoming.held += group.len() as u64,
                Some(group) => self.entries.extend(group),
                None => incoming.refused += 1,
            },
            Record::Piece(body) => match read_piece(body) {
                Some(piece) => incoming.pieces.push(piece),
                None => incoming.refused += 1,
            },
            Record::Kept(body) => match read_kept(body) {
                Some(kept) => incoming.kept.push(kept),
                None => incoming.refused += 1,
            },
            Record::Skipped => {}
        }
        Ok(())
    }

    fn send(&mut self, at: u64) -> Result<(), Failure> {
        for verdict in verify_all(std::mem::take(&mut self.entries), &self.keys) {
            match verdict {
                Ok(entry) => self.incoming.entries.push(entry),
                Err(_) => self.incoming.refused += 1,
            }
        }
        let incoming = Incoming { at, ..std::mem::take(&mut self.incoming) };
        self.batches.blocking_send(incoming).map_err(|_| Failure::new("broken off", "Ask again."))
    }
}
