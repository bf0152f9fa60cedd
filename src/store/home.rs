//! The home directory: who may use it, in which format it is, whether it was copied, and where things lie.
//!
//! ```text
//! lock        held while a process uses the home; names its process id
//! format      the layout's version
//! instance    marks this very directory on this very machine
//! journal     the owner's own entries, synced before they are acknowledged
//! db/         the database
//! db.new/     a compaction under way; thrown away at start
//! db.ready/   a finished compaction; put in place at start
//! db.old/     the database that a compaction replaced; thrown away
//! db.damaged-…/  a database that could not be read
//! tally       how far the database had come when it was last synced
//! moved       the home was closed to go on elsewhere: only a copy of it starts
//! suspect     a row was found missing or wrong: the next start sets the database aside
//! ```

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use parking_lot::Mutex;

use super::error::StoreError;

/// The layout that this program writes.
const FORMAT: u32 = 1;

/// A home directory whose lock is held until it is released or this is dropped.
pub struct Home {
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl Home {
    /// Makes the directory if need be, takes its lock, checks its format, and finishes or undoes a compaction
    /// that was cut off. Says whether the directory is a copy, or new on this machine in some other way: then it is
    /// to be marked once that has had its consequences.
    pub fn open(path: &Path) -> Result<(Self, bool), StoreError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|source| denied(path, source))?;
        let lock = take_lock(path)?;
        let home = Self { path: path.to_path_buf(), lock: Mutex::new(Some(lock)) };
        let is_new = !home.journal().exists() && !home.db().exists();
        home.check_format()?;
        if home.moved().exists() && home.is_instance()? {
            return Err(StoreError::Moved { home: path.to_path_buf() });
        }
        home.settle_compaction()?;
        if is_new {
            home.mark_instance()?;
        }
        let copied = !home.is_instance()?;
        Ok((home, copied))
    }

    /// Closes the directory, so that from now on only a copy of it can be opened; or takes that back.
    pub fn set_moved(path: &Path, moved: bool) -> Result<(), StoreError> {
        let home = Self { path: path.to_path_buf(), lock: Mutex::new(Some(take_lock(path)?)) };
        let mark = home.moved();
        if moved {
            write_private(&mark, b"")?;
        } else {
            discard_file(&mark)?;
        }
        home.sync()
    }

    fn moved(&self) -> PathBuf {
        self.path.join("moved")
    }

    /// Lets other processes use the directory.
    pub fn release(&self) {
        *self.lock.lock() = None;
    }

    /// The owner's entries.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// How far the database had come.
    pub fn tally(&self) -> PathBuf {
        self.path.join("tally")
    }

    /// The database's directory.
    pub fn db(&self) -> PathBuf {
        self.path.join("db")
    }

    /// Where a compaction writes.
    pub fn db_new(&self) -> PathBuf {
        self.path.join("db.new")
    }

    /// A compaction that only has to be put in place.
    pub fn db_ready(&self) -> PathBuf {
        self.path.join("db.ready")
    }

    /// What a compaction replaced.
    pub fn db_old(&self) -> PathBuf {
        self.path.join("db.old")
    }

    /// Bytes that an ordinary user may still write on the disk.
    pub fn free(&self) -> Result<u64, StoreError> {
        let stat = rustix::fs::statvfs(&self.path)
            .map_err(|source| StoreError::io("measure the disk of", &self.path, source.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Makes renames and new names in the directory last.
    pub fn sync(&self) -> Result<(), StoreError> {
        sync_dir(&self.path)
    }

    /// Renames within the directory, lastingly.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        fs::rename(from, to).map_err(|source| StoreError::io("rename", from, source))?;
        self.sync()
    }

    /// Moves the database out of the way; returns where it is.
    pub fn set_aside(&self, now_ms: u64) -> Result<PathBuf, StoreError> {
        let mut to = self.path.join(format!("db.damaged-{now_ms}"));
        let mut turn = 0;
        while to.exists() {
            turn += 1;
            to = self.path.join(format!("db.damaged-{now_ms}-{turn}"));
        }
        self.rename(&self.db(), &to)?;
        Ok(to)
    }

    /// Notes that the database is to be set aside at the next start.
    pub fn suspect(&self) -> Result<(), StoreError> {
        write_private(&self.path.join("suspect"), b"")?;
        self.sync()
    }

    /// Whether the last run asked for that.
    pub fn is_suspect(&self) -> bool {
        self.path.join("suspect").exists()
    }

    /// The database that was suspect has been dealt with.
    pub fn clear_suspicion(&self) -> Result<(), StoreError> {
        discard_file(&self.path.join("suspect"))
    }

    /// Databases that were set aside.
    pub fn set_aside_before(&self) -> Result<Vec<PathBuf>, StoreError> {
        let names = fs::read_dir(&self.path).map_err(|source| StoreError::io("list", &self.path, source))?;
        Ok(names
            .flatten()
            .filter(|name| name.file_name().to_string_lossy().starts_with("db.damaged-"))
            .map(|name| name.path())
            .collect())
    }

    /// Puts a finished compaction in place and throws an unfinished one away. Every step can be the last before
    /// a crash: it is repeated or completed at the next start.
    pub fn settle_compaction(&self) -> Result<(), StoreError> {
        discard(&self.db_new())?;
        if self.db_ready().exists() {
            if self.db().exists() {
                discard(&self.db_old())?;
                self.rename(&self.db(), &self.db_old())?;
            }
            self.rename(&self.db_ready(), &self.db())?;
        } else if !self.db().exists() && self.db_old().exists() {
            self.rename(&self.db_old(), &self.db())?;
        }
        discard(&self.db_old())
    }

    /// Checks the format file, writing it where it is missing.
    fn check_format(&self) -> Result<(), StoreError> {
        let path = self.path.join("format");
        match fs::read_to_string(&path) {
            Ok(text) => {
                // An unreadable number comes from no older program, so it is taken as a newer one.
                let found = text.trim().parse().unwrap_or(u32::MAX);
                if found > FORMAT {
                    return Err(StoreError::NewerFormat { home: self.path.clone(), found, known: FORMAT });
                }
                Ok(())
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                write_private(&path, format!("{FORMAT}\n").as_bytes())?;
                self.sync()
            }
            Err(source) => Err(StoreError::io("read", &path, source)),
        }
    }

    fn is_instance(&self) -> Result<bool, StoreError> {
        let path = self.path.join("instance");
        let mut text = String::new();
        match File::open(&path) {
            Ok(mut file) => {
                let read = file.read_to_string(&mut text);
                let now = fingerprint(&file).map_err(|source| StoreError::io("examine", &path, source))?;
                Ok(read.is_ok() && text == now)
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(StoreError::io("read", &path, source)),
        }
    }

    /// Marks the directory as this one on this machine. What was closed where it was copied from is open here.
    pub fn mark_instance(&self) -> Result<(), StoreError> {
        discard_file(&self.moved())?;
        let path = self.path.join("instance");
        let failed = |source| StoreError::io("write", &path, source);
        discard_file(&path)?;
        let mut file = private().create_new(true).open(&path).map_err(failed)?;
        let text = fingerprint(&file).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        self.sync()
    }
}

/// Of the machine and of the marker file itself: a copy of the file is another file.
fn fingerprint(file: &File) -> io::Result<String> {
    let meta = file.metadata()?;
    // A file system that keeps no time of birth leaves the inode to tell copies apart.
    let born = meta
        .created()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos());
    let machine = fs::read("/etc/machine-id").unwrap_or_default();
    let machine = blake3::derive_key("majlis v1 instance marker", machine.trim_ascii());
    Ok(format!("{}\n{}\n{born}\n", data_encoding::HEXLOWER.encode(&machine), meta.ino()))
}

fn discard_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path, source))
        }
        _ => Ok(()),
    }
}

