//! The large simulation, small: what has to hold in it whatever the figures are.

use std::collections::BTreeSet;

use crate::large::Large;
use crate::reckoning::{Reckoning, an_hour, arrivals};
use crate::society::{HOUR, Size};
use crate::tape::Deed;

/// Every kind of peer that is not honest is among them.
const SMALL: Size = Size {
    seed: 7,
    nodes: 80,
    hosts: 2,
    accounts: 400,
    hostile: 8,
    follows: (12.0, 30),
    warm: HOUR,
    counted: 8 * HOUR,
};

fn lived(size: Size) -> Large {
    let mut large = Large::new(size);
    large.run(|_, _| {});
    large
}

#[test]
fn posts_reach_whoever_can_be_reached_and_little_is_sent_twice() {
    let large = lived(SMALL);
    let found = Reckoning::of(&large);
    let [(pinned, in_time), _] = found.pinned;
    assert!(pinned > 50, "{pinned} pairs say little");
    assert_eq!(in_time, pinned, "a host is always on, so what it holds comes within a minute");
    assert!(found.reached * 100 >= found.pairs * 95, "{} of {}", found.reached, found.pairs);
    assert!(found.redundancy < 1.5, "{}", found.redundancy);
    for ((code, honest), count) in &large.counts.ended {
        let blameless = matches!(*code, "duplicate" | "other");
        assert!(!honest || blameless, "{count} sessions of honest nodes ended with {code}");
    }
    let hours = found.on * SMALL.nodes as f64 * SMALL.counted as f64 / HOUR as f64;
    assert!((large.counts.dials as f64) < 600.0 * hours, "{} dials in {hours} hours", large.counts.dials);
    // Those who are told that it holds what they seek look there at first, and twice an hour then.
    assert!(large.counts.at_victim > 0, "nobody is sent to the victim");
    assert!((large.counts.at_victim as f64) < 4.0 * hours, "{} in {hours} hours", large.counts.at_victim);
    for (number, node) in
        large.world.nodes.iter().enumerate().filter(|(node, _)| large.society.is_honest(*node))
    {
        assert_eq!(node.store.refused, 0, "node {number} was given more than it takes");
    }
}

#[test]
fn what_is_written_down_of_the_hour_is_what_happened_in_it() {
    let large = lived(SMALL);
    let (tape, society) = (&large.tape, &large.society);
    let (on, met) = tape.begin();
    let (mut on, mut met): (BTreeSet<_>, BTreeSet<_>) = (on.into_iter().collect(), met.into_iter().collect());
    assert!(met.len() > 20 && met.iter().all(|(one, other)| on.contains(one) && on.contains(other)));
    let mut posts = 0;
    for (at, deed) in tape.of_the_hour() {
        match deed {
            Deed::On(node) => assert!(on.insert(node), "node {node} was on"),
            Deed::Off(node) => {
                assert!(on.remove(&node), "node {node} was off");
                assert!(
                    met.iter().all(|(one, other)| *one != node && *other != node),
                    "node {node} meets some"
                );
            }
            Deed::Meet(one, other) => {
                assert!(on.contains(&one) && on.contains(&other) && !met.contains(&(other, one)));
                assert!(met.insert((one, other)), "{one} and {other} had met");
            }
            Deed::Part(one, other) => {
                assert!(
                    met.remove(&(one, other)) || met.remove(&(other, one)),
                    "{one} and {other} had not met"
                );
            }
            Deed::Post(number) => {
                let post = &large.posts[number];
                assert!(post.at == at && on.contains(&post.by));
                let account = &post.entry.header.account;
                assert!(large.world.nodes[post.by].interests.reason(account).is_some());
                posts += 1;
            }
        }
    }
    assert!(posts > 5, "{posts} posts say little");
    let counted = tape.counted();
    let [homes, hosts] = an_hour(society, tape.hour, &counted.carried);
    assert!(!homes.is_empty() && hosts.len() == SMALL.hosts && hosts.iter().all(|bytes| *bytes > 0.0));
    assert!(counted.stored > 0 && counted.copies >= counted.stored);
    let came =
        |post: usize, node| large.posts[post].held.get(&node).is_some_and(|(at, _)| *at <= tape.hour.1);
    let (pairs, reached) = arrivals(&large, tape.hour, came);
    assert!(reached <= pairs && reached * 100 >= pairs * 95, "{reached} of {pairs}");
}

#[test]
fn a_society_lives_the_same_day_again() {
    let brief = Size { warm: 0, counted: HOUR, ..SMALL };
    let bytes = || {
        let large = lived(brief);
        (large.counts.copies, large.counts.dials, large.world.by_kind)
    };
    assert_eq!(bytes(), bytes());
}
