//! Who shares what with whom: tiers, private follows, own devices, changing minds, identities that change.

use std::sync::Arc;

use majlis_protocol::identity::Closed;
use majlis_protocol::limits::MAX_STRANGER_TAGS;
use majlis_protocol::sync::{Event, Input, Reason, kind};
use majlis_protocol::{DeviceId, LogId};

use crate::basics::{Town, two_that_share};
use crate::node::Node;
use crate::people::{Author, Person, device_key};

#[test]
fn strangers_are_shown_few_tags_and_friends_all() {
    // Neither follows the other: strangers with 1,000 accounts in common.
    let (mut town, _) = two_that_share(200, 1);
    for (node, other) in [(0, 1), (1, 0)] {
        let account = town.people[other].account;
        town.world.unfollow(node, account);
    }
    let session = town.world.connect(0, 1);
    town.settle();
    let shared = town.world.nodes[0].machine.shared(session).unwrap_or_default();
    assert!((31..=2 * MAX_STRANGER_TAGS).contains(&shared), "{shared}");
    // Node 1's owner begins to follow node 0's while they talk: now node 0 is a friend and is offered all.
    let account = town.people[0].account;
    town.world.follow(1, account, Reason::Public);
    town.settle();
    assert_eq!(town.world.nodes[0].machine.shared(session), Some(201));
}

#[test]
fn who_is_followed_no_longer_is_a_stranger_again() {
    let (mut town, authors) = two_that_share(50, 1);
    let session = town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.world.nodes[0].machine.shared(session), Some(52));
    for (node, other) in [(0, 1), (1, 0)] {
        let account = town.people[other].account;
        town.world.unfollow(node, account);
    }
    town.settle();
    assert_eq!(town.world.nodes[0].machine.shared(session), Some(authors.len()));
    for number in 0..40 {
        let new = Person::new(100 + number, &[&device_key(100 + number, 0)]);
        for node in 0..2 {
            town.world.follow(node, new.account, Reason::Public);
        }
    }
    town.settle();
    let shared = |town: &Town| town.world.nodes[0].machine.shared(session).unwrap_or_default();
    let among_strangers = shared(&town);
    assert!(among_strangers <= authors.len() + MAX_STRANGER_TAGS, "{among_strangers}");
    for memory in town.world.nodes.iter().flat_map(|node| node.memories.values()) {
        assert!(!memory.friend);
    }
    // Friends again, they are shown what they were not.
    let account = town.people[1].account;
    town.world.follow(0, account, Reason::Public);
    town.settle();
    assert_eq!(shared(&town), authors.len() + 41);
}

#[test]
fn a_stranger_is_shown_first_what_it_is_said_to_hold() {
    let mut town = Town::new(3);
    let post = town.authors[2].posts(1, 5, "what it came for");
    town.world.nodes[1].hold(vec![Arc::clone(&town.people[2].doc)], post);
    town.follow(1, 2, Reason::Public);
    // Whatever its key, it is not among the few that are shown by their order.
    for number in 0..400_u64 {
        let other = Person::new(1_000 + number, &[&device_key(1_000 + number, 0)]);
        town.world.follow((number % 2) as usize, other.account, Reason::Public);
    }
    town.follow(0, 2, Reason::Public);
    let account = town.people[2].account;
    for node in &town.world.nodes[..2] {
        let first = node.interests.iter().position(|(held, _)| *held == account);
        assert!(first.is_some_and(|place| place > MAX_STRANGER_TAGS), "the seed has to be another");
    }
    let session = town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.held(0, 2), 0);
    // Also where the two have met before, and nothing was shared.
    town.world.cut(session);
    let peer = town.world.nodes[1].peer_id.clone();
    town.world.input(0, Input::Sought([(peer, [account].into())].into()));
    town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.held(0, 2), 5);
}