/// Removes a directory of a database, if it is there.
pub fn discard(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path, source))
        }
        _ => Ok(()),
    }
}

/// Makes the database's files readable by their owner only.
pub fn restrict(dir: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::io("restrict the permissions of", dir, source);
    fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(failed)?;
    for name in fs::read_dir(dir).map_err(failed)?.flatten() {
        if name.file_type().is_ok_and(|kind| kind.is_dir()) {
            restrict(&name.path())?;
        } else {
            fs::set_permissions(name.path(), Permissions::from_mode(0o600)).map_err(failed)?;
        }
    }
    Ok(())
}

fn take_lock(home: &Path) -> Result<File, StoreError> {
    let path = home.join("lock");
    let mut file = private().read(true).create(true).open(&path).map_err(|source| denied(home, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The name is a courtesy; without it the error still says what to do.
            let _ = file.read_to_string(&mut pid);
            let pid = if pid.trim().is_empty() { "process id unknown".into() } else { pid.trim().into() };
            return Err(StoreError::InUse { home: home.to_path_buf(), pid });
        }
        Err(fs::TryLockError::Error(source)) => return Err(StoreError::io("lock", &path, source)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
    written.map_err(|source| StoreError::io("write", &path, source))?;
    Ok(file)
}

fn denied(home: &Path, source: io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly { home: home.to_path_buf(), source: Arc::new(source) }
        }
        _ => StoreError::io("open", home, source),
    }
}

/// Options for a file that only its owner reads.
pub fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).mode(0o600);
    options
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let failed = |source| StoreError::io("write", path, source);
    let mut file = private().create(true).truncate(true).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

/// Makes names in a directory last.
pub fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|source| StoreError::io("sync", path, source))
}
