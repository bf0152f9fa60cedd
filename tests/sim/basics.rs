//! Two and three nodes: what each part of the protocol promises.

use std::sync::Arc;

use majlis_protocol::LogId;
use majlis_protocol::sync::{Event, Reason, kind};

use crate::node::Node;
use crate::people::{Author, Person, device_key};
use crate::world::{NodeId, World};

/// A world in which person n has node n and a log.
pub struct Town {
    pub world: World,
    pub people: Vec<Person>,
    pub authors: Vec<Author>,
}

impl Town {
    pub fn new(count: u64) -> Self {
        let mut town = Self { world: World::new(count), people: Vec::new(), authors: Vec::new() };
        for seed in 0..count {
            let key = device_key(seed, 0);
            let person = Person::new(seed, &[&key]);
            let mut node = Node::new(seed, person.account, &key);
            node.hold(vec![Arc::clone(&person.doc)], Vec::new());
            town.world.add(node);
            town.authors.push(Author::new(person.account, &key, LogId::new(LogId::PUBLIC, 1)));
            town.people.push(person);
        }
        town
    }

    pub fn post(&mut self, node: NodeId, count: u64) {
        let now = self.world.now;
        let posts = self.authors[node].posts(now, count, "a post of ordinary length, as people write them");
        self.world.publish(node, posts);
    }

    pub fn follow(&mut self, node: NodeId, other: usize, reason: Reason) {
        self.world.follow(node, self.people[other].account, reason);
    }

    pub fn settle(&mut self) {
        if !self.world.settle(120_000) {
            for (id, node) in self.world.nodes.iter().enumerate() {
                eprintln!("node {id}: {:?} idle {}", node.machine.load(), node.machine.is_idle());
            }
            panic!("the world does not come to rest");
        }
        assert_honest(&self.world);
    }

    pub fn held(&self, node: NodeId, whose: usize) -> usize {
        self.world.nodes[node].store.counting(&self.people[whose].account).len()
    }
}

/// No session ended for a reason that counts against a peer.
pub fn assert_honest(world: &World) {
    for (id, node) in world.nodes.iter().enumerate().filter(|(_, node)| node.twist.is_none()) {
        for (session, code, by_peer) in &node.ended {
            assert!(
                !code.counts_against_peer(),
                "node {id}, session {session}: {code:?}, by peer: {by_peer}"
            );
        }
    }
}

#[test]
fn a_follower_catches_up_and_is_then_pushed_to() {
    let mut town = Town::new(2);
    town.post(0, 200);
    town.world.run(1_000);
    town.follow(1, 0, Reason::Public);
    let session = town.world.connect(1, 0);
    town.settle();
    assert_eq!(town.held(1, 0), 200);
    let pulled = town.world.frames(session, kind::CHUNK).0;
    let wants = town.world.frames(session, kind::WANT);
    let at = town.world.now;
    town.post(0, 1);
    town.world.run(60);
    assert_eq!(town.held(1, 0), 201, "a live post arrives by push");
    town.settle();
    assert_eq!(town.world.frames(session, kind::CHUNK).0, pulled + 1);
    assert_eq!(town.world.frames(session, kind::WANT), wants, "and is not asked for as well");
    let synced = town.world.nodes[1]
        .events
        .iter()
        .any(|(when, event)| *when < at && matches!(event, Event::Synced(_)));
    assert!(synced);
}

/// Two nodes that each follow the same `accounts` of nobody's node, and hold `posts` of each.
pub fn two_that_share(accounts: u64, posts: u64) -> (Town, Vec<Author>) {
    let mut town = Town::new(2);
    let mut authors = Vec::new();
    for seed in 0..accounts {
        let key = device_key(1_000 + seed, 0);
        let person = Person::new(1_000 + seed, &[&key]);
        let mut author = Author::new(person.account, &key, LogId::new(LogId::PUBLIC, 1));
        let entries = author.posts(1, posts, "held by both");
        for node in 0..2 {
            town.world.nodes[node].follow(person.account, Reason::Public);
            town.world.nodes[node].hold(vec![Arc::clone(&person.doc)], entries.clone());
        }
        authors.push(author);
    }
    town.follow(0, 1, Reason::Public);
    town.follow(1, 0, Reason::Public);
    for node in 0..2 {
        town.world.nodes[node].restart();
    }
    for node in 0..2 {
        town.world.restart(node);
    }
    (town, authors)
}

fn first_live(world: &World, node: NodeId, session: u64) -> u64 {
    let live = world.nodes[node]
        .events
        .iter()
        .find(|(_, event)| matches!(event, Event::Live { session: live, .. } if *live == session));
    live.expect("the session went live").0
}

