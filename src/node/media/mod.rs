//! Files that posts and profiles name: those of the owner, and those that were fetched.
//!
//! A file is here for the sake of entries that count and name it. When the last of them is taken back the file goes
//! when the entry's own bytes do; when nothing is short, nothing else goes. Where there is more than the quota allows,
//! what was not looked at for longest goes first, but nothing of the owner's, nor what they have bookmarked.

mod attach;
mod bucket;
mod fetch;
mod unasked;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use majlis_protocol::body::{Attachment, BlobId, Body, EntryRef, Focus};
use majlis_protocol::sync::{BlobWant, Reason};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogId};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

use super::api::{AttachmentView, FileView, PreviewView};
use super::{Failure, Node, NodeConfig, now_ms};
use crate::blobs::{BlobError, Blobs, BlobsConfig, Bucket, Owner};
use crate::store::{Relation, StoreConfig, Stored, Subject};

pub(super) use attach::{Attached, focus};
pub use fetch::{Asked, PATIENCE, Sources};

const FOLDER: &str = "blobs";
/// Since when a file is not named by anything, in milliseconds since 1970.
const UNNAMED: &[u8] = b"unnamed/";
/// Files that are fetched at once: unasked, and because the owner asks for them.
const AT_ONCE: usize = 3;
/// For so long whoever is about to connect is waited for, where the owner asks for a file.
const ARRIVAL: Duration = Duration::from_secs(10);
/// How long it is remembered that a file may be given, and of how many.
const GIVEN_FOR: Duration = Duration::from_secs(2);
const MAX_GIVEN: usize = 64;

/// Files of which pieces were given a moment ago, with the entry and length that they were asked for by; whose entry
/// that is.
type Given = HashMap<(EntryId, BlobId, u64), (AccountId, Instant)>;

/// What the node keeps about files.
pub(super) struct Media {
    blobs: Mutex<Option<Arc<Blobs>>>,
    /// Of those that the owner asks for.
    slots: Semaphore,
    under_way: fetch::UnderWay,
    given: Mutex<Given>,
    wanted: Mutex<unasked::Wanted>,
    /// Told when a session has come that may have what is missing.
    met: Notify,
    of_blobs: BlobsConfig,
    upkeep: bucket::Upkeep,
    pub(super) quota: u64,
    fetch_below: u64,
    /// Bytes of the disk that are left free.
    pub(super) min_free: u64,
    erase_after_ms: u64,
}

impl From<BlobError> for Failure {
    fn from(error: BlobError) -> Self {
        let message = error.to_string();
        let (message, hint) = message.split_once("; ").unwrap_or((&message, "try again"));
        Self::new(message, hint)
    }
}

/// A file and the entry that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub entry: EntryRef,
    pub blob: BlobId,
    /// Its length in bytes, as the entry has it.
    pub size: u64,
}

/// What an entry says, where that is held.
fn body(entry: &Entry) -> Option<Body> {
    Body::decode(entry.header.kind, entry.body()?).ok()?
}

/// The files that an entry names.
pub(super) fn files(entry: &Entry) -> Vec<Named> {
    let named = EntryRef { account: entry.header.account, id: entry.id };
    let files = body(entry).map(|body| body.files()).unwrap_or_default();
    files.into_iter().map(|(blob, size)| Named { entry: named, blob, size }).collect()
}

/// All that a body attaches.
fn attachments(body: &Body) -> Vec<&Attachment> {
    match body {
        Body::Post(post) => post.content.attachments.iter().collect(),
        Body::Edit(edit) => edit.content.attachments.iter().collect(),
        Body::Profile(profile) => profile.avatar.iter().chain(&profile.header).collect(),
        _ => Vec::new(),
    }
}

fn media_type(body: &Body, blob: &BlobId) -> Option<String> {
    let types = attachments(body).into_iter().flat_map(|file| {
        let preview = file.preview.as_ref().map(|small| (small.blob, &small.media_type));
        std::iter::once((file.blob, &file.media_type)).chain(preview)
    });
    types.into_iter().find(|(named, _)| named == blob).map(|(_, media_type)| media_type.clone())
}

