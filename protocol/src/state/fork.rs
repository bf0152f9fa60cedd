//! Proof that a device signed two different entries for one place in its log.

use crate::Verified;
use crate::entry::{Entry, Payload};
use crate::ids::LogKey;

/// Why two entries prove no fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// They are of different logs or of different places in one.
    #[error("the two entries are not of the same place in one log")]
    DifferentPlace,
    /// They are one and the same.
    #[error("the two entries are the same")]
    SameEntry,
    /// Identity documents are a register, in which equal versions are no fork.
    #[error("identity documents cannot fork")]
    Identity,
}

/// Two verified headers of the same account, device, log and seq with different ids. Entries from there on are
/// void in this log; the account lives on in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    lower: Verified<Entry>,
    higher: Verified<Entry>,
}

impl Proof {
    /// Two entries in either order; their payloads are dropped.
    pub fn new(one: Verified<Entry>, other: Verified<Entry>) -> Result<Self, ForkError> {
        if one.header.log() != other.header.log() || one.header.seq != other.header.seq {
            return Err(ForkError::DifferentPlace);
        }
        if one.id == other.id {
            return Err(ForkError::SameEntry);
        }
        if one.header.kind == crate::Kind::IDENTITY {
            return Err(ForkError::Identity);
        }
        let (lower, higher) = if one.id < other.id { (one, other) } else { (other, one) };
        Ok(Self {
            lower: lower.without_payload(Payload::Missing),
            higher: higher.without_payload(Payload::Missing),
        })
    }

    /// The forked log.
    pub fn log(&self) -> LogKey {
        self.lower.header.log()
    }

    /// The sequence number that was used twice.
    pub fn seq(&self) -> u64 {
        self.lower.header.seq
    }

    /// The two headers, the one with the lower id first.
    pub fn headers(&self) -> [&Verified<Entry>; 2] {
        [&self.lower, &self.higher]
    }
}