#[test]
fn meeting_again_costs_one_warm_greeting_whatever_is_shared() {
    let (mut town, mut authors) = two_that_share(1_000, 2);
    let cold = town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.world.nodes[0].machine.shared(cold), Some(1_002));
    let cold_bytes = town.world.bytes(cold);
    assert_eq!(town.world.frames(cold, kind::CHUNK).0, 0, "nothing was missing");
    town.world.cut(cold);

    town.world.carrier.latency = 50;
    let start = town.world.now;
    let warm = town.world.connect(0, 1);
    town.settle();
    println!("cold: {cold_bytes} bytes; warm: {} bytes", town.world.bytes(warm));
    assert!(town.world.bytes(warm) <= 600, "{} bytes", town.world.bytes(warm));
    assert_eq!(town.world.frames(warm, kind::OFFER).0, 0);
    assert_eq!(town.world.nodes[1].machine.shared(warm), Some(1_002));
    assert_eq!(first_live(&town.world, 0, warm) - start, 100, "the dialer is live after one round trip");
    assert_eq!(first_live(&town.world, 1, warm) - start, 150, "the listener after one and a half");
    town.world.cut(warm);

    // Each account grows by one post at node 0 while they are apart.
    for author in &mut authors {
        let post = author.post(5_000, "one more");
        town.world.nodes[0].hold(Vec::new(), vec![post]);
    }
    let behind = town.world.connect(1, 0);
    town.settle();
    println!("1,000 missing of 1,000 accounts: {} bytes", town.world.bytes(behind));
    for kind in 1..16 {
        let (frames, bytes) = town.world.frames(behind, kind);
        println!("  kind {kind}: {frames} frames, {bytes} bytes");
    }
    for author in &authors {
        assert_eq!(town.world.nodes[1].store.counting(&author.key.account).len(), 3);
    }
}

#[test]
fn a_third_node_relays_while_the_author_is_away() {
    let mut town = Town::new(3);
    town.post(0, 150);
    town.world.run(1_000);
    town.follow(1, 0, Reason::Public);
    town.follow(2, 0, Reason::Public);
    let direct = town.world.connect(1, 0);
    town.settle();
    town.world.cut(direct);
    town.world.crash(0);
    town.world.connect(2, 1);
    town.settle();
    assert_eq!(town.held(2, 0), 150);
    // The author comes back, to node 1 alone: what is posted reaches node 2 through it.
    town.world.restart(0);
    town.world.connect(0, 1);
    town.settle();
    town.post(0, 3);
    town.world.run(200);
    assert_eq!(town.held(2, 0), 153);
    town.settle();
}

#[test]
fn posts_cross_a_ring_once_and_links_turn_lazy() {
    let mut town = Town::new(4);
    for node in 1..4 {
        town.follow(node, 0, Reason::Public);
    }
    let sessions =
        [(0, 1), (0, 2), (1, 3), (2, 3), (1, 2)].map(|(one, other)| town.world.connect(one, other));
    town.settle();
    for _ in 0..20 {
        town.post(0, 1);
        town.world.run(1_500);
    }
    town.settle();
    let chunks: usize = sessions.iter().map(|session| town.world.frames(*session, kind::CHUNK).0).sum();
    for node in 1..4 {
        assert_eq!(town.held(node, 0), 20);
    }
    println!("20 posts to 3 nodes over 5 links: {chunks} chunks");
    assert!(chunks <= 20 * 3 + 15, "{chunks} chunks");
    let heads: usize = sessions.iter().map(|session| town.world.frames(*session, kind::HEAD).0).sum();
    assert!(heads <= 20 * 10, "{heads} heads");
}

#[test]
fn a_lossy_session_resumes_from_what_was_committed() {
    let mut town = Town::new(2);
    let posts = town.authors[0].posts(1, 5_000, "history");
    town.world.nodes[0].hold(Vec::new(), posts);
    town.follow(1, 0, Reason::Public);
    town.world.carrier.bandwidth = 15;
    let mut bytes = 0;
    for _ in 0..6 {
        let session = town.world.connect(1, 0);
        town.world.run(1_500);
        town.world.cut(session);
        bytes += town.world.bytes(session);
    }
    let part = town.held(1, 0);
    assert!(part > 0 && part < 5_000, "{part}");
    let session = town.world.connect(1, 0);
    town.settle();
    bytes += town.world.bytes(session);
    assert_eq!(town.held(1, 0), 5_000);
    println!("5,000 posts over 7 sessions: {bytes} bytes");
}

#[test]
fn several_holders_share_the_work_of_one_catch_up() {
    let mut town = Town::new(4);
    let posts = town.authors[0].posts(1, 6_000, "history");
    let doc = Arc::clone(&town.people[0].doc);
    town.world.nodes[0].hold(Vec::new(), posts.clone());
    for node in 1..3 {
        town.follow(node, 0, Reason::Public);
        town.world.nodes[node].hold(vec![Arc::clone(&doc)], posts.clone());
    }
    town.follow(3, 0, Reason::Public);
    town.world.carrier.bandwidth = 200;
    let sessions: Vec<_> = (0..3).map(|holder| town.world.connect_named(3, holder, true)).collect();
    town.settle();
    assert_eq!(town.held(3, 0), 6_000);
    let all: usize = sessions.iter().map(|session| town.world.frames(*session, kind::CHUNK).1).sum();
    for session in &sessions {
        let part = town.world.frames(*session, kind::CHUNK).1;
        assert!(part * 10 > all, "each gives its part: {part} of {all}");
    }
    assert!(all < 6_000 * 180, "nothing is pulled twice: {all} bytes");
}
