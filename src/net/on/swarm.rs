//! What the swarm reports: connections, listeners, and the events of its behaviours.

use std::sync::Arc;

use libp2p::{
    Multiaddr, PeerId,
    core::{ConnectedPoint, transport::ListenerId},
    identify, ping, relay,
    swarm::{ConnectionId, SwarmEvent},
};
use tokio::time::Instant;

use super::{carry, dht, dial, external, mdns, session};
use crate::net::{
    NetEvent,
    behaviour::BehaviourEvent,
    config::{MAX_AGENT_CHARS, MAX_OBSERVED, PING_FAILURES},
    dht::Which,
    driver::Driver,
    peers::{Connection, Peer},
    snapshot::{Direction, Metrics},
    source::source,
    sync_stream,
    trial::TRIAL_PROTOCOL,
    wanted::believed,
};

/// The swarm has something to say.
pub(in crate::net) fn event(driver: &mut Driver, event: SwarmEvent<BehaviourEvent>) {
    match event {
        SwarmEvent::Behaviour(event) => behaviour(driver, event),
        SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
            connected(driver, peer_id, connection_id, endpoint);
        }
        SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
            tracing::debug!(peer = %peer_id, ?cause, "connection closed");
            disconnected(driver, peer_id, connection_id);
        }
        SwarmEvent::OutgoingConnectionError { connection_id, peer_id, error } => {
            dial::failed(driver, connection_id, peer_id, &error);
        }
        SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
            tracing::debug!(address = %send_back_addr, %error, "incoming connection failed");
            Metrics::count(&driver.metrics.incoming_failed);
        }
        SwarmEvent::NewListenAddr { listener_id, address } => {
            tracing::info!(%address, "listening");
            external::listening(driver, &address, false);
            listener_settled(driver, listener_id);
        }
        SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
            if let Err(error) = reason {
                tracing::info!(%error, "a listener closed");
            }
            listener_settled(driver, listener_id);
            external::settle(driver);
            carry::closed(driver, listener_id);
        }
        SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "a listener failed to accept"),
        SwarmEvent::ExternalAddrConfirmed { address } => external::confirmed(driver, address),
        SwarmEvent::ExternalAddrExpired { .. } => external::expired(driver),
        SwarmEvent::ExpiredListenAddr { address, .. } => external::listening(driver, &address, true),
        _ => {}
    }
}

fn behaviour(driver: &mut Driver, event: BehaviourEvent) {
    match event {
        BehaviourEvent::Sync(sync_stream::Event::Inbound { peer, connection, stream }) => {
            session::inbound(driver, peer, connection, stream);
        }
        BehaviourEvent::Sync(sync_stream::Event::Outbound { peer, connection, result }) => {
            session::outbound(driver, peer, connection, result);
        }
        BehaviourEvent::Ping(event) => pinged(driver, &event),
        BehaviourEvent::Identify(identify::Event::Received { connection_id, peer_id, info }) => {
            identified(driver, connection_id, peer_id, info);
        }
        BehaviourEvent::Identify(_) => {}
        BehaviourEvent::Dht(event) => dht::event(driver, Which::Own, event),
        BehaviourEvent::PublicDht(event) => dht::event(driver, Which::Public, event),
        BehaviourEvent::Mdns(event) | BehaviourEvent::MdnsIp6(event) => mdns::event(driver, event),
        BehaviourEvent::Relay(event) => carried(driver, &event),
        BehaviourEvent::RelayClient(event) => tracing::debug!(?event, "carried by another"),
        BehaviourEvent::Dcutr(event) => tracing::debug!(?event, "a way past the routers"),
        BehaviourEvent::Trial(event) => tracing::debug!(?event, "an own address was tried"),
        BehaviourEvent::AutonatServer(event) => tracing::debug!(?event, "the address of another was tried"),
    }
}

fn connected(driver: &mut Driver, peer: PeerId, id: ConnectionId, endpoint: ConnectedPoint) {
    Metrics::count(&driver.metrics.connections_opened);
    driver.changed = true;
    let source = source(&endpoint);
    let (direction, address) = match endpoint {
        ConnectedPoint::Dialer { address, .. } => (Direction::Outbound, address),
        ConnectedPoint::Listener { send_back_addr, .. } => (Direction::Inbound, send_back_addr),
    };
    tracing::debug!(%peer, %address, ?direction, "connected");
    let now = Instant::now();
    let connection = Connection { id, address, direction, since: now, source, rtt: None, failed_pings: 0 };
    driver.peers.entry(peer).or_insert_with(Peer::new).connections.push(connection);
    driver.wanted.pause(&peer);
    if driver.stopping.is_some() {
        session::leave(driver, peer);
        return;
    }
    if direction == Direction::Outbound {
        dial::succeeded(driver, id, peer);
    }
    // A session on one of these goes on over another.
    for id in driver.peers.get(&peer).map(|entry| entry.outdone(now)).unwrap_or_default() {
        driver.swarm.close_connection(id);
    }
    session::schedule(driver, peer);
}

