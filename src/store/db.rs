//! The database: one sled tree, one transaction a commit, and a real fsync after it.
//!
//! sled's `flush` does not reach the disk on Linux, so a handle on its file is kept and synced. Damage in the
//! middle of the file makes sled panic while it opens, which is caught here.

use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sled::transaction::TransactionError;
use sled::{Batch, IVec};

use super::error::StoreError;
use super::tally::Name;

/// Fixed when a database is created. Rows of 64 KiB make leaves of about 1 MiB, which have to stay below a
/// quarter of a segment, or sled writes them to files of their own that it never syncs.
const SEGMENT: usize = 8 * 1024 * 1024;

/// How long sled's threads may take to let go of a database that was closed.
const RELEASE: Duration = Duration::from_secs(10);

/// First bytes of keys.
pub mod prefix {
    /// Chunk rows, by chunk number.
    pub const CHUNK: u8 = b'c';
    /// Directory rows, by chunk number.
    pub const DIRECTORY: u8 = b'd';
    /// Log keys, by log number.
    pub const LOG: u8 = b'l';
    /// Identity documents, by account and id.
    pub const IDENTITY: u8 = b'i';
    /// Fork proofs, by log key.
    pub const PROOF: u8 = b'p';
    /// Delete marks, by account, target and the id of the Delete.
    pub const MARK: u8 = b'x';
    /// Payloads taken back that can still be restored, by id.
    pub const GRACE: u8 = b'g';
    /// Voided stretches of logs whose payloads wait for their erasure.
    pub const VOID: u8 = b'w';
    /// Settings.
    pub const SETTING: u8 = b's';
    /// Views.
    pub const VIEW: u8 = b'v';
    /// What the database says of itself.
    pub const META: u8 = b'm';
}

/// Meta row: bytes that were erased may still be in the file until it is compacted.
pub const RESIDUE: &[u8] = b"mresidue";

/// Meta row: written when a database is made, with its name, which databases of older versions lack. Where sled
/// finds the beginning of its file damaged it starts anew without a word; the row is how that is noticed.
const BORN: &[u8] = b"mborn";

/// Meta row: how many transactions there were, as u64. It changes with each of them, so where the end of the file is
/// damaged and sled goes on from before it, it is lower than it was: see [`tally`](super::tally).
pub const APPLIED: &[u8] = b"mapplied";

/// The key made of a prefix and parts.
pub fn key(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    out.push(prefix);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// An open database.
pub struct Database {
    db: sled::Db,
    file: File,
    applied: AtomicU64,
}

/// Runs something that may panic on damaged data.
pub fn guarded<T>(what: &'static str, run: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(StoreError::damaged(format!("the database gave up while trying to {what}"))))
}

/// Waits until the file is not locked. The home is ours alone by now, so whoever has it locked is a thread of sled's:
/// they finish what they were writing after the last handle on a database is gone, and sled does not wait for them.
fn await_release(file_path: &Path) {
    let until = Instant::now() + RELEASE;
    let Ok(file) = File::open(file_path) else { return };
    while matches!(file.try_lock(), Err(TryLockError::WouldBlock)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
}

impl Database {
    /// Opens or creates the database in the directory `path`.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let file_path = file_path(path);
        let is_new = std::fs::metadata(&file_path).map_or(true, |meta| meta.len() == 0);
        guarded("open", || {
            await_release(&file_path);
            let db = sled::Config::new()
                .path(path)
                .cache_capacity(cache_bytes)
                .flush_every_ms(None)
                .segment_size(SEGMENT)
                .open()
                .map_err(StoreError::database("open"))?;
            let file = File::options()
                .read(true)
                .write(true)
                .open(&file_path)
                .map_err(|source| StoreError::io("open", &file_path, source))?;
            let database = Self { db, file, applied: AtomicU64::new(0) };
            if is_new {
                database.give_name()?;
            } else if database.get(BORN)?.is_none() {
                return Err(StoreError::damaged("the database file was there and nothing is in it"));
            }
            if let Some(applied) = database.get(APPLIED)?
                && let Ok(applied) = applied.as_ref().try_into()
            {
                database.continue_from(u64::from_be_bytes(applied));
            }
            Ok(database)
        })
    }

    /// The name it was given, if it was.
    pub fn name(&self) -> Result<Option<Name>, StoreError> {
        Ok(self.get(BORN)?.and_then(|name| name.as_ref().try_into().ok()))
    }

    /// Gives it a name; returns that.
    pub fn give_name(&self) -> Result<Name, StoreError> {
        let mut name = Name::default();
        getrandom::fill(&mut name)
            .map_err(|source| StoreError::io("draw a name for", Path::new("db"), source.into()))?;
        let mut batch = Batch::default();
        batch.insert(BORN, &name);
        self.apply(&batch)?;
        self.sync()?;
        Ok(name)
    }

    /// Transactions since it was made.
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// Counts on from there.
    pub fn continue_from(&self, applied: u64) {
        self.applied.store(applied, Ordering::Relaxed);
    }

    /// One row.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.db.get(key).map_err(StoreError::database("read a row"))
    }

    /// All rows whose key begins so, ascending; reversible.
    pub fn scan(
        &self,
        prefix: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<(IVec, IVec), StoreError>> + use<> {
        self.db.scan_prefix(prefix).map(|row| row.map_err(StoreError::database("read rows")))
    }

    /// All rows from a key on, ascending.
    pub fn range_from(&self, from: &[u8]) -> impl Iterator<Item = Result<(IVec, IVec), StoreError>> + use<> {
        self.db.range(from.to_vec()..).map(|row| row.map_err(StoreError::database("read rows")))
    }

    /// Applies a batch as one; it survives a kill but not yet a power cut.
    pub fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
        let applied = self.applied() + 1;
        let done: Result<(), TransactionError<()>> = self.db.transaction(|tree| {
            tree.apply_batch(batch)?;
            tree.insert(APPLIED, &applied.to_be_bytes())?;
            Ok(())
        });
        match done {
            Ok(()) => {
                self.continue_from(applied);
                Ok(())
            }
            Err(TransactionError::Storage(source)) => Err(StoreError::Database { what: "write", source }),
            // Only a closure that aborts gives this, and ours does not.
            Err(TransactionError::Abort(())) => Err(StoreError::Closed),
        }
    }

    /// Makes all that was applied survive a power cut.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(StoreError::database("flush"))?;
        self.file.sync_data().map_err(|source| StoreError::io("sync", Path::new("db/db"), source))
    }

    /// Lets go of leaves beyond the cache's capacity that share a shard with the one a row lies on. sled has 256
    /// shards, by page number, and looks at the size of one only after 64 accesses to it; with leaves of some 300
    /// KiB all of a large database would be in memory before. To be called once for a leaf that was not in use.
    pub fn cool(&self, key: &[u8]) -> Result<(), StoreError> {
        const ACCESSES: usize = 64;
        for _ in 0..ACCESSES {
            self.get(key)?;
        }
        Ok(())
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }
}

/// The file that a database directory keeps its pages in.
pub fn file_path(dir: &Path) -> PathBuf {
    dir.join("db")
}