/// A focus as people write it: to the right and upward, each -1 to 1.
pub(super) fn shares(focus: Focus) -> [f64; 2] {
    [focus.x, focus.y].map(|part| f64::from(part) / f64::from(Focus::EDGE))
}

impl Media {
    pub(super) fn new(config: &NodeConfig, store: &StoreConfig, blobs: &BlobsConfig) -> Self {
        Self {
            blobs: Mutex::default(),
            slots: Semaphore::new(AT_ONCE),
            under_way: fetch::UnderWay::default(),
            given: Mutex::default(),
            wanted: Mutex::default(),
            met: Notify::new(),
            of_blobs: blobs.clone(),
            upkeep: bucket::Upkeep::default(),
            quota: config.media_quota,
            fetch_below: config.media_fetch_below,
            min_free: store.min_free,
            erase_after_ms: store.erase_after_ms,
        }
    }

    /// A session has come that may have what is missing.
    pub(super) fn met(&self) {
        self.met.notify_one();
    }
}

impl Node {
    /// The files of this home.
    pub(super) fn blobs(&self) -> Result<Arc<Blobs>, Failure> {
        let mut open = self.media.blobs.lock();
        if let Some(blobs) = &*open {
            return Ok(Arc::clone(blobs));
        }
        let bucket = Bucket::open(&self.media.of_blobs, &self.home).map_err(BlobError::from)?;
        let blobs = Arc::new(Blobs::open(&self.home.join(FOLDER), bucket)?);
        *open = Some(Arc::clone(&blobs));
        Ok(blobs)
    }

    /// A file as it is shown.
    pub(super) fn attachment_view(&self, file: &Attachment) -> AttachmentView {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let preview = file.preview.as_ref().map(|small| PreviewView {
            cid: small.blob.to_string(),
            media_type: small.media_type.clone(),
            size: small.size,
            width: small.width,
            height: small.height,
            held: self.holds_file(&small.blob),
        });
        AttachmentView {
            cid: file.blob.to_string(),
            media_type: file.media_type.clone(),
            size: file.size,
            width: file.width,
            height: file.height,
            duration_ms: file.duration_ms,
            blurhash: given(&file.blurhash),
            alt: given(&file.alt),
            focus: file.focus.map(shares),
            source_type: given(&file.source_type),
            name: given(&file.name),
            preview,
            held: self.holds_file(&file.blob),
        }
    }

    /// Whether a file is to be had here as a whole.
    pub(super) fn holds_file(&self, blob: &BlobId) -> bool {
        // Where the folder cannot be opened, whoever wants a file is told; here it is only shown.
        self.blobs().is_ok_and(|blobs| blobs.get(blob).is_some())
    }

    /// The entries that count and name a file. Of an account's profiles only the one in force does.
    pub(super) fn naming(&self, blob: &BlobId) -> Result<Vec<Stored>, Failure> {
        let mut naming = Vec::new();
        for stored in self.store.about(&Subject::File(*blob), Relation::File)? {
            let header = &stored.entry.header;
            let in_force = header.kind != Kind::PROFILE
                || self
                    .store
                    .latest(&header.account, Kind::PROFILE)?
                    .is_some_and(|latest| latest.entry.id == stored.entry.id);
            if in_force {
                naming.push(stored);
            }
        }
        Ok(naming)
    }

    /// What names a file, as people name it, and its media type.
    fn named_file(&self, cid: &str) -> Result<(Named, String), Failure> {
        let blob: BlobId = cid.parse().map_err(|error: majlis_protocol::text::TextError| {
            Failure::usage(error.to_string(), "Copy the file's id from `majlis show ID`.")
        })?;
        let naming = self.naming(&blob)?;
        let find = |stored: &Stored| {
            let named = files(&stored.entry).into_iter().find(|named| named.blob == blob)?;
            Some((named, media_type(&body(&stored.entry)?, &blob)?))
        };
        naming.iter().find_map(find).ok_or_else(|| {
            Failure::missing(
                format!("no post that is held here names the file {blob}"),
                "Copy the file's id from `majlis show ID`.",
            )
        })
    }

