//! Tables by which nodes are found, with servers made of libp2p's own parts.

use libp2p::{StreamProtocol, identify, kad, swarm::NetworkBehaviour};
use tokio::task::JoinSet;

use super::*;
use crate::net::dht::{DHT_PROTOCOL, PUBLIC_DHT_PROTOCOL, record_key};

/// Takes part in the table, with the store of libp2p's own: keeps what it is told, or nothing.
#[derive(NetworkBehaviour)]
struct Server {
    identify: identify::Behaviour,
    table: kad::Behaviour<kad::store::MemoryStore>,
}

/// A server in a network, and where it is.
async fn server(
    protocol: StreamProtocol,
    keypair: Keypair,
    network: u8,
    keeps: bool,
) -> (Swarm<Server>, Multiaddr) {
    let mut raw = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        // Dials from where it listens.
        .with_quic()
        .with_behaviour(|keypair| {
            let me = keypair.public().to_peer_id();
            let max_provided_keys = if keeps { 16 } else { 0 };
            let store = kad::store::MemoryStore::with_config(
                me,
                kad::store::MemoryStoreConfig { max_provided_keys, ..Default::default() },
            );
            let mut table = kad::Behaviour::with_config(me, store, kad::Config::new(protocol));
            table.set_mode(Some(kad::Mode::Server));
            let identify = identify::Config::new("/majlis/1".to_owned(), keypair.public());
            let identify = identify.with_hide_listen_addrs(true);
            Server { identify: identify::Behaviour::new(identify), table }
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    raw.listen_on(from(network, "udp/0/quic-v1")).unwrap();
    let listening = async {
        loop {
            if let SwarmEvent::NewListenAddr { address, .. } = raw.select_next_some().await {
                return address;
            }
        }
    };
    let address = timeout(PATIENCE, listening).await.unwrap();
    raw.add_external_address(address.clone());
    (raw, address)
}

/// Names near a key, of which nobody else is nearer.
fn near(key: &Key, count: usize) -> Vec<Keypair> {
    let goal = kad::KBucketKey::new(record_key(key).to_vec());
    let mut names: Vec<_> = (0..2_000).map(|_| Keypair::generate_ed25519()).collect();
    names.sort_by_key(|name| kad::KBucketKey::from(name.public().to_peer_id()).distance(&goal));
    names.truncate(count);
    names
}

/// Says to another node that it is found under a key.
async fn provide(provider: &mut Swarm<Server>, other: PeerId, way: &Multiaddr, key: &Key) {
    provider.behaviour_mut().table.add_address(&other, way.clone());
    provider.behaviour_mut().table.start_providing(record_key(key)).unwrap();
    let told = async {
        loop {
            if let SwarmEvent::Behaviour(ServerEvent::Table(kad::Event::OutboundQueryProgressed {
                result: kad::QueryResult::StartProviding(told),
                ..
            })) = provider.select_next_some().await
            {
                return told.unwrap();
            }
        }
    };
    timeout(PATIENCE, told).await.unwrap();
}

/// Has a node say that it is elsewhere, in a network of which it has no address.
fn lie(raw: &mut Swarm<Server>, number: usize) {
    let said: Vec<_> = raw.external_addresses().cloned().collect();
    for real in &said {
        raw.remove_external_address(real);
    }
    let network = 100 + u8::try_from(number).unwrap();
    raw.add_external_address(from(network, "udp/1/quic-v1"));
    for real in said {
        raw.add_external_address(real);
    }
}

/// FIND-5.
#[tokio::test]
async fn those_who_flood_a_key_and_say_that_they_are_of_many_networks_hide_nobody() {
    let key = [7; 32];
    let table = Node::trusting(1, NetConfig { relay: true, ..config(QUIC) }).await;
    let way = table.addrs().remove(0);
    let mut others = JoinSet::new();
    let mut honest = None;
    for number in 0..60 {
        let network = if number == 10 { 2 } else { 66 };
        let (mut raw, _) = server(DHT_PROTOCOL, Keypair::generate_ed25519(), network, true).await;
        if network == 2 {
            honest = Some(*raw.local_peer_id());
        } else {
            lie(&mut raw, number);
        }
        // They are no neighbours of the table: it alone is asked.
        raw.behaviour_mut().table.set_mode(Some(kad::Mode::Client));
        provide(&mut raw, table.id(), &way, &key).await;
        others.spawn(async move { while raw.next().await.is_some() {} });
    }
    assert!(table.net.metrics.providers_displaced.load(Relaxed) > 0, "they did not flood it");
    let seeker = Node::trusting(2, config(QUIC)).await;
    seeker.net.dial(way).await.unwrap();
    seeker.snapshot(|snapshot| !snapshot.neighbours.is_empty()).await;
    let found = timeout(PATIENCE, seeker.net.seek(key)).await.unwrap();
    assert!(found.iter().any(|(peer, _)| Some(*peer) == honest), "{honest:?} is not in {found:?}");
}

#[tokio::test]
async fn who_says_that_it_is_elsewhere_is_a_neighbour_where_it_comes_from_or_none() {
    let victim = Node::trusting(1, config(QUIC)).await;
    let way = victim.addrs().remove(0);
    let mut others = JoinSet::new();
    let mut come = Vec::new();
    for number in 0..20 {
        let (mut raw, real) = server(DHT_PROTOCOL, Keypair::generate_ed25519(), 66, true).await;
        lie(&mut raw, number);
        if number % 2 == 0 {
            raw.remove_external_address(&real);
        }
        raw.dial(way.clone()).unwrap();
        let name = *raw.local_peer_id();
        come.push(name);
        others.spawn(async move { while raw.next().await.is_some() {} });
        // Then it has heard where this one says it is.
        let is_heard = |peer: &ConnectedPeer| peer.peer == name && peer.agent.is_some();
        victim.snapshot(|snapshot| snapshot.peers.iter().any(is_heard)).await;
    }
    let snapshot = victim.net.snapshot().borrow().clone();
    assert_eq!(snapshot.neighbours.len(), 8, "of one network no more are neighbours than there is room for");
    for (peer, places) in snapshot.neighbours.iter() {
        let number = come.iter().position(|other| other == peer).unwrap();
        assert_eq!(number % 2, 1, "who says nothing true is no neighbour");
        assert!(places[0].to_string().starts_with("/ip4/127.66.0.1/"), "{places:?}");
        assert_eq!(places.len(), 2);
    }
}

#[tokio::test]
async fn those_who_crowd_around_a_key_from_one_network_do_not_hide_who_is_found_there() {
    let key = [7; 32];
    let mut others = JoinSet::new();
    // They keep nothing, and know of each other alone.
    let mut crowd = Vec::new();
    for name in near(&key, 24) {
        crowd.push(server(DHT_PROTOCOL, name, 66, false).await);
    }
    let places: Vec<_> = crowd.iter().map(|(raw, place)| (*raw.local_peer_id(), place.clone())).collect();
    for (mut raw, _) in crowd {
        for (peer, place) in &places {
            raw.behaviour_mut().table.add_address(peer, place.clone());
        }
        others.spawn(async move { while raw.next().await.is_some() {} });
    }
    let (mut honest, way) = server(DHT_PROTOCOL, Keypair::generate_ed25519(), 1, true).await;
    let honest_name = *honest.local_peer_id();
    others.spawn(async move { while honest.next().await.is_some() {} });
    let (mut provider, at) = server(DHT_PROTOCOL, Keypair::generate_ed25519(), 2, true).await;
    let provider_name = *provider.local_peer_id();
    provide(&mut provider, honest_name, &way, &key).await;
    others.spawn(async move { while provider.next().await.is_some() {} });

    let victim = Node::trusting(1, config(QUIC)).await;
    for (peer, place) in &places[14..] {
        assert_eq!(victim.net.dial(place.clone()).await.unwrap(), *peer);
    }
    victim.net.dial(way).await.unwrap();
    let knows = |snapshot: &Snapshot| snapshot.neighbours.iter().any(|(peer, _)| *peer == honest_name);
    victim.snapshot(knows).await;
    let neighbours = victim.net.snapshot().borrow().neighbours.len();
    assert_eq!(neighbours, 8 + 1, "of one network no more are neighbours than there is room for");
    // Those whom it knows lead it to the nearest of theirs, of whom it meets some.
    let found = timeout(PATIENCE, victim.net.seek(key)).await.unwrap();
    let [(peer, places)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((*peer, places.first()), (provider_name, Some(&at.with(Protocol::P2p(provider_name)))));
    assert!(victim.net.metrics.dials_crowded.load(Relaxed) > 0, "they did not crowd around it");
}

#[tokio::test]
async fn the_public_table_is_joined_where_the_owner_says_so() {
    let (mut raw, place) = server(PUBLIC_DHT_PROTOCOL, Keypair::generate_ed25519(), 1, true).await;
    let mut others = JoinSet::new();
    others.spawn(async move { while raw.next().await.is_some() {} });
    let joining = || NetConfig { public_dht: true, dht: false, ..config(QUIC) };
    // It has an address that others may be told.
    let found = Node::trusting(1, NetConfig { relay: true, ..joining() }).await;
    let key = [9; 32];
    found.net.provide([key].into());
    found.net.dial(place.clone()).await.unwrap();
    let seeker = Node::trusting(2, joining()).await;
    seeker.net.dial(place.clone()).await.unwrap();
    let seek = async {
        loop {
            if let [(peer, _)] = &seeker.net.seek(key).await[..] {
                return *peer;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, seek).await.expect("it is found in time"), found.id());
    // Nobody else takes part, or is found there.
    let other = Node::trusting(3, config(QUIC)).await;
    other.net.dial(place).await.unwrap();
    assert_eq!(other.net.seek(key).await, []);
}

#[tokio::test]
async fn of_a_neighbour_that_is_ever_elsewhere_a_few_addresses_are_kept() {
    let (mut raw, place) = server(DHT_PROTOCOL, Keypair::generate_ed25519(), 1, true).await;
    let name = *raw.local_peer_id();
    let node = Node::trusting(1, config(QUIC)).await;
    let said = |number: usize| from(1, &format!("tcp/{}", 1_000 + number)).with(Protocol::P2p(name));
    let mut dialled = std::pin::pin!(node.net.dial(place));
    let mut snapshot = node.net.snapshot();
    let places =
        |snapshot: &Snapshot| snapshot.neighbours.first().map_or(Vec::new(), |known| known.1.clone());
    let all = async {
        let mut number = 0;
        raw.add_external_address(said(number));
        while number < 20 {
            tokio::select! {
                _ = raw.select_next_some() => {}
                peer = &mut dialled, if number == 0 => {
                    assert_eq!(peer.unwrap(), name);
                    number = 1;
                }
                known = snapshot.wait_for(|snapshot| places(snapshot).contains(&said(number - 1))), if number > 0 => {
                    assert!(places(&known.unwrap()).len() <= 4, "more are kept");
                    raw.remove_external_address(&said(number - 1));
                    raw.add_external_address(said(number));
                    raw.behaviour_mut().identify.push([node.id()]);
                    number += 1;
                }
            }
        }
    };
    timeout(PATIENCE, all).await.expect("it is known in time where the neighbour is");
}
