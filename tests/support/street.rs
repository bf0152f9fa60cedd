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

/// The machines on the street that everyone can come to, and where they are there.
const IN_THE_STREET: [(&str, u8); 4] = [("open", 10), ("second", 11), ("router-a", 1), ("router-b", 2)];

/// `a` behind `router-a`, `b` behind `router-b`, which choose ports so, `open` and `second`, all joined by the `street`,
/// which has no way elsewhere. Its addresses are such as the internet has, so that nodes take it for that; nothing leaves
/// these namespaces.
pub fn homes(ports: [Ports; 2]) -> Result<Spaces, String> {
    let mut spaces = street()?;
    for (name, host) in IN_THE_STREET {
        spaces.ip(name, &format!("address add 11.22.33.{host}/24 dev wan"))?;
    }
    for ((name, router, net), ports) in [("a", "router-a", 1), ("b", "router-b", 2)].into_iter().zip(ports) {
        spaces.add(name)?;
        spaces.join((router, "lan"), (name, "eth"))?;
        spaces.ip(router, &format!("address add 10.{net}.0.1/24 dev lan"))?;
        spaces.ip(name, &format!("address add 10.{net}.0.2/24 dev eth"))?;
        spaces.ip(name, &format!("route add default via 10.{net}.0.1"))?;
        translate(&spaces, router, ports)?;
    }
    Ok(spaces)
}

/// The same where there is no IPv4: what is at home has addresses of the internet's, and the routers keep out who was not
/// called.
pub fn homes_without_ip4() -> Result<Spaces, String> {
    let mut spaces = street()?;
    for (name, host) in IN_THE_STREET {
        spaces.ip(name, &format!("address add 2600::{host}/64 dev wan nodad"))?;
    }
    for (name, router, host) in [("a", "router-a", 1), ("b", "router-b", 2)] {
        spaces.add(name)?;
        spaces.join((router, "lan"), (name, "eth"))?;
        spaces.ip(router, &format!("address add 2600:0:0:{name}::1/64 dev lan nodad"))?;
        spaces.ip(name, &format!("address add 2600:0:0:{name}::2/64 dev eth nodad"))?;
        spaces.ip(name, &format!("route add default via 2600:0:0:{name}::1"))?;
        shut(&spaces, router)?;
        spaces.within(router, "sysctl -q -w net.ipv6.conf.all.forwarding=1")?;
        for (other, _) in IN_THE_STREET.into_iter().filter(|(other, _)| *other != router) {
            spaces.ip(other, &format!("route add 2600:0:0:{name}::/64 via 2600::{host}"))?;
        }
    }
    Ok(spaces)
}

fn street() -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    spaces.add("street")?;
    spaces.ip("street", "link add street type bridge")?;
    spaces.ip("street", "link set street up")?;
    for (name, _) in IN_THE_STREET {
        spaces.add(name)?;
        spaces.join(("street", name), (name, "wan"))?;
        spaces.ip("street", &format!("link set {name} master street"))?;
    }
    Ok(spaces)
}

fn translate(spaces: &Spaces, router: &str, ports: Ports) -> Result<(), String> {
    let how = match ports {
        Ports::Kept => "masquerade",
        Ports::Random => "masquerade fully-random",
    };
    let nft = |rule: &str| spaces.within(router, &format!("nft {rule}")).map(drop);
    shut(spaces, router)?;
    nft("add table ip home")?;
    nft("add chain ip home out { type nat hook postrouting priority 100 ; }")?;
    nft(&format!("add rule ip home out oifname wan {how}"))?;
    spaces.within(router, "sysctl -q -w net.ipv4.ip_forward=1").map(drop)
}

/// Nobody comes in who was not called, and nobody is told so.
fn shut(spaces: &Spaces, router: &str) -> Result<(), String> {
    for rule in [
        "add table inet door",
        "add chain inet door in { type filter hook input priority 0 ; policy accept ; }",
        "add rule inet door in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
        "add rule inet door in iifname wan ct state new drop",
        "add chain inet door through { type filter hook forward priority 0 ; policy drop ; }",
        "add rule inet door through iifname lan accept",
        "add rule inet door through ct state established,related accept",
    ] {
        spaces.within(router, &format!("nft {rule}"))?;
    }
    Ok(())
}

/// What leaves a home is so slow from now on that a file of some megabytes takes a while.
pub fn narrow(spaces: &Spaces, router: &str) {
    let rule =
        "insert rule inet door through iifname lan limit rate over 1500 kbytes/second burst 300 kbytes drop";
    spaces.within(router, &format!("nft {rule}")).unwrap();
}

/// A node that carries for others: the machine `open`, or the `second`, which knows the first.
pub fn carrier(spaces: &Spaces, first: Option<&TestNode>) -> TestNode {
    let (name, place) = if first.is_none() { ("open", OPEN) } else { ("second", SECOND) };
    let bootstrap = first.map(|first| address(first, "tcp"));
    let mut arguments = vec!["--relay"];
    arguments.extend(bootstrap.iter().flat_map(|first| ["--bootstrap", first]));
    let mut node = settled(spaces, name, place, &arguments);
    node.start();
    node
}

/// The machines `open` and `second`, as an address begins.
pub const OPEN: &str = "/ip4/11.22.33.10";
pub const SECOND: &str = "/ip4/11.22.33.11";

/// A node on the street, at a port that stays the same.
pub fn settled(spaces: &Spaces, name: &str, place: &str, arguments: &[&str]) -> TestNode {
    let (tcp, quic) = (format!("{place}/tcp/4001"), format!("{place}/udp/4001/quic-v1"));
    resident(spaces, name, &[&["--no-mdns", "--listen", &tcp, "--listen", &quic], arguments].concat())
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

/// A node on one of the machines, which is to say soon where it is and does not run yet.
pub fn resident(spaces: &Spaces, name: &str, arguments: &[&str]) -> TestNode {
    let mut node = spaces.node(name, arguments);
    node.set("MAJLIS_NODE_HINTS_SETTLE_MS", "50");
    node
}

/// A node behind the router of `a` or of `b`, once a carrier carries for it.
pub fn at_home(spaces: &Spaces, name: &str, carrier: &TestNode) -> TestNode {
    at_home_with(spaces, name, &["--no-mdns", "--bootstrap", &address(carrier, "tcp")])
}

/// The same, told how it meets others.
pub fn at_home_with(spaces: &Spaces, name: &str, arguments: &[&str]) -> TestNode {
    let mut node = resident(spaces, name, arguments);
    node.start();
    await_carried(&node);
    node
}

/// Waits until another node carries for it.
pub fn await_carried(node: &TestNode) {
    eventually("another node carries for it", || node.one(&["status"])["reached"] == "carried");
}

/// The address of the connection with the other.
pub fn way(node: &TestNode, other: &TestNode) -> Option<String> {
    let account: Value = other.account().into();
    let peers = node.cli(&["peers"]);
    let peer = peers.iter().find(|peer| peer["account"] == account)?;
    Some(peer["address"].as_str().unwrap().to_owned())
}

/// Whether another node carries what goes there. Who was carried here has a name, and no place.
pub fn is_carried(way: &str) -> bool {
    way.contains("p2p-circuit") || way.starts_with("/p2p/")
}

/// Waits until the node knows so many nodes of the table by which others are found.
pub fn await_neighbours(node: &TestNode, count: u64) {
    eventually("it knows nodes that it can ask", || {
        node.one(&["status"])["neighbours"].as_u64().is_some_and(|known| known >= count)
    });
}
