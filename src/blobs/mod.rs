//! Files that posts name: pictures, sound, video and whatever else, each under the hash of its bytes.
//!
//! ```text
//! own/CID, own/CID.tree        the owner's, and the tree of hashes that proves pieces of them
//! others/CID, others/CID.tree  what was fetched; the longest unused go first where room is needed
//! part/CID, part/CID.have      downloads: the bytes so far, and which groups of them are there
//! new/                         files being written; emptied at start
//! stored/CID.SIZE              the bucket has the file, read back; then its bytes need not be here, its tree stays
//! gone/CID                     was removed here, and is to be in the bucket
//! bucket                       which bucket that is
//! ```
//!
//! **Guarantees.** A file stands in `own` or `others` only when it is whole, synced, and has the hash that is its name.
//! A download that was cut off, by whatever, goes on from what had been synced. What a file is needed for is not known
//! here: the node says what may go. Nothing goes that somebody [holds](Blobs::hold). Where a [bucket](Bucket) is set, this
//! folder is a bounded part of it: bytes go from here only when it is on the disk that the bucket has them.
//!
//! When a file was last used is its modification time. All functions block on the disk.

mod bucket;
mod config;
mod download;
mod error;
mod stored;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use majlis_protocol::blob::{self, Span};
use majlis_protocol::body::BlobId;
use parking_lot::Mutex;

pub use bucket::{Bucket, Counts};
pub use config::BlobsConfig;
pub use download::Download;
pub use error::{BlobError, BucketError};
pub use stored::Places;

/// A use is noted when the last one that was is older.
const USE_STEP: Duration = Duration::from_mins(10);

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An own post names it: it is never removed for want of room.
    Me,
    /// Only others' posts name it.
    Others,
}

impl Owner {
    fn folder(self) -> &'static str {
        match self {
            Self::Me => "own",
            Self::Others => "others",
        }
    }
}

/// A file that is to be had here as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its length in bytes.
    pub size: u64,
    /// Whose it is.
    pub owner: Owner,
    /// Its bytes are on this disk.
    pub local: bool,
    /// The bucket has it.
    pub stored: bool,
    used: SystemTime,
}

/// A download that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Of which file.
    pub blob: BlobId,
    /// Bytes that it takes on this disk.
    pub bytes: u64,
    /// When some of it last came.
    came: SystemTime,
}

/// Some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The files of a home.
pub struct Blobs {
    root: PathBuf,
    held: Mutex<HashMap<BlobId, Held>>,
    /// How many need a file to stay just now.
    holds: Arc<Mutex<HashMap<BlobId, usize>>>,
    next_new: AtomicU64,
    bucket: Option<Arc<Bucket>>,
    /// What is to be removed from the bucket.
    gone: Mutex<BTreeSet<BlobId>>,
    /// What the bucket should have and does not: it is put there anew when it is here again.
    doubted: Mutex<HashSet<BlobId>>,
}

/// Keeps a file from being removed as long as it lives.
pub struct Hold {
    holds: Arc<Mutex<HashMap<BlobId, usize>>>,
    blob: BlobId,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut holds = self.holds.lock();
        if let Some(count) = holds.get_mut(&self.blob) {
            *count -= 1;
            if *count == 0 {
                holds.remove(&self.blob);
            }
        }
    }
}

