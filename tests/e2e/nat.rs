//! Two homes, each behind a router that translates addresses, and a machine between them that carries for others.

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::TestNode;
use crate::support::street::{
    Ports, address, at_home, at_home_with, await_carried, carrier, homes, is_carried, resident, way,
};
use crate::support::wires::{Spaces, or_skip};

/// Each has the other's post, by an invite that leads over a carrier.
pub fn meet(a: &TestNode, b: &TestNode) {
    a.post("I am at home");
    let invite = a.invite();
    assert!(invite.contains("p2p-circuit"), "{invite}");
    b.cli(&["follow", &invite]);
    await_text(b, "I am at home");
    a.cli(&["follow", &b.account()]);
    b.post("so am I");
    await_text(a, "so am I");
}

/// Over what all talk.
#[derive(Clone, Copy)]
enum Over {
    Both,
    Tcp,
    Quic,
}

impl Over {
    /// What a node at this host is told, whose port is this one.
    fn listen(self, host: &str, port: u16) -> Vec<String> {
        let tcp = ["--listen".to_owned(), format!("/ip4/{host}/tcp/{port}")];
        let quic = ["--listen".to_owned(), format!("/ip4/{host}/udp/{port}/quic-v1")];
        match self {
            Self::Both => [tcp, quic].concat(),
            Self::Tcp => tcp.into(),
            Self::Quic => quic.into(),
        }
    }

    /// Whether it is over this that an address leads.
    fn is(self, way: &str) -> bool {
        match self {
            Self::Both => true,
            Self::Tcp => way.contains("/tcp/"),
            Self::Quic => way.contains("/quic-v1"),
        }
    }
}

/// Two who have met behind routers that choose ports so, and the carrier between them.
fn met(spaces: &Spaces, over: Over) -> (TestNode, TestNode, TestNode) {
    let node = |name: &str, arguments: &[&str], listen: Vec<String>| {
        let listen: Vec<_> = listen.iter().map(String::as_str).collect();
        resident(spaces, name, &[&["--no-mdns"], arguments, &listen].concat())
    };
    let mut open = node("open", &["--relay"], over.listen("11.22.33.10", 4001));
    open.start();
    let [a, b] = ["a", "b"].map(|name| {
        let mut node = node(name, &["--bootstrap", &open.address()], over.listen("0.0.0.0", 0));
        node.start();
        await_carried(&node);
        node
    });
    meet(&a, &b);
    (a, b, open)
}

/// They come to be joined directly, and then nobody has to be there but they.
fn come_to_need_nobody(ports: [Ports; 2], over: Over) {
    let Some(spaces) = or_skip("come_to_need_nobody", homes(ports)) else { return };
    let (a, b, mut open) = met(&spaces, over);
    eventually("they are joined directly", || {
        way(&b, &a)
            .is_some_and(|way| way.starts_with("/ip4/11.22.33.1/") && !is_carried(&way) && over.is(&way))
    });
    open.stop();
    a.post("without anybody between");
    await_text(&b, "without anybody between");
    drop((a, b, open));
}

/// They try for a direct way, find none, and are carried on, also what is long, and much of it.
fn stay_carried(ports: [Ports; 2], over: Over) {
    let Some(spaces) = or_skip("stay_carried", homes(ports)) else { return };
    let (a, b, open) = met(&spaces, over);
    eventually("a direct way was sought in vain", || {
        [&a, &b].iter().any(|node| {
            let log = node.log();
            let mut sought = log.lines().filter(|line| line.contains("a way past the routers"));
            sought.any(|line| line.contains("result: Err"))
        })
    });
    let long = |number: u32| format!("{number}{}", " word".repeat(500));
    for number in 0..20 {
        a.post(&long(number));
    }
    await_text(&b, &long(19));
    let way = way(&b, &a).unwrap();
    assert!(is_carried(&way) && over.is(&way), "there is no such way: {way}");
    drop((a, b, open));
}

#[test]
fn two_behind_routers_that_keep_ports_meet_and_then_need_nobody() {
    come_to_need_nobody([Ports::Kept; 2], Over::Both);
}

#[test]
fn two_behind_routers_that_keep_ports_meet_over_tcp_alone() {
    come_to_need_nobody([Ports::Kept; 2], Over::Tcp);
}

#[test]
fn two_behind_routers_that_keep_ports_meet_over_quic_alone() {
    come_to_need_nobody([Ports::Kept; 2], Over::Quic);
}

#[test]
fn two_behind_routers_that_choose_ports_are_carried() {
    stay_carried([Ports::Random; 2], Over::Both);
}

#[test]
fn two_behind_routers_that_choose_ports_are_carried_over_quic_alone() {
    stay_carried([Ports::Random; 2], Over::Quic);
}

#[test]
fn two_of_whom_one_has_a_router_that_chooses_ports_are_carried() {
    stay_carried([Ports::Kept, Ports::Random], Over::Both);
}

/// What has come to the router from within for anybody but the carrier.
fn strayed(spaces: &Spaces) -> u64 {
    let said = spaces.within("router-a", "nft list chain ip home strayed").unwrap();
    let (_, counted) = said.split_once("packets ").unwrap();
    counted.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn who_meets_others_through_a_relay_alone_sends_to_nobody_else() {
    let made = homes([Ports::Kept; 2]);
    let Some(spaces) = or_skip("who_meets_others_through_a_relay_alone", made) else { return };
    for rule in [
        "add chain ip home strayed { type filter hook prerouting priority -300 ; }",
        "add rule ip home strayed iifname lan ip daddr != 11.22.33.10 counter",
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
        let way = way(other, &a).unwrap();
        assert!(is_carried(&way), "{way}");
        for own in ["11.22.33.1/", "10.1.0.2"] {
            assert!(!other.log().contains(own), "{own} is known");
        }
    }
    assert!(a.invite().contains("p2p-circuit") && !a.invite().contains("10.1.0.2"));
    assert_eq!(strayed(&spaces), 0);
    drop((a, b, second, open));
}
