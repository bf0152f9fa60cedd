//! Where a node says that it is: only where that is so, and only to whom it concerns. In network namespaces with addresses
//! of the internet's; there is no way out of them.

use crate::support::cluster::await_text;
use crate::support::node::TestNode;
use crate::support::wires::{Spaces, or_skip};
use crate::support::{PATIENCE, eventually, eventually_within};

/// `open` and `far` on a street, and `home` behind `router`, which lets nobody in. `open` has a `neighbour` in a home of
/// its own.
fn street() -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    for name in ["street", "open", "far", "router", "home", "neighbour"] {
        spaces.add(name)?;
    }
    spaces.ip("street", "link add street type bridge")?;
    spaces.ip("street", "link set street up")?;
    for (name, host) in [("router", 1), ("far", 2), ("open", 10)] {
        spaces.join(("street", name), (name, "wan"))?;
        spaces.ip("street", &format!("link set {name} master street"))?;
        spaces.ip(name, &format!("address add 11.22.33.{host}/24 dev wan"))?;
    }
    for (inner, outer, net) in [("home", "router", 1), ("neighbour", "open", 9)] {
        spaces.join((outer, "lan"), (inner, "eth"))?;
        spaces.ip(outer, &format!("address add 10.{net}.0.1/24 dev lan"))?;
        spaces.ip(inner, &format!("address add 10.{net}.0.2/24 dev eth"))?;
        spaces.ip(inner, &format!("route add default via 10.{net}.0.1"))?;
    }
    for rule in [
        "add table inet filter",
        "add chain inet filter in { type filter hook input priority 0 ; policy accept ; }",
        "add rule inet filter in iifname wan ct state new drop",
        "add chain inet filter through { type filter hook forward priority 0 ; policy drop ; }",
        "add rule inet filter through iifname lan accept",
        "add rule inet filter through ct state established,related accept",
        "add rule inet filter through ct status dnat accept",
        "add chain inet filter arriving { type nat hook prerouting priority -100 ; policy accept ; }",
        "add chain inet filter leaving { type nat hook postrouting priority 100 ; policy accept ; }",
        "add rule inet filter leaving oifname wan masquerade",
    ] {
        spaces.within("router", &format!("nft {rule}"))?;
    }
    spaces.within("router", "sysctl -q -w net.ipv4.ip_forward=1")?;
    Ok(spaces)
}

/// Carries for others, in both of its networks.
fn carrier(spaces: &Spaces) -> TestNode {
    let listen = ["--listen", "/ip4/0.0.0.0/tcp/4001"];
    let mut node = spaces.node("open", &[&["--no-mdns", "--relay"], &listen[..]].concat());
    node.start();
    node
}

/// A node that listens at port 4001, and knows the carrier at this host.
fn guest(spaces: &Spaces, name: &str, carrier: &TestNode, host: &str) -> TestNode {
    let peer = carrier.ready()["peer_id"].as_str().unwrap();
    let known = format!("/ip4/{host}/tcp/4001/p2p/{peer}");
    let listen = "/ip4/0.0.0.0/tcp/4001";
    let mut node = spaces.node(name, &["--no-mdns", "--listen", listen, "--bootstrap", &known]);
    node.start();
    node
}

fn is_reached(node: &TestNode, how: &str) -> bool {
    node.one(&["status"])["reached"] == how
}

fn addresses(node: &TestNode) -> String {
    node.one(&["id"])["addresses"].to_string()
}

#[test]
fn who_carries_tells_those_at_home_alone_where_that_is() {
    let made = street();
    let Some(spaces) = or_skip("who_carries_tells_those_at_home_alone", made) else { return };
    let mut open = carrier(&spaces);
    let far = guest(&spaces, "home", &open, "11.22.33.10");
    let near = guest(&spaces, "neighbour", &open, "10.9.0.1");
    for (node, carried) in [(&far, "/ip4/11.22.33.10/tcp/4001/p2p/"), (&near, "/ip4/10.9.0.1/tcp/4001/p2p/")]
    {
        eventually("another node carries for it", || is_reached(node, "carried"));
        assert!(addresses(node).contains(carried), "{}", addresses(node));
    }
    assert!(!addresses(&far).contains("10.9."), "{}", addresses(&far));
    open.post("who is there?");
    far.cli(&["follow", &open.account()]);
    await_text(&far, "who is there?");
    // It looks for it where it was told that it is.
    open.stop();
    eventually("it looks for it again", || far.log_tail().contains("dial failed"));
    assert!(!far.log().contains("10.9."), "it knows an address of another's home");
    drop((near, far, open));
}

