//! Dialling: wanted peers when they are due, and addresses that the application asked for.

use libp2p::{
    Multiaddr, PeerId,
    multiaddr::Protocol,
    swarm::{
        ConnectionId, DialError,
        dial_opts::{DialOpts, PeerCondition},
    },
};
use tokio::{sync::oneshot, time::Instant};

use crate::net::{
    NetError, NetEvent,
    config::MAX_DIALS_IN_FLIGHT,
    driver::{Dial, Driver},
    snapshot::Metrics,
    wanted::{Hinted, Remembered, transport_part},
};

/// Remembers a peer; it is dialled at once if it is not connected.
pub(in crate::net) fn want(driver: &mut Driver, peer: PeerId, addresses: Vec<Multiaddr>) {
    if peer == *driver.swarm.local_peer_id() {
        return;
    }
    let new = !driver.wanted.contains(&peer);
    match driver.wanted.want(peer, addresses) {
        Remembered::Yes { dropped } => {
            let dropped = dropped as u64;
            driver.metrics.addresses_dropped.fetch_add(dropped, std::sync::atomic::Ordering::Relaxed);
        }
        Remembered::TooMany => {
            tracing::warn!(%peer, "not kept: too many peers are wanted");
            Metrics::count(&driver.metrics.wanted_refused);
            return;
        }
    }
    driver.changed = true;
    if let Some(entry) = driver.peers.get(&peer) {
        driver.wanted.announced(&peer, &entry.announced);
        super::session::schedule(driver, peer);
    } else if new || !is_being_dialled(driver, &peer) {
        dial_soon(driver, &peer);
    }
}

/// Notes where a peer may be; it is dialled there at once if that is news and it is not connected.
pub(in crate::net) fn hint(driver: &mut Driver, peer: PeerId, addresses: Vec<Multiaddr>) {
    if peer == *driver.swarm.local_peer_id() {
        return;
    }
    match driver.wanted.hint(peer, addresses) {
        Hinted::Same => return,
        Hinted::Refused => {
            Metrics::count(&driver.metrics.wanted_refused);
            return;
        }
        Hinted::Changed => driver.changed = true,
    }
    if driver.peers.contains_key(&peer) {
        super::session::schedule(driver, peer);
    } else {
        dial_soon(driver, &peer);
    }
}

/// Dials a wanted peer as soon as a dial is free.
pub(in crate::net) fn dial_soon(driver: &mut Driver, peer: &PeerId) {
    if !driver.peers.contains_key(peer)
        && !is_being_dialled(driver, peer)
        && let Some(due) = driver.wanted.dial_at(peer, Instant::now())
    {
        driver.wake_at(due);
    }
}

fn is_being_dialled(driver: &Driver, peer: &PeerId) -> bool {
    driver.dials.values().any(|dial| matches!(dial, Dial::Wanted(dialled) if dialled == peer))
}

/// Starts the dials that are due, as many as may be in flight.
pub(in crate::net) fn due(driver: &mut Driver, now: Instant) {
    // A dial from the port on which the node listens shows others the way back through a router, so that port comes first.
    if driver.stopping.is_some() || driver.starting.is_some() {
        return;
    }
    for peer in driver.wanted.due(now) {
        if driver.dials.len() >= MAX_DIALS_IN_FLIGHT {
            return;
        }
        driver.wanted.pause(&peer);
        let addresses = driver.swarm.behaviour().veil.0.ways(&peer, driver.wanted.addresses(&peer));
        let options = DialOpts::peer_id(peer)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .addresses(addresses)
            .build();
        start(driver, options, Dial::Wanted(peer));
    }
}

