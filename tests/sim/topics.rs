//! An hour of the large simulation with gossipsub in place of the sync machine: a topic for each account. The same nodes are
//! on, follow the same accounts, have the same sessions and write the same posts; each is a real `libp2p-gossipsub` in a
//! real swarm, over transports in memory. Those that are not honest are left out, which spares gossipsub what they cost. Its timers know no virtual time, so all that it is set to is divided by `speed`,
//! and the hour is played as much faster.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use futures::StreamExt;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, MemoryTransport};
use libp2p::core::{Transport, upgrade};
use libp2p::identity::Keypair;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{Config as SwarmConfig, Swarm, SwarmEvent};
use libp2p::{Multiaddr, PeerId, noise, yamux};
use libp2p_gossipsub::{
    Behaviour, Config, ConfigBuilder, Event, IdentTopic, Message, MessageAuthenticity, MessageId,
    ValidationMode,
};
use majlis_protocol::AccountId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::large::Large;
use crate::tape::Deed;
use crate::wire::{Counted, Meter, USES};
use crate::world::NodeId;

/// Heartbeats without a byte after which all that was to be said has been.
const QUIET: u32 = 40;
/// And so many at most.
const MAX_QUIET: u32 = 2_000;

/// What came of the hour, of each node.
pub struct Topics {
    /// Bytes both ways, by what they are for, as in `USES`.
    pub bytes: Vec<[u64; 5]>,
    /// Messages that came, copies included.
    pub came: Vec<u64>,
    /// Topics that others said they are in.
    pub told: Vec<u64>,
    /// How often one would have been told were every session to last until both had: some are too brief at this speed.
    pub to_tell: u64,
    /// Who heard which post.
    pub heard: HashSet<(NodeId, usize)>,
    /// By how much, at worst, the hour was behind, in milliseconds of it.
    pub behind: u64,
}

enum Order {
    Dial(PeerId, Multiaddr),
    Part(PeerId),
    Say(IdentTopic, Vec<u8>),
}

/// A node that is on. It is off when this is gone.
struct Member {
    orders: UnboundedSender<Order>,
    address: Multiaddr,
}

struct Stage<'a> {
    large: &'a Large,
    speed: u32,
    config: Config,
    members: HashMap<NodeId, Member>,
    meters: Vec<Arc<Meter>>,
    /// Addresses that were given out; none is given out twice.
    addresses: u64,
    to_tell: u64,
    heard: UnboundedSender<(NodeId, MessageId)>,
}

/// Plays the hour that the tape has singled out.
pub fn play(large: &Large, speed: u32) -> Topics {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
    runtime.expect("no runtime").block_on(Stage::play(large, speed))
}

impl Stage<'_> {
    async fn play(large: &Large, speed: u32) -> Topics {
        let (heard, mut hearing) = unbounded_channel();
        let meters = large.world.nodes.iter().map(|_| Arc::default()).collect();
        let (config, members) = (config(speed), HashMap::new());
        let mut stage = Stage { large, speed, config, members, meters, addresses: 0, to_tell: 0, heard };
        let (on, met) = large.tape.begin();
        for node in on {
            stage.wake(node);
        }
        for (one, other) in met {
            stage.meet(one, other);
        }
        stage.settle().await;
        stage.to_tell = 0;
        let before = stage.read();
        let behind = stage.live().await;
        let (after, to_tell) = (stage.read(), stage.to_tell);
        drop(stage);
        let posts: HashMap<_, _> = large
            .posts
            .iter()
            .enumerate()
            .map(|(number, post)| (name(&post.entry.encode()), number))
            .collect();
        let mut found = Topics {
            bytes: Vec::new(),
            came: Vec::new(),
            told: Vec::new(),
            to_tell,
            heard: HashSet::new(),
            behind,
        };
        for (before, after) in before.into_iter().zip(after) {
            found.bytes.push(std::array::from_fn(|what| after.0[what] - before.0[what]));
            found.came.push(after.1 - before.1);
            found.told.push(after.2 - before.2);
        }
        while let Some((node, id)) = hearing.recv().await {
            found.heard.extend(posts.get(&id).map(|post| (node, *post)));
        }
        found
    }

    /// Bytes, messages, and topics told, of each node until now.
    fn read(&self) -> Vec<([u64; 5], u64, u64)> {
        let read = |meter: &Arc<Meter>| (USES.map(|(what, _)| meter.of(what)), meter.came(), meter.told());
        self.meters.iter().map(read).collect()
    }

    /// Waits until nothing more is said.
    async fn settle(&self) {
        let heartbeat = self.config.heartbeat_interval();
        let all = || self.meters.iter().map(|meter| meter.all()).sum::<u64>();
        let (mut said, mut quiet) = (all(), 0);
        for _ in 0..MAX_QUIET {
            tokio::time::sleep(heartbeat).await;
            let now = all();
            quiet = if now == said { quiet + 1 } else { 0 };
            said = now;
            if quiet == QUIET {
                return;
            }
        }
    }

    /// Lives through the hour; by how much it was behind at worst, in milliseconds of the hour.
    async fn live(&mut self) -> u64 {
        let (from, to) = self.large.tape.hour;
        let (begun, large, mut behind) = (Instant::now(), self.large, Duration::ZERO);
        let due = |at: u64| begun + Duration::from_millis(at - from) / self.speed;
        let mut deeds: Vec<_> = large.tape.of_the_hour().map(|(at, deed)| (due(at), Some(deed))).collect();
        deeds.push((due(to), None));
        for (at, deed) in deeds {
            tokio::time::sleep_until(at.into()).await;
            behind = behind.max(at.elapsed());
            match deed {
                Some(Deed::On(node)) => self.wake(node),
                Some(Deed::Off(node)) => {
                    self.members.remove(&node);
                }
                Some(Deed::Meet(one, other)) => self.meet(one, other),
                Some(Deed::Part(one, other)) => self.order(one, Order::Part(peer(other))),
                Some(Deed::Post(number)) => {
                    let post = &large.posts[number];
                    let topic = topic(&post.entry.header.account);
                    self.order(post.by, Order::Say(topic, post.entry.encode()));
                }
                None => {}
            }
        }
        (behind * self.speed).as_millis() as u64
    }

    fn order(&self, node: NodeId, order: Order) {
        // Whoever is off by now does not hear it.
        self.members.get(&node).map(|member| member.orders.send(order));
    }

    fn meet(&mut self, one: NodeId, other: NodeId) {
        if let (true, Some(listener)) = (self.members.contains_key(&one), self.members.get(&other)) {
            let topics = [one, other].map(|node| self.large.world.nodes[node].interests.iter().count());
            self.to_tell += topics.iter().sum::<usize>() as u64;
            self.order(one, Order::Dial(peer(other), listener.address.clone()));
        }
    }

    /// A node comes on: it is in the topics of the accounts that it holds.
    fn wake(&mut self, node: NodeId) {
        if !self.large.society.is_honest(node) {
            return;
        }
        let mut gossip: Behaviour =
            Behaviour::new(MessageAuthenticity::Anonymous, self.config.clone()).expect("a bad setting");
        for (account, _) in self.large.world.nodes[node].interests.iter() {
            gossip.subscribe(&topic(account)).expect("every topic is allowed");
        }
        let settings =
            SwarmConfig::with_tokio_executor().with_idle_connection_timeout(Duration::from_secs(u64::MAX));
        let mut swarm = Swarm::new(transport(&key(node), &self.meters[node]), gossip, peer(node), settings);
        self.addresses += 1;
        let address: Multiaddr = format!("/memory/{}", self.addresses).parse().expect("it is an address");
        swarm.listen_on(address.clone()).expect("the address is free");
        let (orders, taken) = unbounded_channel();
        tokio::spawn(attend(node, swarm, taken, self.heard.clone()));
        self.members.insert(node, Member { orders, address });
    }
}

