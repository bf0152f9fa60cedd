//! Logs that were forked: everyone comes to the same seal and the same entries, whoever saw what first.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::identity::Closed;
use majlis_protocol::state::Log;
use majlis_protocol::sync::Reason;
use majlis_protocol::{DeviceId, Entry, LogId, Verified};

use crate::basics::Town;
use crate::node::Node;
use crate::people::{Author, Person, device_key};
use crate::rng::Rng;

const FORGER: u64 = 500;

/// A device that has written `common` entries and then two branches.
struct Fork {
    person: Person,
    author: Author,
    common: Vec<Verified<Entry>>,
    branches: [Vec<Verified<Entry>>; 2],
}

impl Fork {
    fn new(common: u64, lengths: [u64; 2]) -> Self {
        let key = device_key(FORGER, 0);
        let person = Person::new(FORGER, &[&key]);
        let mut author = Author::new(person.account, &key, LogId::new(LogId::PUBLIC, 1));
        let common = author.posts(1, common, "common");
        let [one, other] = lengths;
        let mut twin = author.clone();
        let branches = [author.posts(10, one, "one"), twin.posts(10, other, "other")];
        Self { person, author, common, branches }
    }

    fn branch(&self, which: usize) -> Vec<Verified<Entry>> {
        self.common.iter().chain(&self.branches[which]).cloned().collect()
    }
}

/// Nodes in a line that all follow the forger, the first and the last holding one branch each.
fn line(fork: &Fork, count: u64) -> Town {
    let mut town = Town::new(count);
    for node in 0..count as usize {
        town.world.follow(node, fork.person.account, Reason::Public);
        town.world.nodes[node].hold(vec![Arc::clone(&fork.person.doc)], Vec::new());
    }
    town.world.nodes[0].hold(Vec::new(), fork.branch(0));
    town.world.nodes[count as usize - 1].hold(Vec::new(), fork.branch(1));
    town
}

fn assert_agreed(town: &Town, fork: &Fork, seal: u64, counting: usize) {
    let account = fork.person.account;
    for (id, node) in town.world.nodes.iter().enumerate() {
        let log = node.store.replica.log(&fork.author.key);
        assert_eq!(log.and_then(Log::seal), Some(seal), "node {id}");
        assert_eq!(node.store.counting(&account).len(), counting, "node {id}");
    }
    let sets: BTreeSet<_> = town.world.nodes.iter().map(|node| node.store.counting(&account)).collect();
    assert_eq!(sets.len(), 1);
}

#[test]
fn two_branches_at_two_peers_are_sealed_at_the_fork_everywhere() {
    for (common, lengths) in [
        (5, [2, 3]),
        (5, [3, 3]),
        (5, [1, 1]),
        (1, [300, 300]),
        (10, [200, 130]),
        (200, [1, 150]),
        (70, [64, 64]),
        (0, [90, 80]),
    ] {
        let fork = Fork::new(common, lengths);
        let mut town = line(&fork, 3);
        town.world.connect(0, 1);
        town.world.connect(1, 2);
        town.settle();
        assert_agreed(&town, &fork, common + 1, common as usize);
        // The two that held the branches meet.
        let mut town = line(&fork, 2);
        town.world.connect(0, 1);
        town.settle();
        assert_agreed(&town, &fork, common + 1, common as usize);
    }
}

#[test]
fn a_fork_that_happens_live() {
    let mut fork = Fork::new(20, [1, 1]);
    let mut town = line(&fork, 4);
    for node in 0..3 {
        town.world.connect(node, node + 1);
    }
    let common = fork.common.clone();
    for node in 0..4 {
        town.world.nodes[node].hold(Vec::new(), common.clone());
    }
    town.settle();
    assert_agreed(&town, &fork, 21, 20);
    // What the forger writes further up either branch reaches nobody as something that counts.
    let more = fork.author.posts(100, 3, "more");
    town.world.publish(0, more);
    town.settle();
    assert_agreed(&town, &fork, 21, 20);
}

