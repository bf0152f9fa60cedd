//! What happens in the tables by which nodes are found.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use libp2p::{
    Multiaddr, PeerId, StreamProtocol,
    kad::{Event, GetProvidersOk, InboundRequest, Mode, ProviderRecord, QueryId, QueryResult},
};
use tokio::{sync::oneshot, time::Instant};

use crate::net::{
    dht::{
        DHT_PROTOCOL, Found, Key, MAX_ANSWERS, MAX_FOUND, MAX_NEIGHBOUR_ADDRESSES, MAX_SEEKING,
        PUBLIC_DHT_PROTOCOL, Seek, TELL_AFTER, TELL_INTERVAL, TELLING, Which, in_turns, neighbours,
        places_of, record_key, take_in,
    },
    driver::Driver,
    network::Network,
    reach::{is_open, is_relayed},
    snapshot::Metrics,
};

const BOTH: [Which; 2] = [Which::Own, Which::Public];

/// A table has something to say.
pub(in crate::net) fn event(driver: &mut Driver, which: Which, event: Event) {
    match event {
        Event::OutboundQueryProgressed { id, result, step, .. } => {
            if let QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders { providers, .. })) = &result {
                found(driver, (which, id), providers);
            }
            if step.last {
                tracing::debug!(?which, ?result, "the table has answered");
                ended(driver, (which, id));
            }
        }
        Event::RoutingUpdated { is_new_peer: true, peer, .. } => {
            tracing::debug!(%peer, ?which, "a neighbour in the table");
            // Of those that were told before it may be none.
            tell_soon(driver);
            driver.changed = true;
        }
        Event::InboundRequest { request: InboundRequest::AddProvider { record: Some(record) } } => {
            keep(driver, which, record);
        }
        _ => {}
    }
}

/// Another node, and nobody in its name, says that it is found under a key.
fn keep(driver: &mut Driver, which: Which, record: ProviderRecord) {
    let network = driver.peers.get(&record.provider).and_then(|peer| peer.networks().next());
    if let Some(table) = driver.swarm.behaviour_mut().table(which) {
        table.inner().store_mut().keep(record, network.unwrap_or(Network::Unknown));
    }
}

/// A connected peer has said what it speaks, and where it is.
pub(in crate::net) fn told(
    driver: &mut Driver,
    peer: PeerId,
    protocols: &[StreamProtocol],
    places: &[Multiaddr],
) {
    let places = seen_first(driver, &peer, places);
    for (which, protocol) in BOTH.into_iter().zip([DHT_PROTOCOL, PUBLIC_DHT_PROTOCOL]) {
        if protocols.contains(&protocol) {
            meet(driver, which, peer, &places);
        } else if let Some(table) = driver.swarm.behaviour_mut().table(which) {
            table.inner().remove_peer(&peer);
        }
    }
}

/// Where a connected peer says it is: first what is in a network from which it is connected, as its share of the neighbours
/// is counted by that. None where it is connected from the internet and nothing of it is there.
fn seen_first(driver: &Driver, peer: &PeerId, places: &[Multiaddr]) -> Vec<Multiaddr> {
    let Some(peer) = driver.peers.get(peer) else { return Vec::new() };
    let networks: HashSet<_> = peer.networks().collect();
    let is_seen = |place: &&Multiaddr| networks.contains(&Network::of(Some(place)));
    let (seen, others): (Vec<_>, Vec<_>) = places.iter().partition(is_seen);
    if seen.is_empty() && !peer.is_near(driver.hearsay) {
        return Vec::new();
    }
    seen.into_iter().chain(others).cloned().collect()
}

/// Nodes that were neighbours when this node last ran.
pub(in crate::net) fn join(driver: &mut Driver, known: Found) {
    for (peer, places) in known {
        let table = driver.swarm.behaviour_mut().table(Which::Own);
        // Who is there already has said itself where it is.
        if table.is_some_and(|table| places_of(table, &peer).is_none()) {
            meet(driver, Which::Own, peer, &places);
        }
    }
}

/// Takes a peer in among the neighbours, if there is room for it; the first of its places, which are looked at.
fn meet(driver: &mut Driver, which: Which, peer: PeerId, places: &[Multiaddr]) {
    let (hearsay, metrics) = (driver.hearsay, Arc::clone(&driver.metrics));
    let places = places.iter().filter(|place| hearsay.allows(place) && !is_relayed(place));
    let places: Vec<_> = places.take(MAX_NEIGHBOUR_ADDRESSES).cloned().collect();
    if let Some(table) = driver.swarm.behaviour_mut().table(which)
        && !take_in(table, &peer, &places)
    {
        Metrics::count(&metrics.neighbours_refused);
    }
}

