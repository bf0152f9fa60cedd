//! Nodes over real sockets on the loopback interface.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use futures::{AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _};
use libp2p::{Swarm, SwarmBuilder, multiaddr::Protocol, noise, swarm::SwarmEvent, tcp, yamux};
use tokio::time::timeout;

use super::*;

mod carried;
mod hostile;
mod places;
mod tables;

const PATIENCE: Duration = Duration::from_secs(20);
const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

fn config(listen: &str) -> NetConfig {
    NetConfig {
        listen: vec![listen.parse().unwrap()],
        mdns: false,
        dial_backoff_base_ms: 20,
        dial_backoff_max_ms: 200,
        session_grace_ms: 200,
        ..NetConfig::default()
    }
}

/// A network of its own within this machine, and from there.
fn from(network: u8, transport: &str) -> Multiaddr {
    format!("/ip4/127.{network}.0.1/{transport}").parse().unwrap()
}

struct Node {
    net: Net,
    events: NetEvents,
}

impl Node {
    async fn start(seed: u8, config: NetConfig) -> Self {
        Self::believing(seed, config, Hearsay::default()).await
    }

    /// One to whom the addresses of this machine are as good as others.
    async fn trusting(seed: u8, config: NetConfig) -> Self {
        Self::believing(seed, config, Hearsay { nearby: true }).await
    }

    async fn believing(seed: u8, config: NetConfig, hearsay: Hearsay) -> Self {
        let (net, events) = start(keypair_from_seed(&[seed; 32]).unwrap(), config, hearsay).await.unwrap();
        let mut node = Self { net, events };
        node.until(|event| matches!(event, NetEvent::ListenersReady).then_some(())).await;
        node
    }

    fn id(&self) -> PeerId {
        self.net.peer_id()
    }

    fn addrs(&self) -> Vec<Multiaddr> {
        self.net.snapshot().borrow().listen.to_vec()
    }