#[test]
fn a_private_follow_is_known_to_the_followed_alone() {
    let mut town = Town::new(3);
    town.post(0, 10);
    town.world.run(500);
    town.follow(1, 0, Reason::Private);
    town.follow(2, 0, Reason::Public);
    let relay = town.world.connect(2, 0);
    town.settle();
    town.world.cut(relay);
    let session = town.world.connect(1, 2);
    town.settle();
    assert_eq!(town.world.nodes[1].machine.shared(session), Some(0), "not shared with a third");
    town.world.cut(session);
    for (dialer, listener) in [(1, 0), (0, 1)] {
        let session = town.world.connect(dialer, listener);
        town.settle();
        assert_eq!(town.held(1, 0), 10);
        assert_eq!(town.world.nodes[1].machine.shared(session), Some(1));
        town.world.cut(session);
    }
    // What is held privately is not served, not even to the author's node that has lost it.
    let (doc, key) = (Arc::clone(&town.people[0].doc), device_key(0, 0));
    let mut empty = Node::new(0, town.people[0].account, &key);
    empty.hold(vec![doc], Vec::new());
    town.world.nodes[0] = empty;
    town.world.restart(0);
    town.world.connect(1, 0);
    town.settle();
    assert_eq!(town.held(0, 0), 0);
}

/// Two who follow the first and each other, have met and are apart.
fn two_who_have_met() -> Town {
    let mut town = Town::new(3);
    town.post(0, 10);
    for node in [1, 2] {
        town.follow(node, 0, Reason::Public);
        town.follow(node, 3 - node, Reason::Public);
        town.world.connect(node, 0);
    }
    let session = town.world.connect(1, 2);
    town.settle();
    assert_eq!(town.world.nodes[2].machine.shared(session), Some(3));
    town.world.cut(session);
    town
}

#[test]
fn a_follow_that_was_made_private_while_apart_is_no_longer_told() {
    for (dialer, listener) in [(1, 2), (2, 1)] {
        let mut town = two_who_have_met();
        town.follow(1, 0, Reason::Private);
        town.settle();
        // SYNC-31: as if it were not followed any more; the list that both remember is not said to be equal.
        let after = town.world.connect(dialer, listener);
        town.settle();
        let of_the_other = usize::from(listener == 2);
        assert_eq!(town.world.frames(after, kind::WARM).0, of_the_other, "{dialer} dials");
        town.post(0, 1);
        town.settle();
        assert_eq!((town.held(1, 0), town.held(2, 0)), (11, 11));
        for node in [1, 2] {
            assert_eq!(town.world.nodes[node].machine.shared(after), Some(2), "node {node}, {dialer} dials");
        }
        assert_eq!(town.world.frames(after, kind::HEAD).0, 0, "{dialer} dials");
    }
}

#[test]
fn a_follow_that_becomes_private_while_greeting_is_not_told() {
    for delay in (0..120).step_by(5) {
        let mut town = two_who_have_met();
        let session = if delay % 2 == 0 { town.world.connect(1, 2) } else { town.world.connect(2, 1) };
        town.world.run(delay);
        town.follow(1, 0, Reason::Private);
        town.settle();
        for node in [1, 2] {
            assert_eq!(
                town.world.nodes[node].machine.shared(session),
                Some(2),
                "node {node} after {delay} ms"
            );
        }
    }
}

/// Adds a second device of person 0, with a node of its own.
fn second_device(town: &mut Town) -> (usize, Author) {
    let key = device_key(0, 1);
    let doc = town.people[0].add_device(&key);
    let account = town.people[0].account;
    let mut node = Node::new(100, account, &key);
    node.hold(vec![Arc::clone(&doc)], Vec::new());
    town.world.publish_identity(0, doc);
    let id = town.world.add(node);
    (id, Author::new(account, &key, LogId::new(LogId::PUBLIC, 9)))
}