    /// Fetches a file if it is not here; where it lies.
    pub(super) async fn get_file(
        self: &Arc<Self>,
        cid: &str,
        progress: impl FnMut(u64, u64),
    ) -> Result<FileView, Failure> {
        let (node, mut progress) = (Arc::clone(self), progress);
        let cid = cid.to_owned();
        let (named, media_type) = super::blocking(move || node.named_or_own(&cid)).await?;
        {
            let _slot = self.media.slots.acquire().await;
            let tell = |done| {
                progress(done, named.size);
                true
            };
            self.fetch(named, ARRIVAL, tell).await?;
        }
        let path = self.blobs()?.path(&named.blob).ok_or_else(|| {
            Failure::new(
                "the file was removed again for want of room",
                "Raise node.media_quota and try again.",
            )
        })?;
        let path = path.display().to_string();
        Ok(FileView { cid: named.blob.to_string(), media_type, size: named.size, path })
    }

    /// The same, and a file of the owner's that a post is only going to name.
    fn named_or_own(&self, cid: &str) -> Result<(Named, String), Failure> {
        let named = self.named_file(cid);
        let Ok(blob) = cid.parse::<BlobId>() else { return named };
        let blobs = self.blobs()?;
        let own = blobs.get(&blob).filter(|held| named.is_err() && held.owner == Owner::Me);
        let (Some(held), Some(path)) = (own, blobs.path(&blob)) else { return named };
        let entry = EntryRef { account: self.keys.account, id: EntryId::ZERO };
        Ok((Named { entry, blob, size: held.size }, attach::media_type_of(&path)?))
    }

    /// Removes files that nothing names any more: `at_once` these, others when their grace is over. Says of each that
    /// is left whether it is the owner's.
    pub(super) fn collect(&self, at_once: &HashSet<BlobId>) -> Result<(), Failure> {
        let blobs = self.blobs()?;
        let (now, mut notes) = (now_ms(), Vec::new());
        let mut unnamed: HashMap<Vec<u8>, u64> = HashMap::new();
        for (key, since) in self.store.settings(UNNAMED)? {
            unnamed.insert(key, since.try_into().map_or(0, u64::from_be_bytes));
        }
        let (parts, drafts) = (blobs.downloads()?, self.draft_files());
        let parts = parts.into_iter().map(|begun| begun.blob);
        let all: HashSet<BlobId> = blobs.all().into_iter().map(|(blob, _)| blob).chain(parts).collect();
        for blob in all {
            let key = [UNNAMED, &blob.0].concat();
            let naming = self.naming(&blob)?;
            let is_drafted = drafts.contains(&blob);
            if is_drafted || !naming.is_empty() {
                let is_own = is_drafted
                    || naming.iter().any(|stored| stored.entry.header.account == self.keys.account);
                blobs.set_owner(&blob, if is_own { Owner::Me } else { Owner::Others })?;
                // What is left in the map at the end is crossed off.
                continue;
            }
            let since = unnamed.remove(&key);
            let is_due = since.map_or(self.media.erase_after_ms == 0, |since| {
                now.saturating_sub(since) >= self.media.erase_after_ms
            });
            if is_due || at_once.contains(&blob) {
                let bytes = blobs.remove(&blob)?;
                tracing::debug!(%blob, bytes, "a file that nothing names is removed");
                notes.extend(since.map(|_| (key, None)));
            } else if since.is_none() {
                notes.push((key, Some(now.to_be_bytes().to_vec())));
            }
        }
        notes.extend(unnamed.into_keys().map(|key| (key, None)));
        if notes.is_empty() { Ok(()) } else { Ok(self.store.set_settings(notes)?) }
    }

    /// Files that only an account's entries name.
    pub(super) fn files_only_of(&self, account: &AccountId) -> Result<HashSet<BlobId>, Failure> {
        let mut only = HashSet::new();
        for (blob, _) in self.blobs()?.all() {
            let naming = self.store.about(&Subject::File(blob), Relation::File)?;
            if !naming.is_empty() && naming.iter().all(|stored| stored.entry.header.account == *account) {
                only.insert(blob);
            }
        }
        Ok(only)
    }

