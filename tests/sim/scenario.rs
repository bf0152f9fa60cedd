//! Scenarios are data: `scenarios/*.json` draw a topology, say what goes wrong and name the seeds. At the end of
//! each run all honest nodes agree.
//!
//! A failure names its scenario and seed; `MAJLIS_SIM_SCENARIO=… MAJLIS_SIM_SEED=…` repeats that run alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::limits::{MAX_OUTSTANDING, MAX_SERVING};
use majlis_protocol::sync::{Frame, Reason, SessionId, kind};
use majlis_protocol::{AccountId, EntryId, LogId};
use serde::Deserialize;

use crate::node::{Node, Twist};
use crate::people::{Author, Person, device_key};
use crate::rng::Rng;
use crate::world::{Carrier, NodeId, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    seeds: Vec<u64>,
    /// Nodes, each with a person of its own.
    nodes: u64,
    /// Everyone follows everyone, or each the next so many.
    follows: usize,
    /// Links: a line, a ring, a star around node 0, or everyone with everyone.
    topology: Topology,
    /// Posts of each person before anyone meets, and while the world is unquiet.
    history: u64,
    live: u64,
    /// Text of a post, in bytes.
    post_bytes: usize,
    latency: u64,
    jitter: u64,
    /// Bytes a millisecond.
    bandwidth: u64,
    /// Milliseconds of a commit.
    disk: u64,
    /// CHUNK bytes that may run ahead of the disk.
    credit: u64,
    /// Steps of the unquiet time, and at each the chance in a hundred that …
    steps: u64,
    /// … a session breaks;
    loss: u64,
    /// … a node crashes, to come back a few steps later;
    crashes: u64,
    /// … the world is split in two, or whole again;
    partitions: u64,
    /// … a peer's memory is lost with a session;
    forgetting: u64,
    /// … someone unfollows or follows again.
    fickle: u64,
    /// Clocks are wrong by up to so many milliseconds.
    skew: u64,
    /// One more node each, linked to the first nodes.
    byzantine: Vec<Evil>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Topology {
    Line,
    Ring,
    Star,
    Full,
}

#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Evil {
    /// Person 0's device writes two branches and shows one to each half.
    Fork,
    Withhold,
    Forge,
    Strip,
    /// Throws frames of random bytes.
    Garbage,
    /// Throws frames that are too large.
    Oversize,
}

