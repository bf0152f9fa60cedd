//! The large simulation, small: what has to hold in it whatever the figures are.

use crate::large::Large;
use crate::reckoning::Reckoning;
use crate::society::{HOUR, Size};

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
    for (number, node) in
        large.world.nodes.iter().enumerate().filter(|(node, _)| large.society.is_honest(*node))
    {
        assert_eq!(node.store.refused, 0, "node {number} was given more than it takes");
    }
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
