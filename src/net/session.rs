//! One sync stream, from its acceptance to its end.
//!
//! [`Session`] is what the application holds: a sink and a source. A writer task per session owns the write half of
//! the stream. The session ends when either half is closed or dropped, when the stream breaks, or when the swarm task
//! ends it ([`SessionHandle`]); the writer then writes what is queued, for at most
//! [`super::config::CLOSE_TIMEOUT`], closes the stream, waits a little for the remote to close its side, and tells the
//! swarm task once. Only then may the connection be closed: QUIC throws away what has not arrived by then.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use libp2p::PeerId;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};

use super::{
    frame::FrameSource,
    sink::{FrameSink, Queue, write},
    snapshot::Metrics,
};

/// A conversation with one peer.
#[derive(Debug)]
pub struct Session {
    /// Sends.
    pub sink: FrameSink,
    /// Receives.
    pub source: FrameSource,
}

impl Session {
    /// Counters of this session; they outlive it.
    pub fn stats(&self) -> Arc<SessionStats> {
        Arc::clone(self.source.stats())
    }
}

/// What one session has carried.
#[derive(Debug, Default)]
pub struct SessionStats {
    /// Bytes received.
    pub bytes_in: AtomicU64,
    /// Bytes written to the stream.
    pub bytes_out: AtomicU64,
    /// Whole frames received.
    pub frames_in: AtomicU64,
    /// Frames written to the stream.
    pub frames_out: AtomicU64,
}

/// Bounds of a session's frames and queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub frame_bytes: usize,
    pub frame_time: Duration,
    pub queue_bytes: usize,
    pub queue_frames: usize,
}

/// Where a session is in its life; it only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    /// What is queued is still written; nothing more is taken.
    Closing,
    /// Over, at once.
    Ended,
}

/// What the halves of a session, its writer and the swarm task share.
#[derive(Debug)]
pub(super) struct Core {
    pub queue: Mutex<Queue>,
    /// Wakes the writer.
    pub work: Notify,
    /// Wakes producers that wait for room.
    pub room: Notify,
    pub limits: Limits,
    pub stats: Arc<SessionStats>,
    pub metrics: Arc<Metrics>,
    phase: watch::Sender<Phase>,
    /// What remains of the read half.
    remainder: Mutex<Remainder>,
    remainder_changed: Notify,
}

/// The read half of the stream, seen from the writer that waits for the remote to finish.
pub(super) enum Remainder {
    /// The application reads it.
    Reading,
    /// The remote has finished, or the stream is broken.
    Finished,
    /// The application has dropped it.
    Left(Reader),
}

impl fmt::Debug for Remainder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reading => "Reading",
            Self::Finished => "Finished",
            Self::Left(_) => "Left",
        })
    }
}

/// The read half of any stream.
pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;

impl Core {
    pub fn new(limits: Limits, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(Queue::default()),
            work: Notify::new(),
            room: Notify::new(),
            limits,
            stats: Arc::default(),
            metrics,
            phase: watch::Sender::new(Phase::Open),
            remainder: Mutex::new(Remainder::Reading),
            remainder_changed: Notify::new(),
        })
    }

    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Takes no more frames; the writer ends the session when the queue is empty.
    pub fn close(&self) {
        self.advance(Phase::Closing);
    }

    /// Ends the session with whatever is still queued.
    pub fn end(&self) {
        self.advance(Phase::Ended);
    }

    fn advance(&self, to: Phase) {
        self.queue.lock().close(to == Phase::Ended);
        self.phase.send_if_modified(|phase| {
            let forward = *phase < to;
            *phase = (*phase).max(to);
            forward
        });
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// The application reads no more of the stream.
    pub fn leave(&self, remainder: Remainder) {
        *self.remainder.lock() = remainder;
        self.remainder_changed.notify_one();
    }

    /// Waits until the remote has closed its side. What it still sends to an application that reads no more is thrown
    /// away.
    pub async fn remote_finished(&self) {
        loop {
            let remainder = std::mem::replace(&mut *self.remainder.lock(), Remainder::Reading);
            match remainder {
                Remainder::Reading => self.remainder_changed.notified().await,
                Remainder::Finished => return,
                Remainder::Left(mut reader) => {
                    let mut scratch = [0; 4096];
                    while reader.read(&mut scratch).await.is_ok_and(|count| count > 0) {}
                    return;
                }
            }
        }
    }

    pub fn received(&self) {
        self.stats.frames_in.fetch_add(1, Relaxed);
        self.metrics.frames_in.fetch_add(1, Relaxed);
    }

    pub fn sent(&self, frames: usize, bytes: usize) {
        let add = |counter: &AtomicU64, n: usize| counter.fetch_add(n as u64, Relaxed);
        add(&self.stats.frames_out, frames);
        add(&self.metrics.frames_out, frames);
        add(&self.stats.bytes_out, bytes);
        add(&self.metrics.bytes_out, bytes);
    }
}

/// Waits until the session is over.
pub(super) async fn ended(phase: &mut watch::Receiver<Phase>) {
    // An error means that the sender is gone, and the session with it.
    let _ = phase.wait_for(|phase| *phase == Phase::Ended).await;
}

/// The swarm task's hold on a session.
#[derive(Debug)]
pub(super) struct SessionHandle(Arc<Core>);

impl SessionHandle {
    /// Ends the session after what is queued has been written.
    pub fn close(&self) {
        self.0.close();
    }

    /// Ends the session now.
    pub fn end(&self) {
        self.0.end();
    }

    /// Bytes that the session has carried, in either direction.
    pub fn carried(&self) -> u64 {
        let stats = &self.0.stats;
        stats.bytes_in.load(Relaxed) + stats.bytes_out.load(Relaxed)
    }
}

/// Tells the swarm task that a session is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub peer: PeerId,
    pub id: u64,
}

/// Starts the writer of a negotiated stream. `preamble` is written before any frame.
pub(super) fn start<S>(
    stream: S,
    limits: Limits,
    metrics: Arc<Metrics>,
    preamble: &'static [u8],
    ended: (Ended, mpsc::Sender<Ended>),
) -> (Session, SessionHandle)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (reader, writer) = stream.split();
    let core = Core::new(limits, metrics);
    let source = FrameSource::new(Box::new(reader), Arc::clone(&core));
    let sink = FrameSink::new(Arc::clone(&core));
    let handle = SessionHandle(Arc::clone(&core));
    tokio::spawn(async move {
        write(&core, writer, preamble).await;
        let (ended, to) = ended;
        // The swarm task only misses this when it has itself ended.
        let _ = to.send(ended).await;
    });
    (Session { sink, source }, handle)
}