struct Run<'a> {
    scenario: &'a Scenario,
    world: World,
    people: Vec<Person>,
    authors: Vec<Author>,
    links: Vec<(NodeId, NodeId)>,
    /// Nodes that are honest.
    honest: usize,
    evil: Vec<(NodeId, Evil)>,
    down: Vec<(NodeId, u64)>,
    split: bool,
    written: BTreeSet<EntryId>,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let mut world = World::new(seed);
        world.disk = scenario.disk;
        world.carrier =
            Carrier { latency: scenario.latency, jitter: scenario.jitter, bandwidth: scenario.bandwidth };
        let honest = scenario.nodes as usize;
        let mut run = Self {
            scenario,
            world,
            people: Vec::new(),
            authors: Vec::new(),
            links: links(scenario.topology, honest),
            honest,
            evil: Vec::new(),
            down: Vec::new(),
            split: false,
            written: BTreeSet::new(),
        };
        for person in 0..scenario.nodes {
            run.settle_in(person);
        }
        for (index, evil) in scenario.byzantine.iter().enumerate() {
            run.add_evil(*evil, index);
        }
        run.follow_all();
        run.write_histories();
        for node in 0..run.world.nodes.len() {
            run.world.restart(node);
        }
        run
    }

    fn settle_in(&mut self, seed: u64) {
        let key = device_key(seed, 0);
        let person = Person::new(seed, &[&key]);
        let mut node = Node::new(seed, person.account, &key);
        node.credit = self.scenario.credit;
        node.hold(vec![Arc::clone(&person.doc)], Vec::new());
        self.world.add(node);
        let mut author = Author::new(person.account, &key, LogId::new(LogId::PUBLIC, seed));
        author.skew = self.world.rng.below(2 * self.scenario.skew + 1) as i64 - self.scenario.skew as i64;
        self.authors.push(author);
        self.people.push(person);
    }

    fn add_evil(&mut self, evil: Evil, index: usize) {
        if evil == Evil::Fork {
            return;
        }
        let id = self.world.nodes.len();
        self.settle_in(id as u64);
        self.world.nodes[id].twist = match evil {
            Evil::Withhold => Some(Twist::Withholds),
            Evil::Forge => Some(Twist::Forges),
            Evil::Strip => Some(Twist::Strips),
            Evil::Fork | Evil::Garbage | Evil::Oversize => Some(Twist::Throws),
        };
        self.evil.push((id, evil));
        self.links.push((id, index % self.honest));
        self.links.push(((index + 1) % self.honest, id));
    }

    fn follow_all(&mut self) {
        let accounts: Vec<_> = self.people.iter().map(|person| person.account).collect();
        for node in 0..self.world.nodes.len() {
            for step in 1..=self.scenario.follows.min(self.honest) {
                let whom = (node + step) % self.honest;
                self.world.nodes[node].follow(accounts[whom], Reason::Public);
            }
        }
    }

    fn write_histories(&mut self) {
        let (history, text) = (self.scenario.history, "p".repeat(self.scenario.post_bytes));
        for node in 0..self.honest {
            let posts = self.authors[node].posts(1_000_000, history, &text);
            self.written.extend(posts.iter().map(|post| post.id));
            self.world.nodes[node].hold(Vec::new(), posts);
        }
        if self.scenario.byzantine.contains(&Evil::Fork) {
            let mut twin = self.authors[0].clone();
            let mine = self.authors[0].posts(2_000_000, 5 + self.world.rng.below(90), "mine");
            let other = twin.posts(2_000_000, 5 + self.world.rng.below(90), "other");
            self.written.extend(mine.iter().chain(&other).map(|post| post.id));
            self.world.nodes[0].hold(Vec::new(), mine);
            let (far, doc) = (self.honest - 1, Arc::clone(&self.people[0].doc));
            let account = self.people[0].account;
            self.world.nodes[far].follow(account, Reason::Public);
            let common = self.world.nodes[0].store.all().filter(|entry| entry.header.seq <= history);
            let common: Vec<_> = common.filter(|entry| entry.header.account == account).cloned().collect();
            self.world.nodes[far].hold(vec![doc], common);
            self.world.nodes[far].hold(Vec::new(), other);
        }
    }

    /// Opens what is not open and may be.
    fn link_up(&mut self) {
        for (one, other) in self.links.clone() {
            let apart = self.split && (one < self.honest / 2) != (other < self.honest / 2);
            let up = self.world.nodes[one].up && self.world.nodes[other].up;
            if up && !apart && self.world.session(one, other).is_none() && self.welcome(one, other) {
                let (dialer, listener) = if self.world.rng.chance(50) { (one, other) } else { (other, one) };
                self.world.connect(dialer, listener);
            }
        }
    }

    /// A node does not dial, or answer, a peer that has broken the rules.
    fn welcome(&self, one: NodeId, other: NodeId) -> bool {
        let hurt = |by: NodeId, whom: NodeId| {
            self.world.nodes[by].ended.iter().any(|(session, code, by_peer)| {
                !by_peer && code.counts_against_peer() && self.world.ends(*session).contains(&whom)
            })
        };
        !hurt(one, other) && !hurt(other, one)
    }

    fn step(&mut self, step: u64) {
        let text = "l".repeat(self.scenario.post_bytes);
        for node in 0..self.honest {
            let due = self.scenario.live * (step + 1) / self.scenario.steps
                - self.scenario.live * step / self.scenario.steps;
            if due > 0 && self.world.nodes[node].up {
                let now = self.world.now;
                let posts = self.authors[node].posts(now, due, &text);
                self.written.extend(posts.iter().map(|post| post.id));
                self.world.publish(node, posts);
            }
        }
        self.misfortunes(step);
        self.mischief();
        self.link_up();
        let pause = 50 + self.world.rng.below(900);
        self.world.run(pause);
    }

    fn misfortunes(&mut self, step: u64) {
        let back: Vec<_> =
            self.down.iter().filter(|(_, until)| *until <= step).map(|(node, _)| *node).collect();
        self.down.retain(|(_, until)| *until > step);
        for node in back {
            self.world.restart(node);
        }
        for (one, other) in self.links.clone() {
            if self.world.rng.chance(self.scenario.loss)
                && let Some(session) = self.world.session(one, other)
            {
                self.world.cut(session);
                if self.world.rng.chance(self.scenario.forgetting) {
                    self.world.nodes[one].memories.clear();
                }
            }
        }
        let node = self.world.rng.below(self.honest as u64) as usize;
        if self.world.rng.chance(self.scenario.crashes) && self.world.nodes[node].up {
            // What its owner posted is in the journal, and is committed when the node is back.
            self.world.crash(node);
            let until = step + 1 + self.world.rng.below(4);
            self.down.push((node, until));
        }
        if self.world.rng.chance(self.scenario.partitions) {
            self.split = !self.split;
            let crossing =
                |(one, other): &(NodeId, NodeId)| (*one < self.honest / 2) != (*other < self.honest / 2);
            let cut: Vec<_> =
                self.links.iter().filter(|link| self.split && crossing(link)).copied().collect();
            for (one, other) in cut {
                if let Some(session) = self.world.session(one, other) {
                    self.world.cut(session);
                }
            }
        }
        if self.world.rng.chance(self.scenario.fickle) && self.world.nodes[node].up {
            let account = self.people[(node + 1) % self.honest].account;
            if self.world.nodes[node].interests.reason(&account).is_some() {
                self.world.unfollow(node, account);
            } else {
                self.world.follow(node, account, Reason::Public);
            }
        }
    }

    fn mischief(&mut self) {
        for (node, evil) in self.evil.clone() {
            let sessions: Vec<SessionId> = self.world.nodes[node].peers.keys().copied().collect();
            for session in sessions {
                let body = match evil {
                    Evil::Garbage => {
                        let length = self.world.rng.below(200);
                        (0..length).map(|_| self.world.rng.next() as u8).collect()
                    }
                    Evil::Oversize => vec![0; majlis_protocol::limits::MAX_FRAME + 1],
                    _ => continue,
                };
                let of_kind =
                    if evil == Evil::Oversize { kind::OFFER } else { self.world.rng.below(20) as u8 };
                self.world.inject(session, node, Frame { kind: of_kind, body: body.into() });
            }
        }
    }

    fn run(&mut self) {
        self.link_up();
        for step in 0..self.scenario.steps {
            self.step(step);
        }
        self.split = false;
        for (node, _) in std::mem::take(&mut self.down) {
            self.world.restart(node);
        }
        // What was unfollowed is followed again, so that all can be compared.
        for node in 0..self.honest {
            for step in 1..=self.scenario.follows.min(self.honest) {
                let account = self.people[(node + step) % self.honest].account;
                self.world.follow(node, account, Reason::Public);
            }
        }
        for _ in 0..6 {
            self.link_up();
            self.world.run(5_000);
        }
        let settled = self.world.settle(300_000);
        if !settled {
            for (id, node) in self.world.nodes.iter().enumerate() {
                eprintln!("node {id}: idle {}, {:?}", node.machine.is_idle(), node.machine.load());
            }
        }
        assert!(settled, "the world does not come to rest");
        self.check();
    }

    fn check(&self) {
        let nodes = &self.world.nodes[..self.honest];
        for (id, node) in nodes.iter().enumerate() {
            let load = node.machine.load();
            assert_eq!(
                (load.tickets, load.in_flight, load.owed, load.wanted),
                (0, 0, 0, 0),
                "node {id}: {load:?}"
            );
            for (session, code, by_peer) in &node.ended {
                let ends = self.world.ends(*session);
                let both_honest = ends.iter().all(|end| *end < self.honest);
                assert!(
                    !both_honest || !code.counts_against_peer(),
                    "node {id}, session {session} {ends:?}: {code:?}, by peer: {by_peer}"
                );
            }
            for entry in node.store.all() {
                assert!(self.written.contains(&entry.id), "node {id} holds what nobody wrote");
                assert!(entry.body().is_some(), "node {id} holds a header without payload");
            }
        }
        let sessions = self.links.len() * 2 + 4;
        let bound = sessions * (4 * MAX_OUTSTANDING + MAX_SERVING * 16);
        assert!(self.world.peak <= bound, "{} things remembered at once", self.world.peak);
        for person in &self.people[..self.honest] {
            self.check_account(&person.account);
        }
    }

    fn check_account(&self, account: &AccountId) {
        let holders: Vec<_> = (0..self.honest)
            .filter(|node| self.world.nodes[*node].interests.reason(account).is_some())
            .filter(|node| self.reaches(*node, account))
            .collect();
        let state = |node: NodeId| {
            let store = &self.world.nodes[node].store;
            let seals: BTreeSet<_> = store
                .replica
                .account(account)
                .into_iter()
                .flat_map(|known| {
                    known.logs().map(|(device, log_id, log)| (device, log_id, log.seal())).collect::<Vec<_>>()
                })
                .collect();
            (store.counting(account), seals)
        };
        let Some(first) = holders.first() else { return };
        let expected = state(*first);
        assert!(!expected.0.is_empty() || self.scenario.history + self.scenario.live == 0);
        for node in &holders {
            let held = state(*node);
            assert_eq!(expected.0.len(), held.0.len(), "nodes {first} and {node} on {account:?}");
            assert_eq!(expected, held, "nodes {first} and {node} on {account:?}");
        }
    }

    /// Whether an account's author can be reached over nodes that hold the account too.
    fn reaches(&self, node: NodeId, account: &AccountId) -> bool {
        let mut reached = BTreeSet::from([node]);
        loop {
            let more: Vec<_> = self
                .links
                .iter()
                .flat_map(|(one, other)| [(*one, *other), (*other, *one)])
                .filter(|(from, to)| reached.contains(from) && !reached.contains(to) && *to < self.honest)
                .filter(|(_, to)| self.world.nodes[*to].interests.reason(account).is_some())
                .map(|(_, to)| to)
                .collect();
            if more.is_empty() {
                break;
            }
            reached.extend(more);
        }
        reached.iter().any(|node| self.people[*node].account == *account)
    }
}

