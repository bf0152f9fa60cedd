//! Two machines on one network, which know nothing of each other but a key: two network namespaces and a cable.

use std::io::Write as _;
use std::process::Command;

use crate::support::cluster::await_text;
use crate::support::node::TestNode;

/// Two network namespaces joined by a cable, of which nothing is left in the end.
struct Cable {
    names: [String; 2],
}

fn ip(arguments: &str) -> Result<(), String> {
    let output =
        Command::new("ip").args(arguments.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

impl Cable {
    fn lay() -> Result<Self, String> {
        let pid = std::process::id();
        let cable = Self { names: [format!("majlis-{pid}-a"), format!("majlis-{pid}-b")] };
        let [one, other] = &cable.names;
        ip(&format!("netns add {one}"))?;
        ip(&format!("netns add {other}"))?;
        ip(&format!("-n {one} link add wire0 type veth peer name wire0 netns {other}"))?;
        for (index, name) in cable.names.iter().enumerate() {
            // Addresses for documentation, which exist nowhere else.
            ip(&format!("-n {name} address add 192.0.2.{}/24 dev wire0", index + 1))?;
            ip(&format!("-n {name} link set lo up"))?;
            ip(&format!("-n {name} link set wire0 up"))?;
            ip(&format!("-n {name} route add 224.0.0.0/4 dev wire0"))?;
        }
        Ok(cable)
    }

    fn node(&self, index: usize) -> TestNode {
        let mut node = TestNode::with_arguments(&format!("lan{index}"), &[]).launched_by(&[
            "ip",
            "netns",
            "exec",
            &self.names[index],
        ]);
        node.start();
        node
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in &self.names {
            // One that was never made cannot be removed.
            let _ = ip(&format!("netns del {name}"));
        }
    }
}

#[test]
fn on_one_network_a_key_is_enough() {
    let cable = match Cable::lay() {
        Ok(cable) => cable,
        Err(why) => {
            // Past what the test runner captures, so that it is seen in a run that passes.
            let said = "SKIPPED on_one_network_a_key_is_enough: no network namespaces can be made here";
            writeln!(std::io::stderr(), "{said}: {why}").unwrap();
            return;
        }
    };
    let [one, other] = [0, 1].map(|index| cable.node(index));
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
