//! Fingerprints: a few bytes that are equal when two nodes hold the same of an account.

use crate::context;
use crate::ids::AccountId;
use crate::limits::MAX_RUNS;

use super::replica::{Account, LogRow, Visibility};

/// Both salts of a session, the dialer's first, so that fingerprints of different sessions cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salts {
    /// From the dialer's HELLO.
    pub dialer: [u8; 32],
    /// From the listener's HELLO.
    pub listener: [u8; 32],
}

/// Eight bytes of hash. Zero equals nothing, not even itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 8]);

impl Fingerprint {
    /// Of an account that has to be compared row by row.
    pub const INCOMPLETE: Self = Self([0; 8]);

    /// Whether both sides hold the same.
    pub fn matches(self, other: Self) -> bool {
        self != Self::INCOMPLETE && self == other
    }

    fn of(hash: [u8; 32]) -> Self {
        Self(std::array::from_fn(|index| hash[index]))
    }
}

/// Of one account as one peer may see it. Equal fingerprints mean that neither side has anything that the other
/// lacks; a gap that both have in the same place does not tell them apart. An account whose identity is not
/// known, or of which a log is in more pieces than ROWS can tell, is [`INCOMPLETE`](Fingerprint::INCOMPLETE).
pub fn account_fingerprint(salts: &Salts, account: Option<&Account>, sees: Visibility) -> Fingerprint {
    let Some(account) = account else { return Fingerprint::INCOMPLETE };
    if account.register().current().is_none() {
        return Fingerprint::INCOMPLETE;
    }
    let mut hasher = blake3::Hasher::new_derive_key(context::ACCOUNT_FINGERPRINT);
    hasher.update(&salts.dialer);
    hasher.update(&salts.listener);
    hasher.update(&[account.register().docs().count() as u8]);
    for document in account.register().docs() {
        hasher.update(&document.id().0);
    }
    for LogRow { key, seal, runs } in account.rows(sees) {
        if runs.len() > MAX_RUNS {
            return Fingerprint::INCOMPLETE;
        }
        hasher.update(&key.device.0);
        hasher.update(&key.log_id.0.to_be_bytes());
        hasher.update(&seal.unwrap_or(0).to_be_bytes());
        hasher.update(&(runs.len() as u64).to_be_bytes());
        for run in &runs {
            hasher.update(&run.top.to_be_bytes());
            hasher.update(&run.top_id.0);
            hasher.update(&run.low.to_be_bytes());
        }
    }
    Fingerprint::of(*hasher.finalize().as_bytes())
}

/// Of a list of accounts, in ascending order of account. Incomplete as soon as one of them is.
pub fn list_fingerprint(salts: &Salts, list: impl Iterator<Item = (AccountId, Fingerprint)>) -> Fingerprint {
    let mut hasher = blake3::Hasher::new_derive_key(context::LIST_FINGERPRINT);
    hasher.update(&salts.dialer);
    hasher.update(&salts.listener);
    for (account, fingerprint) in list {
        if fingerprint == Fingerprint::INCOMPLETE {
            return Fingerprint::INCOMPLETE;
        }
        hasher.update(&account.0);
        hasher.update(&fingerprint.0);
    }
    Fingerprint::of(*hasher.finalize().as_bytes())
}