    async fn until<T>(&mut self, pick: impl Fn(NetEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = pick(self.events.next().await.unwrap()) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("the event in time")
    }

    async fn session(&mut self) -> Session {
        self.until(|event| match event {
            NetEvent::SessionOpened { session, .. } => Some(session),
            _ => None,
        })
        .await
    }

    async fn snapshot(&self, holds: impl FnMut(&Snapshot) -> bool) {
        timeout(PATIENCE, self.net.snapshot().wait_for(holds)).await.expect("the state in time").unwrap();
    }
}

async fn next(session: &mut Session) -> Result<Option<Frame>, FrameError> {
    timeout(PATIENCE, session.source.next()).await.expect("a frame in time")
}

async fn send(session: &Session, frame: Frame) {
    timeout(PATIENCE, session.sink.ready()).await.expect("room in time").unwrap();
    session.sink.try_send(frame).unwrap();
}

/// The session carries frames in both directions.
async fn talk(a: &mut Session, b: &mut Session) {
    for (kind, length) in [(1, 0), (2, 1), (200, 500), (3, 32 << 10), (4, (160 << 10) - 1)] {
        let frame = Frame::new(kind, vec![kind; length]);
        send(a, frame.clone()).await;
        send(b, frame.clone()).await;
        assert_eq!(next(b).await.unwrap(), Some(frame.clone()));
        assert_eq!(next(a).await.unwrap(), Some(frame));
    }
}

async fn exchange_over(listen: &str) {
    let mut a = Node::start(1, config(listen)).await;
    let mut b = Node::start(2, config(listen)).await;
    a.net.want(b.id(), b.addrs());
    let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
    talk(&mut at_a, &mut at_b).await;

    let (out, back) = (at_a.stats(), at_b.stats());
    assert_eq!(out.frames_out.load(Relaxed), 5);
    assert_eq!(out.bytes_out.load(Relaxed), back.bytes_in.load(Relaxed));
    a.snapshot(|s| s.peers.len() == 1 && s.peers[0].session && s.peers[0].direction == Direction::Outbound)
        .await;
    b.snapshot(|s| s.peers.first().is_some_and(|p| p.agent.as_deref() == Some(&config(TCP).agent))).await;

    // The last frames before a close arrive, then the end.
    for n in 0..100 {
        send(&at_a, Frame::new(n, [n; 1000])).await;
    }
    at_a.sink.close();
    assert!(matches!(at_a.sink.try_send(Frame::new(0, [])), Err(SendError::Closed(_))));
    for n in 0..100 {
        assert_eq!(next(&mut at_b).await.unwrap().unwrap().kind, n);
    }
    assert_eq!(next(&mut at_b).await.unwrap(), None);
    timeout(PATIENCE, at_a.sink.closed()).await.unwrap();
}

#[tokio::test]
async fn frames_go_both_ways_over_tcp() {
    exchange_over(TCP).await;
}

#[tokio::test]
async fn frames_go_both_ways_over_quic() {
    exchange_over(QUIC).await;
}

#[tokio::test]
async fn simultaneous_dials_give_one_session() {
    for round in 0..12 {
        let listen = if round % 3 == 2 { QUIC } else { TCP };
        let mut a = Node::start(round * 2 + 10, config(listen)).await;
        let mut b = Node::start(round * 2 + 11, config(listen)).await;
        a.net.want(b.id(), b.addrs());
        b.net.want(a.id(), a.addrs());
        let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
        talk(&mut at_a, &mut at_b).await;
        // Another exchange later: the session that was reported is the one that stays.
        a.snapshot(|s| s.peers.len() == 1 && s.peers[0].session && s.peers[0].agent.is_some()).await;
        b.snapshot(|s| s.peers.len() == 1 && s.peers[0].session && s.peers[0].agent.is_some()).await;
        talk(&mut at_a, &mut at_b).await;
        for node in [&mut a, &mut b] {
            assert_eq!(node.net.metrics.sessions_opened.load(Relaxed), 1, "round {round}");
            while let Ok(event) = node.events.receiver.try_recv() {
                assert!(!matches!(event, NetEvent::SessionOpened { .. }), "round {round}");
            }
        }
    }
}

#[tokio::test]
async fn two_addresses_of_one_peer_give_one_session() {
    let both = |seed| async move {
        let mut config = config(TCP);
        config.listen.push(QUIC.parse().unwrap());
        Node::start(seed, config).await
    };
    let (mut a, mut b) = (both(1).await, both(2).await);
    for _ in 0..3 {
        b.net.want(a.id(), a.addrs());
        a.net.want(b.id(), b.addrs());
    }
    assert_eq!(b.net.dial(a.addrs().remove(1)).await.unwrap(), a.id());
    let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
    talk(&mut at_a, &mut at_b).await;
    assert_eq!(a.net.metrics.sessions_opened.load(Relaxed), 1);
}

#[tokio::test]
async fn a_session_comes_back_after_the_remote_restarts() {
    for listen in [TCP, QUIC] {
        let mut a = Node::start(1, config(TCP)).await;
        let mut b = Node::start(2, config(listen)).await;
        let place = b.addrs();
        a.net.want(b.id(), place.clone());
        let (mut at_a, at_b) = tokio::join!(a.session(), b.session());
        b.net.shutdown().await;
        assert_eq!(next(&mut at_a).await.unwrap(), None);
        drop((at_a, at_b));
        a.until(|event| matches!(event, NetEvent::Disconnected { .. }).then_some(())).await;
        a.until(|event| matches!(event, NetEvent::DialFailed { .. }).then_some(())).await;

        let mut b = Node::start(2, NetConfig { listen: place, ..config(TCP) }).await;
        let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
        talk(&mut at_a, &mut at_b).await;
    }
}

#[tokio::test]
async fn a_closed_session_is_opened_again_on_the_same_connection() {
    let mut a = Node::start(1, config(TCP)).await;
    let mut b = Node::start(2, config(TCP)).await;
    a.net.want(b.id(), b.addrs());
    for closer in 0..4 {
        let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
        talk(&mut at_a, &mut at_b).await;
        // Dropping either half ends the session on both sides.
        match closer {
            0 => at_a.sink.close(),
            1 => drop(at_b.source),
            2 => drop(at_a.sink),
            _ => drop(at_b),
        }
    }
    assert_eq!(a.net.metrics.connections_opened.load(Relaxed), 1);
}

#[tokio::test]
async fn the_side_that_was_dialled_opens_a_session_if_the_other_does_not_want_one() {
    let mut a = Node::start(1, config(TCP)).await;
    let mut b = Node::start(2, config(TCP)).await;
    a.net.want(b.id(), b.addrs());
    let (at_a, at_b) = tokio::join!(a.session(), b.session());
    a.net.forget(b.id());
    b.net.want(a.id(), vec![]);
    drop((at_a, at_b));
    let opened_here = |event| match event {
        NetEvent::SessionOpened { dialer, session, .. } => Some((dialer, session)),
        _ => None,
    };
    let ((_, mut at_a), (dialer, mut at_b)) = tokio::join!(a.until(opened_here), b.until(opened_here));
    assert!(dialer);
    talk(&mut at_a, &mut at_b).await;

    // B has learnt from the connection where A listens: it finds A again by itself.
    b.snapshot(|s| s.peers[0].agent.is_some()).await;
    a.net.disconnect(b.id());
    let ((_, mut at_a), (_, mut at_b)) = tokio::join!(a.until(opened_here), b.until(opened_here));
    talk(&mut at_a, &mut at_b).await;
}

#[tokio::test]
async fn dialling_reports_clear_errors() {
    let a = Node::start(1, config(TCP)).await;
    let b = Node::start(2, config(TCP)).await;
    let other = keypair_from_seed(&[3; 32]).unwrap().public().to_peer_id();
    let place = b.addrs().remove(0);

    let wrong = a.net.dial(place.clone().with(Protocol::P2p(other))).await.unwrap_err();
    assert!(matches!(&wrong, NetError::WrongPeer { found, .. } if *found == b.id()), "{wrong}");

    b.net.shutdown().await;
    let nobody = a.net.dial(place).await.unwrap_err();
    assert!(matches!(nobody, NetError::Unreachable { .. }));
    assert!(nobody.to_string().contains("Connection refused"), "{nobody}");

    let me = a.net.dial(a.addrs().remove(0)).await.unwrap_err();
    assert!(matches!(me, NetError::SelfDial { .. }), "{me}");
    let me = a.net.dial(a.addrs().remove(0).with(Protocol::P2p(a.id()))).await.unwrap_err();
    assert!(matches!(me, NetError::SelfDial { .. }), "{me}");
    let bad = a.net.dial("/ip4/127.0.0.1/udp/9".parse().unwrap()).await.unwrap_err();
    assert!(matches!(bad, NetError::BadAddress { .. }), "{bad}");
    let nowhere = a.net.dial(Multiaddr::from(Protocol::P2p(other))).await.unwrap_err();
    assert!(matches!(nowhere, NetError::BadAddress { .. }), "{nowhere}");
}

#[tokio::test]
async fn a_dialled_peer_is_kept() {
    let mut a = Node::start(1, config(TCP)).await;
    let mut b = Node::start(2, config(TCP)).await;
    assert_eq!(a.net.dial(b.addrs().remove(0)).await.unwrap(), b.id());
    let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
    talk(&mut at_a, &mut at_b).await;
    b.net.disconnect(a.id());
    assert_eq!(next(&mut at_a).await.unwrap(), None);
    let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
    talk(&mut at_a, &mut at_b).await;
}

/// A peer made of libp2p's own parts, which may say anything on a sync stream.
fn raw_peer() -> Swarm<libp2p_stream::Behaviour> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| libp2p_stream::Behaviour::new())
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