/// The router leads what comes to port 4001 on to this host.
fn lead(spaces: &Spaces, host: Option<&str>) {
    spaces.within("router", "nft flush chain inet filter arriving").unwrap();
    if let Some(host) = host {
        let rule = format!("iifname wan tcp dport 4001 dnat ip to {host}");
        spaces.within("router", &format!("nft add rule inet filter arriving {rule}")).unwrap();
    }
}

#[test]
fn who_moves_says_where_it_is_now() {
    let made = street();
    let Some(spaces) = or_skip("who_moves_says_where_it_is_now", made) else { return };
    let open = carrier(&spaces);
    let far = guest(&spaces, "far", &open, "11.22.33.10");
    lead(&spaces, Some("10.1.0.2"));
    let home = guest(&spaces, "home", &open, "11.22.33.10");
    eventually_within(2 * PATIENCE, "others come to it", || is_reached(&far, "directly").then_some(()));
    spaces.ip("far", "address del 11.22.33.2/24 dev wan").unwrap();
    spaces.ip("far", "address add 11.22.33.3/24 dev wan").unwrap();
    eventually_within(2 * PATIENCE, "others come to it there", || {
        let now = addresses(&far);
        (is_reached(&far, "directly") && now.contains("11.22.33.3/") && !now.contains("11.22.33.2/"))
            .then_some(())
    });
    // One to whom a router leads: what others have tried is tried again,
    let found = |times: usize| {
        home.log().matches("another node has come in address=/ip4/11.22.33.1/tcp/4001").count() >= times
    };
    eventually_within(2 * PATIENCE, "others come to it", || found(1).then_some(()));
    eventually("it knows that", || is_reached(&home, "directly"));
    lead(&spaces, Some("10.1.0.3"));
    let moved = |from: u8, to: u8| {
        spaces.ip("home", &format!("address del 10.1.0.{from}/24 dev eth")).unwrap();
        spaces.ip("home", &format!("address add 10.1.0.{to}/24 dev eth")).unwrap();
        spaces.ip("home", "route replace default via 10.1.0.1").unwrap();
    };
    moved(2, 3);
    eventually_within(2 * PATIENCE, "others come to it still", || found(2).then_some(()));
    eventually("it knows that", || is_reached(&home, "directly"));
    // and goes when nobody comes in there any more.
    lead(&spaces, None);
    moved(3, 4);
    eventually_within(5 * PATIENCE, "it knows that nobody comes to it", || {
        (is_reached(&home, "carried") && !addresses(&home).contains("/ip4/11.22.33.1/")).then_some(())
    });
    drop((home, far, open));
}

#[test]
fn what_the_owner_says_is_told_and_what_is_no_place_is_not() {
    let listen = ["--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0", "--external"];
    let at = "/ip4/11.22.33.44/tcp/4001";
    let mut node = TestNode::with_arguments("stated", &[&listen[..], &[at]].concat());
    node.start();
    assert!(is_reached(&node, "directly"));
    assert!(addresses(&node).contains(at));
    assert!(node.invite().contains(at), "{}", node.invite());
    node.stop();
    for (bad, word) in [("nowhere", "is not a multiaddr"), ("/ip4/11.22.33.44", "is none")] {
        let said = node.fails(if bad == "nowhere" { 2 } else { 1 }, &["run", "--external", bad]);
        assert!(said.contains(word) && said.contains(bad), "{said}");
    }
}

#[test]
fn who_is_met_through_a_relay_alone_is_told_how_it_is_found() {
    // Nobody is there: it is met by nobody yet.
    let peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
    let relay = format!("/ip4/127.0.0.1/tcp/9/p2p/{peer}");
    let mut node = TestNode::with_arguments("veiled", &["--relay-only", &relay]);
    node.start();
    assert_eq!(node.one(&["status"])["neighbours"], serde_json::Value::Null);
    let said = node.run_with(&["status"], None).stdout;
    assert!(said.contains("not by key alone: it takes no part in the table"), "{said}");
    assert!(!said.contains("yet: no node is known"), "{said}");
}
