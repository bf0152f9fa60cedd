//! A download: groups of a file as they come, from whomever, in whatever order, each proved before it is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use majlis_protocol::blob::{self, PieceError, Span};
use majlis_protocol::body::BlobId;
use majlis_protocol::limits::{BLOB_GROUP, MAX_BLOB, MAX_BLOB_GROUPS};
use parking_lot::Mutex;

use super::{BlobError, Blobs, Hold, Owner, remove_all, write_tree};

/// Bytes after which what has come is synced and noted: as much may have to be fetched again after a crash.
const SAVE: u64 = 16 * 1024 * 1024;

/// Which groups are there.
struct Have {
    bits: Vec<u8>,
    /// How many.
    count: u64,
    /// Bytes that came since they were last noted.
    unsaved: u64,
}

impl Have {
    fn is_set(&self, group: u64) -> bool {
        self.bits.get((group / 8) as usize).is_some_and(|byte| byte >> (group % 8) & 1 == 1)
    }

    fn set(&mut self, group: u64) {
        if !self.is_set(group)
            && let Some(byte) = self.bits.get_mut((group / 8) as usize)
        {
            *byte |= 1 << (group % 8);
            self.count += 1;
        }
    }
}

/// A file that is being fetched. There is one of each at a time.
pub struct Download {
    blobs: Arc<Blobs>,
    blob: BlobId,
    size: u64,
    path: PathBuf,
    data: File,
    have: Mutex<Have>,
    _hold: Hold,
}

/// Beside the bytes: the length of the file (u64, big-endian), then a bit for each group, the lowest of a byte first.
pub fn have_of(part: &Path) -> PathBuf {
    part.with_added_extension("have")
}

impl Download {
    pub(super) fn open(blobs: Arc<Blobs>, blob: BlobId, size: u64) -> Result<Self, BlobError> {
        if size == 0 || size > MAX_BLOB {
            return Err(BlobError::Unfit(blob, "no file has such a length"));
        }
        let (path, groups) = (blobs.part(&blob), blob::groups(size));
        let cannot = |source| BlobError::io("write", &path, source);
        let hold = blobs.hold(&blob);
        let data = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(cannot)?;
        // The lock goes with the file: two downloads of one file would undo one another.
        if data.try_lock().is_err() {
            return Err(BlobError::Unfit(blob, "it is being fetched already"));
        }
        let bits =
            saved(&have_of(&path), size).filter(|_| data.metadata().is_ok_and(|meta| meta.len() == size));
        if bits.is_none() {
            data.set_len(0).and_then(|()| data.set_len(size)).map_err(cannot)?;
        }
        let mut bits = bits.unwrap_or_else(|| vec![0; groups.div_ceil(8) as usize]);
        if let Some(last) = bits.last_mut()
            && !groups.is_multiple_of(8)
        {
            *last &= (1 << (groups % 8)) - 1;
        }
        let count = bits.iter().map(|byte| u64::from(byte.count_ones())).sum();
        let have = Mutex::new(Have { bits, count, unsaved: 0 });
        Ok(Self { blobs, blob, size, path, data, have, _hold: hold })
    }

    /// Bytes that are there.
    pub fn done(&self) -> u64 {
        (self.have.lock().count * BLOB_GROUP).min(self.size)
    }

    /// Whether all of a span is there.
    pub fn has(&self, span: Span) -> bool {
        let have = self.have.lock();
        span.first.checked_add(span.count).is_some_and(|end| {
            (span.first..end).take(MAX_BLOB_GROUPS as usize + 1).all(|group| have.is_set(group))
        })
    }

    /// Whether all of the file is there.
    pub fn is_whole(&self) -> bool {
        self.have.lock().count == blob::groups(self.size)
    }

    /// The spans that are missing, each as long as may be asked for at once.
    pub fn missing(&self) -> Vec<Span> {
        let have = self.have.lock();
        let mut spans: Vec<Span> = Vec::new();
        for group in (0..blob::groups(self.size)).filter(|group| !have.is_set(*group)) {
            match spans.last_mut() {
                Some(last) if last.first + last.count == group && last.count < MAX_BLOB_GROUPS => {
                    last.count += 1;
                }
                _ => spans.push(Span { first: group, count: 1 }),
            }
        }
        spans
    }

    /// Takes a piece in.
    pub fn add(&self, span: Span, piece: &[u8]) -> Result<(), BlobError> {
        let groups = blob::verify(&self.blob, self.size, span, piece)
            .map_err(|_: PieceError| BlobError::Mismatch(self.blob))?;
        let cannot = |source| BlobError::io("write", &self.path, source);
        let bytes = groups.concat();
        self.data.write_all_at(&bytes, span.start()).map_err(cannot)?;
        let bits = {
            let mut have = self.have.lock();
            for group in span.first..span.first + span.count {
                have.set(group);
            }
            have.unsaved += bytes.len() as u64;
            if have.unsaved < SAVE {
                return Ok(());
            }
            have.unsaved = 0;
            have.bits.clone()
        };
        self.save(&bits).map_err(cannot)
    }

    /// Notes which groups are there, without keeping others from coming meanwhile.
    fn save(&self, bits: &[u8]) -> io::Result<()> {
        // Synced first: what is noted as there has to be there after a power cut.
        self.data.sync_data()?;
        let new = self.blobs.new_path();
        fs::write(&new, [self.size.to_be_bytes().as_slice(), bits].concat())?;
        fs::rename(&new, have_of(&self.path))
    }

    /// Puts the file in its place; all of it has to be there.
    pub fn finish(self, owner: Owner) -> Result<(), BlobError> {
        if !self.missing().is_empty() {
            return Err(BlobError::Unfit(self.blob, "some of it is missing"));
        }
        let tree = self.blobs.new_path();
        let data = File::open(&self.path).map_err(|source| BlobError::io("read", &self.path, source))?;
        // Each group was proved when it came; the disk is asked once more for all of them, and the tree is needed.
        if write_tree(&data, self.size, &tree)? != self.blob {
            remove_all(&[tree, have_of(&self.path), self.path.clone()])?;
            return Err(BlobError::Damaged(self.blob));
        }
        self.blobs.settle(&self.blob, self.size, owner, &self.path, &tree)?;
        remove_all(&[have_of(&self.path)])
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let have = self.have.lock();
        // Of what nobody had nothing is left behind.
        if have.count == 0
            && let Err(error) = self.blobs.remove_part(&self.blob)
        {
            tracing::debug!(%error, "an empty download could not be removed");
        }
        if have.unsaved > 0
            && self.path.exists()
            && let Err(error) = self.save(&have.bits)
        {
            tracing::debug!(%error, "what was fetched of a file could not be noted");
        }
    }
}

/// What was noted of a download of a file of this length.
fn saved(path: &Path, size: u64) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let (mut length, mut bits) = ([0; 8], Vec::new());
    file.read_exact(&mut length).ok()?;
    if u64::from_be_bytes(length) != size {
        return None;
    }
    let expected = blob::groups(size).div_ceil(8);
    file.take(expected + 1).read_to_end(&mut bits).ok()?;
    (bits.len() as u64 == expected).then_some(bits)
}