#[test]
fn own_devices_share_their_private_logs_and_nobody_else_is_told() {
    let mut town = Town::new(2);
    let (second, mut author) = second_device(&mut town);
    let mut drafts =
        Author::new(town.people[0].account, &device_key(0, 0), LogId::new(LogId::OWN_DEVICES, 5));
    let secret = drafts.posts(1, 30, "for my other device");
    town.world.nodes[0].hold(Vec::new(), secret);
    town.follow(1, 0, Reason::Public);
    town.post(0, 5);
    town.world.run(500);
    let own = town.world.connect(second, 0);
    let other = town.world.connect(1, 0);
    town.settle();
    assert_eq!(town.held(second, 0), 35);
    assert_eq!(town.held(1, 0), 5);
    // Live, and again after a warm greeting.
    for (count, entries) in [(36, vec![drafts.post(2, "live")]), (37, vec![drafts.post(3, "live")])] {
        town.world.publish(0, entries);
        town.world.run(300);
        assert_eq!(town.held(second, 0), count);
        assert_eq!(town.held(1, 0), 5);
    }
    town.settle();
    town.world.cut(own);
    let late = drafts.post(4, "while apart");
    town.world.nodes[0].hold(Vec::new(), vec![late]);
    town.world.connect(0, second);
    town.settle();
    assert_eq!(town.held(second, 0), 38);
    // The other way round, and to the follower.
    let post = author.post(4, "from the second device");
    town.world.publish(second, vec![post]);
    town.world.run(1_000);
    assert_eq!((town.held(0, 0), town.held(1, 0)), (39, 6));
    assert_eq!(town.world.frames(other, kind::NONE).0, 0);
}

#[test]
fn a_restored_device_proves_itself_once_it_is_listed() {
    for second_dials in [true, false] {
        let mut town = Town::new(1);
        let account = town.people[0].account;
        let mut drafts = Author::new(account, &device_key(0, 0), LogId::new(LogId::OWN_DEVICES, 5));
        let secret = drafts.posts(1, 3, "for my other device");
        town.world.nodes[0].hold(Vec::new(), secret);
        town.post(0, 5);
        let key = device_key(0, 1);
        let second = town.world.add(Node::new(100, account, &key));
        let pair = if second_dials { (second, 0) } else { (0, second) };
        let session = town.world.connect(pair.0, pair.1);
        town.settle();
        assert_eq!(town.held(second, 0), 5, "what is public");
        let doc = town.people[0].add_device(&key);
        town.world.publish_identity(second, doc);
        town.settle();
        assert_eq!(town.held(second, 0), 8, "what is for own devices, in the same session");
        assert_eq!(town.world.frames(session, kind::PROVE).0, 2);
    }
}

#[test]
fn following_and_unfollowing_while_live() {
    let mut town = Town::new(2);
    town.post(0, 5);
    town.world.run(500);
    let session = town.world.connect(1, 0);
    town.settle();
    assert_eq!(town.world.nodes[1].machine.shared(session), Some(0));
    let account = town.people[0].account;
    for round in 0..12_u64 {
        town.world.follow(1, account, Reason::Public);
        // Changing one's mind before the answer is back, at every distance.
        town.world.run(round * 7);
        town.world.unfollow(1, account);
        town.world.run((12 - round) * 5);
        town.world.follow(1, account, Reason::Public);
        if round % 2 == 0 {
            town.settle();
        }
        town.world.unfollow(1, account);
        if round % 3 == 0 {
            town.settle();
            assert_eq!(town.world.nodes[0].machine.shared(session), Some(0), "round {round}");
        }
    }
    town.world.follow(1, account, Reason::Public);
    town.settle();
    for node in 0..2 {
        assert_eq!(town.world.nodes[node].machine.shared(session), Some(1));
    }
    town.post(0, 1);
    town.world.run(100);
    assert_eq!(town.held(1, 0), 6);
    town.settle();
}

