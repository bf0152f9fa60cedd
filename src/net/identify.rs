//! What connected peers are told of this node (identify): those near it where it listens, so that they find the way back;
//! all others only where the internet may come to it. The addresses of a home are nobody's business elsewhere.
//!
//! What they say in turn of where this node is, is passed on to be tried, and to be named to those with whom it would meet
//! past routers: only what may be told to anybody, and of one connection not much.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
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

use super::{
    guard::Hearsay,
    on::dial::is_dialable,
    reach::{Reach, is_relayed, reach},
    snapshot::Metrics,
};

/// Own addresses that are taken from one connection.
const MAX_CANDIDATES: usize = 4;

/// One identify for each side; each knows its own connections alone.
pub(super) struct Identify {
    near: Side,
    far: Side,
    /// Connections with peers on this machine or the network around it.
    nearby: HashSet<ConnectionId>,
    /// How many own addresses were taken from a connection.
    candidates: HashMap<ConnectionId, usize>,
    /// Where it listens that everyone can come to. The far side is told of that as long as it does.
    open: HashSet<Multiaddr>,
    /// Of these, those that have not been told yet to who has them tried.
    proposed: VecDeque<Multiaddr>,
    hearsay: Hearsay,
    metrics: Arc<Metrics>,
}

struct Side {
    identify: Behaviour,
    /// Who spoke last: what follows was said by it.
    speaker: Option<ConnectionId>,
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

/// Whether an address at which others are known to come is told to the far side. Not one of a home, which a node names as
/// its own where it carries for others there.
fn is_for_all(address: &Multiaddr, hearsay: Hearsay) -> bool {
    hearsay.allows(address) || reach(address) == Some(Reach::Name)
}

impl Identify {
    pub fn new(config: Config, hearsay: Hearsay, metrics: Arc<Metrics>) -> Self {
        let side = |config| Side { identify: Behaviour::new(config), speaker: None };
        Self {
            far: side(config.clone().with_hide_listen_addrs(true)),
            near: side(config),
            nearby: HashSet::new(),
            candidates: HashMap::new(),
            open: HashSet::new(),
            proposed: VecDeque::new(),
            hearsay,
            metrics,
        }
    }

    fn side(&mut self, id: ConnectionId) -> &mut Behaviour {
        if self.nearby.contains(&id) { &mut self.near.identify } else { &mut self.far.identify }
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
            self.near.identify.on_swarm_event(event);
            match &event {
                FromSwarm::ExternalAddrConfirmed(known) if !is_for_all(known.addr, self.hearsay) => return,
                FromSwarm::ExternalAddrExpired(gone) if self.open.contains(gone.addr) => return,
                _ => self.far.identify.on_swarm_event(event),
            }
            if let Some(open) = in_the_open(&event) {
                match &open {
                    FromSwarm::ExternalAddrConfirmed(new) => {
                        // The far side takes it for confirmed from now on, and no longer proposes it when others see it.
                        self.proposed.push_back(new.addr.clone());
                        self.open.insert(new.addr.clone())
                    }
                    FromSwarm::ExternalAddrExpired(gone) => self.open.remove(gone.addr),
                    _ => false,
                };
                self.far.identify.on_swarm_event(open);
            }
            return;
        };
        self.side(id).on_swarm_event(event);
        if let FromSwarm::ConnectionClosed(_) = event {
            self.nearby.remove(&id);
            self.candidates.remove(&id);
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.side(id).on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        if let Some(candidate) = self.proposed.pop_front() {
            return Poll::Ready(ToSwarm::NewExternalAddrCandidate(candidate));
        }
        for side in [&mut self.near, &mut self.far] {
            while let Poll::Ready(said) = side.identify.poll(cx) {
                match &said {
                    ToSwarm::GenerateEvent(Event::Received { connection_id, .. }) => {
                        side.speaker = Some(*connection_id);
                    }
                    ToSwarm::NewExternalAddrCandidate(address) => {
                        let may_be_told =
                            self.hearsay.allows(address) && is_dialable(address) && !is_relayed(address);
                        let taken = side.speaker.map(|id| self.candidates.entry(id).or_default());
                        let Some(taken) = taken.filter(|taken| may_be_told && **taken < MAX_CANDIDATES)
                        else {
                            Metrics::count(&self.metrics.candidates_refused);
                            continue;
                        };
                        *taken += 1;
                    }
                    _ => {}
                }
                return Poll::Ready(said);
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_nearby_are_told_of_addresses_of_a_home() {
        let relay = PeerId::random();
        for (address, far) in [
            ("/ip4/10.0.0.1/tcp/4001".to_owned(), false),
            ("/ip6/fd00::1/udp/4001/quic-v1".to_owned(), false),
            ("/ip4/127.0.0.1/tcp/4001".to_owned(), false),
            (format!("/ip4/10.0.0.1/tcp/4001/p2p/{relay}/p2p-circuit"), false),
            (format!("/ip4/8.8.8.8/tcp/4001/p2p/{relay}/p2p-circuit"), true),
            ("/ip4/8.8.8.8/tcp/4001".to_owned(), true),
            ("/dns4/majlis.example/tcp/4001".to_owned(), true),
        ] {
            let place: Multiaddr = address.parse().unwrap();
            assert_eq!(is_for_all(&place, Hearsay { nearby: false }), far, "{address}");
            assert!(is_for_all(&place, Hearsay { nearby: true }), "{address}");
        }
    }

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
