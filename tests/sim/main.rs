//! Simulation: whole nodes but for sockets and disks, in virtual time, from seeds. Nothing here sleeps, and every
//! failure can be repeated.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may fail loudly"
)]

mod finder;
mod large;
mod node;
mod people;
mod reckoning;
mod rng;
mod society;
mod store;
mod tape;
#[allow(dead_code, reason = "what it counts in is a part of the program of measurements alone")]
mod wire;
mod world;

mod basics;
mod crowd;
mod forks;
mod hostile;
mod pins;
mod scenario;
mod ties;