impl Blobs {
    /// Opens the folder, or makes it; with the bucket that is set.
    pub fn open(root: &Path, bucket: Option<Arc<Bucket>>) -> Result<Self, BlobError> {
        let new = root.join("new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(|source| BlobError::io("empty", &new, source))?;
        }
        for folder in ["own", "others", "part", "new", "stored", "gone"] {
            let folder = root.join(folder);
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(|source| BlobError::io("make", &folder, source))?;
        }
        let (gone, mut stored) = stored::read(root)?;
        let mut held = HashMap::new();
        for owner in [Owner::Others, Owner::Me] {
            let folder = root.join(owner.folder());
            let list = |source| BlobError::io("list", &folder, source);
            for entry in fs::read_dir(&folder).map_err(list)? {
                let entry = entry.map_err(list)?;
                let path = entry.path();
                let is_tree = match path.extension() {
                    None => false,
                    Some(ending) if ending == "tree" => true,
                    // Whatever else somebody put there is no file of ours.
                    Some(_) => continue,
                };
                let Some(blob) = path.file_stem().and_then(|name| name.to_str()?.parse::<BlobId>().ok())
                else {
                    continue;
                };
                let data = path.with_extension("");
                if is_tree {
                    if data.exists() {
                        continue;
                    }
                    if !stored::complete(root, owner, &blob)? {
                        match stored.get(&blob) {
                            Some(size) => {
                                let used = used_of(&path)?;
                                held.insert(
                                    blob,
                                    Held { size: *size, owner, local: false, stored: true, used },
                                );
                            }
                            // A crash between the two renames leaves a tree alone.
                            None => remove_all(&[path])?,
                        }
                        continue;
                    }
                }
                let size = fs::metadata(&data).map_err(list)?.len();
                let (used, stored) = (used_of(&data)?, stored.get(&blob) == Some(&size));
                held.insert(blob, Held { size, owner, local: true, stored, used });
            }
        }
        stored.retain(|blob, size| !held.get(blob).is_some_and(|held| held.stored && held.size == *size));
        for (blob, size) in stored {
            remove_all(&[root.join(stored::name(&blob, size))])?;
        }
        let blobs = Self {
            root: root.to_owned(),
            held: Mutex::new(held),
            holds: Arc::default(),
            next_new: AtomicU64::new(0),
            bucket,
            gone: Mutex::new(gone),
            doubted: Mutex::default(),
        };
        blobs.fit_place()?;
        Ok(blobs)
    }

