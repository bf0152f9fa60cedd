//! Being reached through others while nobody comes here directly, and leaving them when somebody does.

use libp2p::{
    Multiaddr, PeerId, StreamProtocol, core::transport::ListenerId, multiaddr::Protocol,
    relay::HOP_PROTOCOL_NAME,
};
use tokio::time::Instant;

use crate::net::{
    carriers::Step,
    driver::Driver,
    reach::{is_open, is_relayed},
    snapshot::Direction,
    wanted::transport_part,
};

/// A connected peer has said what it speaks, and where it listens.
pub(in crate::net) fn told(driver: &mut Driver, peer: PeerId, protocols: &[StreamProtocol]) {
    match protocols.contains(&HOP_PROTOCOL_NAME).then(|| whereabouts(driver, &peer)).flatten() {
        Some(address) => driver.carriers.offered(peer, address),
        None => driver.carriers.withdrawn(&peer),
    }
    settle(driver);
}

/// Where this node has reached a peer itself. What a peer says of itself would be told on to all who look for this
/// node, and could be anybody's address.
fn whereabouts(driver: &Driver, peer: &PeerId) -> Option<Multiaddr> {
    let connections = &driver.peers.get(peer)?.connections;
    let dialled = connections
        .iter()
        .find(|connection| connection.direction == Direction::Outbound && !is_relayed(&connection.address))?;
    transport_part(dialled.address.clone(), peer)
}

/// A peer is no longer connected.
pub(in crate::net) fn gone(driver: &mut Driver, peer: &PeerId) {
    driver.carriers.withdrawn(peer);
}

/// A listener has closed; perhaps it was a reservation.
pub(in crate::net) fn closed(driver: &mut Driver, listener: ListenerId) {
    if driver.carriers.ended(listener, Instant::now()) {
        settle(driver);
    }
}

/// Asks for reservations or gives them back, as the node is reached now.
pub(in crate::net) fn settle(driver: &mut Driver) {
    if driver.stopping.is_some() {
        return;
    }
    let now = Instant::now();
    let directly = is_open(driver.swarm.external_addresses());
    for step in driver.carriers.steps(directly, now) {
        match step {
            Step::Ask(peer, address) => ask(driver, peer, address),
            Step::Leave(listener) => {
                // Its end is told as that of any listener.
                driver.swarm.remove_listener(listener);
            }
        }
    }
    if let Some(due) = driver.carriers.next_due() {
        driver.wake_at(due);
    }
}

fn ask(driver: &mut Driver, peer: PeerId, address: Multiaddr) {
    let address = address.with(Protocol::P2p(peer)).with(Protocol::P2pCircuit);
    match driver.swarm.listen_on(address.clone()) {
        Ok(listener) => driver.carriers.asked(listener, peer),
        Err(error) => {
            tracing::debug!(%address, %error, "not carried");
            driver.carriers.withdrawn(&peer);
        }
    }
}
