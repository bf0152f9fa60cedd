//! The libp2p behaviour of the sync protocol: negotiates streams, and hands each to the swarm task as an event that
//! names the connection.
//!
//! The side that opens a stream has it only when the remote has accepted it with [`ACCEPT`]; the one-session rule
//! ([`super::rule`]) needs that. Every negotiation is bounded by [`OPEN_TIMEOUT`] or libp2p's own upgrade timeout, and
//! a stream that waits for the swarm task is counted against [`MAX_STREAMS_WAITING`]. An open stream keeps its
//! connection alive; this handler alone does not.

use std::{
    collections::VecDeque,
    future::Future,
    io, iter,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::AsyncReadExt as _;
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol,
    core::{
        Endpoint,
        transport::PortUse,
        upgrade::{OutboundUpgrade, ReadyUpgrade, UpgradeInfo},
    },
    swarm::{
        ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
        NetworkBehaviour, NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent,
        THandlerOutEvent, ToSwarm,
        handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound},
    },
};
use thiserror::Error;

use super::{
    config::{MAX_STREAMS_WAITING, OPEN_TIMEOUT},
    snapshot::Metrics,
};

/// The sync protocol's name on the wire.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/majlis/sync/1");
/// What the accepting side writes before its first frame: an empty frame of the ignorable type 255.
pub const ACCEPT: [u8; 5] = [0, 0, 0, 1, 255];

/// A stream has been negotiated, or could not be.
#[derive(Debug)]
pub(super) enum Event {
    /// The remote has opened a stream and waits for [`ACCEPT`].
    Inbound { peer: PeerId, connection: ConnectionId, stream: Stream },
    /// The remote has accepted, or not, the stream that [`Behaviour::open`] asked for.
    Outbound { peer: PeerId, connection: ConnectionId, result: Result<Stream, OpenError> },
}

/// Why a stream could not be opened.
#[derive(Debug, Error)]
pub(super) enum OpenError {
    #[error("the peer does not speak {PROTOCOL}")]
    Unsupported,
    #[error("the peer did not accept the session in time")]
    Timeout,
    #[error("the peer did not accept the session: {0}")]
    Refused(io::Error),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Behaviour {
    metrics: Arc<Metrics>,
    /// Openings to pass to handlers, and events of handlers to pass up; both taken at the next poll.
    waiting: VecDeque<ToSwarm<Event, Open>>,
}

impl Behaviour {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, waiting: VecDeque::new() }
    }

    /// Opens a stream on this connection. An [`Event::Outbound`] follows, unless the connection ends first.
    pub fn open(&mut self, peer: PeerId, connection: ConnectionId) {
        let handler = NotifyHandler::One(connection);
        self.waiting.push_back(ToSwarm::NotifyHandler { peer_id: peer, handler, event: Open });
    }

    fn handler(&self) -> Handler {
        Handler { metrics: Arc::clone(&self.metrics), to_open: 0, waiting: VecDeque::new() }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.waiting.push_back(ToSwarm::GenerateEvent(match event {
            Negotiated::Inbound(stream) => Event::Inbound { peer, connection, stream },
            Negotiated::Outbound(result) => Event::Outbound { peer, connection, result },
        }));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.waiting.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// Asks a handler to open a stream.
#[derive(Debug)]
pub(super) struct Open;

/// What a handler has negotiated.
#[derive(Debug)]
pub(super) enum Negotiated {
    Inbound(Stream),
    Outbound(Result<Stream, OpenError>),
}

/// One connection's part of the behaviour.
#[derive(Debug)]
pub(super) struct Handler {
    metrics: Arc<Metrics>,
    to_open: usize,
    waiting: VecDeque<Negotiated>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Negotiated;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = Opening;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Self::ToBehaviour>> {
        if let Some(negotiated) = self.waiting.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(negotiated));
        }
        if self.to_open > 0 {
            self.to_open -= 1;
            let protocol = SubstreamProtocol::new(Opening, ()).with_timeout(OPEN_TIMEOUT);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, Open: Self::FromBehaviour) {
        self.to_open += 1;
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: stream, .. }) => {
                if self.waiting.len() >= MAX_STREAMS_WAITING {
                    Metrics::count(&self.metrics.streams_dropped);
                } else {
                    self.waiting.push_back(Negotiated::Inbound(stream));
                }
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream, ..
            }) => {
                self.waiting.push_back(Negotiated::Outbound(Ok(stream)));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, .. }) => {
                self.waiting.push_back(Negotiated::Outbound(Err(match error {
                    StreamUpgradeError::Timeout => OpenError::Timeout,
                    StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
                    StreamUpgradeError::Apply(error) | StreamUpgradeError::Io(error) => {
                        OpenError::Refused(error)
                    }
                })));
            }
            _ => {}
        }
    }
}

/// Opens a stream and waits for [`ACCEPT`].
#[derive(Debug)]
pub(super) struct Opening;

impl UpgradeInfo for Opening {
    type Info = StreamProtocol;
    type InfoIter = iter::Once<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once(PROTOCOL)
    }
}

impl OutboundUpgrade<Stream> for Opening {
    type Output = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn upgrade_outbound(self, mut stream: Stream, _: Self::Info) -> Self::Future {
        Box::pin(async move {
            let mut answer = [0; ACCEPT.len()];
            stream.read_exact(&mut answer).await?;
            if answer != ACCEPT {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not an acceptance"));
            }
            Ok(stream)
        })
    }
}
