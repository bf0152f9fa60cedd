//! Networks within this machine: namespaces, cables between them, and routers that translate addresses.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::node::TestNode;

/// Runs a program: what it said, or what it complained of if it failed.
pub fn run(program: &str, arguments: &str) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments.split(' '))
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Network namespaces, of which nothing is left in the end.
pub struct Spaces {
    prefix: String,
    names: Vec<String>,
}

impl Spaces {
    /// None yet. What is made here has names of its own.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { prefix: format!("majlis-{}-{turn}", std::process::id()), names: Vec::new() }
    }

    fn full(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// A machine without any cable.
    pub fn add(&mut self, name: &str) -> Result<(), String> {
        let full = self.full(name);
        run("ip", &format!("netns add {full}"))?;
        self.names.push(full);
        self.ip(name, "link set lo up")
    }

    /// `ip` within one of them.
    pub fn ip(&self, name: &str, arguments: &str) -> Result<(), String> {
        run("ip", &format!("-n {} {arguments}", self.full(name))).map(drop)
    }

    /// Any program within one of them; what it said.
    pub fn within(&self, name: &str, program: &str) -> Result<String, String> {
        run("ip", &format!("netns exec {} {program}", self.full(name)))
    }

    /// What `ip` is told before a program that is to run within one of them.
    pub fn enter(&self, name: &str) -> [String; 3] {
        ["netns".into(), "exec".into(), self.full(name)]
    }

    /// By which one of them is entered.
    pub fn file(&self, name: &str) -> PathBuf {
        Path::new("/run/netns").join(self.full(name))
    }

    /// A cable between two, each end with its name.
    pub fn join(&self, (one, end): (&str, &str), (other, far): (&str, &str)) -> Result<(), String> {
        self.ip(one, &format!("link add {end} type veth peer name {far} netns {}", self.full(other)))?;
        self.ip(one, &format!("link set {end} up"))?;
        self.ip(other, &format!("link set {far} up"))
    }

    /// A node that is to run within one of them.
    pub fn node(&self, name: &str, arguments: &[&str]) -> TestNode {
        let within = self.enter(name);
        let mut node = TestNode::with_arguments(name, arguments);
        node.launch_by(std::iter::once("ip".to_owned()).chain(within));
        node
    }
}

impl Drop for Spaces {
    fn drop(&mut self) {
        for name in &self.names {
            // Its cables go with it.
            let _ = run("ip", &format!("netns del {name}"));
        }
    }
}

/// What the kernel says that forbids it, in lower case, or has not learnt it. All else is a fault of the test.
const REFUSALS: [&str; 5] =
    ["permission denied", "not permitted", "not supported", "unknown device type", "read-only file system"];

/// The network. Where none can be made the test fails, unless `MAJLIS_MAY_SKIP=1` says that it may be left out where the
/// kernel or missing rights refuse: then none, and a word past what the test runner captures, so that it is seen in a run
/// that passes.
pub fn or_skip<T>(test: &str, made: Result<T, String>) -> Option<T> {
    let why = match made {
        Ok(made) => return Some(made),
        Err(why) => why,
    };
    let is_refused = REFUSALS.iter().any(|refusal| why.to_lowercase().contains(refusal));
    // As scripts/test sets it, once it has seen that no networks can be made.
    let may_skip = std::env::var("MAJLIS_MAY_SKIP").is_ok_and(|said| said == "1");
    assert!(
        is_refused && may_skip,
        "{test}: no networks within this machine: {why}. They need root; with MAJLIS_MAY_SKIP=1 such tests are left \
         out where it is missing."
    );
    // Nobody is left to be told if this fails.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no network namespaces can be made here: {why}");
    None
}
