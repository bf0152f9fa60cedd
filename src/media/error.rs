//! Why a file cannot be attached, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a file was not made fit to be published. Each message ends, after "; ", in what to do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MediaError {
    /// A file could not be read or written.
    #[error("cannot {what} {} ({source}); check the path, the disk and the permissions", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A directory, a pipe or a device.
    #[error("{} is not a regular file; give the path of a file", path.display())]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// There is nothing in it.
    #[error("{} is empty; give a file that has something in it", path.display())]
    Empty {
        /// What was given.
        path: PathBuf,
    },
    /// It has too many bytes.
    #[error("{} has {bytes} bytes, and at most {limit} may be attached; make it smaller", path.display())]
    TooLarge {
        /// What was given.
        path: PathBuf,
        /// Its size in bytes.
        bytes: u64,
        /// The most that is allowed for its kind, in bytes.
        limit: u64,
    },
    /// It would take too much memory to decode.
    #[error(
        "this {what} claims to be {width} by {height} pixels, which is more than can be decoded safely; make it smaller"
    )]
    TooManyPixels {
        /// What kind of picture.
        what: &'static str,
        /// Width in pixels, as its header says.
        width: u32,
        /// Height in pixels, as its header says.
        height: u32,
    },
    /// It is not what its first bytes say, or not whole.
    #[error(
        "this {what} is damaged or is not one at all ({why}); open it in another program and save it anew"
    )]
    Damaged {
        /// What it claims to be.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It took longer to decode than it may.
    #[error("this {what} takes too long to decode; make it smaller, or save it in another format")]
    TooSlow {
        /// What kind of picture.
        what: &'static str,
    },
    /// Its content credentials (C2PA) sign what would have to be taken out.
    #[error(
        "this file carries content credentials, which would no longer hold if private metadata ({removed}) were \
         taken out; keep everything with --keep-metadata, or take both out with --drop-credentials"
    )]
    Credentials {
        /// What would be taken out, in plain words.
        removed: String,
    },
    /// Nothing here knows how to take metadata out of it.
    #[error(
        "this is {what}, which may say who made it, when and where, and that cannot be taken out of it; attach it \
         as it is with --keep-metadata, if that may be known to all"
    )]
    CannotStrip {
        /// What it is, with its article.
        what: &'static str,
    },
}

impl MediaError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_path_buf(), source: Arc::new(source) }
    }

    /// `why` may come from a library, so it must not hold what separates the message from the advice.
    pub(super) fn damaged(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Damaged { what, why: format!("{why}").replace("; ", ", ") }
    }
}
