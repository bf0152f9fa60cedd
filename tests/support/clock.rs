//! A clock that is wrong: what the system tells the programs of a node.

use std::process::Command;

use super::node::TestNode;

/// libfaketime where it is installed; the loader knows what `$LIB` is. Its program `faketime` would say so as well, but
/// refuses to run where another of the same process number was killed.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Has all commands of a node believe from now on that it is so many days later, or earlier where that is negative. How
/// time passes is left as it is.
pub fn set(node: &mut TestNode, days: i64) {
    // `env` starts them, so that what starts the node elsewhere is not deceived too and leaves nothing behind.
    let launcher = [
        "env".to_owned(),
        format!("LD_PRELOAD={LIBRARY}"),
        format!("FAKETIME={days:+}d"),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ];
    let off = time(Command::new("env").args(&launcher[1..]).arg("date")) - time(&mut Command::new("date"));
    assert!(
        (off - days * DAY_SECONDS).abs() < 3_600,
        "{LIBRARY} does not change the time; scripts/test installs it as faketime"
    );
    node.launch_by(launcher);
}

/// What `date` says, in seconds since 1970.
fn time(date: &mut Command) -> i64 {
    let said = date.arg("+%s").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().parse().unwrap()
}