/// A node, as long as it is on.
async fn attend(
    node: NodeId,
    mut swarm: Swarm<Behaviour>,
    mut orders: UnboundedReceiver<Order>,
    heard: UnboundedSender<(NodeId, MessageId)>,
) {
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                // Dials fail where the other has just gone, posts where nobody else is in the topic.
                Some(Order::Dial(peer, address)) => {
                    let _ = swarm.dial(DialOpts::peer_id(peer).addresses(vec![address]).build());
                }
                Some(Order::Part(peer)) => {
                    let _ = swarm.disconnect_peer_id(peer);
                }
                Some(Order::Say(topic, post)) => {
                    let _ = swarm.behaviour_mut().publish(topic, post);
                }
                None => return,
            },
            event = swarm.select_next_some() => {
                if let SwarmEvent::Behaviour(Event::Message { message_id, .. }) = event {
                    let _ = heard.send((node, message_id));
                }
            }
        }
    }
}

/// As the library has it, but faster. Posts carry their authors' signatures, so gossipsub adds none of its own.
fn config(speed: u32) -> Config {
    let standard = Config::default();
    ConfigBuilder::default()
        .heartbeat_initial_delay(standard.heartbeat_initial_delay() / speed)
        .heartbeat_interval(standard.heartbeat_interval() / speed)
        .fanout_ttl(standard.fanout_ttl() / speed)
        .duplicate_cache_time(standard.duplicate_cache_time() / speed)
        .prune_backoff(standard.prune_backoff() / speed)
        .unsubscribe_backoff(standard.unsubscribe_backoff() / speed)
        .graft_flood_threshold(standard.graft_flood_threshold() / speed)
        .iwant_followup_time(standard.iwant_followup_time() / speed)
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message: &Message| name(&message.data))
        .build()
        .expect("a bad setting")
}

fn transport(key: &Keypair, meter: &Arc<Meter>) -> Boxed<(PeerId, StreamMuxerBox)> {
    let meter = Arc::clone(meter);
    let connections = MemoryTransport::default()
        .upgrade(upgrade::Version::V1)
        .authenticate(noise::Config::new(key).expect("the key is one"))
        .multiplex(yamux::Config::default());
    let counted = move |(peer, muxer), _| (peer, Counted::wrap(muxer, &meter));
    Transport::map(connections.boxed(), counted).boxed()
}

fn key(node: NodeId) -> Keypair {
    let secret = blake3::derive_key("majlis simulation of gossipsub", &node.to_be_bytes());
    Keypair::ed25519_from_bytes(secret).expect("every secret is a key")
}

fn peer(node: NodeId) -> PeerId {
    key(node).public().to_peer_id()
}

/// What a post goes by: half of a hash.
fn name(entry: &[u8]) -> MessageId {
    MessageId::from(blake3::hash(entry).as_bytes()[..16].to_vec())
}

/// Half of the account's key, in 22 characters: a name as short as is safe.
fn topic(account: &AccountId) -> IdentTopic {
    IdentTopic::new(BASE64URL_NOPAD.encode(&account.0[..16]))
}