#[test]
fn both_sides_offer_the_same_account_at_once_and_change_their_minds() {
    for gap in 0..30 {
        let (mut town, authors) = two_that_share(3, 2);
        let accounts: Vec<_> = authors.iter().map(|author| author.key.account).collect();
        for node in 0..2 {
            for account in &accounts {
                town.world.unfollow(node, *account);
            }
        }
        let session = town.world.connect(0, 1);
        town.settle();
        let mut rng = crate::rng::Rng::new(gap);
        for _ in 0..40 {
            let (node, account) = (rng.below(2) as usize, accounts[rng.below(3) as usize]);
            if town.world.nodes[node].interests.reason(&account).is_some() {
                town.world.unfollow(node, account);
            } else {
                town.world.follow(node, account, Reason::Public);
            }
            town.world.run(rng.below(30));
        }
        town.settle();
        let both = accounts
            .iter()
            .filter(|account| (0..2).all(|node| town.world.nodes[node].interests.reason(account).is_some()));
        let both = both.count() + 2;
        for node in 0..2 {
            assert_eq!(town.world.nodes[node].machine.shared(session), Some(both), "seed {gap}, node {node}");
        }
        town.world.cut(session);
        let warm = town.world.connect(1, 0);
        town.settle();
        assert_eq!(town.world.frames(warm, kind::SHARE).0, 0, "seed {gap}: both remember the same");
    }
}

#[test]
fn follows_that_changed_while_apart_are_told_after_a_warm_greeting() {
    let (mut town, authors) = two_that_share(50, 2);
    let session = town.world.connect(0, 1);
    town.settle();
    town.world.cut(session);
    let dropped = authors[0].key.account;
    town.world.unfollow(0, dropped);
    let new = Person::new(77, &[&device_key(77, 0)]);
    for node in 0..2 {
        town.world.nodes[node].hold(vec![Arc::clone(&new.doc)], Vec::new());
        town.world.follow(node, new.account, Reason::Public);
    }
    let warm = town.world.connect(0, 1);
    town.settle();
    assert_eq!(town.world.frames(warm, kind::WARM).0, 2, "the lists remembered are equal");
    for node in 0..2 {
        assert_eq!(town.world.nodes[node].machine.shared(warm), Some(52));
    }
    town.world.cut(warm);
    // One side has lost its memory; then both have.
    for lost in [vec![0], vec![1], vec![0, 1]] {
        for node in lost {
            town.world.nodes[node].memories.clear();
        }
        let session = town.world.connect(0, 1);
        town.settle();
        for node in 0..2 {
            assert_eq!(town.world.nodes[node].machine.shared(session), Some(52));
        }
        town.world.cut(session);
    }
}

#[test]
fn an_account_followed_by_its_key_alone() {
    let mut town = Town::new(3);
    town.post(0, 70);
    town.world.run(500);
    town.follow(1, 0, Reason::Public);
    let first = town.world.connect(1, 0);
    town.settle();
    town.world.cut(first);
    // Node 2 knows nothing of person 0 but the key, and meets only node 1.
    town.follow(2, 0, Reason::Public);
    town.world.connect(2, 1);
    town.settle();
    assert_eq!(town.held(2, 0), 70);
}

#[test]
fn a_peer_that_forgot_the_other_asks_for_the_document_at_prove() {
    let mut town = Town::new(2);
    town.post(0, 3);
    town.world.run(500);
    town.follow(1, 0, Reason::Private);
    let session = town.world.connect(1, 0);
    town.settle();
    town.world.cut(session);
    // Its store is lost, its memory of peers is not: PROVE will name a document that is not known.
    let key = device_key(1, 0);
    let mut fresh = Node::new(1, town.people[1].account, &key);
    fresh.hold(vec![Arc::clone(&town.people[1].doc)], Vec::new());
    fresh.memories = std::mem::take(&mut town.world.nodes[1].memories);
    fresh.follow(town.people[0].account, Reason::Private);
    town.world.nodes[1] = fresh;
    town.world.restart(1);
    for (dialer, listener) in [(0, 1), (1, 0)] {
        let session = town.world.connect(dialer, listener);
        town.settle();
        assert_eq!(town.held(1, 0), 3);
        town.world.cut(session);
    }
}