/// A raw peer connected to the node; the task ends the connection when it is aborted.
async fn raw_connection(node: &Node) -> (libp2p_stream::Control, tokio::task::JoinHandle<()>) {
    let mut raw = raw_peer();
    let control = raw.behaviour().new_control();
    raw.dial(node.addrs().remove(0)).unwrap();
    let mut connected = false;
    while !connected {
        let event = timeout(PATIENCE, raw.next()).await.unwrap().unwrap();
        connected = matches!(event, SwarmEvent::ConnectionEstablished { .. });
    }
    (control, tokio::spawn(async move { while raw.next().await.is_some() {} }))
}

#[tokio::test]
async fn a_peer_that_opens_session_after_session_is_held_back() {
    let mut node = Node::start(1, config(TCP)).await;
    let (mut control, _task) = raw_connection(&node).await;
    let mut accepted = 0;
    for _ in 0..30 {
        let mut stream = control.open_stream(node.id(), PROTOCOL).await.unwrap();
        let mut accept = [0; ACCEPT.len()];
        if timeout(PATIENCE, stream.read_exact(&mut accept)).await.unwrap().is_ok() {
            node.session().await;
            accepted += 1;
        }
    }
    assert!((10..30).contains(&accepted), "{accepted}");
    assert_eq!(node.net.metrics.sessions_refused.load(Relaxed), 30 - accepted);
}

