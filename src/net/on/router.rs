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
pub(in crate::net) fn told(driver: &mut Driver, mut open: Vec<Multiaddr>) {
    let hearsay = driver.hearsay;
    open.retain(|address| hearsay.allows(address));
    if driver.external.let_in(open) {
        super::external::settle(driver);
    }
}
