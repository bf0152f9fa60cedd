//! Yamux, of which each connection ends in time.
//!
//! To close a connection well is to send first what it still has to say. Where the other end is gone, or reads nothing, that
//! waits until the system gives up, a quarter of an hour or never; and as long the swarm takes the peer for connected, and
//! dials it nowhere else.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{AsyncRead, AsyncWrite, FutureExt as _, TryFutureExt as _, future::MapOk};
use libp2p::{
    core::{
        StreamMuxer,
        muxing::StreamMuxerEvent,
        upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo},
    },
    yamux::{Config, Muxer},
};
use tokio::time::{Sleep, sleep};

use super::config::CLOSE_TIMEOUT;

/// The upgrade of a connection to one of many streams.
#[derive(Clone, Debug, Default)]
pub(super) struct Yamux(Config);

/// A connection of many streams that is given [`CLOSE_TIMEOUT`] to close well.
pub(super) struct Bounded<M> {
    muxer: M,
    closing: Option<Pin<Box<Sleep>>>,
}

impl<M> Bounded<M> {
    fn new(muxer: M) -> Self {
        Self { muxer, closing: None }
    }
}

type Made<F, C> = MapOk<F, fn(Muxer<C>) -> Bounded<Muxer<C>>>;

impl UpgradeInfo for Yamux {
    type Info = <Config as UpgradeInfo>::Info;
    type InfoIter = <Config as UpgradeInfo>::InfoIter;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.protocol_info()
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> InboundConnectionUpgrade<C> for Yamux {
    type Output = Bounded<Muxer<C>>;
    type Error = io::Error;
    type Future = Made<<Config as InboundConnectionUpgrade<C>>::Future, C>;

    fn upgrade_inbound(self, io: C, info: Self::Info) -> Self::Future {
        self.0.upgrade_inbound(io, info).map_ok(Bounded::new)
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> OutboundConnectionUpgrade<C> for Yamux {
    type Output = Bounded<Muxer<C>>;
    type Error = io::Error;
    type Future = Made<<Config as OutboundConnectionUpgrade<C>>::Future, C>;

    fn upgrade_outbound(self, io: C, info: Self::Info) -> Self::Future {
        self.0.upgrade_outbound(io, info).map_ok(Bounded::new)
    }
}

impl<M> StreamMuxer for Bounded<M>
where
    M: StreamMuxer<Error: Into<io::Error>> + Unpin,
{
    type Substream = M::Substream;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        Pin::new(&mut self.muxer).poll_inbound(context).map_err(Into::into)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        Pin::new(&mut self.muxer).poll_outbound(context).map_err(Into::into)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if let Poll::Ready(closed) = Pin::new(&mut self.muxer).poll_close(context) {
            return Poll::Ready(closed.map_err(Into::into));
        }
        let patience = self.closing.get_or_insert_with(|| Box::pin(sleep(CLOSE_TIMEOUT)));
        patience.poll_unpin(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Pin::new(&mut self.muxer).poll(context).map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use futures::{
        AsyncWriteExt as _,
        future::{join_all, select},
    };
    use libp2p::tcp::tokio::TcpStream as Wire;
    use tokio::{
        net::{TcpSocket, TcpStream},
        time::{Instant, timeout},
    };

    use super::*;

    /// A connection with little room, and its other end.
    async fn two() -> (TcpStream, TcpStream) {
        let narrow = || {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4 << 10).unwrap();
            socket.set_send_buffer_size(4 << 10).unwrap();
            socket
        };
        let door = narrow();
        door.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let door = door.listen(1).unwrap();
        let (here, there) = tokio::join!(narrow().connect(door.local_addr().unwrap()), door.accept());
        (here.unwrap(), there.unwrap().0)
    }

    #[tokio::test]
    async fn one_whose_other_end_reads_nothing_is_closed_in_time() {
        let (here, _there) = two().await;
        let mut muxer = Yamux::default().upgrade_outbound(Wire(here), "/yamux/1.0.0").await.unwrap();
        // More than there is ever room for on the way.
        let much = vec![0; 1 << 20];
        let mut streams = Vec::new();
        for _ in 0..8 {
            streams.push(poll_fn(|context| Pin::new(&mut muxer).poll_outbound(context)).await.unwrap());
        }
        let writing = join_all(streams.iter_mut().map(|stream| stream.write_all(&much)));
        let going = poll_fn(|context| Pin::new(&mut muxer).poll(context));
        assert!(timeout(Duration::from_secs(1), select(writing, going)).await.is_err());
        let began = Instant::now();
        let closed = timeout(4 * CLOSE_TIMEOUT, poll_fn(|context| Pin::new(&mut muxer).poll_close(context)));
        assert_eq!(closed.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= CLOSE_TIMEOUT, "what is on its way is given time");
    }
}
