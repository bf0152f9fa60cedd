//! What others say of where this node is, and where it would meet them.

use libp2p::{
    StreamProtocol, autonat, dcutr, identify, relay,
    swarm::{
        NetworkBehaviour,
        dial_opts::{DialOpts, PeerCondition},
    },
};

use super::{hostile::counted, *};
use crate::net::trial::Trial;

/// Says of itself what it must, and anything else by hand.
#[derive(NetworkBehaviour)]
struct Talker {
    identify: identify::Behaviour,
    streams: libp2p_stream::Behaviour,
}

/// An identify message that says where the one it goes to is, and nothing else.
fn observed(address: &str) -> Vec<u8> {
    let address = address.parse::<Multiaddr>().unwrap().to_vec();
    let field = [&[0x22, address.len() as u8], &address[..]].concat();
    [&[field.len() as u8], &field[..]].concat()
}

#[tokio::test]
async fn of_own_addresses_that_others_name_few_are_taken_and_none_of_a_home() {
    let node = Node::start(1, config(TCP)).await;
    let mut raw = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|keypair| Talker {
            identify: identify::Behaviour::new(identify::Config::new("/x/1".to_owned(), keypair.public())),
            streams: libp2p_stream::Behaviour::new(),
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    let mut control = raw.behaviour().streams.new_control();
    raw.dial(node.addrs().remove(0)).unwrap();
    let task = tokio::spawn(async move { while raw.next().await.is_some() {} });
    // It has seen the node on this machine.
    counted(&node, |metrics| metrics.candidates_refused.load(Relaxed), 1).await;
    let push = StreamProtocol::new("/ipfs/id/push/1.0.0");
    for (number, host) in
        (0..12).map(|number| (number, format!("8.8.8.{number}"))).chain([(12, "10.0.0.1".to_owned())])
    {
        let mut stream = control.open_stream(node.id(), push.clone()).await.unwrap();
        stream.write_all(&observed(&format!("/ip4/{host}/tcp/1"))).await.unwrap();
        stream.close().await.unwrap();
        // Each is looked at before the next: of many at once some would be dropped elsewhere.
        let refused = 1 + u64::max(number + 1, 4) - 4;
        counted(&node, |metrics| metrics.candidates_refused.load(Relaxed), refused).await;
    }
    assert_eq!(node.net.metrics.candidates_refused.load(Relaxed), 1 + 13 - 4);
    task.abort();
}

/// Is carried to others.
#[derive(NetworkBehaviour)]
struct Guest {
    relay: relay::client::Behaviour,
    streams: libp2p_stream::Behaviour,
}

#[tokio::test]
async fn who_is_carried_here_cannot_send_the_node_into_its_own_network() {
    let relay = Node::trusting(1, NetConfig { relay: true, ..config(TCP) }).await;
    let place = relay.addrs().remove(0).with(Protocol::P2p(relay.id()));
    let victim = Node::start(2, config(TCP)).await;
    victim.net.dial(place.clone()).await.unwrap();
    victim.snapshot(|snapshot| snapshot.reached() == Reached::Carried).await;
    let trap = std::net::TcpListener::bind("127.66.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let trapped: Multiaddr =
        format!("/ip4/127.66.0.1/tcp/{}", trap.local_addr().unwrap().port()).parse().unwrap();

    let mut raw = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_relay_client(noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_, relay| Guest { relay, streams: libp2p_stream::Behaviour::new() })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    let mut asked = raw.behaviour().streams.new_control().accept(dcutr::PROTOCOL_NAME).unwrap();
    raw.dial(place.with(Protocol::P2pCircuit).with(Protocol::P2p(victim.id()))).unwrap();
    let task = tokio::spawn(async move { while raw.next().await.is_some() {} });
    let (_, mut stream) = timeout(PATIENCE, asked.next()).await.expect("it is asked in time").unwrap();
    // CONNECT, and where.
    let trapped = trapped.to_vec();
    let message = [&[0x08, 100, 0x12, trapped.len() as u8], &trapped[..]].concat();
    stream.write_all(&[&[message.len() as u8], &message[..]].concat()).await.unwrap();
    stream.flush().await.unwrap();
    counted(&victim, |metrics| metrics.dials_forbidden.load(Relaxed), 1).await;
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "it went there");
    task.abort();
}

/// Tries the addresses of others.
#[derive(NetworkBehaviour)]
struct Trier {
    identify: identify::Behaviour,
    server: autonat::v2::server::Behaviour,
}

/// Has its own tried.
#[derive(NetworkBehaviour)]
struct Tried {
    identify: identify::Behaviour,
    trial: Trial,
}

fn swarm<B: NetworkBehaviour>(behaviour: impl FnOnce(identify::Behaviour) -> B) -> Swarm<B> {
    let mut raw = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|keypair| {
            behaviour(identify::Behaviour::new(identify::Config::new("/x/1".to_owned(), keypair.public())))
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    raw.listen_on(TCP.parse().unwrap()).unwrap();
    raw
}

/// The next event that is picked.
async fn until<B: NetworkBehaviour, T>(
    raw: &mut Swarm<B>,
    pick: impl Fn(SwarmEvent<B::ToSwarm>) -> Option<T>,
) -> T {
    let found = async {
        loop {
            if let Some(found) = pick(raw.select_next_some().await) {
                return found;
            }
        }
    };
    timeout(PATIENCE, found).await.expect("it happens in time")
}

fn listening<E>(event: SwarmEvent<E>) -> Option<Multiaddr> {
    match event {
        SwarmEvent::NewListenAddr { address, .. } => Some(address),
        _ => None,
    }
}

#[tokio::test]
async fn what_was_tried_once_is_tried_again() {
    let mut server = swarm(|identify| Trier { identify, server: autonat::v2::server::Behaviour::default() });
    let place = until(&mut server, listening).await;
    let name = *server.local_peer_id();
    let task = tokio::spawn(async move { while server.next().await.is_some() {} });

    let mut node = swarm(|identify| Tried { identify, trial: Trial::new(Arc::default()) });
    let own = until(&mut node, listening).await;
    let dial = || {
        DialOpts::peer_id(name)
            .condition(PeerCondition::Always)
            .addresses(vec![place.clone()])
            .allocate_new_port()
            .build()
    };
    let confirmed = |event: SwarmEvent<_>| match event {
        SwarmEvent::ExternalAddrConfirmed { address } => Some(address),
        _ => None,
    };
    node.behaviour_mut().trial.begin_anew(vec![own.clone()]);
    for _ in 0..2 {
        node.dial(dial()).unwrap();
        assert_eq!(until(&mut node, confirmed).await, own);
        // The connection that there is goes on, and says nothing more of what the other can do.
        node.behaviour_mut().trial.begin_anew(vec![own.clone()]);
    }
    task.abort();
}
