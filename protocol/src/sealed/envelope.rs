//! Suite 1. A content key encrypts the plaintext with ChaCha20-Poly1305 (RFC 8439); for each recipient the content
//! key is sealed by HPKE (RFC 9180): base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
//!
//! The bytes: count of recipients u8; for each, ascending by key id: key id (8), encapsulated key (32), sealed
//! content key (48); then the encrypted plaintext and its tag (16).

use std::collections::BTreeMap;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hpke::aead::ChaCha20Poly1305 as HpkeAead;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::Zeroizing;

use super::SealedError;
use crate::body::Sealed;
use crate::context;
use crate::ids::{AccountId, DeviceId, LogKey};
use crate::keys::Derived;
use crate::limits::MAX_RECIPIENTS;

/// The number of this suite.
pub const SUITE: u16 = 1;

const KEY_ID: usize = 8;
const ENCAPSULATED: usize = 32;
/// Key id, encapsulated key, content key and its tag.
const SLOT: usize = KEY_ID + ENCAPSULATED + 32 + TAG;
const TAG: usize = 16;
/// A content key encrypts one plaintext, so that one nonce is enough.
const NONCE: [u8; 12] = [0; 12];

/// Where a sealed body stands. It opens nowhere else: not as another account's or device's, and not in a log of
/// another class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose entry it is in.
    pub account: AccountId,
    /// The device that writes it.
    pub device: DeviceId,
    /// The class of the log.
    pub class: u8,
}

impl Place {
    /// The place of every entry of a log.
    pub fn of(log: &LogKey) -> Self {
        Self { account: log.account, device: log.device, class: log.log_id.class() }
    }

    fn binding(&self) -> Vec<u8> {
        context::message(context::SEALED, &[&self.account.0, &self.device.0, &[self.class]])
    }
}

/// By what a recipient finds its own among several: the start of the hash of its X25519 public key.
pub fn key_id(public: &[u8; 32]) -> [u8; KEY_ID] {
    let mut id = [0; KEY_ID];
    id.copy_from_slice(&context::hash(context::KEY_ID, &[public])[..KEY_ID]);
    id
}

/// Seals `plaintext` for the holders of these X25519 public keys; one given twice counts once. `seed` has to be
/// random, secret, and new for each body. The length is not checked: that is for the body around it.
///
/// Errors: [`Recipients`](SealedError::Recipients), [`Key`](SealedError::Key).
pub fn seal(
    place: &Place,
    recipients: &[[u8; 32]],
    plaintext: &[u8],
    seed: &[u8; 32],
) -> Result<Sealed, SealedError> {
    let recipients: BTreeMap<_, _> = recipients.iter().map(|key| (key_id(key), key)).collect();
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(SealedError::Recipients);
    }
    let binding = place.binding();
    let content_key = Zeroizing::new(context::hash(context::CONTENT_KEY, &[seed]));
    let mut data = vec![recipients.len() as u8];
    for (id, public) in recipients {
        let mut random = Derived::new(context::EPHEMERAL, &[seed, public]);
        let public =
            <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(public).map_err(|_| SealedError::Key)?;
        let (encapsulated, sealed) = single_shot_seal_with_rng::<HpkeAead, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            &binding,
            content_key.as_slice(),
            &[],
            &mut random,
        )
        .map_err(|_| SealedError::Key)?;
        data.extend_from_slice(&id);
        data.extend_from_slice(&encapsulated.to_bytes());
        data.extend_from_slice(&sealed);
    }
    let aad = [binding, data.clone()].concat();
    let content = cipher(&content_key)
        .encrypt(&NONCE.into(), Payload { msg: plaintext, aad: &aad })
        .map_err(|_| SealedError::Content)?;
    data.extend_from_slice(&content);
    Ok(Sealed { suite: SUITE, data })
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.into())
}

/// A sealed body of suite 1, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The count and the recipients, which the content's seal covers.
    head: &'a [u8],
    slots: &'a [[u8; SLOT]],
    content: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a body apart; none if it is of a suite that is not known, and thus not to be interpreted.
    ///
    /// Errors: [`Truncated`](SealedError::Truncated), [`Recipients`](SealedError::Recipients),
    /// [`Order`](SealedError::Order).
    pub fn read(sealed: &'a Sealed) -> Result<Option<Self>, SealedError> {
        if sealed.suite != SUITE {
            return Ok(None);
        }
        let (&count, rest) = sealed.data.split_first().ok_or(SealedError::Truncated)?;
        let count = usize::from(count);
        if count == 0 || count > MAX_RECIPIENTS {
            return Err(SealedError::Recipients);
        }
        let (slots, content) = rest.split_at_checked(count * SLOT).ok_or(SealedError::Truncated)?;
        if content.len() < TAG {
            return Err(SealedError::Truncated);
        }
        let head = sealed.data.get(..=count * SLOT).unwrap_or_default();
        let (slots, _) = slots.as_chunks::<SLOT>();
        let envelope = Self { head, slots, content };
        let ascends = envelope.recipients().zip(envelope.recipients().skip(1)).all(|(one, next)| one < next);
        if ascends { Ok(Some(envelope)) } else { Err(SealedError::Order) }
    }

    /// The key ids of those it is for, ascending.
    pub fn recipients(&self) -> impl Iterator<Item = [u8; KEY_ID]> + use<'a> {
        self.slots.iter().filter_map(|slot| slot.first_chunk().copied())
    }

    /// The plaintext, for the holder of an X25519 secret; none if it is not among the recipients.
    ///
    /// Errors: [`Key`](SealedError::Key), [`Content`](SealedError::Content).
    pub fn open(&self, place: &Place, secret: &[u8; 32]) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        let secret =
            <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(secret).map_err(|_| SealedError::Key)?;
        let public: [u8; 32] = X25519HkdfSha256::sk_to_pk(&secret).to_bytes().into();
        let id = key_id(&public);
        let Some((_, slot)) =
            self.slots.iter().filter_map(|slot| slot.split_first_chunk()).find(|(of, _)| **of == id)
        else {
            return Ok(None);
        };
        let (encapsulated, sealed) =
            slot.split_first_chunk::<ENCAPSULATED>().ok_or(SealedError::Truncated)?;
        let binding = place.binding();
        let encapsulated =
            <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| SealedError::Key)?;
        let content_key = single_shot_open::<HpkeAead, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret,
            &encapsulated,
            &binding,
            sealed,
            &[],
        );
        let content_key = Zeroizing::new(content_key.map_err(|_| SealedError::Key)?);
        let content_key = content_key.as_slice().try_into().map_err(|_| SealedError::Key)?;
        let aad = [binding.as_slice(), self.head].concat();
        let plaintext = cipher(content_key)
            .decrypt(&NONCE.into(), Payload { msg: self.content, aad: &aad })
            .map_err(|_| SealedError::Content)?;
        Ok(Some(Zeroizing::new(plaintext)))
    }
}
