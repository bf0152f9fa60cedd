//! Replication: `/majlis/sync/1`, catch-up and then live gossip on one stream (spec chapter 6).
//!
//! [`Replicator`] is the whole machine of one node: its sessions, what it wants and from whom. It is given
//! inputs with the time of day and a view of the [`Replica`](crate::state::Replica), and yields outputs; sockets,
//! storage and signature checks are its driver's. A simulation of hundreds of nodes drives the same code.

mod blobs;
pub mod chunk;
pub mod cover;
mod delivery;
mod documents;
mod frame;
mod gossip;
mod handshake;
mod ingest;
mod interest;
mod machine;
mod message;
mod refer;
mod serve;
mod session;
#[cfg(test)]
mod tests;
mod wants;

pub use blobs::BlobWant;
pub use frame::{CloseCode, DecodeError, Frame, Verdict, kind};
pub use interest::{Interest, Interests, Reason};
pub use machine::{Event, Input, Load, Opened, Output, PeerMemory, Replicator, SessionId, Settings, Wish};
pub use message::{Ask, Greeting, LogRef, Message, Proving, Row, RowRun, RowsOf};
