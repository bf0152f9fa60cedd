//! Two homes, each behind a router that translates addresses, and a machine between them that carries for others.

use crate::support::cluster::await_text;
use crate::support::node::TestNode;
use crate::support::street::{Ports, address, at_home, at_home_with, await_neighbours, carrier, homes, way};
use crate::support::wires::{Spaces, or_skip};
use crate::support::{PATIENCE, eventually, eventually_within};

fn meet(a: &TestNode, b: &TestNode) {
    a.post("I am at home");
    let invite = a.invite();
    assert!(invite.contains("p2p-circuit"), "{invite}");
    b.cli(&["follow", &invite]);
    await_text(b, "I am at home");
    a.cli(&["follow", &b.account()]);
    b.post("so am I");
    await_text(a, "so am I");
}

#[test]
fn two_behind_routers_that_keep_ports_meet_and_then_need_nobody() {
    let made = homes(Ports::Kept);
    let Some(spaces) = or_skip("two_behind_routers_that_keep_ports", made) else { return };
    let mut open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    eventually("they are joined directly", || way(&b, &a).is_some_and(|way| !way.contains("p2p-circuit")));
    // Nobody carries any more, and they still hear each other.
    open.stop();
    a.post("without anybody between");
    await_text(&b, "without anybody between");
    drop((a, b, open));
}

#[test]
fn two_behind_routers_meet_over_quic_alone() {
    let made = homes(Ports::Kept);
    let Some(spaces) = or_skip("two_behind_routers_meet_over_quic_alone", made) else { return };
    let mut open = carrier(&spaces, None);
    let by = address(&open, "udp");
    let arguments = ["--no-mdns", "--listen", "/ip4/0.0.0.0/udp/0/quic-v1", "--bootstrap", &by];
    let [a, b] = ["a", "b"].map(|name| at_home_with(&spaces, name, &arguments));
    meet(&a, &b);
    eventually("they are joined directly", || {
        way(&b, &a).is_some_and(|way| way.contains("/quic-v1") && !way.contains("p2p-circuit"))
    });
    open.stop();
    a.post("without anybody between");
    await_text(&b, "without anybody between");
    drop((a, b, open));
}

/// What has come to the router from within for anybody but the carrier.
fn strayed(spaces: &Spaces) -> u64 {
    let said = spaces.within("router-a", "nft list chain ip home strayed").unwrap();
    let (_, counted) = said.split_once("packets ").unwrap();
    counted.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn who_meets_others_through_a_relay_alone_sends_to_nobody_else() {
    let made = homes(Ports::Kept);
    let Some(spaces) = or_skip("who_meets_others_through_a_relay_alone", made) else { return };
    for rule in [
        "add chain ip home strayed { type filter hook prerouting priority -300 ; }",
        "add rule ip home strayed iifname lan ip daddr != 203.0.113.10 counter",
    ] {
        spaces.within("router-a", &format!("nft {rule}")).unwrap();
    }
    let open = carrier(&spaces, None);
    let second = carrier(&spaces, Some(&open));
    // Found on the local network, through the router and in the table it would be, were it not for the one word.
    let a = at_home_with(&spaces, "a", &["--relay-only", &address(&open, "tcp")]);
    let b = at_home(&spaces, "b", &open);
    meet(&a, &b);
    // Somebody whom everyone can come to is not gone to, and comes.
    a.cli(&["follow", &second.invite()]);
    second.cli(&["follow", &a.invite()]);
    await_text(&second, "I am at home");
    second.post("everyone can come here");
    await_text(&a, "everyone can come here");
    for other in [&b, &second] {
        // Who was carried to it has a name there, and no place.
        let way = way(other, &a).unwrap();
        assert!(way.contains("p2p-circuit") || way.starts_with("/p2p/"), "{way}");
        for own in ["203.0.113.1/", "10.1.0.2"] {
            assert!(!other.log_tail().contains(own), "{own} is known");
        }
    }
    assert!(a.invite().contains("p2p-circuit") && !a.invite().contains("10.1.0.2"));
    assert_eq!(strayed(&spaces), 0);
    drop((a, b, second, open));
}

#[test]
fn two_behind_routers_that_choose_ports_are_carried() {
    let made = homes(Ports::Random);
    let Some(spaces) = or_skip("two_behind_routers_that_choose_ports", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    // Also what is long, and much of it.
    let long = |number: u32| format!("{number}{}", " word".repeat(500));
    for number in 0..20 {
        a.post(&long(number));
    }
    await_text(&b, &long(19));
    assert!(way(&b, &a).is_some_and(|way| way.contains("p2p-circuit")), "there is no other way");
    drop((a, b, open));
}

#[test]
fn who_carries_dies_and_another_carries_on() {
    let made = homes(Ports::Random);
    let Some(spaces) = or_skip("who_carries_dies_and_another_carries_on", made) else { return };
    let mut open = carrier(&spaces, None);
    let second = carrier(&spaces, Some(&open));
    await_neighbours(&second, 1);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    // They know of the other by the table, and each has asked it to carry too.
    for node in [&a, &b] {
        await_neighbours(node, 2);
    }
    let number = |node: &TestNode| {
        let addresses = node.one(&["id"])["addresses"].clone();
        addresses
            .as_array()
            .unwrap()
            .iter()
            .filter(|way| way.as_str().unwrap().contains("p2p-circuit"))
            .count()
    };
    eventually("both are carried by both", || number(&a) >= 2 && number(&b) >= 2);
    open.kill();
    a.post("by the other way");
    await_text(&b, "by the other way");
    b.post("and back");
    await_text(&a, "and back");
    drop((a, b, second));
}

#[test]
fn a_home_whose_router_gets_another_address_is_heard_again() {
    let made = homes(Ports::Kept);
    let Some(spaces) = or_skip("a_home_whose_router_gets_another_address", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    // What goes on from before comes to nothing from now on, and nobody is told so.
    spaces.ip("router-a", "address del 203.0.113.1/24 dev wan").unwrap();
    spaces.ip("router-a", "address add 203.0.113.77/24 dev wan").unwrap();
    a.post("from somewhere else");
    // Pings that stay unanswered tell them, in most of a minute; a machine at work takes longer.
    eventually_within(3 * PATIENCE, "it is heard again", || {
        b.texts().contains(&"from somewhere else".to_owned()).then_some(())
    });
    b.post("still heard");
    await_text(&a, "still heard");
    drop((a, b, open));
}
