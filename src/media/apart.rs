//! Work on bytes that nobody vouches for, done in a thread of its own, so that it can neither take the caller down nor
//! hold it up.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::MediaError;

/// Does the work, and waits for it no longer than the limit. Where it panics, the file counts as damaged.
///
/// A thread cannot be ended from outside: one that is late goes on, and its result is thrown away. It ends by itself,
/// as the size of what it works on is bounded before it starts.
pub(super) fn apart<T: Send + 'static>(
    what: &'static str,
    limit: Duration,
    work: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
) -> Result<T, MediaError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("media".to_owned());
    // Nobody listens any more when the limit has passed.
    let started = thread.spawn(move || drop(sender.send(work())));
    started.map_err(|error| MediaError::damaged(what, error))?;
    match receiver.recv_timeout(limit) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => Err(MediaError::TooSlow { what }),
        Err(RecvTimeoutError::Disconnected) => Err(MediaError::damaged(what, "it cannot be decoded")),
    }
}
