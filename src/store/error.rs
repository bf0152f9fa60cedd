//! What can go wrong with storage, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the store could not do what it was asked. Cloned when one failure answers several callers.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the home directory's lock.
    #[error(
        "another process ({pid}) uses the home directory {}; stop it, or talk to it instead",
        home.display()
    )]
    InUse {
        /// The home directory.
        home: PathBuf,
        /// The process id that the lock file names.
        pid: String,
    },
    /// The home directory was closed to go on elsewhere.
    #[error(
        "{} was closed here to go on elsewhere; start it where it was copied to, or say `majlis move --undo` if it \
         was started nowhere",
        home.display()
    )]
    Moved {
        /// The home directory.
        home: PathBuf,
    },
    /// A newer program has written the home directory.
    #[error(
        "the home directory {} is in format {found}, and this program knows formats up to {known}; \
         use the program that wrote it, or a newer one", home.display()
    )]
    NewerFormat {
        /// The home directory.
        home: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The home directory cannot be written.
    #[error(
        "the home directory {} cannot be written ({source}); check its owner and permissions, and that its file \
         system is not mounted read-only", home.display()
    )]
    ReadOnly {
        /// The home directory.
        home: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A file could not be read or written.
    #[error("cannot {what} {} ({source}); check the disk and the permissions of the home directory", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The database refused.
    #[error(
        "the database could not {what} ({source}); restart the node: it sets a damaged database aside by itself"
    )]
    Database {
        /// What was being done.
        what: &'static str,
        /// What sled said.
        source: sled::Error,
    },
    /// A row is not what it should be.
    #[error(
        "a row of the database is damaged: {what}; run the check command, and restart the node to rebuild"
    )]
    Damaged {
        /// Which row, and what is wrong with it.
        what: String,
    },
    /// Others' data is refused because the disk is nearly full.
    #[error(
        "{free} bytes are free on the disk and the floor is {floor}: others' posts are not taken; free some space \
         or lower store.min_free"
    )]
    DiskNearlyFull {
        /// Bytes free.
        free: u64,
        /// The configured floor.
        floor: u64,
    },
    /// Too much waits for the disk.
    #[error("the disk is behind; try again later")]
    Busy,
    /// The store is closed, or its writer stopped after a failure it reported earlier.
    #[error("the store is closed; restart the node")]
    Closed,
}

impl StoreError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_path_buf(), source: Arc::new(source) }
    }

    pub(super) fn database(what: &'static str) -> impl FnOnce(sled::Error) -> Self {
        move |source| Self::Database { what, source }
    }

    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}
