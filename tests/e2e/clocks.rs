//! A machine whose clock is wrong by a year. No sleep and no simulation: its clock is what the system tells it.

use crate::support::clock;
use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::TestNode;
use crate::support::street::{Ports, address, at_home, await_carried, carrier, homes, resident};
use crate::support::wires::or_skip;

#[test]
fn clocks_that_are_wrong_by_a_year_decide_nothing() {
    let [early, late] = [("early", -365), ("late", 365)].map(|(name, days)| {
        let mut node = TestNode::new(name);
        clock::set(&mut node, days);
        node.start();
        node
    });
    let right = TestNode::started("right");
    for other in [&early, &late] {
        right.cli(&["follow", &other.invite()]);
        other.cli(&["follow", &right.invite()]);
    }
    late.post("from next year");
    await_text(&right, "from next year");
    early.post("from last year");
    await_text(&right, "from last year");
    right.post("of today");
    for node in [&early, &late] {
        await_text(node, "of today");
    }
    // Who is ahead does not stay on top: what came later stands above it.
    let order = right.texts();
    let place = |text: &str| order.iter().position(|other| other == text).unwrap();
    assert!(place("of today") < place("from next year"), "{order:?}");
    for node in [&early, &late, &right] {
        node.verify();
    }
}

/// FIND-6. Names in the table change daily, by each node's own clock: those who are told of another day use it as well.
#[test]
fn a_key_alone_finds_who_is_a_year_behind_and_is_found_by_them() {
    let made = homes([Ports::Kept; 2]);
    let Some(spaces) = or_skip("a_key_alone_finds_who_is_a_year_behind_and_is_found_by_them", made) else {
        return;
    };
    let open = carrier(&spaces, None);
    let second = carrier(&spaces, Some(&open));
    let mut behind = resident(&spaces, "a", &["--no-mdns", "--bootstrap", &address(&open, "tcp")]);
    clock::set(&mut behind, -365);
    behind.start();
    await_carried(&behind);
    let right = at_home(&spaces, "b", &open);
    eventually("it notices", || behind.one(&["status"])["clock_ahead_days"] == -365);
    assert_eq!(right.one(&["status"])["clock_ahead_days"], 0);
    behind.post("from last year");
    right.cli(&["follow", &behind.account()]);
    await_text(&right, "from last year");
    second.post("of today");
    behind.cli(&["follow", &second.account()]);
    await_text(&behind, "of today");
    drop((behind, right, second, open));
}