fn disconnected(driver: &mut Driver, peer: PeerId, id: ConnectionId) {
    Metrics::count(&driver.metrics.connections_closed);
    driver.changed = true;
    let now = Instant::now();
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    entry.connections.retain(|connection| connection.id != id);
    entry.opening.take_if(|opening| opening.connection == id);
    if let Some(live) = entry.session.as_ref().filter(|live| live.connection == id) {
        live.handle.end();
        entry.served_well |= live.served_well(now);
    }
    if !entry.connections.is_empty() {
        session::schedule(driver, peer);
        return;
    }
    let served_well = entry.served_well;
    if entry.session.is_some() {
        driver.live_sessions -= 1;
        Metrics::count(&driver.metrics.sessions_closed);
    }
    driver.peers.remove(&peer);
    carry::gone(driver, &peer);
    driver.tell(NetEvent::Disconnected { peer });
    if let Some(due) = driver.wanted.lost(&peer, served_well, now) {
        driver.wake_at(due);
    }
}

fn pinged(driver: &mut Driver, event: &ping::Event) {
    let connection = driver.peers.get_mut(&event.peer).and_then(|peer| peer.connection(event.connection));
    let Some(connection) = connection else { return };
    match &event.result {
        Ok(rtt) => {
            connection.rtt = Some(*rtt);
            connection.failed_pings = 0;
            driver.changed = true;
        }
        Err(ping::Failure::Unsupported) => {}
        Err(failure) => {
            connection.failed_pings += 1;
            tracing::debug!(peer = %event.peer, %failure, "ping failed");
            if connection.failed_pings >= PING_FAILURES {
                Metrics::count(&driver.metrics.connections_dead);
                driver.swarm.close_connection(event.connection);
            }
        }
    }
}

fn identified(driver: &mut Driver, id: ConnectionId, peer: PeerId, info: identify::Info) {
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    let over = entry.connection(id).map(|connection| connection.address.clone());
    let agent: String =
        info.agent_version.chars().filter(|c| !c.is_control()).take(MAX_AGENT_CHARS).collect();
    entry.agent = Some(Arc::from(agent));
    // Not on the connections by which it does that.
    entry.tries |= info.protocols.contains(&TRIAL_PROTOCOL);
    entry.announced = believed(&peer, info.listen_addrs, over.as_ref(), driver.hearsay);
    driver.wanted.announced(&peer, &entry.announced);
    observe(driver, info.observed_addr);
    carry::told(driver, peer, &info.protocols);
    let places = driver.peers.get(&peer).map(Peer::places).unwrap_or_default();
    dht::told(driver, peer, &info.protocols, &places);
    driver.changed = true;
}

fn carried(driver: &Driver, event: &relay::Event) {
    let counter = match event {
        relay::Event::ReservationReqAccepted { renewed: false, .. } => &driver.metrics.carried_accepted,
        relay::Event::CircuitReqAccepted { .. } => &driver.metrics.circuits_opened,
        relay::Event::ReservationReqDenied { .. } | relay::Event::CircuitReqDenied { .. } => {
            &driver.metrics.carrying_refused
        }
        _ => return,
    };
    Metrics::count(counter);
    tracing::debug!(?event, "carrying for others");
}

fn observe(driver: &mut Driver, address: Multiaddr) {
    driver.observed.retain(|known| *known != address);
    if driver.observed.len() >= MAX_OBSERVED {
        driver.observed.pop_front();
    }
    driver.observed.push_back(address);
}

fn listener_settled(driver: &mut Driver, id: ListenerId) {
    driver.changed = true;
    if let Some(starting) = &mut driver.starting {
        starting.retain(|listener| *listener != id);
        if starting.is_empty() {
            listeners_ready(driver);
        }
    }
}

/// Start-up goes on: every listener has its address, or has had time enough to get one.
pub(in crate::net) fn listeners_ready(driver: &mut Driver) {
    driver.starting = None;
    dht::settle(driver);
    driver.wake_at(Instant::now());
    driver.publish();
    driver.tell(NetEvent::ListenersReady);
}
