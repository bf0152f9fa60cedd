//! What is in the bucket, of what the folder knows: which files it has, which are to be put there or removed, and whose
//! bytes may go from this disk.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use majlis_protocol::blob::{self, Span};
use majlis_protocol::body::BlobId;
use majlis_protocol::limits::{BLOB_GROUP, MAX_BLOB_GROUPS};

use super::{BlobError, Blobs, Bucket, BucketError, Held, Owner, Sum, remove_all, tree_of};

/// The file that says which bucket has what `stored/` names.
const PLACE: &str = "bucket";
/// Whoever was given the place of a file opens it within this time.
const FRESH: Duration = Duration::from_secs(3);

/// Files and their bytes, by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// In the bucket.
    pub stored: Sum,
    /// In the bucket and not on this disk.
    pub only_there: Sum,
    /// On this disk and not in the bucket.
    pub only_here: Sum,
}

/// Where it is noted below the root that the bucket has a file.
pub(super) fn name(blob: &BlobId, size: u64) -> PathBuf {
    Path::new("stored").join(format!("{blob}.{size}"))
}

/// What is to be removed from the bucket, and what it has, with the lengths.
pub(super) fn read(root: &Path) -> Result<(BTreeSet<BlobId>, HashMap<BlobId, u64>), BlobError> {
    let names = |folder: &str| -> Result<Vec<String>, BlobError> {
        let folder = root.join(folder);
        let list = |source| BlobError::io("list", &folder, source);
        let entries = fs::read_dir(&folder).map_err(list)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect::<io::Result<_>>().map_err(list)
    };
    let gone: BTreeSet<BlobId> = names("gone")?.iter().filter_map(|name| name.parse().ok()).collect();
    let mut stored = HashMap::new();
    for name in names("stored")? {
        let parts =
            name.split_once('.').and_then(|(blob, size)| Some((blob.parse().ok()?, size.parse().ok()?)));
        let Some((blob, size)) = parts else { continue };
        // A removal was broken off: what it goes by in the bucket counts no more.
        if gone.contains(&blob) {
            remove_all(&[root.join("stored").join(name)])?;
        } else {
            stored.insert(blob, size);
        }
    }
    Ok((gone, stored))
}

/// Whether a file whose tree alone stands in this folder lies in the other one without it: a change of its owner was
/// broken off, and is completed.
pub(super) fn complete(root: &Path, owner: Owner, blob: &BlobId) -> Result<bool, BlobError> {
    let other = if owner == Owner::Me { Owner::Others } else { Owner::Me };
    let from = root.join(other.folder()).join(blob.to_string());
    if !from.exists() || tree_of(&from).exists() {
        return Ok(false);
    }
    let to = root.join(owner.folder()).join(blob.to_string());
    fs::rename(&from, &to).map_err(|source| BlobError::io("move", &from, source))?;
    Ok(true)
}

fn add(sum: &mut Sum, held: &Held) {
    sum.files += 1;
    sum.bytes += held.size;
}

impl Blobs {
    /// The bucket, where one is set.
    pub fn bucket(&self) -> Option<&Arc<Bucket>> {
        self.bucket.as_ref()
    }

    pub(super) fn stir(&self) {
        if let Some(bucket) = &self.bucket {
            bucket.stirred.notify_one();
        }
    }

    /// Compares the bucket that is set with the one of which the folder knows. What is in another one alone is not
    /// forgotten.
    pub(super) fn fit_place(&self) -> Result<(), BlobError> {
        let path = self.root.join(PLACE);
        let known = match fs::read_to_string(&path) {
            Ok(known) => known,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(BlobError::io("read", &path, source)),
        };
        let now = self.bucket.as_ref().map(|bucket| bucket.place());
        if now == Some(known.as_str()) {
            return Ok(());
        }
        let mut held = self.held.lock();
        let away = held.values().filter(|held| !held.local).count();
        if away > 0 {
            let now = now.map_or_else(|| "no bucket is set".to_owned(), |now| format!("{now} is set"));
            return Err(BucketError::Elsewhere(known, now, away).into());
        }
        for (blob, held) in held.iter_mut().filter(|(_, held)| held.stored) {
            remove_all(&[self.root.join(name(blob, held.size))])?;
            held.stored = false;
        }
        for blob in std::mem::take(&mut *self.gone.lock()) {
            remove_all(&[self.grave(&blob)])?;
        }
        remove_all(&[path])
    }

