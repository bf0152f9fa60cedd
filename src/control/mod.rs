//! The command line's door into a running node.
//!
//! The node listens on a loopback port of the system's choosing and writes the address, and a token that only the
//! home's owner can read, into `control.json` in the home. Both sides speak one JSON object a line:
//!
//! ```text
//! client  {"token":"…"}                    at most MAX_GREETING bytes, within GREETING_TIMEOUT
//! node    {"welcome":1}
//! client  {"request":"timeline",…}         at most MAX_LINE bytes
//! node    {"reply":"post",…}               any number of them
//! node    {"end":"ok"}  or  {"end":"failed","message":…,"hint":…,"kind":…}
//! ```
//!
//! The client waits for the welcome before it says what it wants: a stale `control.json` must not show a request to
//! whatever has the port now. Whoever greets wrongly (a browser, a port scan) is disconnected without a word.
//! When the client goes away, what only reads is broken off, and what writes is carried through.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly"))]

mod client;
mod door;
mod line;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use std::time::Duration;

pub use client::{Replies, ask};
pub use server::{ControlServer, serve};

/// Bytes of the first line, before the client has proved that it can read the token.
pub const MAX_GREETING: usize = 1024;
/// Bytes of every later line.
pub const MAX_LINE: usize = 8 * 1024 * 1024;
/// Commands that are carried out at once; a further one is told to come back.
pub const MAX_COMMANDS: usize = 32;
/// Connections that have not greeted yet; for a further one the oldest is closed, so that a crowd which says nothing
/// does not keep the owner's commands out.
pub const MAX_STRANGERS: usize = 32;
/// A client has this long to greet, and a node to welcome it.
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(5);
/// A client that has greeted has this long to say what it wants.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Commands under way have this long to end when the node stops.
pub const STOP_TIMEOUT: Duration = Duration::from_millis(500);
/// Replies that wait for the client to read them.
const REPLY_QUEUE: usize = 64;