    /// A path for a file that is being written, which nobody else is given.
    pub fn new_path(&self) -> PathBuf {
        self.root.join("new").join(self.next_new.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Takes a file from [`new_path`](Self::new_path) in; it is held, so that it stays until something names it.
    pub fn put(&self, path: &Path, owner: Owner) -> Result<(BlobId, u64, Hold), BlobError> {
        let file = File::open(path).map_err(|source| BlobError::io("read", path, source))?;
        let size = file.metadata().map_err(|source| BlobError::io("read", path, source))?.len();
        let tree = self.new_path();
        let blob = write_tree(&file, size, &tree)?;
        let hold = self.hold(&blob);
        self.settle(&blob, size, owner, path, &tree)?;
        Ok((blob, size, hold))
    }

    /// Puts a whole file and its tree in their places. A file of the owner's stays that.
    fn settle(
        &self,
        blob: &BlobId,
        size: u64,
        owner: Owner,
        data: &Path,
        tree: &Path,
    ) -> Result<(), BlobError> {
        let mut held = self.held.lock();
        let known = held.get(blob).copied();
        if let Some(known) = known.filter(|known| known.local) {
            for path in [data, tree] {
                fs::remove_file(path).map_err(|source| BlobError::io("remove", path, source))?;
            }
            if owner == Owner::Me && known.owner == Owner::Others {
                self.give(&mut held, blob, known, Owner::Me)?;
            }
            return Ok(());
        }
        let (asked_owner, owner) = (owner, known.map_or(owner, |known| known.owner));
        let place = self.place(blob, owner);
        // The tree first: a file never stands without it.
        for (from, to) in [(tree, tree_of(&place)), (data, place.clone())] {
            File::open(from)
                .and_then(|file| file.sync_all())
                .and_then(|()| fs::rename(from, &to))
                .map_err(|source| BlobError::io("keep", &to, source))?;
        }
        self.sync_folder(owner.folder())?;
        let mut now = Held { size, owner, local: true, stored: false, used: SystemTime::now() };
        now.stored = known.is_some() && !self.clear_doubt(blob, size)?;
        held.insert(*blob, now);
        if owner == Owner::Others && asked_owner == Owner::Me {
            self.give(&mut held, blob, now, Owner::Me)?;
        }
        drop(held);
        self.stir();
        Ok(())
    }

    fn sync_folder(&self, name: &str) -> Result<(), BlobError> {
        let folder = self.root.join(name);
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| BlobError::io("sync", &folder, source))
    }

    fn give(
        &self,
        held: &mut HashMap<BlobId, Held>,
        blob: &BlobId,
        known: Held,
        owner: Owner,
    ) -> Result<(), BlobError> {
        let (from, to) = (self.place(blob, known.owner), self.place(blob, owner));
        let both = [(tree_of(&from), tree_of(&to)), (from, to)];
        for (from, to) in both.into_iter().take(if known.local { 2 } else { 1 }) {
            fs::rename(&from, &to).map_err(|source| BlobError::io("move", &from, source))?;
        }
        held.insert(*blob, Held { owner, ..known });
        Ok(())
    }

    /// Says whose a file is from now on.
    pub fn set_owner(&self, blob: &BlobId, owner: Owner) -> Result<(), BlobError> {
        let mut held = self.held.lock();
        match held.get(blob).copied() {
            Some(known) if known.owner != owner => self.give(&mut held, blob, known, owner),
            _ => Ok(()),
        }
    }

    fn place(&self, blob: &BlobId, owner: Owner) -> PathBuf {
        self.root.join(owner.folder()).join(blob.to_string())
    }

    /// What is known of a file that is to be had here.
    pub fn get(&self, blob: &BlobId) -> Option<Held> {
        self.held.lock().get(blob).copied()
    }

    /// All files that are to be had here.
    pub fn all(&self) -> Vec<(BlobId, Held)> {
        self.held.lock().iter().map(|(blob, held)| (*blob, *held)).collect()
    }

    /// Keeps a file, or one that is about to come, from being removed.
    pub fn hold(&self, blob: &BlobId) -> Hold {
        *self.holds.lock().entry(*blob).or_insert(0) += 1;
        Hold { holds: Arc::clone(&self.holds), blob: *blob }
    }

    /// Where a file lies, which counts as a use of it; none where it is not on this disk.
    pub fn path(&self, blob: &BlobId) -> Option<PathBuf> {
        let known = self.get(blob).filter(|known| known.local)?;
        let path = self.place(blob, known.owner);
        self.touch(blob, known, &path);
        Some(path)
    }

    fn touch(&self, blob: &BlobId, known: Held, path: &Path) {
        let now = SystemTime::now();
        if let Some(held) = self.held.lock().get_mut(blob) {
            held.used = now;
        }
        let noted = if known.local { path.to_owned() } else { tree_of(path) };
        let noted = File::open(noted).and_then(|file| {
            let last = file.metadata()?.modified()?;
            let is_recent = now.duration_since(last).is_ok_and(|since| since < USE_STEP);
            if is_recent { Ok(()) } else { file.set_modified(now) }
        });
        // What cannot be noted is forgotten at the next start, and the file goes earlier than it should.
        if let Err(error) = noted {
            tracing::debug!(%error, "the use of a file could not be noted");
        }
    }

    /// A piece of a file of `size` bytes for a peer; none where no such file is here, or it has no such groups.
    pub fn piece(&self, blob: &BlobId, size: u64, span: Span) -> Result<Option<Vec<u8>>, BlobError> {
        let Some(known) = self.get(blob).filter(|known| known.size == size) else { return Ok(None) };
        let path = self.place(blob, known.owner);
        self.touch(blob, known, &path);
        if !known.local {
            return self.piece_from_bucket(blob, known, span);
        }
        let read = || -> io::Result<Vec<u8>> {
            blob::cut(blob, &File::open(&path)?, &File::open(tree_of(&path))?, span)
        };
        match read() {
            // It has gone to the bucket alone in this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound && known.stored => {
                self.piece_from_bucket(blob, known, span)
            }
            Ok(piece) => Ok(Some(piece)),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
            Err(source) => Err(BlobError::io("read", &path, source)),
        }
    }

    /// Begins to fetch a file of `size` bytes, or goes on where that was left.
    pub fn download(self: &Arc<Self>, blob: &BlobId, size: u64) -> Result<Download, BlobError> {
        Download::open(Arc::clone(self), *blob, size)
    }