    /// Whether this bucket was had before.
    pub fn knows_place(&self) -> bool {
        self.root.join(PLACE).exists()
    }

    /// Notes which bucket it is: it has shown that it can be had.
    pub fn note_place(&self) -> Result<(), BlobError> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        let (new, path) = (self.new_path(), self.root.join(PLACE));
        fs::write(&new, bucket.place())
            .and_then(|()| File::open(&new)?.sync_all())
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|source| BlobError::io("write", &path, source))
    }

    fn grave(&self, blob: &BlobId) -> PathBuf {
        self.root.join("gone").join(blob.to_string())
    }

    /// Notes that a file is to be removed from the bucket, which may have it although that is not known.
    pub(super) fn bury(&self, blob: &BlobId, size: u64) -> Result<(), BlobError> {
        if self.bucket.is_none() {
            return Ok(());
        }
        let path = self.grave(blob);
        // The note of it being there becomes the one of it being gone: that goes on a full disk too.
        match fs::rename(self.root.join(name(blob, size)), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::create(&path).map(drop),
            done => done,
        }
        .map_err(|source| BlobError::io("write", &path, source))?;
        self.sync_folder("gone")?;
        self.gone.lock().insert(*blob);
        self.stir();
        Ok(())
    }

    /// Files that are to be removed from the bucket.
    pub fn gone(&self) -> Vec<BlobId> {
        self.gone.lock().iter().copied().collect()
    }

    /// The bucket does not have it any more.
    pub fn is_gone(&self, blob: &BlobId) -> Result<(), BlobError> {
        remove_all(&[self.grave(blob)])?;
        self.gone.lock().remove(blob);
        Ok(())
    }

    /// Files that are not in the bucket, the owner's first.
    pub fn unstored(&self) -> Vec<(BlobId, Held)> {
        let gone = self.gone.lock().clone();
        let mut unstored = self.all();
        unstored.retain(|(blob, held)| held.local && !held.stored && !gone.contains(blob));
        unstored.sort_unstable_by_key(|(blob, held)| (held.owner == Owner::Others, held.size, *blob));
        unstored
    }

    /// Where a file lies that is not in the bucket.
    pub fn unstored_path(&self, blob: &BlobId) -> Option<PathBuf> {
        let known = self.get(blob).filter(|known| known.local)?;
        Some(self.place(blob, known.owner))
    }

    /// Notes that the bucket has a file, and was asked for it back. A file that has been removed meanwhile goes from there
    /// too.
    pub fn was_stored(&self, blob: &BlobId, size: u64) -> Result<(), BlobError> {
        let mut held = self.held.lock();
        let Some(known) = held.get_mut(blob).filter(|known| known.size == size) else {
            return self.bury(blob, size);
        };
        if self.gone.lock().contains(blob) {
            return Ok(());
        }
        self.note_stored(blob, size)?;
        known.stored = true;
        Ok(())
    }

    fn note_stored(&self, blob: &BlobId, size: u64) -> Result<(), BlobError> {
        let path = self.root.join(name(blob, size));
        File::create(&path).map_err(|source| BlobError::io("write", &path, source))?;
        self.sync_folder("stored")
    }

    /// Takes a file in that the bucket has and this folder did not know of; with its tree, at a
    /// [`new_path`](Self::new_path).
    pub fn adopt(&self, blob: &BlobId, size: u64, owner: Owner, tree: &Path) -> Result<(), BlobError> {
        let mut held = self.held.lock();
        if held.contains_key(blob) || self.gone.lock().contains(blob) {
            return remove_all(&[tree.to_owned()]);
        }
        let to = tree_of(&self.place(blob, owner));
        // The note first: a tree alone is removed.
        self.note_stored(blob, size)?;
        File::open(tree)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(tree, &to))
            .map_err(|source| BlobError::io("keep", &to, source))?;
        self.sync_folder(owner.folder())?;
        held.insert(*blob, Held { size, owner, local: false, stored: true, used: SystemTime::now() });
        Ok(())
    }

    /// Removes bytes from this disk that the bucket has, the longest unused first, until those that it has take no more
    /// than `most` here; what is to be kept stays.
    pub fn evict(&self, most: u64, keep: &HashSet<BlobId>) -> Result<Sum, BlobError> {
        let mut here = self.all();
        here.retain(|(_, held)| held.local && held.stored);
        let mut size: u64 = here.iter().map(|(_, held)| held.size).sum();
        let mut removed = Sum::default();
        if size <= most {
            return Ok(removed);
        }
        here.sort_by_key(|(_, held)| held.used);
        let now = SystemTime::now();
        for (blob, _) in here.into_iter().filter(|(blob, _)| !keep.contains(blob)) {
            if size <= most {
                break;
            }
            let mut held = self.held.lock();
            let Some(known) = held.get_mut(&blob).filter(|known| known.local && known.stored) else {
                continue;
            };
            // A clock that was put back has uses in a time to come: those are of no moment.
            let since = now.duration_since(known.used).unwrap_or_else(|ahead| ahead.duration());
            let is_fresh = since < FRESH;
            if is_fresh || self.holds.lock().contains_key(&blob) {
                continue;
            }
            let path = self.place(&blob, known.owner);
            // When it was used is told by its tree from now on.
            if let Err(error) = File::open(tree_of(&path)).and_then(|file| file.set_modified(known.used)) {
                tracing::debug!(%error, "the use of a file could not be noted");
            }
            remove_all(&[path])?;
            known.local = false;
            size -= known.size;
            add(&mut removed, known);
        }
        Ok(removed)
    }

    /// The bucket does not have a file that it should have, or something else in its place. It is put there anew if it is
    /// here, or when it comes again.
    pub fn doubt(&self, blob: &BlobId) -> Result<(), BlobError> {
        let mut held = self.held.lock();
        let Some(known) = held.get_mut(blob).filter(|known| known.stored) else { return Ok(()) };
        tracing::warn!(%blob, "the bucket does not have a file that it should have");
        if known.local {
            remove_all(&[self.root.join(name(blob, known.size))])?;
            known.stored = false;
        } else {
            self.doubted.lock().insert(*blob);
        }
        self.stir();
        Ok(())
    }

    /// Files that were looked for in the bucket in vain, and are not here.
    pub fn doubted(&self) -> Vec<BlobId> {
        self.doubted.lock().iter().copied().collect()
    }

    /// Whether a file that is here again was in doubt; it is not counted as the bucket's then.
    pub(super) fn clear_doubt(&self, blob: &BlobId, size: u64) -> Result<bool, BlobError> {
        let was = self.doubted.lock().remove(blob);
        if was {
            remove_all(&[self.root.join(name(blob, size))])?;
        }
        Ok(was)
    }

    /// A piece of a file that is not on this disk.
    pub(super) fn piece_from_bucket(
        &self,
        blob: &BlobId,
        known: Held,
        span: Span,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        let Some(bucket) = &self.bucket else { return Ok(None) };
        let end = span.first.checked_add(span.count).filter(|end| *end <= blob::groups(known.size));
        let Some(end) = end.filter(|_| (1..=MAX_BLOB_GROUPS).contains(&span.count)) else { return Ok(None) };
        let range = span.start()..(end * BLOB_GROUP).min(known.size);
        let cut = bucket.read(blob, known.size, range).map_err(BlobError::from).and_then(|window| {
            let tree = tree_of(&self.place(blob, known.owner));
            let cannot = |source| BlobError::io("read", &tree, source);
            let piece = blob::cut(blob, window, &File::open(&tree).map_err(cannot)?, span).ok();
            let piece = piece.filter(|piece| blob::verify(blob, known.size, span, piece).is_ok());
            piece.ok_or_else(|| bucket.spoilt(blob).into())
        });
        if let Err(BlobError::Bucket(BucketError::Gone(..) | BucketError::Spoilt(..))) = &cut {
            self.doubt(blob)?;
        }
        cut.map(Some)
    }

    /// Where files and their bytes are.
    pub fn places(&self) -> Places {
        let mut places = Places::default();
        for held in self.held.lock().values() {
            match (held.local, held.stored) {
                (true, true) => add(&mut places.stored, held),
                (false, _) => {
                    add(&mut places.stored, held);
                    add(&mut places.only_there, held);
                }
                (true, false) => add(&mut places.only_here, held),
            }
        }
        places
    }
}
