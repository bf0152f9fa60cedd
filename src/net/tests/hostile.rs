//! Peers who do not mean well, and how far they get.

use std::net::SocketAddr;

use libp2p::{identify, kad, relay, swarm::NetworkBehaviour};
use tokio::net::{TcpSocket, TcpStream};

use super::*;
use crate::net::dht::{DHT_PROTOCOL, record_key};

/// A network of its own within this machine, and from there.
fn from(network: u8, transport: &str) -> Multiaddr {
    format!("/ip4/127.{network}.0.1/{transport}").parse().unwrap()
}

async fn counted(node: &Node, counter: impl Fn(&Metrics) -> u64, reached: u64) {
    let counts = async {
        while counter(&node.net.metrics) < reached {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, counts).await.expect("it is counted in time");
}

#[tokio::test]
async fn a_frame_that_is_not_brought_to_an_end_ends_the_session() {
    let mut node = Node::start(1, NetConfig { frame_timeout_ms: 50, ..config(TCP) }).await;
    for begun in [&[0, 0][..], &[0, 0, 0, 9, 1, 2], &[0, 1, 0, 0, 7, 7, 7]] {
        let (mut control, task) = raw_connection(&node).await;
        let mut stream = control.open_stream(node.id(), PROTOCOL).await.unwrap();
        stream.read_exact(&mut [0; ACCEPT.len()]).await.unwrap();
        stream.write_all(&[0, 0, 0, 2, 7, 8]).await.unwrap();
        stream.write_all(begun).await.unwrap();
        stream.flush().await.unwrap();
        let mut session = node.session().await;
        assert_eq!(next(&mut session).await.unwrap(), Some(Frame::new(7, [8])));
        let error = next(&mut session).await.unwrap_err();
        assert!(matches!(error, FrameError::Slow(_)), "{error}");
        assert_eq!(next(&mut session).await.unwrap(), None);
        task.abort();
    }
    assert_eq!(node.net.metrics.frames_slow.load(Relaxed), 3);
    // Who says nothing at all for longer has nothing to end.
    let (mut control, _task) = raw_connection(&node).await;
    let mut stream = control.open_stream(node.id(), PROTOCOL).await.unwrap();
    stream.read_exact(&mut [0; ACCEPT.len()]).await.unwrap();
    let mut session = node.session().await;
    assert!(timeout(Duration::from_millis(300), session.source.next()).await.is_err());
}

/// Connects to the node from another network within this machine, and says nothing.
async fn silent(network: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, network, 0, 1], 0))).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn those_of_one_network_who_say_nothing_leave_room_for_others() {
    let node = Node::start(1, NetConfig { max_pending: 16, ..config(TCP) }).await;
    let mut place = node.addrs()[0].clone();
    let Some(Protocol::Tcp(port)) = place.pop() else { panic!("no port in {place}") };
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(silent(66, to).await);
    }
    // A quarter of sixteen waits to be set up; the others were let go at once.
    counted(&node, |metrics| metrics.incoming_crowded.load(Relaxed), 16).await;
    assert_eq!(node.net.metrics.incoming_crowded.load(Relaxed), 16);
    let other = Node::start(2, config(TCP)).await;
    assert_eq!(other.net.dial(node.addrs().remove(0)).await.unwrap(), node.id());
    drop(held);
}

/// Asks to be carried.
fn hoarder(relay: &Multiaddr) -> Swarm<relay::client::Behaviour> {
    let mut raw = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_quic()
        .with_relay_client(noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_, client| client)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    // Who listens there comes from there.
    raw.listen_on(from(66, "udp/0/quic-v1")).unwrap();
    raw.listen_on(relay.clone().with(Protocol::P2pCircuit)).unwrap();
    raw
}

#[tokio::test]
async fn those_of_one_network_who_hoard_reservations_leave_some_for_others() {
    let settings = NetConfig { relay: true, max_connections: 32, ..config(QUIC) };
    let relay = Node::trusting(1, settings).await;
    let place = relay.addrs().remove(0).with(Protocol::P2p(relay.id()));
    let mut hoarders = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut raw = hoarder(&place);
        hoarders.spawn(async move { while raw.next().await.is_some() {} });
    }
    counted(&relay, |metrics| metrics.incoming_crowded.load(Relaxed), 12).await;
    counted(&relay, |metrics| metrics.carried_accepted.load(Relaxed), 8).await;
    assert_eq!(relay.net.metrics.carried_accepted.load(Relaxed), 8);
    let other = Node::start(2, NetConfig { listen: vec![from(2, "udp/0/quic-v1")], ..config(QUIC) }).await;
    other.net.dial(place).await.unwrap();
    other.snapshot(|snapshot| snapshot.reached() == Reached::Carried).await;
}

/// Takes part in the table, with the store of libp2p's own: keeps what it is told, or nothing.
#[derive(NetworkBehaviour)]
struct Server {
    identify: identify::Behaviour,
    table: kad::Behaviour<kad::store::MemoryStore>,
}

/// A server in a network, and where it is.
async fn server(keypair: Keypair, network: u8, keeps: bool) -> (Swarm<Server>, Multiaddr) {
    let mut raw = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|keypair| {
            let me = keypair.public().to_peer_id();
            let max_provided_keys = if keeps { 16 } else { 0 };
            let store = kad::store::MemoryStore::with_config(
                me,
                kad::store::MemoryStoreConfig { max_provided_keys, ..Default::default() },
            );
            let mut table = kad::Behaviour::with_config(me, store, kad::Config::new(DHT_PROTOCOL));
            table.set_mode(Some(kad::Mode::Server));
            let identify = identify::Config::new("/majlis/1".to_owned(), keypair.public());
            Server { identify: identify::Behaviour::new(identify), table }
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    raw.listen_on(from(network, "tcp/0")).unwrap();
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

#[tokio::test]
async fn those_who_crowd_around_a_key_from_one_network_do_not_hide_who_is_found_there() {
    let key = [7; 32];
    let mut others = tokio::task::JoinSet::new();
    // They keep nothing, and know of each other alone.
    let mut crowd = Vec::new();
    for name in near(&key, 24) {
        crowd.push(server(name, 66, false).await);
    }
    let places: Vec<_> = crowd.iter().map(|(raw, place)| (*raw.local_peer_id(), place.clone())).collect();
    for (mut raw, _) in crowd {
        for (peer, place) in &places {
            raw.behaviour_mut().table.add_address(peer, place.clone());
        }
        others.spawn(async move { while raw.next().await.is_some() {} });
    }
    let (mut honest, way) = server(Keypair::generate_ed25519(), 1, true).await;
    let honest_name = *honest.local_peer_id();
    others.spawn(async move { while honest.next().await.is_some() {} });
    let (mut provider, at) = server(Keypair::generate_ed25519(), 2, true).await;
    let provider_name = *provider.local_peer_id();
    provider.behaviour_mut().table.add_address(&honest_name, way.clone());
    provider.behaviour_mut().table.start_providing(record_key(&key)).unwrap();
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
    others.spawn(async move { while provider.next().await.is_some() {} });

    let victim = Node::trusting(1, config(TCP)).await;
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
