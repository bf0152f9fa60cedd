//! What the tests with real nodes share: the program itself in scratch homes, talked to as its users would.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod clock;
pub mod cluster;
pub mod corpus;
pub mod http;
pub mod journal;
pub mod line;
pub mod node;
pub mod random;
pub mod stream;
pub mod street;
pub mod wires;

use std::time::{Duration, Instant};

/// Between two looks at a condition.
const POLL: Duration = Duration::from_millis(25);
/// What a test waits for at most where it has no reason to say otherwise. Much longer than anything takes, as
/// other work may have the machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `condition` gives something, and returns that; panics with `what` when it has not in time.
pub fn eventually_within<T>(patience: Duration, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(started.elapsed() < patience, "still not after {patience:?}: {what}");
        std::thread::sleep(POLL);
    }
}

/// Waits until `condition` holds.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    eventually_within(PATIENCE, what, || condition().then_some(()));
}
