//! What the home's router does for this node.

use libp2p::Multiaddr;

use crate::net::{driver::Driver, gateway::inside};

/// The listeners have changed: the router is to lead to them what comes.
pub(in crate::net) fn listening(driver: &mut Driver) {
    let places = driver.swarm.listeners().filter_map(inside).collect();
    driver.router.inside.send_if_modified(|known| {
        let changed = *known != places;
        *known = places;
        changed
    });
}

/// The router lets others in at these addresses, and at no others that it had named.
pub(in crate::net) fn told(driver: &mut Driver, open: Vec<Multiaddr>) {
    let hearsay = driver.hearsay;
    let open: Vec<_> = open.into_iter().filter(|address| hearsay.allows(address)).collect();
    for gone in driver.router.known.iter().filter(|address| !open.contains(address)) {
        driver.swarm.remove_external_address(gone);
    }
    for address in open.iter().filter(|address| !driver.router.known.contains(address)) {
        tracing::info!(%address, "the router lets others in");
        driver.swarm.add_external_address(address.clone());
    }
    if driver.router.known != open {
        driver.router.known = open;
        driver.changed = true;
        super::carry::settle(driver);
        super::dht::settle(driver);
    }
}
