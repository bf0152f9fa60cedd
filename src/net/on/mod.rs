//! What each thing that happens on the network means. One function per arm of the swarm task's loop, and what they
//! share; none waits.

pub(super) mod carry;
pub(super) mod command;
pub(super) mod dht;
pub(super) mod dial;
pub(super) mod external;
pub(super) mod mdns;
pub(super) mod router;
pub(super) mod session;
pub(super) mod swarm;
pub(super) mod time;
