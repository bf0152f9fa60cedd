//! The Majlis protocol, complete and pure: wire types, canonical bytes, signatures, validation, and the sync
//! machine. There is no clock, no randomness, no socket and no disk in this crate; time and randomness are
//! passed in. The specification in `protocol/spec/` says the same in words.

pub mod blob;
pub mod body;
pub mod context;
pub mod entry;
pub mod finding;
pub mod have;
pub mod identity;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod pack;
pub mod sealed;
pub mod state;
pub mod sync;
pub mod text;

pub use entry::{Entry, Header, Invalid, Kind, Payload, Verified};
pub use ids::{AccountId, DeviceId, EntryId, LogId, LogKey};
pub use keys::{KeyCache, KeyError, SecretKey};
