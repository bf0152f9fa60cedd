//! Keeps a behaviour that dials what others say from dialling into this machine and the networks around it, from telling
//! others of addresses there, and from being led from one to the next of those who own a network.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    swarm::{
        ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
        THandlerOutEvent, ToSwarm,
    },
};

use super::{
    network::Network,
    reach::{Reach, reach},
    snapshot::Metrics,
};

/// Connections with nodes of one network that the behaviour has at once by its own dials. With as many neighbours from
/// there they are fewer than the 20 of whom a search in a table asks the nearest: one of another network is among them.
const MAX_DIALLED_OF_NETWORK: usize = 8;

/// What others say of where somebody is, as far as it is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hearsay {
    /// The owner trusts the network around: addresses in it are as good as others.
    pub nearby: bool,
}

impl Hearsay {
    /// Whether an address of this reach may be dialled because somebody says so, and told to others. Not a name: it
    /// may lead into the network around, and who is asked for it learns who asks.
    pub fn believes(self, reach: Reach) -> bool {
        self.nearby || reach == Reach::World
    }

    /// The same of an address; one that means nothing to others is never believed.
    pub(super) fn allows(self, address: &Multiaddr) -> bool {
        reach(address).is_some_and(|reach| self.believes(reach))
    }
}

/// A behaviour whose dials are looked at first.
pub(super) struct Guard<B> {
    inner: B,
    hearsay: Hearsay,
    /// Dials that it has asked for and that have not come to an end.
    dials: HashSet<ConnectionId>,
    /// Connections that came of them, and where to.
    open: HashMap<ConnectionId, Network>,
    metrics: Arc<Metrics>,
}

/// Why a dial was not made, or its connection not kept.
#[derive(Debug)]
enum Forbidden {
    Nearby,
    Crowded,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nearby => "others may not send this node to an address that is not the internet's",
            Self::Crowded => "others have sent this node to too many of the same network",
        })
    }
}

impl std::error::Error for Forbidden {}

impl<B> Guard<B> {
    pub fn new(inner: B, hearsay: Hearsay, metrics: Arc<Metrics>) -> Self {
        Self { inner, hearsay, dials: HashSet::new(), open: HashMap::new(), metrics }
    }

    pub fn inner(&mut self) -> &mut B {
        &mut self.inner
    }
}

