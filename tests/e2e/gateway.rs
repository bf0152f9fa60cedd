//! A home whose router can be asked (UPnP): a real one, in network namespaces.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::TestNode;
use crate::support::wires::{Spaces, or_skip};

/// A router that is asked, and stops with its owner.
struct Router(Child);

impl Drop for Router {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `home` behind `router`, and `far` on the other side. Routers lead nothing on where their own address is not the
/// internet's, so it is such a one here; there is no way out of the namespaces.
fn home() -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    for name in ["home", "router", "far"] {
        spaces.add(name)?;
    }
    spaces.join(("router", "lan"), ("home", "eth"))?;
    spaces.join(("router", "wan"), ("far", "eth"))?;
    spaces.ip("router", "address add 10.1.0.1/24 dev lan")?;
    spaces.ip("router", "address add 11.22.33.1/24 dev wan")?;
    spaces.ip("home", "address add 10.1.0.2/24 dev eth")?;
    spaces.ip("home", "route add default via 10.1.0.1")?;
    spaces.ip("far", "address add 11.22.33.2/24 dev eth")?;
    for rule in [
        "add table inet filter",
        "add chain inet filter miniupnpd",
        "add chain inet filter prerouting_miniupnpd",
        "add chain inet filter postrouting_miniupnpd",
        "add chain inet filter in { type filter hook input priority 0 ; policy accept ; }",
        "add rule inet filter in iifname wan ct state new drop",
        "add chain inet filter through { type filter hook forward priority 0 ; policy drop ; }",
        "add rule inet filter through iifname lan accept",
        "add rule inet filter through ct state established,related accept",
        "add rule inet filter through jump miniupnpd",
        "add chain inet filter arriving { type nat hook prerouting priority -100 ; policy accept ; }",
        "add rule inet filter arriving jump prerouting_miniupnpd",
        "add chain inet filter leaving { type nat hook postrouting priority 100 ; policy accept ; }",
        "add rule inet filter leaving jump postrouting_miniupnpd",
        "add rule inet filter leaving oifname wan masquerade",
    ] {
        spaces.within("router", &format!("nft {rule}"))?;
    }
    spaces.within("router", "sysctl -q -w net.ipv4.ip_forward=1")?;
    Ok(spaces)
}

/// A node at home, whose router has been asked and lets others in. What is named first ends first.
struct Home {
    node: TestNode,
    router: Router,
    spaces: Spaces,
    /// The router's.
    _files: TempDir,
}

impl Home {
    fn new(test: &str) -> Option<Self> {
        let spaces = or_skip(test, home())?;
        let files = tempfile::tempdir().unwrap();
        let router = router(&spaces, files.path());
        let mut node = spaces.node("home", &["--no-mdns"]);
        node.start();
        eventually("the router lets others in", || node.one(&["status"])["reached"] == "directly");
        Some(Self { node, router, spaces, _files: files })
    }
}

fn router(spaces: &Spaces, files: &Path) -> Router {
    let settings = "ext_ifname=wan\nlistening_ip=lan\nenable_upnp=yes\nenable_natpmp=no\nsecure_mode=yes\n\
                    uuid=00000000-0000-0000-0000-000000000001\n\
                    allow 1024-65535 10.1.0.0/24 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n";
    let (file, pid) = (files.join("router.conf"), files.join("router.pid"));
    fs::write(&file, settings).unwrap();
    let mut command = Command::new("ip");
    command.args(spaces.enter("router")).args(["miniupnpd", "-d", "-f"]).arg(file).arg("-P").arg(pid);
    let log = fs::File::create(files.join("router.log")).unwrap();
    Router(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
}

#[test]
fn a_router_that_is_asked_lets_others_in() {
    let Some(mut home) = Home::new("a_router_that_is_asked_lets_others_in") else { return };
    home.node.post("come in");
    let addresses = home.node.one(&["id"])["addresses"].clone();
    let addresses = addresses.as_array().unwrap().iter().map(|address| address.as_str().unwrap());
    let way = addresses.clone().find(|address| address.starts_with("/ip4/11.22.33.1/tcp/")).unwrap();
    let mut far = home.spaces.node("far", &["--no-mdns"]);
    far.start();
    far.cli(&["connect", way]);
    far.cli(&["follow", &home.node.account()]);
    await_text(&far, "come in");
    // Of the addresses within the home it was told nothing: it does not look for it there.
    home.node.stop();
    eventually("it looks for it again", || far.log().contains("dial failed"));
    assert!(!far.log().contains("10.1.0.2"));
    drop(far);
}

#[test]
fn who_stops_leaves_no_way_open() {
    let Some(mut home) = Home::new("who_stops_leaves_no_way_open") else { return };
    let spaces = &home.spaces;
    let ways = || spaces.within("router", "nft list chain inet filter prerouting_miniupnpd").unwrap();
    assert!(ways().contains("dnat"), "{}", ways());
    home.node.stop();
    assert!(!ways().contains("dnat"), "{}", ways());
}

#[test]
fn who_stops_waits_for_a_router_that_does_not_answer_but_not_long() {
    let Some(mut home) = Home::new("who_stops_waits_for_a_router") else { return };
    let pid = Pid::from_raw(i32::try_from(home.router.0.id()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    home.node.stop();
    let said = home.node.log();
    assert!(said.contains("the router was not waited for any longer"), "{said}");
}