fn links(topology: Topology, nodes: usize) -> Vec<(NodeId, NodeId)> {
    match topology {
        Topology::Line => (1..nodes).map(|node| (node - 1, node)).collect(),
        Topology::Ring => (0..nodes).map(|node| (node, (node + 1) % nodes)).collect(),
        Topology::Star => (1..nodes).map(|node| (0, node)).collect(),
        Topology::Full => {
            (0..nodes).flat_map(|one| (one + 1..nodes).map(move |other| (one, other))).collect()
        }
    }
}

fn play(name: &str, text: &str) {
    let scenario: Scenario = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    if std::env::var("MAJLIS_SIM_SCENARIO").is_ok_and(|only| only != name) {
        return;
    }
    let only: Option<u64> = std::env::var("MAJLIS_SIM_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in only.map_or_else(|| scenario.seeds.clone(), |seed| vec![seed]) {
        let played = std::panic::catch_unwind(|| Run::new(&scenario, seed).run());
        if let Err(cause) = played {
            eprintln!("to repeat: MAJLIS_SIM_SCENARIO={name} MAJLIS_SIM_SEED={seed} cargo test --test sim");
            std::panic::resume_unwind(cause);
        }
    }
}

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            play(stringify!($name), include_str!(concat!("scenarios/", stringify!($name), ".json")));
        })*

        /// Every file is played.
        #[test]
        fn no_scenario_is_left_out() {
            let played = BTreeSet::from([$(concat!(stringify!($name), ".json").to_owned()),*]);
            let folder = std::path::Path::new(file!()).with_file_name("scenarios");
            let folder = [folder.clone(), std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
            let folder = folder.iter().find(|folder| folder.is_dir()).expect("the scenarios' folder");
            let files = std::fs::read_dir(folder).expect("a folder").map(|file| {
                file.expect("an entry").file_name().into_string().expect("a plain name")
            });
            assert_eq!(files.collect::<BTreeSet<_>>(), played);
        }
    };
}

scenarios!(
    calm,
    lossy_ring,
    crashing_mesh,
    split_line,
    slow_disks,
    fickle_friends,
    forked,
    withheld,
    hostile
);

#[test]
fn a_run_repeats_exactly() {
    let text = include_str!("scenarios/lossy_ring.json");
    let scenario: Scenario = serde_json::from_str(text).expect("a scenario");
    let traffic = || {
        let mut run = Run::new(&scenario, 7);
        run.run();
        (run.world.now, run.world.traffic())
    };
    assert_eq!(traffic(), traffic());
    let mut rng = Rng::new(7);
    assert_ne!(rng.next(), rng.next());
}
