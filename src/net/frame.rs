//! Frames, and reading them. On the wire: length of type and body (u32, big-endian), type (u8), body.
//!
//! A length is checked before anything is allocated for it. [`FrameSource`] owns the read half of the stream; it never
//! waits for the writing side, and dropping it ends the session.

use std::{
    fmt, io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::AsyncReadExt as _;
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    session::{Core, Phase, Reader, Remainder, SessionStats, ended},
    snapshot::Metrics,
};

/// Bytes of the length before each frame.
pub(super) const LENGTH_BYTES: usize = 4;
/// Read buffer of a session. A frame that does not fit is read straight into its own body.
const READ_BUFFER: usize = 32 << 10;

/// One message of the sync protocol; the network does not look inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The message's type.
    pub kind: u8,
    /// The message's content.
    pub body: Vec<u8>,
}

impl Frame {
    /// A frame of this type and content.
    pub fn new(kind: u8, body: impl Into<Vec<u8>>) -> Self {
        Self { kind, body: body.into() }
    }

    /// Length as the wire counts it: type and body.
    pub fn wire_length(&self) -> usize {
        1 + self.body.len()
    }

    pub(super) fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.wire_length() as u32).to_be_bytes());
        out.push(self.kind);
        out.extend_from_slice(&self.body);
    }
}

/// Why no more frames can be read. The session is over; what is queued for sending is still sent.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The remote announced a longer frame than is allowed; its fault.
    #[error("the remote sent a frame of {length} bytes, the limit is {limit}")]
    Oversize {
        /// The announced length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The remote announced a frame without a type; its fault.
    #[error("the remote sent an empty frame")]
    Empty,
    /// The remote has begun a frame and does not go on; a line that is so slow, or its fault.
    #[error("the remote began a frame and did not end it within {0:?}")]
    Slow(Duration),
    /// The stream ended inside a frame: the connection broke or the remote was stopped.
    #[error("the stream ended inside a frame")]
    Truncated,
    /// The connection broke; nobody's fault.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
}

impl FrameError {
    /// Whether the remote broke the protocol, rather than the connection having failed.
    pub fn is_remotes_fault(&self) -> bool {
        matches!(self, Self::Oversize { .. } | Self::Empty)
    }
}

/// The receiving half of a session.
pub struct FrameSource {
    /// Given up when nothing more is read.
    reader: Option<Reader>,
    core: Arc<Core>,
    phase: watch::Receiver<Phase>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// A frame larger than the buffer: what has arrived of it.
    large: Option<Large>,
    /// For how long the rest of the frame has been waited for that has begun.
    waited: Duration,
}

struct Large {
    kind: u8,
    body: Vec<u8>,
    filled: usize,
}

enum Filled {
    Bytes,
    Eof,
    Ended,
    Late,
}

impl FrameSource {
    pub(super) fn new(reader: Reader, core: Arc<Core>) -> Self {
        let buffer = vec![0; READ_BUFFER].into_boxed_slice();
        let phase = core.watch();
        Self {
            reader: Some(reader),
            core,
            phase,
            buffer,
            start: 0,
            end: 0,
            large: None,
            waited: Duration::ZERO,
        }
    }

    /// The next frame; `None` when the session is over, by either side. May be dropped while waiting without losing
    /// a byte. After an error or `None` there is only `None`.
    pub async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        while self.reader.is_some() {
            match self.take_buffered() {
                Ok(Some(frame)) => {
                    self.waited = Duration::ZERO;
                    self.core.received();
                    return Ok(Some(frame));
                }
                Ok(None) => {}
                Err(error) => {
                    Metrics::count(&self.core.metrics.frames_bad);
                    self.leave();
                    return Err(error);
                }
            }
            match self.fill().await {
                Ok(Filled::Bytes) => {}
                Ok(Filled::Late) => {
                    Metrics::count(&self.core.metrics.frames_slow);
                    self.leave();
                    return Err(FrameError::Slow(self.core.limits.frame_time));
                }
                Ok(Filled::Eof) if self.has_begun() => {
                    self.finish();
                    return Err(FrameError::Truncated);
                }
                Ok(Filled::Eof | Filled::Ended) => self.finish(),
                Err(error) => {
                    self.finish();
                    return Err(error.into());
                }
            }
        }
        Ok(None)
    }

    /// Counters of this session.
    pub fn stats(&self) -> &Arc<SessionStats> {
        &self.core.stats
    }

    /// The stream is at its end.
    fn finish(&mut self) {
        self.reader = None;
        self.core.leave(Remainder::Finished);
        self.core.close();
    }

    /// Nothing more is read, whatever comes.
    fn leave(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.core.leave(Remainder::Left(reader));
        }
        self.core.close();
    }

    fn take_buffered(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(large) = self.large.take_if(|large| large.filled == large.body.len()) {
            return Ok(Some(Frame { kind: large.kind, body: large.body }));
        }
        if self.large.is_some() {
            return Ok(None);
        }
        let available = &self.buffer[self.start..self.end];
        let Some((length, rest)) = available.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length == 0 {
            return Err(FrameError::Empty);
        }
        let limit = self.core.limits.frame_bytes;
        if length > limit {
            return Err(FrameError::Oversize { length, limit });
        }
        let Some((&kind, rest)) = rest.split_first() else { return Ok(None) };
        if let Some(body) = rest.get(..length - 1) {
            let body = body.to_vec();
            self.start += LENGTH_BYTES + length;
            return Ok(Some(Frame { kind, body }));
        }
        if LENGTH_BYTES + length > self.buffer.len() {
            let mut body = vec![0; length - 1];
            let filled = rest.len();
            body[..filled].copy_from_slice(rest);
            (self.start, self.end) = (0, 0);
            self.large = Some(Large { kind, body, filled });
        }
        Ok(None)
    }

    /// Whether a part of a frame is there.
    fn has_begun(&self) -> bool {
        self.large.is_some() || self.start < self.end
    }

    /// Reads once. What has arrived is taken before the session's end is looked at, so that a remote's last frames
    /// are not lost to the closing of the connection behind them.
    async fn fill(&mut self) -> io::Result<Filled> {
        let (has_begun, begun) = (self.has_begun(), Instant::now());
        let left = self.core.limits.frame_time.saturating_sub(self.waited);
        let Some(reader) = &mut self.reader else { return Ok(Filled::Ended) };
        let into = if let Some(large) = &mut self.large {
            &mut large.body[large.filled..]
        } else {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            &mut self.buffer[self.end..]
        };
        let count = tokio::select! {
            biased;
            count = reader.read(into) => count?,
            () = ended(&mut self.phase) => return Ok(Filled::Ended),
            () = sleep(left), if has_begun => return Ok(Filled::Late),
        };
        if has_begun {
            self.waited += begun.elapsed();
        }
        if count == 0 {
            return Ok(Filled::Eof);
        }
        match &mut self.large {
            Some(large) => large.filled += count,
            None => self.end += count,
        }
        self.core.stats.bytes_in.fetch_add(count as u64, Relaxed);
        self.core.metrics.bytes_in.fetch_add(count as u64, Relaxed);
        Ok(Filled::Bytes)
    }
}

impl Drop for FrameSource {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for FrameSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSource").field("over", &self.reader.is_none()).finish_non_exhaustive()
    }
}
