//! Files and the bucket, where one is set: what is put there, what is removed there, and what goes from this disk.
//!
//! Put there is what entries that count name; what only a draft names stays here alone. While the bucket is away all of
//! that waits on the disk, and is tried again, ever more rarely.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::BufWriter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use majlis_protocol::body::BlobId;
use parking_lot::Mutex;

use super::unasked::Want;
use crate::blobs::{BlobError, Blobs, Bucket, BucketError, Owner, Places};
use crate::node::api::BucketView;
use crate::node::{Failure, Node, blocking};

/// Files that go there, or are removed there, at once.
const AT_ONCE: usize = 4;
/// Files that are put there before it is looked what else there is to be done.
const ROUND: usize = 256;
/// How soon it is looked again after what may wait only for a post to name it.
const SOON: Duration = Duration::from_secs(2);
/// How often it is looked in any case.
const IDLE: Duration = Duration::from_mins(1);
/// How long to wait after a failure: at first, and at most.
const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_mins(5);
/// How long it is believed that the folder is this node's.
const CLAIMED: Duration = Duration::from_secs(30);
/// How often it is looked for files of a folder that was another node's.
const LOOK_THROUGH: Duration = Duration::from_hours(1);
/// In the home's folder of files while some of what another node has put into the bucket may not be known.
const TAKEN: &str = "taken";

/// How it stands with the bucket.
#[derive(Default)]
pub(super) struct Upkeep {
    claimed: Mutex<Option<Instant>>,
    looked: Mutex<Option<Instant>>,
    /// Rounds that failed since the last that did not.
    failures: AtomicU64,
}

impl Node {
    /// Asks for the bucket, where one is set, and makes the folder in it this node's; `take` takes it from another. A
    /// sentence for people where it is away, and was had before: then the node goes on without.
    pub async fn meet_bucket(self: &Arc<Self>, take: bool) -> Result<Option<String>, Failure> {
        let node = Arc::clone(self);
        let blobs = blocking(move || node.blobs()).await?;
        let Some(bucket) = blobs.bucket() else {
            if take {
                return Err(Failure::usage(
                    "no bucket is set",
                    "Set one under [blobs]: see `majlis config`.",
                ));
            }
            return Ok(None);
        };
        match bucket.claim(&self.keys.device_id().to_string(), take).await {
            Ok(()) => {
                *self.media.upkeep.claimed.lock() = Some(Instant::now());
                let taken = self.home.join(super::FOLDER).join(TAKEN);
                let blobs = Arc::clone(&blobs);
                blocking(move || {
                    if take {
                        File::create(&taken).map_err(|source| {
                            Failure::new(format!("cannot write {}: {source}", taken.display()), "Make room.")
                        })?;
                    }
                    Ok(blobs.note_place()?)
                })
                .await?;
                Ok(None)
            }
            Err(error) if error.may_pass() && blobs.knows_place() => {
                Ok(Some(format!("Files wait on this disk: {error}.")))
            }
            Err(error) => Err(BlobError::from(error).into()),
        }
    }

    /// Keeps the bucket as the folder is, as long as the node runs.
    pub async fn keep_bucket(self: Arc<Self>) {
        let Ok(blobs) = self.blobs() else { return };
        let Some(bucket) = blobs.bucket().cloned() else { return };
        let mut pause = FIRST;
        loop {
            match self.tend(&blobs, &bucket).await {
                Ok(next) => {
                    if self.media.upkeep.failures.swap(0, Relaxed) > 0 {
                        tracing::info!("the bucket is there again");
                    }
                    pause = FIRST;
                    tokio::select! {
                        () = tokio::time::sleep(next) => {}
                        () = bucket.stirred.notified() => {}
                    }
                }
                Err(failure) => {
                    if self.media.upkeep.failures.fetch_add(1, Relaxed) == 0 {
                        tracing::warn!(%failure, "files wait for the bucket");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LAST);
                }
            }
        }
    }

    /// Does what there is to be done; when to look again.
    async fn tend(self: &Arc<Self>, blobs: &Arc<Blobs>, bucket: &Arc<Bucket>) -> Result<Duration, Failure> {
        let node = Arc::clone(self);
        let (reader, cache) = (Arc::clone(blobs), self.media.of_blobs.cache);
        let drafts = blocking(move || Ok(node.draft_files())).await?;
        let places = blocking(move || Ok(reader.places())).await?;
        let gone = blobs.gone();
        let is_over = |places: Places| places.stored.bytes - places.only_there.bytes > cache;
        let is_due = |since: &Mutex<Option<Instant>>, each: Duration| {
            since.lock().is_none_or(|since: Instant| since.elapsed() >= each)
        };
        let looks = self.home.join(super::FOLDER).join(TAKEN).exists()
            && is_due(&self.media.upkeep.looked, LOOK_THROUGH);
        let is_quiet = gone.is_empty() && blobs.doubted().is_empty() && !looks;
        if is_quiet && places.only_here.files == 0 && !is_over(places) {
            return Ok(IDLE);
        }
        // Another node may have taken it over meanwhile.
        if is_due(&self.media.upkeep.claimed, CLAIMED) {
            *self.media.upkeep.claimed.lock() = None;
            bucket.claim(&self.keys.device_id().to_string(), false).await.map_err(BlobError::from)?;
            *self.media.upkeep.claimed.lock() = Some(Instant::now());
            let blobs = Arc::clone(blobs);
            blocking(move || Ok(blobs.note_place()?)).await?;
        }
        stream::iter(gone.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |blob| async move {
                bucket.remove(&blob).await.map_err(BlobError::from)?;
                let blobs = Arc::clone(blobs);
                blocking(move || Ok(blobs.is_gone(&blob)?)).await
            })
            .await?;
        let next = self.put_there(blobs, bucket, &drafts).await?;
        if looks {
            self.look_through(blobs, bucket).await?;
            *self.media.upkeep.looked.lock() = Some(Instant::now());
        }
        let evictor = Arc::clone(blobs);
        let (evicted, places) =
            blocking(move || Ok((evictor.evict(cache, &drafts)?, evictor.places()))).await?;
        if evicted.files > 0 {
            tracing::debug!(?evicted, "files are in the bucket alone now");
        }
        self.seek_doubted(blobs).await?;
        Ok(if is_over(places) { next.min(SOON) } else { next })
    }

