//! Keys as `did:key`, entry ids and files as multibase base32.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use data_encoding::BASE32_NOPAD;

use super::TextError;
use crate::body::BlobId;
use crate::ids::{AccountId, DeviceId, EntryId};
use crate::keys::KeyCache;

/// Multicodec `ed25519-pub`, as a varint.
const ED25519: [u8; 2] = [0xed, 0x01];
/// Multibase prefix of base58btc.
const BASE58BTC: char = 'z';
/// Multibase prefix of lower-case base32 without padding.
const BASE32: char = 'b';
const DID_KEY: &str = "did:key:";
/// Characters of any key's base58btc form, and some to spare: longer text is not decoded.
const LONGEST_KEY: usize = 64;
/// What stands before the hash in a file's CID: version 1, raw bytes, BLAKE3, 32 bytes.
const CID: [u8; 4] = [0x01, 0x55, 0x1e, 0x20];

/// Keys that were read before: the same few names are read again and again, and to check one costs as much as to check a
/// signature.
static CHECKED: LazyLock<KeyCache> = LazyLock::new(KeyCache::default);

/// A key without `did:key:` before it: `z6Mk…`.
pub fn bare_key(key: &[u8; 32]) -> String {
    let mut bytes = ED25519.to_vec();
    bytes.extend_from_slice(key);
    format!("{BASE58BTC}{}", bs58::encode(bytes).into_string())
}

/// Reads `did:key:z6Mk…` or `z6Mk…`; the key is one that an account or device may have.
fn parse_key(text: &str) -> Result<[u8; 32], TextError> {
    let text = text.trim();
    let text = text.strip_prefix(DID_KEY).unwrap_or(text);
    let digits = text.strip_prefix(BASE58BTC).ok_or(TextError::KeyForm)?;
    if digits.len() > LONGEST_KEY {
        return Err(TextError::KeyForm);
    }
    let bytes = bs58::decode(digits).into_vec().map_err(|_| TextError::KeyForm)?;
    let key = bytes.strip_prefix(&ED25519).ok_or(TextError::KeyType)?;
    let key = key.try_into().map_err(|_| TextError::KeyForm)?;
    CHECKED.check(&key).map_err(TextError::Key)?;
    Ok(key)
}

/// `b` and the lower-case base32 of `bytes`.
fn base32(bytes: &[u8]) -> String {
    let mut text = BASE32_NOPAD.encode(bytes);
    text.make_ascii_lowercase();
    text.insert(0, BASE32);
    text
}

/// Reads `b` and the lower-case base32 of exactly `N` bytes.
fn parse_base32<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.trim().strip_prefix(BASE32)?;
    if digits.len() != BASE32_NOPAD.encode_len(N) || digits.contains(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    BASE32_NOPAD.decode(digits.to_ascii_uppercase().as_bytes()).ok()?.try_into().ok()
}

macro_rules! key {
    ($($name:ident),*) => {$(
        /// `did:key:z6Mk…`.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{DID_KEY}{}", bare_key(&self.0))
            }
        }

        /// `did:key:z6Mk…` or `z6Mk…`.
        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                parse_key(text).map(Self)
            }
        }
    )*};
}

key!(AccountId, DeviceId);

/// `b` and base32.
impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32(&self.0))
    }
}

impl FromStr for EntryId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        parse_base32(text).map(Self).ok_or(TextError::EntryForm)
    }
}

/// A CID, version 1, of raw bytes by BLAKE3-256, in base32: `bafkr4i…`.
impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = CID.to_vec();
        bytes.extend_from_slice(&self.0);
        f.write_str(&base32(&bytes))
    }
}

impl FromStr for BlobId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let bytes: [u8; 36] = parse_base32(text).ok_or(TextError::CidForm)?;
        let hash = bytes.strip_prefix(&CID).ok_or(TextError::CidType)?;
        hash.try_into().map(Self).map_err(|_| TextError::CidForm)
    }
}
