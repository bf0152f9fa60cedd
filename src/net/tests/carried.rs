//! Nodes that others carry connections for.

use libp2p::{
    relay,
    swarm::dial_opts::{DialOpts, PeerCondition},
};
use tokio::time::sleep;

use super::*;
use crate::net::{
    config::{RACE_WINDOW, STABLE_BYTES},
    reach::is_relayed,
};

fn guest() -> Swarm<relay::client::Behaviour> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_relay_client(noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_, client| client)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

/// Waits for the end of a connection; whether another node carried it.
async fn closed(raw: &mut Swarm<relay::client::Behaviour>) -> bool {
    let closed = async {
        loop {
            if let SwarmEvent::ConnectionClosed { endpoint, .. } = raw.select_next_some().await {
                return endpoint.is_relayed();
            }
        }
    };
    timeout(PATIENCE, closed).await.expect("the end of a connection in time")
}

#[tokio::test]
async fn who_comes_through_another_has_lost_the_direct_connection_of_before() {
    let relay = Node::trusting(1, NetConfig { relay: true, ..config(TCP) }).await;
    let place = relay.addrs().remove(0).with(Protocol::P2p(relay.id()));
    let node = Node::start(2, NetConfig { idle_timeout_secs: 60, ..config(TCP) }).await;
    node.net.dial(place.clone()).await.unwrap();
    node.snapshot(|snapshot| snapshot.reached() == Reached::Carried).await;
    let mut raw = guest();
    let me = *raw.local_peer_id();
    let to = |address| {
        let options = DialOpts::peer_id(node.id()).condition(PeerCondition::Always);
        options.addresses(vec![address]).build()
    };
    let carried = || to(place.clone().with(Protocol::P2pCircuit));
    let direct = node.addrs().into_iter().find(|address| !is_relayed(address)).unwrap();
    raw.dial(to(direct)).unwrap();
    let address = |snapshot: &Snapshot| {
        snapshot.peers.iter().find(|peer| peer.peer == me).map(|peer| peer.address.clone())
    };
    let known = node.snapshot(|snapshot| address(snapshot).is_some());
    tokio::select! {
        () = known => {}
        _ = closed(&mut raw) => panic!("the direct connection has ended"),
    }
    // Both made at the same time, each by one side: the direct one is as good as it was.
    raw.dial(carried()).unwrap();
    assert!(closed(&mut raw).await);
    // Its age is what it goes by.
    sleep(RACE_WINDOW).await;
    raw.dial(carried()).unwrap();
    assert!(!closed(&mut raw).await);
    node.snapshot(|snapshot| address(snapshot).is_some_and(|address| is_relayed(&address))).await;
}

#[tokio::test]
async fn who_is_carried_to_many_still_goes_to_others() {
    let relay = Node::trusting(1, NetConfig { relay: true, ..config(TCP) }).await;
    let place = relay.addrs().remove(0).with(Protocol::P2p(relay.id()));
    let mut carried = Vec::new();
    for seed in 2..4 {
        let node = Node::start(seed, NetConfig { idle_timeout_secs: 60, ..config(TCP) }).await;
        node.net.dial(place.clone()).await.unwrap();
        node.snapshot(|snapshot| snapshot.reached() == Reached::Carried).await;
        carried.push(node);
    }
    let way = |node: &Node| place.clone().with(Protocol::P2pCircuit).with(Protocol::P2p(node.id()));
    let mut guests = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut raw = guest();
        raw.dial(way(&carried[0])).unwrap();
        guests.spawn(async move { while raw.next().await.is_some() {} });
    }
    carried[0].snapshot(|snapshot| snapshot.peers.len() == 1 + 8).await;
    assert_eq!(carried[0].net.dial(way(&carried[1])).await.unwrap(), carried[1].id());
}

#[tokio::test]
async fn a_connection_that_has_carried_much_is_soon_made_again() {
    let settings = || NetConfig { dial_backoff_base_ms: 100, dial_backoff_max_ms: 600_000, ..config(TCP) };
    let mut a = Node::start(1, settings()).await;
    let mut b = Node::start(2, settings()).await;
    a.net.want(b.id(), b.addrs());
    // Were each of them a failure, the last pauses would be longer than anybody waits.
    for _ in 0..11 {
        let (at_a, mut at_b) = tokio::join!(a.session(), b.session());
        let much = Frame::new(1, vec![0; 128 << 10]);
        let count = STABLE_BYTES as usize / (128 << 10) + 1;
        let sending = async {
            for _ in 0..count {
                send(&at_a, much.clone()).await;
            }
        };
        let taking = async {
            for _ in 0..count {
                next(&mut at_b).await.unwrap().unwrap();
            }
        };
        tokio::join!(sending, taking);
        b.net.disconnect(a.id());
    }
}
