//! The sending half of a session: a bounded queue and the task that empties it into the stream.
//!
//! The queue holds at most `send_queue_bytes` and `send_queue_frames`; beyond it, at most one batch
//! ([`BATCH`] and one frame) is being written. The writer flushes as soon as the queue is empty, so a single frame is
//! not held back, and takes many frames at a time when they come faster than the network.

use std::{collections::VecDeque, fmt, io, sync::Arc};

use futures::{AsyncWrite, AsyncWriteExt as _};
use thiserror::Error;
use tokio::time::{sleep, timeout};

use super::{
    config::{CLOSE_TIMEOUT, LINGER},
    frame::{Frame, LENGTH_BYTES},
    session::{Core, Phase, ended},
    snapshot::Metrics,
};

/// The writer joins frames until it has this many bytes.
const BATCH: usize = 64 << 10;

/// Why a frame was not queued; it comes back to the sender.
#[derive(Debug, Error)]
pub enum SendError {
    /// The remote reads more slowly than this side sends; wait for [`FrameSink::ready`], or drop the frame.
    #[error("the send queue is full")]
    Full(Frame),
    /// The session is over.
    #[error("the session is closed")]
    Closed(Frame),
    /// The frame is above the limit and can never be sent; the sender's fault.
    #[error("the frame is above the frame limit")]
    TooLong(Frame),
}

/// The session is over.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the session is closed")]
pub struct SinkClosed;

/// Frames waiting for the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    closed: bool,
}

/// The sending half of a session. Clones share one queue; the session ends when the last is dropped.
#[derive(Clone)]
pub struct FrameSink {
    owner: Arc<Owner>,
}

/// Closes the session when the last sink is gone.
struct Owner(Arc<Core>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl FrameSink {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { owner: Arc::new(Owner(core)) }
    }

    fn core(&self) -> &Core {
        &self.owner.0
    }

    /// Queues a frame, or gives it back at once. Never waits.
    pub fn try_send(&self, frame: Frame) -> Result<(), SendError> {
        let core = self.core();
        if frame.wire_length() > core.limits.frame_bytes {
            return Err(SendError::TooLong(frame));
        }
        let size = LENGTH_BYTES + frame.wire_length();
        let mut queue = core.queue.lock();
        if queue.closed {
            return Err(SendError::Closed(frame));
        }
        if queue.bytes + size > core.limits.queue_bytes || queue.frames.len() == core.limits.queue_frames {
            drop(queue);
            Metrics::count(&core.metrics.frames_refused);
            return Err(SendError::Full(frame));
        }
        queue.bytes += size;
        queue.frames.push_back(frame);
        let first = queue.frames.len() == 1;
        drop(queue);
        if first {
            core.work.notify_one();
        }
        Ok(())
    }

    /// Waits until the queue is at most half full, so that any one frame fits.
    pub async fn ready(&self) -> Result<(), SinkClosed> {
        let core = self.core();
        loop {
            let room = core.room.notified();
            tokio::pin!(room);
            // Registered before looking, so that room made in between is not missed.
            room.as_mut().enable();
            {
                let queue = core.queue.lock();
                if queue.closed {
                    return Err(SinkClosed);
                }
                if queue.has_room(core) {
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// Bytes that may still be queued now, lengths and types included.
    pub fn capacity_bytes(&self) -> usize {
        let core = self.core();
        let queue = core.queue.lock();
        if queue.closed || queue.frames.len() == core.limits.queue_frames {
            return 0;
        }
        core.limits.queue_bytes - queue.bytes
    }

    /// Ends the session after what is queued has been written. Returns at once.
    pub fn close(&self) {
        self.core().close();
    }

    /// Whether the session takes no more frames.
    pub fn is_closed(&self) -> bool {
        self.core().queue.lock().closed
    }

    /// Waits until the session is over: the queue written and the stream closed, or the connection gone.
    pub async fn closed(&self) {
        ended(&mut self.core().watch()).await;
    }
}

impl fmt::Debug for FrameSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSink").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl Queue {
    /// Takes no more frames, and forgets those it has if nobody will send them.
    pub fn close(&mut self, forget: bool) {
        self.closed = true;
        if forget {
            self.frames = VecDeque::new();
            self.bytes = 0;
        }
    }

    fn has_room(&self, core: &Core) -> bool {
        self.bytes <= core.limits.queue_bytes / 2 && self.frames.len() <= core.limits.queue_frames / 2
    }

    /// Moves up to [`BATCH`] bytes of frames to `batch`.
    fn take(&mut self, batch: &mut Vec<Frame>) -> usize {
        let mut bytes = 0;
        while bytes < BATCH
            && let Some(frame) = self.frames.pop_front()
        {
            bytes += LENGTH_BYTES + frame.wire_length();
            batch.push(frame);
        }
        self.bytes -= bytes;
        bytes
    }
}

/// The writer task: writes until the session is over, then closes the stream. Marks the session as ended.
pub(super) async fn write<W: AsyncWrite + Unpin>(core: &Core, mut writer: W, preamble: &[u8]) {
    let result = tokio::select! {
        result = pump(core, &mut writer, preamble) => result,
        () = cut_off(core) => Err(io::ErrorKind::TimedOut.into()),
    };
    if let Err(error) = result {
        tracing::debug!(%error, "session ended with frames unsent");
    }
    core.end();
}

/// Completes when the session must end whatever is still to be written.
async fn cut_off(core: &Core) {
    let mut phase = core.watch();
    // An error means that the sender is gone; `core` holds it.
    let _ = phase.wait_for(|phase| *phase != Phase::Open).await;
    tokio::select! {
        () = sleep(CLOSE_TIMEOUT) => {}
        () = ended(&mut phase) => {}
    }
}

async fn pump<W: AsyncWrite + Unpin>(core: &Core, writer: &mut W, preamble: &[u8]) -> io::Result<()> {
    let mut batch = Vec::new();
    let mut out = preamble.to_vec();
    if !out.is_empty() {
        writer.write_all(&out).await?;
        writer.flush().await?;
    }
    loop {
        let (bytes, empty, closed, room) = {
            let mut queue = core.queue.lock();
            let had_room = queue.has_room(core);
            let bytes = queue.take(&mut batch);
            (bytes, queue.frames.is_empty(), queue.closed, !had_room && queue.has_room(core))
        };
        if room {
            core.room.notify_waiters();
        }
        if bytes == 0 {
            if closed {
                writer.close().await?;
                // A remote that keeps its side open has had its time.
                let _ = timeout(LINGER, core.remote_finished()).await;
                return Ok(());
            }
            core.work.notified().await;
            continue;
        }
        out.clear();
        let frames = batch.len();
        for frame in batch.drain(..) {
            frame.encode_into(&mut out);
        }
        writer.write_all(&out).await?;
        core.sent(frames, bytes);
        if empty {
            writer.flush().await?;
        }
    }
}
