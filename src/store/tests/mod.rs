//! Tests against real databases in temporary directories.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod bench;
mod erasure;
mod forks;
mod homes;
mod logs;
mod losses;
mod pruning;
mod social;
mod support;
mod views;