/// One attempt at an address, for whoever waits for `reply`.
pub(in crate::net) fn asked(
    driver: &mut Driver,
    address: Multiaddr,
    reply: oneshot::Sender<Result<PeerId, NetError>>,
) {
    let answer = |reply: oneshot::Sender<_>, result| {
        // Whoever asked may have given up waiting.
        let _ = reply.send(result);
    };
    if driver.dials.len() >= MAX_DIALS_IN_FLIGHT + driver.config.max_pending as usize {
        return answer(reply, Err(NetError::Limit("too many dials at once".to_owned())));
    }
    if !is_dialable(&address) {
        let reason = "it must be a host with a TCP or a QUIC port".to_owned();
        return answer(reply, Err(NetError::BadAddress { address, reason }));
    }
    if driver.swarm.listeners().any(|own| is_at(&address, own)) {
        return answer(reply, Err(NetError::SelfDial { address }));
    }
    let options = match address.iter().last() {
        Some(Protocol::P2p(peer)) if peer == *driver.swarm.local_peer_id() => {
            return answer(reply, Err(NetError::SelfDial { address }));
        }
        Some(Protocol::P2p(peer)) => {
            if driver.peers.contains_key(&peer) {
                want(driver, peer, vec![address]);
                return answer(reply, Ok(peer));
            }
            let ways = driver.swarm.behaviour().veil.0.ways(&peer, vec![address.clone()]);
            DialOpts::peer_id(peer).condition(PeerCondition::Always).addresses(ways).build()
        }
        _ if driver.swarm.behaviour().veil.0.is_drawn() => {
            let reason = "with relay_only it must say who is there, with /p2p/ at its end".to_owned();
            return answer(reply, Err(NetError::BadAddress { address, reason }));
        }
        _ => DialOpts::unknown_peer_id().address(address.clone()).build(),
    };
    start(driver, options, Dial::Asked { address, reply });
}

/// Whether one of our transports may know what to do with the address.
pub(in crate::net) fn is_dialable(address: &Multiaddr) -> bool {
    let mut parts = address.iter();
    match parts.next() {
        Some(Protocol::Dnsaddr(_)) => return true,
        Some(
            Protocol::Ip4(_) | Protocol::Ip6(_) | Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_),
        ) => {}
        _ => return false,
    }
    let has_transport = match parts.next() {
        Some(Protocol::Tcp(_)) => true,
        Some(Protocol::Udp(_)) => parts.next() == Some(Protocol::QuicV1),
        _ => false,
    };
    let rest = [parts.next(), parts.next(), parts.next(), parts.next()];
    has_transport
        && matches!(
            rest,
            [None | Some(Protocol::P2p(_)), None, ..]
                | [Some(Protocol::P2p(_)), Some(Protocol::P2pCircuit), None | Some(Protocol::P2p(_)), None]
        )
}

/// Whether the address is this place, with or without the name of a peer.
fn is_at(address: &Multiaddr, place: &Multiaddr) -> bool {
    let named = address.iter().filter(|part| !matches!(part, Protocol::P2p(_)));
    named.eq(place.iter())
}

fn start(driver: &mut Driver, options: DialOpts, dial: Dial) {
    let id = options.connection_id();
    Metrics::count(&driver.metrics.dials);
    driver.dials.insert(id, dial);
    let peer = options.get_peer_id();
    if let Err(error) = driver.swarm.dial(options) {
        failed(driver, id, peer, &error);
    }
}

/// A connection dialled here is up.
pub(in crate::net) fn succeeded(driver: &mut Driver, id: ConnectionId, peer: PeerId) {
    if let Some(Dial::Asked { address, reply }) = driver.dials.remove(&id) {
        let known = transport_part(address, &peer).into_iter().collect();
        want(driver, peer, known);
        let _ = reply.send(Ok(peer));
    }
    more(driver);
}

/// A dial has failed.
pub(in crate::net) fn failed(driver: &mut Driver, id: ConnectionId, peer: Option<PeerId>, error: &DialError) {
    let dial = driver.dials.remove(&id);
    more(driver);
    if matches!(error, DialError::DialPeerConditionFalse(_))
        && let Some(Dial::Wanted(peer)) = dial
    {
        // Already connected, or an asked-for dial is under way: look again later if nothing comes of it.
        retry(driver, &peer);
        return;
    }
    Metrics::count(&driver.metrics.dials_failed);
    let target = match &dial {
        Some(Dial::Asked { address, .. }) => address.to_string(),
        Some(Dial::Wanted(peer)) => peer.to_string(),
        None => peer.map_or_else(String::new, |peer| peer.to_string()),
    };
    let error = NetError::from_dial(target, error);
    tracing::debug!(?peer, %error, "dial failed");
    driver.tell(NetEvent::DialFailed { peer, error: error.to_string() });
    match dial {
        Some(Dial::Asked { reply, .. }) => {
            let _ = reply.send(Err(error));
        }
        Some(Dial::Wanted(peer)) => retry(driver, &peer),
        None => {}
    }
}

fn retry(driver: &mut Driver, peer: &PeerId) {
    if !driver.peers.contains_key(peer)
        && let Some(due) = driver.wanted.lost(peer, false, Instant::now())
    {
        driver.wake_at(due);
    }
}

/// A dial has ended: another that was due may start.
fn more(driver: &mut Driver) {
    if driver.dials.len() + 1 == MAX_DIALS_IN_FLIGHT {
        driver.wake_at(Instant::now());
    }
}
