//! Kill -9 in the middle of things, many times: whatever was acknowledged is there, at its place, once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    missing_docs,
    reason = "a test ends at the first surprise, and says so"
)]

mod carrying;
mod catching_up;
mod posting;
#[path = "../support/mod.rs"]
mod support;
