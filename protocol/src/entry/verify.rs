//! The one gate from decoded to authentic.

use super::{Entry, Invalid};
use crate::context;
use crate::keys::{self, Claim, KeyCache};

/// Something whose signature has been checked. The constructor is private to this crate: storage takes nothing
/// else, so there is one gate for every way in. Authentic does not mean effective: whether a device was
/// revoked or a log sealed is computed when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn vouch(inner: T) -> Self {
        Self(inner)
    }

    /// What was verified.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl Verified<Entry> {
    /// Forgets the payload, as when it has been taken back. The header's authenticity does not depend on it.
    #[must_use]
    pub fn without_payload(mut self, reason: super::Payload) -> Self {
        self.0.payload = reason;
        self
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

fn signed_message(entry: &Entry) -> Vec<u8> {
    let mut out = context::message(context::ENTRY_SIGNATURE, &[]);
    entry.header.encode(&mut out);
    out
}

fn check_keys(entry: &Entry, cache: &KeyCache) -> Result<(), Invalid> {
    cache.check(&entry.header.account.0).map_err(Invalid::AccountKey)?;
    cache.check(&entry.header.device.0).map_err(Invalid::DeviceKey)
}

/// Verifies one entry: its keys and its own signature. No neighbour is asked.
pub fn verify(entry: Entry, cache: &KeyCache) -> Result<Verified<Entry>, Invalid> {
    check_keys(&entry, cache)?;
    if keys::verify(&entry.header.device.0, &entry.signature, &signed_message(&entry)) {
        Ok(Verified(entry))
    } else {
        Err(Invalid::Signature)
    }
}

/// Verifies many entries at once, at a fraction of the cost of one by one; the verdicts are the same. Order is
/// kept.
pub fn verify_all(entries: Vec<Entry>, cache: &KeyCache) -> Vec<Result<Verified<Entry>, Invalid>> {
    let keys_fit: Vec<_> = entries.iter().map(|entry| check_keys(entry, cache)).collect();
    let messages: Vec<_> = entries.iter().map(signed_message).collect();
    let claims = entries.iter().zip(&messages).zip(&keys_fit).filter_map(|((entry, message), fit)| {
        fit.is_ok().then_some(Claim { key: &entry.header.device.0, signature: &entry.signature, message })
    });
    let all_hold = keys::verify_batch(claims);
    entries
        .into_iter()
        .zip(messages)
        .zip(keys_fit)
        .map(|((entry, message), fit)| {
            fit?;
            if all_hold || keys::verify(&entry.header.device.0, &entry.signature, &message) {
                Ok(Verified(entry))
            } else {
                Err(Invalid::Signature)
            }
        })
        .collect()
}
