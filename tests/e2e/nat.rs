//! Two homes, each behind a router that translates addresses, and a machine between them that carries for others.

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::TestNode;
use crate::support::street::{Ports, at_home, carrier, homes, way};
use crate::support::wires::or_skip;

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
