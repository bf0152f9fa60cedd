//! Has other nodes try whether this node is reached from outside (`AutoNAT`), and again after a while: libp2p's own client
//! tries every address once, remembers all that it was ever told of, and never takes back what it has found.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId, StreamProtocol,
    autonat::v2::client::{Behaviour, Event},
    core::{ConnectedPoint, Endpoint, transport::PortUse},
    swarm::{
        ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
        THandlerOutEvent, ToSwarm,
        behaviour::{ConnectionEstablished, NewExternalAddrCandidate},
    },
};

use super::snapshot::Metrics;

/// What those speak who try the addresses of others.
pub(super) const TRIAL_PROTOCOL: StreamProtocol = StreamProtocol::new("/libp2p/autonat/2/dial-request");
/// Addresses that are tried at most before all are tried anew.
const MAX_CANDIDATES: usize = 64;

/// See the module.
pub(super) struct Trial {
    client: Behaviour,
    /// What the client knows of.
    candidates: HashSet<Multiaddr>,
    /// Connections, which a new client is told of.
    open: HashMap<ConnectionId, (PeerId, ConnectedPoint)>,
    metrics: Arc<Metrics>,
}

impl Trial {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let (candidates, open) = (HashSet::new(), HashMap::new());
        Self { client: Behaviour::default(), candidates, open, metrics }
    }

    /// Forgets what was tried, and has these addresses tried: as soon as there is a new connection with somebody who does
    /// that, since those who do are known by what they say at its beginning.
    pub fn begin_anew(&mut self, addresses: Vec<Multiaddr>) {
        self.client = Behaviour::default();
        for (id, (peer, endpoint)) in &self.open {
            self.client.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id: *peer,
                connection_id: *id,
                endpoint,
                failed_addresses: &[],
                other_established: 0,
            }));
        }
        for address in &addresses {
            let candidate = NewExternalAddrCandidate { addr: address };
            self.client.on_swarm_event(FromSwarm::NewExternalAddrCandidate(candidate));
        }
        self.candidates = addresses.into_iter().collect();
    }
}

impl NetworkBehaviour for Trial {
    type ConnectionHandler = <Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.client.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.client.handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::ConnectionEstablished(new) => {
                self.open.insert(new.connection_id, (new.peer_id, new.endpoint.clone()));
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.open.remove(&closed.connection_id);
            }
            FromSwarm::NewExternalAddrCandidate(new) if !self.candidates.contains(new.addr) => {
                if self.candidates.len() >= MAX_CANDIDATES {
                    Metrics::count(&self.metrics.candidates_refused);
                    return;
                }
                self.candidates.insert(new.addr.clone());
            }
            _ => {}
        }
        self.client.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.client.on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        self.client.poll(cx)
    }
}
