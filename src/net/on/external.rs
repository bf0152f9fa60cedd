//! Where others may come to this node: what has been learnt of it, and what the swarm is told.

use libp2p::{
    Multiaddr, PeerId,
    swarm::dial_opts::{DialOpts, PeerCondition},
};
use tokio::time::Instant;

use super::{carry, dht, dial, router};
use crate::net::{
    driver::Driver,
    reach::{host, is_relayed},
    snapshot::{Direction, Metrics},
};

/// The swarm's list follows; what depends on it, too. Those at which another node carries come and go by themselves.
pub(in crate::net) fn settle(driver: &mut Driver) {
    driver.external.expire(Instant::now());
    let places = driver.external.places(driver.swarm.listeners());
    let known = driver.swarm.external_addresses().filter(|address| !is_relayed(address));
    let gone: Vec<_> = known.filter(|known| !places.contains(known)).cloned().collect();
    let mut changed = !gone.is_empty();
    for address in gone {
        tracing::info!(%address, "others are no longer known to come here");
        driver.swarm.remove_external_address(&address);
    }
    for address in places {
        if driver.swarm.external_addresses().all(|known| *known != address) {
            tracing::info!(%address, "others can come here");
            driver.swarm.add_external_address(address);
            changed = true;
        }
    }
    if changed {
        follow(driver);
    }
}

/// The swarm's list has changed.
fn follow(driver: &mut Driver) {
    driver.changed = true;
    carry::settle(driver);
    dht::settle(driver);
}

/// A behaviour has added an address to the swarm's list.
pub(in crate::net) fn confirmed(driver: &mut Driver, address: Multiaddr) {
    let is_news = is_relayed(&address) || {
        tracing::debug!(%address, "another node has come in");
        driver.external.found(address, Instant::now())
    };
    settle(driver);
    if is_news {
        follow(driver);
    }
}

/// A behaviour has taken an address off the swarm's list.
pub(in crate::net) fn expired(driver: &mut Driver) {
    follow(driver);
}

/// The node listens at an address, or no longer does. After the start that says that the machine has a new network.
pub(in crate::net) fn listening(driver: &mut Driver, address: &Multiaddr, gone: bool) {
    driver.changed = true;
    router::listening(driver);
    if gone {
        driver.external.left(address);
        close_from(driver, address);
    }
    if driver.starting.is_none() && !is_relayed(address) {
        network_changed(driver);
    }
    settle(driver);
}

/// An address of this machine is gone, and with it the connections that went from there: nobody tells either end.
fn close_from(driver: &mut Driver, address: &Multiaddr) {
    let Some(gone) = host(address) else { return };
    let all = driver.peers.values().flat_map(|peer| &peer.connections);
    let dead: Vec<_> = all.filter(|way| way.source == Some(gone)).map(|way| way.id).collect();
    for id in dead {
        tracing::debug!(%gone, "a connection ends with the address that it went from");
        Metrics::count(&driver.metrics.connections_dead);
        driver.swarm.close_connection(id);
    }
}

/// Wanted peers are dialled now, whatever failed before, and what is known of the way here is doubted.
fn network_changed(driver: &mut Driver) {
    let wanted: Vec<_> = driver.wanted.peers().copied().collect();
    for peer in wanted {
        driver.wanted.start_anew(&peer);
        dial::dial_soon(driver, &peer);
    }
    driver.external.changed(Instant::now());
    driver.wake_at(driver.external.next_due());
}

/// What is believed no longer goes, and others are asked anew when that is due.
pub(in crate::net) fn due(driver: &mut Driver, now: Instant) {
    settle(driver);
    if driver.external.is_trial_due(now) {
        try_anew(driver, now);
    }
}

/// Has one of those who do that try where this node is reached: by a connection of its own, which then ends by itself.
fn try_anew(driver: &mut Driver, now: Instant) {
    let mut places = driver.external.tried();
    // Nobody proposes these, though others may see them: see `Identify`.
    let own =
        driver.swarm.listeners().filter(|address| driver.hearsay.allows(address) && !is_relayed(address));
    places.extend(own.filter(|address| !places.contains(address)).cloned().collect::<Vec<_>>());
    let Some((peer, address)) = somebody(driver) else { return driver.external.put_off(now) };
    let Some(trial) = driver.swarm.behaviour_mut().trial.as_mut() else { return };
    trial.begin_anew(places);
    let options = DialOpts::peer_id(peer)
        .condition(PeerCondition::Always)
        .addresses(vec![address])
        // The port on which the node listens is taken by the connection that is there.
        .allocate_new_port()
        .build();
    Metrics::count(&driver.metrics.dials);
    if let Err(error) = driver.swarm.dial(options) {
        tracing::debug!(%peer, %error, "nobody tries where this node is reached");
    }
}

/// One of those who try the addresses of others, each in its turn.
fn somebody(driver: &mut Driver) -> Option<(PeerId, Multiaddr)> {
    let able = driver.peers.iter().filter(|(_, entry)| entry.tries);
    let mut able: Vec<_> = able
        .filter_map(|(peer, entry)| {
            let dialled = |direction| direction == Direction::Outbound;
            let way =
                entry.connections.iter().find(|way| dialled(way.direction) && !is_relayed(&way.address));
            Some((*peer, way?.address.clone()))
        })
        .collect();
    able.sort_unstable();
    let turn = driver.trials.checked_rem(able.len())?;
    driver.trials = driver.trials.wrapping_add(1);
    Some(able.swap_remove(turn))
}
