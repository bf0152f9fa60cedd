//! What gossipsub writes into its streams, counted by what it is for: above encryption and multiplexing, as the frames of
//! the sync machine are counted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};

/// What bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Agreeing on the protocol of a stream.
    Opening,
    /// Which topics one is in.
    Topics,
    /// GRAFT and PRUNE.
    Mesh,
    /// IHAVE, IWANT and IDONTWANT.
    Gossip,
    /// Messages.
    Posts,
}

pub const USES: [(Use, &str); 5] = [
    (Use::Topics, "subscriptions"),
    (Use::Mesh, "GRAFT and PRUNE"),
    (Use::Gossip, "IHAVE, IWANT and IDONTWANT"),
    (Use::Posts, "posts"),
    (Use::Opening, "opening streams"),
];

/// What went over all streams of a node, both ways.
#[derive(Default)]
pub struct Meter {
    bytes: [AtomicU64; 5],
    /// Messages that came.
    came: AtomicU64,
    /// Topics that others said they are in, or no longer.
    told: AtomicU64,
}

impl Meter {
    pub fn of(&self, what: Use) -> u64 {
        self.bytes[what as usize].load(Ordering::Relaxed)
    }

    pub fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }

    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    fn add(&self, what: Use, bytes: usize) {
        self.bytes[what as usize].fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn all(&self) -> u64 {
        self.bytes.iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum()
    }

    /// Takes note of a frame, its length before it counted with what it begins with.
    fn note(&self, frame: &[u8], prefix: usize, inwards: bool) {
        let mut prefix = prefix;
        let mut rest = frame;
        while !rest.is_empty() {
            let Some((field, body, size)) = field(rest) else {
                return self.add(Use::Opening, prefix + rest.len());
            };
            let what = match field {
                1 => Use::Topics,
                2 => Use::Posts,
                // All of one control message is for the same.
                3 if matches!(body.first().map(|tag| tag >> 3), Some(3 | 4)) => Use::Mesh,
                3 => Use::Gossip,
                _ => Use::Opening,
            };
            if inwards {
                self.came.fetch_add(u64::from(field == 2), Ordering::Relaxed);
                self.told.fetch_add(u64::from(field == 1), Ordering::Relaxed);
            }
            self.add(what, prefix + size);
            (prefix, rest) = (0, &rest[size..]);
        }
    }
}

/// A protobuf field that has a length: its number, its body, and how long all of it is.
fn field(bytes: &[u8]) -> Option<(u64, &[u8], usize)> {
    let (tag, first) = varint(bytes)?;
    let (length, second) = varint(&bytes[first..])?;
    let (from, to) = (first + second, first + second + length as usize);
    (tag & 7 == 2 && to <= bytes.len()).then(|| (tag >> 3, &bytes[from..to], to))
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

/// One direction of a stream. All that goes there, the opening lines included, has its length before it.
#[derive(Default)]
struct Frames(Vec<u8>);

impl Frames {
    fn take(&mut self, bytes: &[u8], meter: &Meter, inwards: bool) {
        self.0.extend_from_slice(bytes);
        let mut done = 0;
        while let Some((length, prefix)) = varint(&self.0[done..])
            && let Some(frame) = self.0.get(done + prefix..done + prefix + length as usize)
        {
            meter.note(frame, prefix, inwards);
            done += prefix + length as usize;
        }
        self.0.drain(..done);
    }
}

/// The streams of a connection, counted.
pub struct Counted(StreamMuxerBox, Arc<Meter>);

impl Counted {
    pub fn wrap(muxer: StreamMuxerBox, meter: &Arc<Meter>) -> StreamMuxerBox {
        StreamMuxerBox::new(Self(muxer, Arc::clone(meter)))
    }

    fn count(&self, stream: SubstreamBox) -> Stream {
        Stream { inner: stream, meter: Arc::clone(&self.1), ways: <[Frames; 2]>::default() }
    }
}

impl StreamMuxer for Counted {
    type Substream = Stream;
    type Error = io::Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let stream = ready!(Pin::new(&mut self.0).poll_inbound(cx))?;
        Poll::Ready(Ok(self.count(stream)))
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let stream = ready!(Pin::new(&mut self.0).poll_outbound(cx))?;
        Poll::Ready(Ok(self.count(stream)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Pin::new(&mut self.0).poll(cx)
    }
}

pub struct Stream {
    inner: SubstreamBox,
    meter: Arc<Meter>,
    /// Outwards and inwards.
    ways: [Frames; 2],
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, into))?;
        let it = &mut *self;
        it.ways[1].take(&into[..read], &it.meter, true);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        let it = &mut *self;
        it.ways[0].take(&bytes[..written], &it.meter, false);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field with a length before it.
    fn with(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag, body.len() as u8], body].concat()
    }

    #[test]
    fn every_byte_is_counted_once_and_for_what_it_is_for_however_it_is_cut() {
        let framed = |body: Vec<u8>| [&[body.len() as u8], body.as_slice()].concat();
        let topic = with(0x0a, &[8, 1, 0x12, 1, b'a']);
        let opening = framed(b"/meshsub/1.1.0\n".to_vec());
        let topics = framed([topic.clone(), topic].concat());
        let post = framed(with(0x12, &with(0x12, b"a post")));
        let mesh = framed(with(0x1a, &with(0x1a, &with(0x0a, b"a"))));
        let gossip = framed(with(0x1a, &with(0x0a, &with(0x0a, b"a"))));
        let all = [opening.clone(), topics.clone(), post.clone(), mesh.clone(), gossip.clone()].concat();
        for piece in 1..all.len() {
            let (meter, mut frames) = (Meter::default(), Frames::default());
            for bytes in all.chunks(piece) {
                frames.take(bytes, &meter, true);
            }
            let counted =
                [Use::Opening, Use::Topics, Use::Posts, Use::Mesh, Use::Gossip].map(|what| meter.of(what));
            let expected = [&opening, &topics, &post, &mesh, &gossip].map(|bytes| bytes.len() as u64);
            assert_eq!(counted, expected);
            assert_eq!((meter.all(), meter.came(), meter.told()), (all.len() as u64, 1, 2));
            assert!(frames.0.is_empty());
        }
    }
}