    /// Downloads that were begun.
    pub fn downloads(&self) -> Result<Vec<Begun>, BlobError> {
        let folder = self.root.join("part");
        let list = |source| BlobError::io("list", &folder, source);
        let mut begun = Vec::new();
        for entry in fs::read_dir(&folder).map_err(list)? {
            let entry = entry.map_err(list)?;
            let Some(blob) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            match entry.metadata() {
                // It has its length from the beginning, and takes what has come.
                Ok(meta) => begun.push(Begun {
                    blob,
                    bytes: meta.blocks() * 512,
                    came: meta.modified().map_err(list)?,
                }),
                // It has come to its end meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(list(error)),
            }
        }
        Ok(begun)
    }

    /// Removes a file, and what was fetched of it; how many bytes. One that is held stays.
    pub fn remove(&self, blob: &BlobId) -> Result<u64, BlobError> {
        let mut held = self.held.lock();
        if self.holds.lock().contains_key(blob) {
            return Ok(0);
        }
        self.remove_part(blob)?;
        let Some(known) = held.get(blob).copied() else { return Ok(0) };
        let path = self.place(blob, known.owner);
        self.bury(blob, known.size)?;
        remove_all(&[path.clone(), tree_of(&path)])?;
        held.remove(blob);
        Ok(known.size)
    }

    /// Bytes of others' files.
    pub fn size_of_others(&self) -> u64 {
        let held = self.held.lock();
        held.values().filter(|held| held.owner == Owner::Others).map(|held| held.size).sum()
    }

    /// Removes downloads that are not under way, the oldest first, and then others' files, the longest unused first, until
    /// both take no more than `most` bytes; what was removed. What is to be kept stays, even if more is left then, and a
    /// download that is to be kept is not counted.
    pub fn shrink(&self, most: u64, keep: &HashSet<BlobId>) -> Result<Sum, BlobError> {
        let mut removed = Sum::default();
        let mut begun = self.downloads()?;
        begun.retain(|begun| !keep.contains(&begun.blob));
        begun.sort_by_key(|begun| begun.came);
        let mut size = self.size_of_others() + begun.iter().map(|begun| begun.bytes).sum::<u64>();
        for Begun { blob, bytes, .. } in begun {
            if size <= most {
                return Ok(removed);
            }
            let _held = self.held.lock();
            if !self.holds.lock().contains_key(&blob) {
                self.remove_part(&blob)?;
                size -= bytes;
                removed.bytes += bytes;
                removed.files += 1;
            }
        }
        let mut others = self.all();
        others.retain(|(blob, held)| held.owner == Owner::Others && !keep.contains(blob));
        others.sort_by_key(|(_, held)| held.used);
        for (blob, _) in others {
            if size <= most {
                break;
            }
            let bytes = self.remove(&blob)?;
            size -= bytes;
            removed.bytes += bytes;
            removed.files += u64::from(bytes > 0);
        }
        Ok(removed)
    }

    fn part(&self, blob: &BlobId) -> PathBuf {
        self.root.join("part").join(blob.to_string())
    }

    fn remove_part(&self, blob: &BlobId) -> Result<(), BlobError> {
        let part = self.part(blob);
        remove_all(&[part.clone(), download::have_of(&part)])
    }
}

/// When a file was last used.
fn used_of(path: &Path) -> Result<SystemTime, BlobError> {
    let modified = fs::metadata(path).and_then(|meta| meta.modified());
    modified.map_err(|source| BlobError::io("read", path, source))
}

fn tree_of(path: &Path) -> PathBuf {
    path.with_added_extension("tree")
}

/// Writes the tree of hashes of a file; its hash.
fn write_tree(data: &File, size: u64, path: &Path) -> Result<BlobId, BlobError> {
    let write = || -> io::Result<BlobId> {
        let mut out = BufWriter::new(File::create_new(path)?);
        let blob = blob::hash(BufReader::with_capacity(256 * 1024, data), size, &mut out)?;
        out.flush()?;
        Ok(blob)
    };
    write().map_err(|source| BlobError::io("hash into", path, source))
}

fn remove_all(paths: &[PathBuf]) -> Result<(), BlobError> {
    for path in paths {
        match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(BlobError::io("remove", path, source));
            }
            _ => {}
        }
    }
    Ok(())
}