impl<B: NetworkBehaviour> Guard<B> {
    /// Where the behaviour knows the peer to be.
    pub fn places(&mut self, peer: PeerId) -> Vec<Multiaddr> {
        let id = ConnectionId::new_unchecked(0);
        let known = self.inner.handle_pending_outbound_connection(id, Some(peer), &[], Endpoint::Dialer);
        let mut known = known.unwrap_or_default();
        known.retain(|address| self.hearsay.allows(address));
        known
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Guard<B> {
    type ConnectionHandler = B::ConnectionHandler;
    type ToSwarm = B::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.inner.handle_pending_inbound_connection(id, local, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        let is_own = self.dials.contains(&id);
        if is_own && !addresses.iter().all(|address| self.hearsay.allows(address)) {
            Metrics::count(&self.metrics.dials_forbidden);
            return Err(ConnectionDenied::new(Forbidden::Nearby));
        }
        let mut known = self.inner.handle_pending_outbound_connection(id, peer, addresses, role)?;
        known.retain(|address| self.hearsay.allows(address));
        Ok(known)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if self.dials.remove(&id) {
            let network = Network::of(Some(address));
            if self.open.values().filter(|open| **open == network).count() >= MAX_DIALLED_OF_NETWORK {
                Metrics::count(&self.metrics.dials_crowded);
                return Err(ConnectionDenied::new(Forbidden::Crowded));
            }
            self.open.insert(id, network);
        }
        self.inner.handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::DialFailure(failure) => {
                self.dials.remove(&failure.connection_id);
                self.open.remove(&failure.connection_id);
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.open.remove(&closed.connection_id);
            }
            // Where it listens says nothing of where others come to it, and may be nobody's business.
            FromSwarm::NewListenAddr(_) | FromSwarm::ExpiredListenAddr(_) => return,
            FromSwarm::ExternalAddrConfirmed(confirmed) if !self.hearsay.allows(confirmed.addr) => return,
            _ => {}
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.inner.on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        let polled = self.inner.poll(cx);
        if let Poll::Ready(ToSwarm::Dial { opts }) = &polled {
            self.dials.insert(opts.connection_id());
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use libp2p::swarm::{
        DialError, dial_opts::DialOpts, dial_opts::PeerCondition, dummy, dummy::ConnectionHandler,
    };

    use super::*;

    /// Dials and knows what it was told.
    struct Believer {
        told: Vec<Multiaddr>,
        to_dial: Option<DialOpts>,
        heard: usize,
    }

    impl NetworkBehaviour for Believer {
        type ConnectionHandler = ConnectionHandler;
        type ToSwarm = <dummy::Behaviour as NetworkBehaviour>::ToSwarm;

        fn handle_pending_outbound_connection(
            &mut self,
            _: ConnectionId,
            _: Option<PeerId>,
            _: &[Multiaddr],
            _: Endpoint,
        ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
            Ok(self.told.clone())
        }

        fn handle_established_inbound_connection(
            &mut self,
            _: ConnectionId,
            _: PeerId,
            _: &Multiaddr,
            _: &Multiaddr,
        ) -> Result<THandler<Self>, ConnectionDenied> {
            Ok(ConnectionHandler)
        }

        fn handle_established_outbound_connection(
            &mut self,
            _: ConnectionId,
            _: PeerId,
            _: &Multiaddr,
            _: Endpoint,
            _: PortUse,
        ) -> Result<THandler<Self>, ConnectionDenied> {
            Ok(ConnectionHandler)
        }

        fn on_swarm_event(&mut self, _: FromSwarm<'_>) {
            self.heard += 1;
        }

        fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
            match event {}
        }

        fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
            self.to_dial.take().map_or(Poll::Pending, |opts| Poll::Ready(ToSwarm::Dial { opts }))
        }
    }

    const WORLD: &str = "/ip4/8.8.8.8/tcp/1";
    const NEAR: [&str; 5] = [
        "/ip4/10.0.0.1/tcp/1",
        "/ip4/127.0.0.1/tcp/1",
        "/ip6/fd00::1/tcp/1",
        "/dns4/router/tcp/1",
        "/ip4/169.254.1.1/tcp/1",
    ];

    fn guard(nearby: bool) -> Guard<Believer> {
        let told = NEAR.into_iter().chain([WORLD]).map(|address| address.parse().unwrap()).collect();
        Guard::new(Believer { told, to_dial: None, heard: 0 }, Hearsay { nearby }, Arc::default())
    }

    /// Has the behaviour dial an address; whether the guard lets it.
    fn dials(guard: &mut Guard<Believer>, address: &str) -> bool {
        let address: Multiaddr = address.parse().unwrap();
        let opts = DialOpts::peer_id(PeerId::random())
            .condition(PeerCondition::Always)
            .addresses(vec![address.clone()])
            .build();
        let id = opts.connection_id();
        guard.inner.to_dial = Some(opts);
        assert!(guard.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        guard.handle_pending_outbound_connection(id, None, &[address], Endpoint::Dialer).is_ok()
    }

    /// FIND-4.
    #[test]
    fn nobody_can_send_the_node_to_what_is_near() {
        let (mut strict, mut trusting) = (guard(false), guard(true));
        assert!(dials(&mut strict, WORLD) && dials(&mut trusting, WORLD));
        for address in NEAR {
            assert!(!dials(&mut strict, address), "{address}");
        }
        assert!(dials(&mut trusting, NEAR[0]) && !dials(&mut trusting, NEAR[4]));
        assert_eq!(strict.places(PeerId::random()), [WORLD.parse::<Multiaddr>().unwrap()]);
        assert_eq!(trusting.places(PeerId::random()).len(), 5);
        // What the owner has asked for is nobody's hearsay.
        let id = ConnectionId::new_unchecked(9_999);
        let near = [NEAR[0].parse().unwrap()];
        assert!(strict.handle_pending_outbound_connection(id, None, &near, Endpoint::Dialer).is_ok());
    }

    #[test]
    fn dials_that_never_begin_are_forgotten() {
        let mut guard = guard(false);
        let opts = DialOpts::peer_id(PeerId::random()).build();
        let id = opts.connection_id();
        guard.inner.to_dial = Some(opts);
        assert!(guard.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        let failure =
            libp2p::swarm::DialFailure { peer_id: None, error: &DialError::Aborted, connection_id: id };
        guard.on_swarm_event(FromSwarm::DialFailure(failure));
        assert!(guard.dials.is_empty());
    }

    #[test]
    fn the_behaviour_does_not_hear_of_addresses_nearby() {
        let mut guard = guard(false);
        for (address, heard) in NEAR.into_iter().map(|near| (near, 0)).chain([(WORLD, 1)]) {
            let address: Multiaddr = address.parse().unwrap();
            let confirmed = libp2p::swarm::derive_prelude::ExternalAddrConfirmed { addr: &address };
            guard.on_swarm_event(FromSwarm::ExternalAddrConfirmed(confirmed));
            assert_eq!(guard.inner.heard, heard);
        }
    }
}
