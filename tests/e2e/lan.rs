//! Two machines on one network: two network namespaces and a cable.

use crate::support::cluster::await_text;
use crate::support::node::TestNode;
use crate::support::wires::{Spaces, or_skip};

fn cable() -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    spaces.add("one")?;
    spaces.add("two")?;
    spaces.join(("one", "wire"), ("two", "wire"))?;
    for (name, host) in [("one", 1), ("two", 2)] {
        // Addresses for documentation, which exist nowhere else.
        spaces.ip(name, &format!("address add 192.0.2.{host}/24 dev wire"))?;
        spaces.ip(name, "route add 224.0.0.0/4 dev wire")?;
    }
    Ok(spaces)
}

fn both(spaces: &Spaces, arguments: &[&str]) -> [TestNode; 2] {
    ["one", "two"].map(|name| {
        let mut node = spaces.node(name, arguments);
        node.start();
        node
    })
}

#[test]
fn on_one_network_a_key_is_enough() {
    let Some(spaces) = or_skip("on_one_network_a_key_is_enough", cable()) else { return };
    let [one, other] = both(&spaces, &[]);
    one.post("is anybody here?");
    other.cli(&["follow", &one.account()]);
    await_text(&other, "is anybody here?");
    one.cli(&["follow", &other.account()]);
    other.post("here!");
    await_text(&one, "here!");
    let peers = one.cli(&["peers"]);
    assert!(peers.iter().any(|peer| peer["account"] == other.account()), "{peers:?}");
    // The nodes end before their network does.
    drop((one, other));
}

fn cable_without_ip4() -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    spaces.add("one")?;
    spaces.add("two")?;
    spaces.join(("one", "wire"), ("two", "wire"))?;
    for (name, host) in [("one", 1), ("two", 2)] {
        spaces.ip(name, &format!("address add 2001:db8::{host}/64 dev wire nodad"))?;
    }
    Ok(spaces)
}

#[test]
fn where_there_is_no_ipv4_a_key_is_enough_too() {
    let made = cable_without_ip4();
    let Some(spaces) = or_skip("where_there_is_no_ipv4_a_key_is_enough_too", made) else { return };
    let [one, other] = both(&spaces, &[]);
    one.post("is anybody here?");
    other.cli(&["follow", &one.account()]);
    await_text(&other, "is anybody here?");
    drop((one, other));
}

#[test]
fn where_there_is_no_ipv4_an_invite_is_enough() {
    let made = cable_without_ip4();
    let Some(spaces) = or_skip("where_there_is_no_ipv4_an_invite_is_enough", made) else { return };
    let [one, other] = both(&spaces, &["--no-mdns"]);
    one.post("six is enough");
    let invite = one.invite();
    assert!(invite.contains("/ip6/2001:db8::1/"), "{invite}");
    other.cli(&["follow", &invite]);
    await_text(&other, "six is enough");
    one.cli(&["follow", &other.account()]);
    other.post("so it is");
    await_text(&one, "so it is");
    drop((one, other));
}
