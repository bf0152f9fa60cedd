//! A clock that is wrong: what the system tells the programs of a node.

use std::process::Command;

use super::node::TestNode;

/// Has all commands of a node believe from now on that the time is off by so much, as `+365d`. How time passes is left
/// as it is.
pub fn set(node: &mut TestNode, offset: &str) {
    let asked = Command::new("faketime").args(["-m", "-f", "+0d", "printenv", "LD_PRELOAD"]).output();
    let asked = asked.expect("faketime is not installed; scripts/test installs it");
    node.set("LD_PRELOAD", String::from_utf8(asked.stdout).unwrap().trim());
    node.set("FAKETIME", offset);
    node.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}