#[test]
fn the_owner_closes_a_forked_log_on_one_branch() {
    for which in 0..2 {
        for order in 0..2 {
            let fork = Fork::new(70, [150, 120]);
            let mut town = line(&fork, 3);
            let top = fork.branches[which].last().expect("a branch has entries").clone();
            let closed = Closed { log_id: fork.author.key.log_id, seq: top.header.seq, id: top.id };
            let mut person = Person::new(FORGER, &[&device_key(FORGER, 0)]);
            let doc = person.end_device(DeviceId(device_key(FORGER, 0).public()), &[closed]);
            if order == 0 {
                town.world.publish_identity(1, Arc::clone(&doc));
            }
            town.world.connect(0, 1);
            town.world.connect(1, 2);
            town.settle();
            if order == 1 {
                town.world.publish_identity(1, doc);
                town.settle();
            }
            let wanted: BTreeSet<_> = fork.branch(which).iter().map(|entry| entry.id).collect();
            for (id, node) in town.world.nodes.iter().enumerate() {
                let held = node.store.counting(&fork.person.account);
                assert_eq!(held.len(), wanted.len(), "branch {which}, order {order}, node {id}");
                assert_eq!(held, wanted, "branch {which}, order {order}, node {id}");
            }
        }
    }
}

/// Commits entries and documents in some order and batches.
fn replayed(fork: &Fork, docs: &[Arc<majlis_protocol::identity::VerifiedId>], seed: u64) -> Node {
    let mut rng = Rng::new(seed);
    let mut node = Node::new(seed, fork.person.account, &device_key(FORGER, 0));
    node.hold(vec![Arc::clone(&fork.person.doc)], Vec::new());
    let mut entries: Vec<_> = fork.branch(0).into_iter().chain(fork.branches[1].iter().cloned()).collect();
    let mut docs = docs.to_vec();
    rng.shuffle(&mut docs);
    // Catch-up comes in pieces; a few are long, most arrive out of order.
    let mut pieces: Vec<Vec<_>> = Vec::new();
    while !entries.is_empty() {
        let size = (rng.below(6) + 1).min(entries.len() as u64) as usize;
        pieces.push(entries.drain(..size).collect());
    }
    rng.shuffle(&mut pieces);
    for piece in pieces {
        if rng.chance(20)
            && let Some(doc) = docs.pop()
        {
            node.hold(vec![doc], Vec::new());
        }
        node.hold(Vec::new(), piece);
    }
    node.hold(docs, Vec::new());
    node
}

#[test]
fn any_order_of_arrival_gives_the_same_state() {
    let key = DeviceId(device_key(FORGER, 0).public());
    for (common, lengths) in [(6, [20, 25]), (0, [12, 9]), (30, [1, 1])] {
        let fork = Fork::new(common, lengths);
        for close in 0..3_usize {
            let mut person = Person::new(FORGER, &[&device_key(FORGER, 0)]);
            let mut docs = Vec::new();
            if close > 0 {
                let entry = fork.branches[close - 1].last().expect("a branch has entries");
                let closed = Closed { log_id: fork.author.key.log_id, seq: entry.header.seq, id: entry.id };
                docs.push(person.update());
                docs.push(person.end_device(key, &[closed]));
            }
            let first = replayed(&fork, &docs, 0);
            let counting = first.store.counting(&fork.person.account);
            let expected = if close > 0 { common + lengths[close - 1] } else { common };
            assert_eq!(counting.len() as u64, expected, "common {common}, close {close}");
            for seed in 1..60 {
                let other = replayed(&fork, &docs, seed);
                let rows = |node: &Node| {
                    let known = node.store.replica.account(&fork.person.account).expect("known");
                    known.rows(majlis_protocol::state::Visibility::Public).collect::<Vec<_>>()
                };
                assert_eq!(rows(&first), rows(&other), "common {common}, close {close}, seed {seed}");
                assert_eq!(counting, other.store.counting(&fork.person.account));
            }
        }
    }
}
