//! Domain separation: every use of a hash or of a signature has a context of its own, so that bytes made for
//! one purpose never serve another.

/// Prefix of what a device signs for an entry; a zero byte follows.
pub const ENTRY_SIGNATURE: &str = "majlis v1 entry";
/// Id of an entry, over its signed header.
pub const ENTRY_ID: &str = "majlis v1 entry id";
/// Hash of a payload, over blind and body.
pub const PAYLOAD: &str = "majlis v1 payload";
/// Prefix of what root 0 signs: the inception.
pub const INCEPTION: &str = "majlis v1 inception";
/// One link of the chain of committed roots.
pub const ROOT_CHAIN: &str = "majlis v1 root chain";
/// Prefix of what a device signs to prove itself in a session.
pub const PROVE: &str = "majlis v1 prove";
/// Tag of an offered account, keyed by a salt.
pub const OFFER: &str = "majlis v1 offer";
/// Fingerprint of one account.
pub const ACCOUNT_FINGERPRINT: &str = "majlis v1 account fingerprint";
/// Fingerprint of a list of accounts.
pub const LIST_FINGERPRINT: &str = "majlis v1 list fingerprint";
/// What a sealed body is bound to; a zero byte follows.
pub const SEALED: &str = "majlis v1 sealed";
/// Id of an X25519 key among the recipients of a sealed body.
pub const KEY_ID: &str = "majlis v1 key id";
/// Content key of a sealed body, over its seed.
pub const CONTENT_KEY: &str = "majlis v1 content key";
/// Keying material of the ephemeral key for one recipient, over the seed and the recipient's key.
pub const EPHEMERAL: &str = "majlis v1 ephemeral key";
/// Key of an account's holders on one day.
pub const PROVIDER: &str = "majlis v1 provider";
/// Prefix of what a device signs of a have file.
pub const HAVE: &str = "majlis v1 have";
/// Tag of an account, a log or a file in a have file.
pub const HAVE_TAG: &str = "majlis v1 have tag";
/// Coefficients of a batch verification.
pub const BATCH: &str = "majlis v1 batch";

/// BLAKE3 in key-derivation mode over the concatenation of `parts`.
pub fn hash(context: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The message that is signed: the context, a zero byte, and the content.
pub fn message(context: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(context.len() + 1 + parts.iter().map(|part| part.len()).sum::<usize>());
    out.extend_from_slice(context.as_bytes());
    out.push(0);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