    /// Files that entries name.
    pub(super) fn files_of(&self, entries: &[EntryId]) -> Result<HashSet<BlobId>, Failure> {
        let mut named = HashSet::new();
        for id in entries {
            if let Some(stored) = self.store.entry(id)? {
                named.extend(files(&stored.entry).iter().map(|named| named.blob));
            }
        }
        Ok(named)
    }

    /// A piece of a file that a peer asks for, and whose entry names it; none where that does not count or does not name
    /// it, or the file is not here.
    pub(super) fn piece(&self, want: &BlobWant) -> Result<Option<(AccountId, Bytes)>, Failure> {
        let Some(account) = self.may_give(want)? else { return Ok(None) };
        let piece = self.blobs()?.piece(&want.blob, want.size, want.span)?;
        Ok(piece.map(|piece| (account, piece.into())))
    }

    /// Whose entry names a file that is asked for, if pieces of it may be given for that. A large file is asked for
    /// thousands of times in a row, so the answer is kept for a moment.
    fn may_give(&self, want: &BlobWant) -> Result<Option<AccountId>, Failure> {
        let key = (want.entry, want.blob, want.size);
        if let Some((account, since)) = self.media.given.lock().get(&key)
            && since.elapsed() < GIVEN_FOR
        {
            return Ok(Some(*account));
        }
        let Some(stored) = self.store.effective_entry(&want.entry)? else { return Ok(None) };
        let is_named = |named: &Named| named.blob == want.blob && named.size == want.size;
        if stored.entry.header.log_id.class() != LogId::PUBLIC || !files(&stored.entry).iter().any(is_named) {
            return Ok(None);
        }
        let account = stored.entry.header.account;
        if self.is_secret(&want.blob, &account)? {
            return Ok(None);
        }
        let mut given = self.media.given.lock();
        if given.len() >= MAX_GIVEN {
            given.clear();
        }
        given.insert(key, (account, Instant::now()));
        Ok(Some(account))
    }

    /// Whether a file may be here for a reason that nobody is to know of: someone who is followed privately has posted
    /// it, or it is in a draft. Whoever guesses that could post it too, and ask for it by that.
    pub(super) fn is_secret(&self, blob: &BlobId, asked_by: &AccountId) -> Result<bool, Failure> {
        // What the owner has posted is told by that.
        if *asked_by == self.keys.account {
            return Ok(false);
        }
        if self.draft_files().contains(blob) {
            return Ok(true);
        }
        let is_private = |account: &AccountId| self.peers.reason(account) == Some(Reason::Private);
        if is_private(asked_by) || !self.peers.interests().iter().any(|(account, _)| is_private(account)) {
            return Ok(false);
        }
        Ok(self.naming(blob)?.iter().any(|stored| is_private(&stored.entry.header.account)))
    }

    /// Removes what a quota has no room for: downloads that were broken off, and others' files.
    pub(super) fn make_room(&self, quota: u64) -> Result<(), Failure> {
        let blobs = self.blobs()?;
        if !self.pins.knows_files() {
            self.survey_pins()?;
        }
        // What is held for others has bounds of its own.
        let quota = quota.saturating_add(self.pins.file_bytes());
        let begun = blobs.downloads()?;
        if blobs.size_of_others() + begun.iter().map(|begun| begun.bytes).sum::<u64>() <= quota {
            return Ok(());
        }
        let mut keep = self.bookmarked_files()?;
        keep.extend(self.pins.files());
        for begun in begun {
            let naming = self.naming(&begun.blob)?;
            if naming.iter().any(|stored| stored.entry.header.account == self.keys.account) {
                keep.insert(begun.blob);
            }
        }
        let removed = blobs.shrink(quota, &keep)?;
        tracing::debug!(?removed, "files were removed to keep to the quota");
        Ok(())
    }

    /// Files of posts that have a bookmark.
    pub(super) fn bookmarked_files(&self) -> Result<HashSet<BlobId>, Failure> {
        let kept: Vec<EntryId> = self.kept_posts()?.into_iter().collect();
        self.files_of(&kept)
    }
}