/// Those whom everyone can come to answer for the tables, and whoever has offered to carry for others.
pub(in crate::net) fn settle(driver: &mut Driver) {
    let answers = driver.config.relay || is_open(driver.swarm.external_addresses());
    let mode = if answers { Mode::Server } else { Mode::Client };
    if let Some(table) = driver.swarm.behaviour_mut().table(Which::Own)
        && table.inner().mode() != mode
    {
        tracing::debug!(?mode, "part in the table");
        table.inner().set_mode(Some(mode));
    }
    tell_soon(driver);
}

/// Where this node is to be found from now on.
pub(in crate::net) fn provide(driver: &mut Driver, keys: BTreeSet<Key>) {
    if driver.finding.provided == keys {
        return;
    }
    for gone in driver.finding.provided.difference(&keys).map(record_key).collect::<Vec<_>>() {
        for which in BOTH {
            if let Some(table) = driver.swarm.behaviour_mut().table(which) {
                table.inner().stop_providing(&gone);
            }
        }
    }
    driver.finding.provided = keys;
    tell_soon(driver);
}

fn tell_soon(driver: &mut Driver) {
    let soon = Instant::now() + TELL_AFTER;
    driver.finding.tell_at(soon);
    driver.wake_at(soon);
}

/// Says anew where this node is found, when that is due. Without an address that others may dial, or without
/// neighbours, it would be said in vain.
pub(in crate::net) fn tell_due(driver: &mut Driver, now: Instant) {
    if driver.stopping.is_some() || driver.finding.due.is_none_or(|due| due > now) {
        return;
    }
    driver.finding.due = Some(now + TELL_INTERVAL);
    let hearsay = driver.hearsay;
    let is_somewhere = driver.swarm.external_addresses().any(|address| hearsay.allows(address));
    if is_somewhere {
        driver.finding.untold = driver.finding.provided.iter().copied().collect();
        tell(driver);
    }
}

fn tell(driver: &mut Driver) {
    while driver.finding.telling.len() < TELLING {
        let Some(key) = driver.finding.untold.pop_front() else { return };
        for which in BOTH {
            let Some(table) = driver.swarm.behaviour_mut().table(which) else { continue };
            // Its own keys a shelf always takes.
            if let Ok(query) = table.inner().start_providing(record_key(&key)) {
                driver.finding.telling.insert((which, query));
            }
        }
    }
}

/// Looks for the nodes that are found under a key.
pub(in crate::net) fn seek(driver: &mut Driver, key: &Key, reply: oneshot::Sender<Found>) {
    driver.finding.seeks.retain(|seek| !seek.reply.is_closed());
    let mut queries = HashSet::new();
    if driver.finding.seeks.len() < MAX_SEEKING {
        for which in BOTH {
            if let Some(table) = driver.swarm.behaviour_mut().table(which) {
                queries.insert((which, table.inner().get_providers(record_key(key))));
            }
        }
    } else {
        Metrics::count(&driver.metrics.seeks_refused);
    }
    let seek = Seek { queries, answers: Vec::new(), reply };
    if seek.queries.is_empty() { answer(seek) } else { driver.finding.seeks.push(seek) }
}

fn found(driver: &mut Driver, query: (Which, QueryId), providers: &HashSet<PeerId>) {
    let Some(seek) = driver.finding.seeks.iter_mut().find(|seek| seek.queries.contains(&query)) else {
        return;
    };
    let Some(table) = driver.swarm.behaviour_mut().table(query.0) else { return };
    if seek.answers.len() < MAX_ANSWERS {
        let named = providers.iter().map(|peer| (*peer, table.places(*peer)));
        seek.answers.push(named.filter(|(_, places)| !places.is_empty()).take(MAX_FOUND).collect());
    }
}

fn ended(driver: &mut Driver, query: (Which, QueryId)) {
    if driver.finding.telling.remove(&query) {
        tell(driver);
        return;
    }
    let seeks = &mut driver.finding.seeks;
    if let Some(at) = seeks.iter().position(|seek| seek.queries.contains(&query)) {
        seeks[at].queries.remove(&query);
        if seeks[at].queries.is_empty() {
            let seek = seeks.swap_remove(at);
            answer(seek);
        }
    }
}

fn answer(seek: Seek) {
    // Whoever asked may have given up waiting.
    let _ = seek.reply.send(in_turns(&seek.answers));
}

/// The neighbours in the table of Majlis.
pub(in crate::net) fn known(driver: &mut Driver) -> Found {
    driver.swarm.behaviour_mut().table(Which::Own).map(neighbours).unwrap_or_default()
}

/// Drops what has expired of what is kept for others.
pub(in crate::net) fn sweep(driver: &mut Driver, now: Instant) {
    for which in BOTH {
        if let Some(table) = driver.swarm.behaviour_mut().table(which) {
            table.inner().store_mut().sweep(now.into_std());
        }
    }
}
