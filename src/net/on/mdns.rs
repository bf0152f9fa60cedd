//! Nodes come and go on the local network. They are only reported: whether to connect is the application's choice.

use std::collections::HashMap;

use libp2p::{Multiaddr, PeerId, mdns::Event};

use crate::net::{NetEvent, config::MAX_ADDRESSES_PER_PEER, driver::Driver, wanted::transport_part};

/// Records appeared or expired.
pub(in crate::net) fn event(driver: &Driver, event: Event) {
    match event {
        Event::Discovered(records) => {
            for (peer, addrs) in by_peer(records) {
                driver.tell(NetEvent::Discovered { peer, addrs });
            }
        }
        Event::Expired(records) => {
            for peer in by_peer(records).into_keys().filter(|peer| !driver.swarm.behaviour().sees(peer)) {
                driver.tell(NetEvent::Expired { peer });
            }
        }
    }
}

fn by_peer(records: Vec<(PeerId, Multiaddr)>) -> HashMap<PeerId, Vec<Multiaddr>> {
    let mut peers: HashMap<PeerId, Vec<Multiaddr>> = HashMap::new();
    for (peer, address) in records {
        let addresses = peers.entry(peer).or_default();
        if let Some(address) = transport_part(address, &peer)
            && addresses.len() < MAX_ADDRESSES_PER_PEER
            && !addresses.contains(&address)
        {
            addresses.push(address);
        }
    }
    peers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_joined_and_bounded() {
        let peer = PeerId::random();
        let record = |port: u16| (peer, format!("/ip4/192.0.2.1/tcp/{port}/p2p/{peer}").parse().unwrap());
        let joined = by_peer((0..40).map(|n| record(n / 2 + 1)).collect());
        assert_eq!(joined[&peer].len(), MAX_ADDRESSES_PER_PEER);
        assert_eq!(joined[&peer][0], "/ip4/192.0.2.1/tcp/1".parse().unwrap());
    }
}
