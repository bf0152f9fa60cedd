//! What can go wrong with files.

use std::io;
use std::path::{Path, PathBuf};

use majlis_protocol::body::BlobId;

/// Why something could not be done with a file. Where it ends in what to do, that stands after a semicolon.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk has failed or is full.
    #[error("cannot {what} {}: {source}; check the disk and its free space, then try again", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A piece does not belong to the file: whoever gave it is not to be trusted.
    #[error("a piece that was given does not belong to the file {0}; ask somebody else")]
    Mismatch(BlobId),
    /// What was on the disk of a download is not what was written there.
    #[error("what was fetched of {0} was damaged on the disk and is gone; fetch it again")]
    Damaged(BlobId),
    /// The file is being fetched by somebody else, or is too large or empty.
    #[error("{0} cannot be fetched: {1}; wait, then try again")]
    Unfit(BlobId, &'static str),
}

impl BlobError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}
