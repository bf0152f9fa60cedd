//! Accounts that are held for others: asked for, served while their owner is away, and full.

use bytes::Bytes;
use majlis_protocol::sync::{Event, Input, PinAnswer, PinAsk, PinVerdict, Reason};

use crate::basics::Town;

/// What a node was told of its account.
fn told(town: &Town, node: usize) -> Vec<PinAnswer> {
    let events = town.world.nodes[node].events.iter();
    events
        .filter_map(|(_, event)| match event {
            Event::Pinned(_, answer) => Some(answer.clone()),
            _ => None,
        })
        .collect()
}

/// Node 0 writes, node 1 holds that for it, node 2 follows.
#[test]
fn posts_of_someone_who_sleeps_are_had_of_a_host_and_full_it_serves_what_it_has() {
    let mut town = Town::new(3);
    town.post(0, 10);
    town.world.run(500);
    town.follow(1, 0, Reason::Pinned);
    town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.held(1, 0), 10);
    // SYNC-55.
    let account = town.people[0].account;
    town.world.input(1, Input::Full(account, true));
    town.settle();
    town.post(0, 100);
    town.settle();
    assert_eq!(town.held(1, 0), 10, "a full host takes no more");
    town.world.crash(0);
    town.follow(2, 0, Reason::Public);
    town.world.connect(2, 1);
    town.settle();
    assert_eq!(town.held(2, 0), 10, "and goes on serving");
    town.world.restart(0);
    town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.held(1, 0), 10, "also where the two meet anew");
    town.world.input(1, Input::Full(account, false));
    town.settle();
    assert_eq!(
        (town.held(1, 0), town.held(2, 0)),
        (110, 110),
        "there is room, and what was passed over comes"
    );
}

/// SYNC-53: whoever asks has proved itself by then, whichever side it is and whether or not its document is known.
#[test]
fn either_side_asks_once_it_has_proved_itself() {
    for (dialer, listener) in [(0, 1), (1, 0)] {
        let mut town = Town::new(2);
        for round in 0..2 {
            let session = town.world.connect(dialer, listener);
            town.world.input(0, Input::AskPin(session, PinAsk::Hold(Bytes::new())));
            town.settle();
            let refused = PinAnswer::no(PinVerdict::NotOffered);
            assert_eq!(told(&town, 0), vec![refused; round + 1]);
            assert!(told(&town, 1).is_empty());
            town.world.cut(session);
            town.settle();
        }
    }
}

/// SYNC-30.
#[test]
fn to_be_held_makes_nobody_a_friend() {
    let mut town = Town::new(2);
    for seed in 100..200 {
        let person = crate::people::Person::new(seed, &[&crate::people::device_key(seed, 0)]);
        for node in 0..2 {
            town.world.nodes[node].follow(person.account, Reason::Public);
        }
    }
    for node in 0..2 {
        town.world.restart(node);
    }
    town.follow(1, 0, Reason::Pinned);
    let session = town.world.connect(1, 0);
    town.settle();
    let shared = town.world.nodes[1].machine.shared(session).unwrap_or_default();
    assert!(shared < 101, "{shared}");
}
