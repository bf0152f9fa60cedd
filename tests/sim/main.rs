//! Simulation: whole nodes but for sockets and disks, in virtual time, from seeds. Nothing here sleeps, and every
//! failure can be repeated.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may fail loudly"
)]

mod node;
mod people;
mod rng;
mod store;
mod world;

mod basics;
mod forks;
mod hostile;
mod pins;
mod scenario;
mod ties;