    /// Puts what is not in the bucket there, as much as is done in a round; when to look for more.
    async fn put_there(
        self: &Arc<Self>,
        blobs: &Arc<Blobs>,
        bucket: &Arc<Bucket>,
        drafts: &HashSet<BlobId>,
    ) -> Result<Duration, Failure> {
        let (node, reader) = (Arc::clone(self), Arc::clone(blobs));
        let drafts = drafts.clone();
        let (wanted, next) = blocking(move || {
            let (mut wanted, mut next) = (Vec::new(), IDLE);
            for (blob, held) in reader.unstored() {
                if wanted.len() == ROUND {
                    next = Duration::ZERO;
                    break;
                }
                if drafts.contains(&blob) || node.naming(&blob)?.is_empty() {
                    // A post may be about to name it.
                    next = SOON;
                } else {
                    wanted.push((blob, held));
                }
            }
            Ok((wanted, next))
        })
        .await?;
        stream::iter(wanted.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |(blob, held)| async move {
                let Some(path) = blobs.unstored_path(&blob) else { return Ok(()) };
                match bucket.keep(&blob, held.size, &path).await {
                    Ok(()) => {
                        let blobs = Arc::clone(blobs);
                        blocking(move || Ok(blobs.was_stored(&blob, held.size)?)).await
                    }
                    // That is about this file alone: it may have been removed while it was to be read.
                    Err(
                        error @ (BucketError::Unread(_) | BucketError::Gone(..) | BucketError::Spoilt(..)),
                    ) => {
                        tracing::debug!(%error, "a file could not be put into the bucket");
                        Ok(())
                    }
                    Err(error) => Err(BlobError::from(error).into()),
                }
            })
            .await?;
        Ok(next)
    }

    /// Takes in what the bucket has of a node that was there before: files that entries name here. Others stay there, as
    /// the entries that name them may come yet.
    async fn look_through(self: &Arc<Self>, blobs: &Arc<Blobs>, bucket: &Arc<Bucket>) -> Result<(), Failure> {
        let mut all = bucket.all().map_err(BlobError::from)?;
        let mut unnamed = 0_u64;
        while let Some(found) = all.next().await {
            let (blob, size) = found.map_err(BlobError::from)?;
            if blobs.get(&blob).is_some() {
                continue;
            }
            let node = Arc::clone(self);
            let naming = blocking(move || node.naming(&blob)).await?;
            if naming.is_empty() {
                unnamed += 1;
                continue;
            }
            let is_own = naming.iter().any(|stored| stored.entry.header.account == self.keys.account);
            let owner = if is_own { Owner::Me } else { Owner::Others };
            let tree = blobs.new_path();
            let out = tokio::fs::File::create_new(&tree).await.map_err(|source| {
                Failure::new(format!("cannot write {}: {source}", tree.display()), "Make room on the disk.")
            })?;
            let out = BufWriter::new(out.into_std().await);
            match bucket.check(&blob, size, out).await {
                Ok(()) => {
                    let blobs = Arc::clone(blobs);
                    blocking(move || Ok(blobs.adopt(&blob, size, owner, &tree)?)).await?;
                }
                // What was written is removed at the next start.
                Err(error @ (BucketError::Gone(..) | BucketError::Spoilt(..))) => {
                    tracing::warn!(%error, "a file of the node before is passed over");
                }
                Err(error) => return Err(BlobError::from(error).into()),
            }
        }
        if unnamed == 0 {
            // If it stays, it is only looked through once more.
            let _ = fs::remove_file(self.home.join(super::FOLDER).join(TAKEN));
        }
        Ok(())
    }

    /// Wants files from peers that the bucket should have and does not.
    async fn seek_doubted(self: &Arc<Self>, blobs: &Arc<Blobs>) -> Result<(), Failure> {
        let doubted = blobs.doubted();
        if doubted.is_empty() {
            return Ok(());
        }
        let node = Arc::clone(self);
        blocking(move || {
            for blob in doubted {
                for stored in node.naming(&blob)?.iter().take(1) {
                    let named = super::files(&stored.entry).into_iter().find(|named| named.blob == blob);
                    if let Some(named) = named {
                        node.media.wanted.lock().add(Want::new(named));
                    }
                }
            }
            Ok(())
        })
        .await
    }

    /// How it stands with the bucket, where one is set and the node runs.
    pub(in crate::node) fn bucket_view(&self) -> Option<BucketView> {
        let blobs = self.blobs().ok()?;
        let bucket = blobs.bucket().filter(|_| self.is_running())?;
        let (places, counts) = (blobs.places(), &bucket.counts);
        Some(BucketView {
            place: bucket.place().to_owned(),
            trouble: bucket.trouble().map(|error| error.to_string()),
            files: places.stored.files,
            bytes: places.stored.bytes,
            local_bytes: places.stored.bytes - places.only_there.bytes,
            waiting_files: places.only_here.files,
            waiting_bytes: places.only_here.bytes,
            to_remove: blobs.gone().len() as u64,
            stored: counts.stored.load(Relaxed),
            removed: counts.removed.load(Relaxed),
            read_bytes: counts.read.load(Relaxed),
            failed: counts.failed.load(Relaxed),
        })
    }
}
