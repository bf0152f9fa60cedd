//! Clients that are too slow: what they say has to come at a pace, and what they are told has to be taken.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout_at};

/// A body has this long however small it is, and longer by its bytes at [`PACE`].
const GRACE: Duration = Duration::from_secs(20);
/// Bytes a second.
const PACE: u64 = 2_000;
/// Bytes that are offered to a client wait for it this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A body that ends in an error where it comes too slowly, or is longer than `limit`.
pub fn paced(body: Body, limit: usize) -> Body {
    Body::from_stream(at_pace(body.into_data_stream(), limit, GRACE))
}

fn at_pace(
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
    limit: usize,
    grace: Duration,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let started = Instant::now();
    futures::stream::unfold(Some((body, 0_usize)), move |state| async move {
        let (mut body, taken) = state?;
        let until = started + grace + Duration::from_secs(taken as u64 / PACE);
        let bytes = match timeout_at(until, body.next()).await {
            Ok(None) => return None,
            Ok(Some(bytes)) => bytes.map_err(io::Error::other),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly")),
        };
        Some(match bytes {
            Ok(bytes) if taken + bytes.len() > limit => {
                (Err(io::Error::new(io::ErrorKind::FileTooLarge, "the body is too long")), None)
            }
            Ok(bytes) => {
                let taken = taken + bytes.len();
                (Ok(bytes), Some((body, taken)))
            }
            Err(error) => (Err(error), None),
        })
    })
}

/// A connection that breaks where the client does not take what it is told.
pub struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Runs while bytes wait.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Of a connection.
    pub fn new(stream: S) -> Self {
        Self { stream, patience: PATIENCE, waiting: None }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    async fn read(pause: Duration, bytes: usize, limit: usize) -> io::Result<usize> {
        let body = Box::pin(stream::unfold(0, move |count| async move {
            sleep(pause).await;
            (count < 100).then(|| (Ok(Bytes::from(vec![0; bytes])), count + 1))
        }));
        let mut body = Box::pin(at_pace(body, limit, SHORT));
        let mut count = 0;
        while let Some(bytes) = body.next().await {
            count += bytes?.len();
        }
        Ok(count)
    }

    #[tokio::test]
    async fn a_body_has_to_come_at_a_pace() {
        let pause = Duration::from_millis(5);
        assert_eq!(read(pause, 20_000, usize::MAX).await.unwrap(), 2_000_000);
        let slow = read(pause, 1, usize::MAX).await.unwrap_err();
        assert_eq!(slow.kind(), io::ErrorKind::TimedOut);
        let long = read(Duration::ZERO, 4_000, 100_000).await.unwrap_err();
        assert_eq!(long.kind(), io::ErrorKind::FileTooLarge);
    }

    #[tokio::test]
    async fn what_is_told_has_to_be_taken() {
        let (near, far) = tokio::io::duplex(1_000);
        let mut near = Patient { patience: SHORT, ..Patient::new(near) };
        let error = near.write_all(&[0; 10_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(far);
    }
}
