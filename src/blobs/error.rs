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
    /// The bucket has failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl BlobError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}

/// Why something could not be done with the bucket. None of these holds a key, or what the storage says in its own words
/// of how a request was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// A setting does not fit.
    #[error("the bucket cannot be used: {0}; correct it under [blobs], see `majlis config`")]
    Setting(String),
    /// Nobody answers there, or nothing that can be understood.
    #[error("{0} cannot be reached: {1}; check blobs.endpoint, the network, and that the storage runs")]
    Away(String, String),
    /// The file that is to be put there cannot be read here.
    #[error("a file cannot be read for the bucket: {0}; check the disk")]
    Unread(String),
    /// Too much is read from it at once.
    #[error("too much is read from {0} at once; try again")]
    Busy(String),
    /// The keys do not hold.
    #[error(
        "{0} refuses these keys; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, that they may read, write, list \
         and remove there, and this machine's clock"
    )]
    Refused(String),
    /// There is no such bucket.
    #[error("{0} is not there; make the bucket, or correct blobs.bucket and blobs.region")]
    NoBucket(String),
    /// The file is not in it, although it should be.
    #[error("{0} does not have the file {1}; it comes again from peers, where one of them has it")]
    Gone(String, BlobId),
    /// What it gives for a file is something else.
    #[error("{0} gives something else for the file {1}; it comes again from peers, where one of them has it")]
    Spoilt(String, BlobId),
    /// The folder in it is another node's.
    #[error(
        "{0} holds the files of another node ({1}); set another blobs.prefix, or, if that node runs no more, take them \
         over: `majlis run --take-bucket`"
    )]
    Foreign(String, String),
    /// Files lie in another bucket alone.
    #[error("{2} files are in {0} alone, and {1}; set that one again under [blobs]")]
    Elsewhere(String, String, usize),
}

impl BucketError {
    /// Whether it may be otherwise in a while, with nothing done about it here.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Away(..))
    }
}