#[tokio::test]
async fn a_peer_that_breaks_the_format_loses_its_session_only() {
    type Expected = fn(&FrameError) -> bool;
    let mut node = Node::start(1, config(TCP)).await;
    let length = |n: u32| n.to_be_bytes().to_vec();
    let cases: [(Vec<u8>, Expected); 4] = [
        (length((160 << 10) + 1), |e| matches!(e, FrameError::Oversize { length: 163_841, limit: 163_840 })),
        (length(u32::MAX), |e| e.is_remotes_fault()),
        (length(0), |e| matches!(e, FrameError::Empty)),
        ([length(9), vec![1, 2, 3]].concat(), |e| matches!(e, FrameError::Truncated)),
    ];
    for (bytes, expected) in cases {
        let (mut control, task) = raw_connection(&node).await;
        let mut stream = control.open_stream(node.id(), PROTOCOL).await.unwrap();
        let mut accept = ACCEPT;
        stream.read_exact(&mut accept).await.unwrap();
        assert_eq!(accept, ACCEPT);
        stream.write_all(&[0, 0, 0, 3, 7, 8, 9]).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.close().await.unwrap();

        let mut session = node.session().await;
        assert_eq!(next(&mut session).await.unwrap(), Some(Frame::new(7, [8, 9])));
        let error = next(&mut session).await.unwrap_err();
        assert!(expected(&error), "{error}");
        assert_eq!(next(&mut session).await.unwrap(), None);
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the stream is closed").unwrap();
        task.abort();
    }
    let mut other = Node::start(2, config(TCP)).await;
    other.net.want(node.id(), node.addrs());
    let (mut at_node, mut at_other) = tokio::join!(node.session(), other.session());
    talk(&mut at_node, &mut at_other).await;
}

#[tokio::test]
async fn a_slow_reader_fills_the_queue_and_nothing_else() {
    let mut a = Node::start(1, config(TCP)).await;
    let mut b = Node::start(2, config(TCP)).await;
    a.net.want(b.id(), b.addrs());
    let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
    let frame = Frame::new(5, vec![5; 100_000]);

    let long = Frame::new(1, vec![0; 160 << 10]);
    assert!(matches!(at_a.sink.try_send(long), Err(SendError::TooLong(_))));
    // B does not read: stream, socket and queue fill up, and then stay full.
    let mut sent = 0;
    while timeout(Duration::from_millis(500), at_a.sink.ready()).await.is_ok() {
        while at_a.sink.try_send(frame.clone()).is_ok() {
            sent += 1;
        }
    }
    while at_a.sink.try_send(frame.clone()).is_ok() {
        sent += 1;
    }
    assert!(matches!(at_a.sink.try_send(frame.clone()), Err(SendError::Full(back)) if back == frame));
    assert!(at_a.sink.capacity_bytes() < 100_000);
    assert!(a.net.metrics.frames_refused.load(Relaxed) > 0);

    // The other direction is free meanwhile, and so is the node.
    send(&at_b, Frame::new(6, [])).await;
    assert_eq!(next(&mut at_a).await.unwrap(), Some(Frame::new(6, [])));
    for _ in 0..sent {
        assert_eq!(next(&mut at_b).await.unwrap(), Some(frame.clone()));
    }
    timeout(PATIENCE, at_a.sink.ready()).await.unwrap().unwrap();
}

#[tokio::test]
async fn small_frames_are_bounded_by_count() {
    let mut a = Node::start(1, NetConfig { send_queue_frames: 8, ..config(TCP) }).await;
    let mut b = Node::start(2, config(TCP)).await;
    a.net.want(b.id(), b.addrs());
    let (at_a, _at_b) = tokio::join!(a.session(), b.session());
    // The writer runs on this thread, so nothing is taken from the queue in between.
    for _ in 0..8 {
        at_a.sink.try_send(Frame::new(1, [])).unwrap();
    }
    assert!(matches!(at_a.sink.try_send(Frame::new(1, [])), Err(SendError::Full(_))));
    assert_eq!(at_a.sink.capacity_bytes(), 0);
}