#[test]
fn new_and_ended_devices_travel_while_live() {
    let mut town = Town::new(3);
    town.follow(1, 0, Reason::Public);
    town.follow(2, 0, Reason::Public);
    town.world.connect(1, 0);
    town.world.connect(2, 1);
    town.settle();
    let (second, mut author) = second_device(&mut town);
    town.world.connect(second, 0);
    let posts = author.posts(10, 100, "from the new device");
    town.world.publish(second, posts.clone());
    town.settle();
    assert_eq!(town.held(2, 0), 100);
    // It ends, closed at 60: everyone drops what came after.
    let device = DeviceId(device_key(0, 1).public());
    let closed = Closed { log_id: author.key.log_id, seq: 60, id: posts[59].id };
    let doc = town.people[0].end_device(device, &[closed]);
    town.world.publish_identity(0, doc);
    town.settle();
    for node in 0..3 {
        assert_eq!(town.held(node, 0), 60, "node {node}");
    }
    assert_eq!(town.world.session(second, 0), None, "the ended device's session is over");
    // It comes back, as a stranger.
    let session = town.world.connect(second, 0);
    town.settle();
    let proved = |node: usize| {
        town.world.nodes[node]
            .events
            .iter()
            .any(|(_, event)| matches!(event, Event::Proved(id, _) if *id == session))
    };
    assert!(proved(second) && !proved(0));
    // A newcomer fetches what counts, and one that held part of it the rest.
    let late = Person::new(50, &[&device_key(50, 0)]);
    let mut newcomer = Node::new(50, late.account, &device_key(50, 0));
    newcomer.hold(vec![Arc::clone(&late.doc)], Vec::new());
    newcomer.hold(vec![Arc::clone(&town.people[0].doc)], posts[..20].to_vec());
    newcomer.follow(town.people[0].account, Reason::Public);
    let id = town.world.add(newcomer);
    town.world.restart(id);
    let session = town.world.connect(id, 2);
    town.settle();
    assert_eq!(town.held(id, 0), 60);
    assert!(town.world.frames(session, kind::CHUNK).1 < 60 * 200);
    // Ended without a closed log: nothing of it counts.
    let doc = town.people[0].end_device(device, &[]);
    town.world.publish_identity(0, doc);
    town.settle();
    for node in [0, 1, 2, id] {
        assert_eq!(town.held(node, 0), 0, "node {node}");
    }
}

#[test]
fn two_inceptions_freeze_an_account_everywhere() {
    let mut town = Town::new(3);
    town.post(0, 5);
    town.world.run(500);
    town.follow(1, 0, Reason::Public);
    town.follow(2, 0, Reason::Public);
    town.world.connect(1, 0);
    town.world.connect(2, 1);
    town.settle();
    assert_eq!(town.held(2, 0), 5);
    // Root 0 signs another chain: only someone with the root key itself can.
    let other = crate::people::second_inception(0, &[&device_key(0, 0)]);
    town.world.publish_identity(2, other);
    town.settle();
    for node in 0..3 {
        let account = &town.people[0].account;
        let known = town.world.nodes[node].store.replica.account(account).expect("known");
        assert!(known.register().frozen().is_some(), "node {node}");
        assert_eq!(town.held(node, 0), 0);
    }
}

#[test]
fn of_two_sessions_of_one_pair_one_stays() {
    let mut town = Town::new(2);
    town.follow(1, 0, Reason::Public);
    let one = town.world.connect(0, 1);
    let other = town.world.connect(1, 0);
    town.settle();
    assert!(town.world.is_open(one) && !town.world.is_open(other), "the lower peer id's dial stays");
    town.world.run(30_000);
    // Node 1 lost it without node 0 noticing, and dials anew.
    town.world.nodes[1].restart();
    town.world.restart(1);
    let again = town.world.connect(1, 0);
    town.settle();
    assert!(town.world.is_open(again) && !town.world.is_open(one));
}
