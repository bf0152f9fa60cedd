//! What connected peers are told of this node (identify): those near it where it listens, so that they find the way back;
//! all others only where the internet may come to it. The addresses of a home are nobody's business elsewhere.

use std::{
    collections::{HashSet, VecDeque},
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    identify::{Behaviour, Config, Event},
    swarm::{
        ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
        THandlerOutEvent, ToSwarm,
        behaviour::{ExternalAddrConfirmed, ExternalAddrExpired},
    },
};

use super::reach::{Reach, is_relayed, reach};

/// One identify for each side; each knows its own connections alone.
pub(super) struct Identify {
    near: Behaviour,
    far: Behaviour,
    /// Connections with peers on this machine or the network around it.
    nearby: HashSet<ConnectionId>,
    /// Own addresses of the internet's that others may be able to come to, to be told to who tries that.
    candidates: VecDeque<Multiaddr>,
}

/// Whether who is connected at this address is near: not where another node carries what goes there, as that one may
/// be next door.
fn is_near(remote: &Multiaddr) -> bool {
    !is_relayed(remote) && matches!(reach(remote), Some(Reach::Household | Reach::Machine))
}

/// What the far side, which hides where the node listens, is told as well: an own address of the internet's is a way in.
fn in_the_open<'a>(event: &FromSwarm<'a>) -> Option<FromSwarm<'a>> {
    let is_open = |address| !is_relayed(address) && reach(address) == Some(Reach::World);
    match event {
        FromSwarm::NewListenAddr(new) if is_open(new.addr) => {
            Some(FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed { addr: new.addr }))
        }
        FromSwarm::ExpiredListenAddr(gone) if is_open(gone.addr) => {
            Some(FromSwarm::ExternalAddrExpired(ExternalAddrExpired { addr: gone.addr }))
        }
        _ => None,
    }
}

impl Identify {
    pub fn new(config: Config) -> Self {
        let far = Behaviour::new(config.clone().with_hide_listen_addrs(true));
        Self { near: Behaviour::new(config), far, nearby: HashSet::new(), candidates: VecDeque::new() }
    }

    fn side(&mut self, id: ConnectionId) -> &mut Behaviour {
        if self.nearby.contains(&id) { &mut self.near } else { &mut self.far }
    }

    /// The side of a connection that begins.
    fn begin(&mut self, id: ConnectionId, remote: &Multiaddr) -> &mut Behaviour {
        if is_near(remote) {
            self.nearby.insert(id);
        }
        self.side(id)
    }
}

impl NetworkBehaviour for Identify {
    type ConnectionHandler = <Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.begin(id, remote).handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.begin(id, address).handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        let connection = match &event {
            FromSwarm::ConnectionEstablished(established) => Some(established.connection_id),
            FromSwarm::ConnectionClosed(closed) => Some(closed.connection_id),
            FromSwarm::AddressChange(change) => Some(change.connection_id),
            // One that another behaviour refused after it had begun here.
            FromSwarm::DialFailure(failure) => {
                self.nearby.remove(&failure.connection_id);
                None
            }
            FromSwarm::ListenFailure(failure) => {
                self.nearby.remove(&failure.connection_id);
                None
            }
            _ => None,
        };
        let Some(id) = connection else {
            self.near.on_swarm_event(event);
            self.far.on_swarm_event(event);
            if let Some(open) = in_the_open(&event) {
                // The far side, which takes it for confirmed from now on, no longer proposes it when others see it.
                if let FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed { addr }) = open {
                    self.candidates.push_back(addr.clone());
                }
                self.far.on_swarm_event(open);
            }
            return;
        };
        self.side(id).on_swarm_event(event);
        if let FromSwarm::ConnectionClosed(_) = event {
            self.nearby.remove(&id);
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.side(id).on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        if let Some(candidate) = self.candidates.pop_front() {
            return Poll::Ready(ToSwarm::NewExternalAddrCandidate(candidate));
        }
        match self.near.poll(cx) {
            Poll::Pending => self.far.poll(cx),
            ready @ Poll::Ready(_) => ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_carried_here_is_not_near() {
        let relay = PeerId::random();
        for (address, near) in [
            ("/ip4/192.168.1.2/tcp/4001".to_owned(), true),
            ("/ip6/::1/udp/4001/quic-v1".to_owned(), true),
            ("/ip4/8.8.8.8/tcp/4001".to_owned(), false),
            (format!("/ip4/192.168.1.2/tcp/4001/p2p/{relay}/p2p-circuit"), false),
        ] {
            assert_eq!(is_near(&address.parse().unwrap()), near, "{address}");
        }
    }
}
