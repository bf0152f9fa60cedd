//! Ed25519 under ZIP 215: the verification equation is cofactored and S is below the group order, so that
//! checking one by one and checking in batches always agree. Keys that name a device or a root are held to
//! more: canonical encoding, not of small order, torsion-free.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::Signer as _;
use ed25519_zebra::{Signature as ZebraSignature, VerificationKey, VerificationKeyBytes, batch};
use zeroize::Zeroize as _;

use crate::context;

/// Why 32 bytes are not a key that a device or root may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a point of the curve, or not its canonical encoding.
    #[error("the key is not the canonical encoding of a curve point")]
    NotCanonical,
    /// A point of order 1, 2, 4 or 8.
    #[error("the key has small order")]
    SmallOrder,
    /// A point outside the prime-order subgroup.
    #[error("the key has a torsion component")]
    Torsion,
}

/// Checks what a device or root key must be. Costs about as much as a signature check.
pub fn check_key(bytes: &[u8; 32]) -> Result<(), KeyError> {
    let point = CompressedEdwardsY(*bytes).decompress().ok_or(KeyError::NotCanonical)?;
    if point.compress().as_bytes() != bytes {
        return Err(KeyError::NotCanonical);
    }
    if point.is_small_order() {
        return Err(KeyError::SmallOrder);
    }
    if !point.is_torsion_free() {
        return Err(KeyError::Torsion);
    }
    Ok(())
}

type Verdicts = HashMap<[u8; 32], Result<(), KeyError>>;

/// Keys that passed or failed [`check_key`], remembered so that each is checked once. Clones share what they know,
/// also between threads. Bounded: when full it starts anew.
#[derive(Clone, Default)]
pub struct KeyCache {
    known: Arc<RwLock<Verdicts>>,
}

impl KeyCache {
    const CAPACITY: usize = 65_536;

    /// The verdict of [`check_key`], computed once a key.
    pub fn check(&self, bytes: &[u8; 32]) -> Result<(), KeyError> {
        // A thread that panicked meanwhile has left the map whole: it is changed by single calls.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(bytes).copied();
        known.unwrap_or_else(|| {
            let verdict = check_key(bytes);
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= Self::CAPACITY {
                known.clear();
            }
            known.insert(*bytes, verdict);
            verdict
        })
    }
}

/// One signature to check: key, signature, message.
pub struct Claim<'a> {
    /// The key that is said to have signed.
    pub key: &'a [u8; 32],
    /// The 64 bytes of the signature.
    pub signature: &'a [u8; 64],
    /// The signed message.
    pub message: &'a [u8],
}

/// Whether one signature holds under ZIP 215. Says nothing of the key's own fitness: see [`check_key`].
pub fn verify(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    VerificationKey::try_from(*key)
        .and_then(|key| key.verify(&ZebraSignature::from(*signature), message))
        .is_ok()
}

/// Whether all signatures hold. The coefficients come from hashing the whole batch, so the answer is a
/// function of its input and a forger cannot choose signatures that cancel out.
pub fn verify_batch<'a>(claims: impl Iterator<Item = Claim<'a>>) -> bool {
    let mut verifier = batch::Verifier::new();
    let mut transcript = blake3::Hasher::new_derive_key(context::BATCH);
    for claim in claims {
        transcript.update(claim.key);
        transcript.update(claim.signature);
        transcript.update(blake3::hash(claim.message).as_bytes());
        verifier.queue((
            VerificationKeyBytes::from(*claim.key),
            ZebraSignature::from(*claim.signature),
            claim.message,
        ));
    }
    verifier.verify(Derived(transcript.finalize_xof())).is_ok()
}

/// Bytes that follow from an input, for functions that take a source of randomness. Wiped when it is dropped.
pub(crate) struct Derived(blake3::OutputReader);

impl Derived {
    /// As many bytes as are asked for; the first 32 are the [`hash`](context::hash) of the same.
    pub fn new(context: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        for part in parts {
            hasher.update(part);
        }
        let reader = hasher.finalize_xof();
        hasher.zeroize();
        Self(reader)
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl rand_core::TryRng for Derived {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Derived {}

/// A signing key of a device or root. Its bytes are wiped when it is dropped.
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// From the 32-byte seed of RFC 8032.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, for writing it to its file.
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs `message` as RFC 8032 says.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKey({})", data_encoding::HEXLOWER.encode(&self.public()))
    }
}

/// Whether an X25519 public key gives a secret at all: those of small order do not (RFC 7748, section 6.1).
pub fn x25519_gives_secret(public: &[u8; 32]) -> bool {
    // Every clamped scalar is a multiple of 8, so which one is used makes no difference.
    curve25519_dalek::MontgomeryPoint(*public).mul_clamped([1; 32]).to_bytes() != [0; 32]
}

/// The X25519 public key of a 32-byte secret (RFC 7748, section 5).
pub fn x25519_public(secret: &[u8; 32]) -> [u8; 32] {
    curve25519_dalek::MontgomeryPoint::mul_base_clamped(*secret).to_bytes()
}