#[tokio::test]
async fn an_application_that_ignores_events_gets_no_more_sessions() {
    let node = Node::start(1, NetConfig { event_queue: 16, ..config(TCP) }).await;
    let mut others = Vec::new();
    for seed in 10..27 {
        let other = Node::start(seed, config(TCP)).await;
        other.net.dial(node.addrs().remove(0)).await.unwrap();
        others.push(other);
    }
    node.snapshot(|s| s.metrics.sessions_refused.load(Relaxed) > 0).await;
    assert!(node.net.metrics.sessions_opened.load(Relaxed) <= 16);
}

#[tokio::test]
async fn connections_without_a_session_end_and_those_with_one_stay() {
    let short = |listen| NetConfig { idle_timeout_secs: 1, ..config(listen) };
    let mut a = Node::start(1, short(TCP)).await;
    let mut b = Node::start(2, short(TCP)).await;
    let mut c = Node::start(3, short(TCP)).await;
    a.net.want(b.id(), b.addrs());
    let (mut at_a, mut at_b) = tokio::join!(a.session(), b.session());
    c.net.want(a.id(), a.addrs());
    let (at_c, with_c) = tokio::join!(c.session(), a.session());
    c.net.forget(a.id());
    drop((at_c, with_c));
    let gone = a.until(|event| match event {
        NetEvent::Disconnected { peer } => Some(peer),
        _ => None,
    });
    assert_eq!(gone.await, c.id());
    talk(&mut at_a, &mut at_b).await;
    assert_eq!(a.net.snapshot().borrow().peers.len(), 1);
}

#[tokio::test]
async fn shutting_down_sends_what_is_queued_and_is_quick() {
    for listen in [TCP, QUIC] {
        let mut a = Node::start(1, config(listen)).await;
        let mut b = Node::start(2, config(listen)).await;
        a.net.want(b.id(), b.addrs());
        let (at_a, mut at_b) = tokio::join!(a.session(), b.session());
        at_a.sink.try_send(Frame::new(9, vec![9; 100_000])).unwrap();
        timeout(Duration::from_secs(1), a.net.shutdown()).await.expect("stopped within a second");
        assert_eq!(next(&mut at_b).await.unwrap(), Some(Frame::new(9, vec![9; 100_000])));
        assert_eq!(next(&mut at_b).await.unwrap(), None);
        while a.events.next().await.is_some() {}
        assert!(matches!(a.net.dial(b.addrs().remove(0)).await, Err(NetError::Stopped)));

        // With a remote that does not read, too; and again without effect.
        let mut a = Node::start(1, config(listen)).await;
        a.net.want(b.id(), b.addrs());
        let (at_a, _at_b) = tokio::join!(a.session(), b.session());
        while timeout(Duration::from_millis(300), at_a.sink.ready()).await.is_ok() {
            while at_a.sink.try_send(Frame::new(9, vec![9; 100_000])).is_ok() {}
        }
        timeout(Duration::from_secs(1), a.net.shutdown()).await.expect("stopped within a second");
        timeout(Duration::from_secs(1), a.net.shutdown()).await.expect("stopped already");
    }
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_network() {
    let Node { net, mut events } = Node::start(1, config(TCP)).await;
    let copy = net.clone();
    drop(net);
    copy.want(PeerId::random(), vec![]);
    copy.snapshot().wait_for(|s| s.wanted == 1).await.unwrap();
    drop(copy);
    while timeout(PATIENCE, events.next()).await.unwrap().is_some() {}
}

#[tokio::test]
async fn a_listener_that_fails_is_fatal_only_if_it_is_the_last() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken: Multiaddr =
        format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port()).parse().unwrap();
    let other = format!("/ip4/192.0.2.1/tcp/{}", 1).parse::<Multiaddr>().unwrap();
    let keypair = || keypair_from_seed(&[1; 32]).unwrap();
    let config = NetConfig { listen: vec![other.clone(), TCP.parse().unwrap()], ..config(TCP) };
    let node = Node::start(1, config.clone()).await;
    assert_eq!(node.addrs().len(), 1);
    let error = start(keypair(), NetConfig { listen: vec![other, taken], ..config }, Hearsay::default())
        .await
        .err()
        .unwrap();
    assert!(matches!(&error, NetError::Listen(_)), "{error}");
}
