//! Keeps those of one network from taking every place that others might have: connections that come in, while they are
//! made and afterwards.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    swarm::{
        ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
        THandlerOutEvent, ToSwarm, dummy,
    },
};

use super::{NetConfig, network::Network, snapshot::Metrics};

/// The part of what may come in that one network may take.
const SHARE: u32 = 4;

/// What has come in, by where it came from.
pub(super) struct Crowd {
    incoming: HashMap<ConnectionId, Incoming>,
    max_pending: usize,
    max_established: usize,
    metrics: Arc<Metrics>,
}

struct Incoming {
    network: Network,
    established: bool,
}

/// Why a connection was not taken.
#[derive(Debug)]
struct Crowded;

impl fmt::Display for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many connections come from the same network")
    }
}

impl std::error::Error for Crowded {}

impl Crowd {
    pub fn new(config: &NetConfig, metrics: Arc<Metrics>) -> Self {
        let share = |max: u32| (max / SHARE).max(1) as usize;
        Self {
            incoming: HashMap::new(),
            max_pending: share(config.max_pending),
            max_established: share(config.max_connections),
            metrics,
        }
    }

    fn has_room(&self, network: Network) -> bool {
        let alike = || self.incoming.values().filter(|incoming| incoming.network == network);
        alike().count() < self.max_established
            && alike().filter(|incoming| !incoming.established).count() < self.max_pending
    }
}

impl NetworkBehaviour for Crowd {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let network = Network::of(Some(remote));
        if !self.has_room(network) {
            Metrics::count(&self.metrics.incoming_crowded);
            return Err(ConnectionDenied::new(Crowded));
        }
        self.incoming.insert(id, Incoming { network, established: false });
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                if let Some(incoming) = self.incoming.get_mut(&established.connection_id) {
                    incoming.established = true;
                }
            }
            FromSwarm::ListenFailure(failure) => {
                self.incoming.remove(&failure.connection_id);
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.incoming.remove(&closed.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}
