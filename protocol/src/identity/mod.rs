//! Identities: a recovery phrase, the documents it signs, and the register of those that count (spec chapter 4).

mod doc;
mod phrase;
mod register;
#[cfg(test)]
mod tests;

pub use doc::{
    Closed, Device, DeviceKey, Ended, IdDoc, IdDraft, IdentityError, SUITE_X25519, VerifiedId, scope,
};
pub use phrase::{Phrase, PhraseError, Roots, WORDS};
pub use register::{IdKey, Outcome, Register, merge};
