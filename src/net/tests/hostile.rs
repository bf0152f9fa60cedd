//! Peers who do not mean well, and how far they get.

use std::net::SocketAddr;

use libp2p::relay;
use tokio::net::{TcpSocket, TcpStream};

use super::*;

pub(super) async fn counted(node: &Node, counter: impl Fn(&Metrics) -> u64, reached: u64) {
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
    // A node dials from the port on which it listens, whatever else has that port: sockets beside it must allow that.
    socket.set_reuseaddr(true).unwrap();
    socket.set_reuseport(true).unwrap();
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
