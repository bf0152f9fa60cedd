//! Two homes, each behind a router that translates addresses, and a machine between them that carries for others. The
//! routers are those of Linux, in network namespaces.

use serde_json::Value;

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::TestNode;
use crate::support::wires::{Spaces, or_skip};

/// How a router chooses the port that the outside sees.
#[derive(Clone, Copy)]
enum Ports {
    /// The one of the machine inside, if it is free.
    Kept,
    /// Any.
    Random,
}

/// `a` behind `router-a`, `b` behind `router-b`, and `open`, all joined by the `street`, which has no way elsewhere.
fn homes(ports: Ports) -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    for name in ["street", "open", "router-a", "router-b", "a", "b"] {
        spaces.add(name)?;
    }
    spaces.ip("street", "link add street type bridge")?;
    spaces.ip("street", "link set street up")?;
    for (name, host) in [("open", 10), ("router-a", 1), ("router-b", 2)] {
        spaces.join(("street", name), (name, "wan"))?;
        spaces.ip("street", &format!("link set {name} master street"))?;
        // For documentation: they exist nowhere else.
        spaces.ip(name, &format!("address add 203.0.113.{host}/24 dev wan"))?;
    }
    for (name, router, net) in [("a", "router-a", 1), ("b", "router-b", 2)] {
        spaces.join((router, "lan"), (name, "eth"))?;
        spaces.ip(router, &format!("address add 10.{net}.0.1/24 dev lan"))?;
        spaces.ip(name, &format!("address add 10.{net}.0.2/24 dev eth"))?;
        spaces.ip(name, &format!("route add default via 10.{net}.0.1"))?;
        translate(&spaces, router, ports)?;
    }
    Ok(spaces)
}

fn translate(spaces: &Spaces, router: &str, ports: Ports) -> Result<(), String> {
    let how = match ports {
        Ports::Kept => "masquerade",
        Ports::Random => "masquerade fully-random",
    };
    for rule in [
        "add table ip home",
        "add chain ip home out { type nat hook postrouting priority 100 ; }",
        &format!("add rule ip home out oifname wan {how}"),
        // Nobody comes in who was not called, and nobody is told so.
        "add chain ip home in { type filter hook input priority 0 ; policy accept ; }",
        "add rule ip home in iifname wan ct state new drop",
        "add chain ip home through { type filter hook forward priority 0 ; policy drop ; }",
        "add rule ip home through iifname lan accept",
        "add rule ip home through ct state established,related accept",
    ] {
        spaces.within(router, &format!("nft {rule}"))?;
    }
    spaces.within(router, "sysctl -q -w net.ipv4.ip_forward=1")
}

const OPEN: &str = "/ip4/203.0.113.10/tcp/4001";

fn carrier(spaces: &Spaces) -> TestNode {
    let quic = "/ip4/203.0.113.10/udp/4001/quic-v1";
    let mut node = spaces.node("open", &["--no-mdns", "--relay", "--listen", OPEN, "--listen", quic]);
    node.start();
    node
}

fn at_home(spaces: &Spaces, name: &str, carrier: &TestNode) -> TestNode {
    let bootstrap = format!("{OPEN}/p2p/{}", carrier.one(&["id"])["peer_id"].as_str().unwrap());
    let mut node = spaces.node(name, &["--no-mdns", "--bootstrap", &bootstrap]);
    node.start();
    eventually("another node carries for it", || node.one(&["status"])["reached"] == "carried");
    node
}

/// The address of the connection with the other.
fn way(node: &TestNode, other: &TestNode) -> Option<String> {
    let account: Value = other.account().into();
    let peers = node.cli(&["peers"]);
    let peer = peers.iter().find(|peer| peer["account"] == account)?;
    Some(peer["address"].as_str().unwrap().to_owned())
}

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
    let mut open = carrier(&spaces);
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
    let open = carrier(&spaces);
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
