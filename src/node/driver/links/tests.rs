//! A link to a peer that does not read, over real sockets.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::time::Duration;

use majlis_protocol::limits::MAX_FRAME;
use tokio::time::timeout;

use super::*;
use crate::net::{Hearsay, NetConfig, NetEvent, NetEvents, keypair_from_seed};

const PATIENCE: Duration = Duration::from_secs(20);

async fn node(seed: u8) -> (Net, NetEvents) {
    let listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
    let config = NetConfig { listen, mdns: false, ..NetConfig::default() };
    let (net, mut events) =
        net::start(keypair_from_seed(&[seed; 32]).unwrap(), config, Hearsay::default()).await.unwrap();
    while !matches!(events.next().await.unwrap(), NetEvent::ListenersReady) {}
    (net, events)
}

async fn session(events: &mut NetEvents) -> net::Session {
    loop {
        let event = timeout(PATIENCE, events.next()).await.unwrap();
        if let NetEvent::SessionOpened { session, .. } = event.unwrap() {
            return session;
        }
    }
}

#[tokio::test]
async fn what_waits_for_a_peer_that_does_not_read_is_bounded_in_bytes_and_gone_with_the_session() {
    let ((here, mut at_here), (there, mut at_there)) = tokio::join!(node(1), node(2));
    here.want(there.peer_id(), there.snapshot().borrow().listen.to_vec());
    let (mine, _held_and_never_read) = tokio::join!(session(&mut at_here), session(&mut at_there));
    let (arrivals, _arrived) = mpsc::channel(8);
    let mut link = Link::start(1, there.peer_id(), mine, arrivals);
    let frame = || Frame { kind: 0x87, body: vec![7; MAX_FRAME - 1].into() };
    let mut taken = 0;
    while link.send(frame()) {
        taken += MAX_FRAME;
        assert!(link.overflow_bytes <= MAX_OVERFLOW_BYTES);
        assert!(taken < 64 << 20, "a peer that does not read is sent without end");
        // The writer may come to its turn.
        tokio::task::yield_now().await;
    }
    assert!(link.is_congested() && link.overflow.len() < 20, "{} frames wait", link.overflow.len());
    link.close();
    for _ in 0..100 {
        assert!(link.send(frame()), "the session is over already");
    }
    assert!(link.overflow.is_empty() && link.overflow_bytes == 0);
    here.shutdown().await;
    there.shutdown().await;
}
