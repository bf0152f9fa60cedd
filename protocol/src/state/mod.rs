//! What a node knows about accounts and logs, kept in memory: identities, fork proofs, and which entries are
//! held, as hash-linked runs. It is a pure function of the set of verified things put in, in any order; storage
//! rebuilds it at start and the sync machine compares it with a peer's.

mod fingerprint;
mod fork;
mod replica;
mod runs;

pub use fingerprint::{Fingerprint, Salts, account_fingerprint, list_fingerprint};
pub use fork::{ForkError, Proof};
pub use replica::{Account, Cut, Limit, Log, LogRow, Replica, Standing, Visibility};
pub use runs::{Overlap, Run, Runs};
