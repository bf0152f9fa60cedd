//! Those of whom nothing is known but the key are found through nodes that neither side has named.

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::TestNode;
use crate::support::street::{Ports, at_home, await_neighbours, carrier, homes};
use crate::support::wires::or_skip;

#[test]
fn a_key_alone_finds_whom_nobody_has_named() {
    let made = homes(Ports::Random);
    let Some(spaces) = or_skip("a_key_alone_finds_whom_nobody_has_named", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    a.post("whoever has my key");
    b.cli(&["follow", &a.account()]);
    await_text(&b, "whoever has my key");
    // Those who keep the table hold nothing of either.
    assert_eq!(open.one(&["status"])["accounts"], 1);
    drop((a, b, open));
}

#[test]
fn the_table_outlives_the_node_by_which_it_was_joined() {
    let made = homes(Ports::Random);
    let Some(spaces) = or_skip("the_table_outlives_the_node_by_which_it_was_joined", made) else { return };
    let mut open = carrier(&spaces, None);
    let second = carrier(&spaces, Some(&open));
    await_neighbours(&second, 1);
    let [a, mut b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    for node in [&a, &b] {
        await_neighbours(node, 2);
    }
    b.stop();
    open.stop();
    a.post("still to be found");
    b.start();
    b.cli(&["follow", &a.account()]);
    await_text(&b, "still to be found");
    drop((a, b, second));
}

/// FIND-3.
#[test]
fn a_private_follow_is_never_looked_up() {
    let made = homes(Ports::Kept);
    let Some(spaces) = or_skip("a_private_follow_is_never_looked_up", made) else { return };
    let open = carrier(&spaces, None);
    let node = at_home(&spaces, "a", &open);
    let [secret, public] = ["secret", "public"].map(|name| TestNode::new(name).account());
    node.cli(&["follow", "--private", &secret]);
    node.cli(&["follow", &public]);
    let sought = |account: &str| node.log().contains(&format!("sought by the key account={account}"));
    eventually("the public one was looked for", || sought(&public));
    assert!(!sought(&secret));
    drop((node, open));
}
