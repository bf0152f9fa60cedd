//! Homes behind routers that translate addresses, and machines between them that everyone can come to. The routers are
//! those of Linux, in network namespaces.

use serde_json::Value;

use super::eventually;
use super::node::TestNode;
use super::wires::Spaces;

/// How a router chooses the port that the outside sees.
#[derive(Clone, Copy)]
pub enum Ports {
    /// The one of the machine inside, if it is free.
    Kept,
    /// Any.
    Random,
}

/// `a` behind `router-a`, `b` behind `router-b`, and `open`, all joined by the `street`, which has no way elsewhere.
pub fn homes(ports: Ports) -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    for name in ["street", "open", "second", "router-a", "router-b", "a", "b"] {
        spaces.add(name)?;
    }
    spaces.ip("street", "link add street type bridge")?;
    spaces.ip("street", "link set street up")?;
    for (name, host) in [("open", 10), ("second", 11), ("router-a", 1), ("router-b", 2)] {
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
    spaces.within(router, "sysctl -q -w net.ipv4.ip_forward=1").map(drop)
}

/// A node that carries for others: the machine `open`, or the `second`, which knows the first.
pub fn carrier(spaces: &Spaces, first: Option<&TestNode>) -> TestNode {
    let (name, host) = if first.is_none() { ("open", 10) } else { ("second", 11) };
    let tcp = format!("/ip4/203.0.113.{host}/tcp/4001");
    let quic = format!("/ip4/203.0.113.{host}/udp/4001/quic-v1");
    let bootstrap = first.map(|first| address(first, "tcp"));
    let mut arguments = vec!["--no-mdns", "--relay", "--listen", &tcp, "--listen", &quic];
    arguments.extend(bootstrap.iter().flat_map(|first| ["--bootstrap", first]));
    let mut node = spaces.node(name, &arguments);
    neighbourly(&mut node);
    node.start();
    node
}

/// Where a carrier is, over `tcp` or over `udp`.
pub fn address(carrier: &TestNode, over: &str) -> String {
    let ready = carrier.ready();
    let addresses = ready["addresses"].as_array().unwrap();
    addresses
        .iter()
        .map(|address| address.as_str().unwrap())
        .find(|it| it.contains(&format!("/{over}/")))
        .unwrap()
        .to_owned()
}

/// The street is not the internet, but here it stands for it.
fn neighbourly(node: &mut TestNode) {
    node.set("MAJLIS_NODE_HINTS", "all");
    node.set("MAJLIS_NODE_HINTS_SETTLE_MS", "50");
}

/// A node behind the router of `a` or of `b`, once a carrier carries for it.
pub fn at_home(spaces: &Spaces, name: &str, carrier: &TestNode) -> TestNode {
    at_home_with(spaces, name, &["--no-mdns", "--bootstrap", &address(carrier, "tcp")])
}

/// The same, told how it meets others.
pub fn at_home_with(spaces: &Spaces, name: &str, arguments: &[&str]) -> TestNode {
    let mut node = spaces.node(name, arguments);
    neighbourly(&mut node);
    node.start();
    eventually("another node carries for it", || node.one(&["status"])["reached"] == "carried");
    node
}

/// The address of the connection with the other.
pub fn way(node: &TestNode, other: &TestNode) -> Option<String> {
    let account: Value = other.account().into();
    let peers = node.cli(&["peers"]);
    let peer = peers.iter().find(|peer| peer["account"] == account)?;
    Some(peer["address"].as_str().unwrap().to_owned())
}

/// Waits until the node knows so many nodes of the table by which others are found.
pub fn await_neighbours(node: &TestNode, count: u64) {
    eventually("it knows nodes that it can ask", || {
        node.one(&["status"])["neighbours"].as_u64().is_some_and(|known| known >= count)
    });
}
