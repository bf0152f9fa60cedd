//! Whole sessions, frame by frame.

use majlis_protocol::body::{Body, Profile};
use majlis_protocol::entry::{Entry, Kind, Verified};
use majlis_protocol::ids::{AccountId, LogId};
use majlis_protocol::sync::Reason;
use serde_json::Value;

use super::File;
use super::nodes::{Node, Pair};
use super::world::{Author, account, device, identity, log};

const LOW: &[u8] = &[0, 36, 8, 1, 0x0a];
const HIGH: &[u8] = &[0, 36, 8, 1, 0xb0];

const SCENARIOS: [(&str, &str, &[&str]); 4] = [
    (
        "first",
        "a first meeting: two who follow each other catch up",
        &["SYNC-26", "SYNC-27", "SYNC-29", "SYNC-32", "SYNC-33", "SYNC-34", "SYNC-35", "SYNC-23", "SYNC-25"],
    ),
    (
        "warm",
        "they meet again, and nothing is new until one posts",
        &["SYNC-24", "SYNC-28", "SYNC-38", "SYNC-39"],
    ),
    ("cold", "they meet again, and one has lost its store", &["SYNC-28", "SYNC-29", "SYNC-34"]),
    ("fork", "two who hold different branches of a third person's log", &["FORK-2", "SYNC-13", "SYNC-33"]),
];

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("sessions", "Sessions of two nodes: every frame both ways, and what it says (chapter 6).");
    for (scenario, name, ids) in SCENARIOS {
        let (input, out) = play(scenario);
        file.ok("session", name, ids, input, out);
    }
    file
}

/// Plays a scenario: `in` and `out` of its case.
pub fn play(scenario: &str) -> (Value, Value) {
    match scenario {
        "first" => first(),
        "warm" => again(true),
        "cold" => again(false),
        _ => fork(),
    }
}

fn tell(
    mut pair: Pair,
    scenario: &str,
    remembered: &[AccountId],
    accounts: &[u8],
    act: impl FnOnce(&mut Pair),
) -> (Value, Value) {
    let before = pair.nodes.each_ref().map(Node::show);
    act(&mut pair);
    pair.finish(scenario, &before, remembered, accounts)
}

/// A profile and some posts.
fn life(person: u8, device: u8, posts: usize) -> (Author, Vec<Verified<Entry>>) {
    let mut author = Author::new(person, device, log(u64::from(device)));
    let profile = Body::Profile(Profile { name: format!("Person {person}"), ..Profile::default() });
    let mut entries = vec![author.sign(Kind::PROFILE, &profile.encode().unwrap())];
    entries.extend(author.posts(posts));
    (author, entries)
}

fn first() -> (Value, Value) {
    let (_, mut one) = life(1, 11, 70);
    one.extend(Author::new(1, 11, LogId::new(LogId::OWN_DEVICES, 1)).posts(1));
    let (_, two) = life(2, 21, 3);
    let dialer = Node::new(1, 11, LOW, &[(2, Reason::Public), (4, Reason::Private)]);
    let dialer = dialer.holding(&[identity(1, 0, 1, vec![device(11)])], &one);
    let listener = Node::new(2, 21, HIGH, &[(1, Reason::Public), (3, Reason::Public)]);
    let listener = listener.holding(&[identity(2, 0, 1, vec![device(21)])], &two);
    tell(Pair::open(dialer, listener, None), "first", &[], &[1, 2, 3, 4], |pair| pair.run(10))
}

fn again(whole: bool) -> (Value, Value) {
    let (mut author, one) = life(1, 11, 4);
    let (_, two) = life(2, 21, 3);
    let all = [one, two].concat();
    let documents = [identity(1, 0, 1, vec![device(11)]), identity(2, 0, 1, vec![device(21)])];
    let mut shared = [account(1), account(2)];
    shared.sort_unstable();
    let dialer = Node::new(1, 11, HIGH, &[(2, Reason::Public)]).holding(&documents, &all);
    let lost = if whole { all.len() } else { 5 };
    let listener =
        Node::new(2, 21, LOW, &[(1, Reason::Public)]).holding(&documents, &all[all.len() - lost..]);
    let scenario = if whole { "warm" } else { "cold" };
    tell(Pair::open(dialer, listener, Some(&shared)), scenario, &shared, &[1, 2], |pair| {
        pair.run(8);
        if whole {
            pair.publish(0, &author.post("One more."));
            pair.run(4);
        }
    })
}

fn fork() -> (Value, Value) {
    let mut author = Author::new(3, 31, log(1));
    let common = author.posts(2);
    let mut other = author.clone();
    let trunk = [common.clone(), author.posts(2)].concat();
    let branch = [common, vec![other.post("Another third."), other.post("Another fourth.")]].concat();
    let third = identity(3, 0, 1, vec![device(31)]);
    let [one, two] = [(1, 11), (2, 21)].map(|(person, number)| identity(person, 0, 1, vec![device(number)]));
    let dialer = Node::new(1, 11, LOW, &[(3, Reason::Public)]).holding(&[one, third.clone()], &trunk);
    let listener = Node::new(2, 21, HIGH, &[(3, Reason::Public)]).holding(&[two, third], &branch);
    tell(Pair::open(dialer, listener, None), "fork", &[], &[1, 2, 3], |pair| pair.run(10))
}
