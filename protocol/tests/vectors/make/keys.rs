//! Which keys fit, and which signatures hold.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use majlis_protocol::finding::provider_key;
use majlis_protocol::ids::AccountId;
use majlis_protocol::keys::{SecretKey, check_key, verify, x25519_public};
use serde_json::json;
use sha2::{Digest as _, Sha512};

use super::File;
use super::json::{hex, number};

/// The group order, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The scalar that a message gives with R and A.
pub fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn scalar(seed: u8) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&[seed; 64])
}

fn signature(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    std::array::from_fn(|at| if at < 32 { r[at] } else { s[at - 32] })
}

/// The field's order plus a small number: an encoding of that number that is not canonical.
pub fn above_the_field(low: u8, sign: bool) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + low;
    bytes[31] = if sign { 0xff } else { 0x7f };
    bytes
}

/// All encodings of the points of order 1, 2, 4 and 8: eight canonical ones, six others.
pub fn small_order() -> Vec<[u8; 32]> {
    let mut all: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
    let mut minus_zero = [0; 32];
    minus_zero[0] = 1;
    minus_zero[31] = 0x80;
    let mut minus_one = above_the_field(0, true);
    minus_one[0] = 0xec;
    all.extend([minus_zero, minus_one]);
    all.extend([(0, false), (0, true), (1, false), (1, true)].map(|(low, sign)| above_the_field(low, sign)));
    all
}

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("keys", "Fitness of keys, signing, X25519, and signatures under ZIP 215 (chapter 1).");
    fitness(&mut file);
    for seed in [0, 1, 7, 255] {
        let secret = SecretKey::from_seed(&[seed; 32]);
        let message = vec![seed; usize::from(seed)];
        let input = json!({ "seed": hex(&[seed; 32]), "message": hex(&message) });
        let out = json!({ "key": hex(&secret.public()), "signature": hex(&secret.sign(&message)) });
        file.ok("sign", format!("seed of bytes {seed}"), &["KEY-7"], input, out);
        let out = hex(&x25519_public(&[seed; 32]));
        file.ok(
            "x25519",
            format!("x25519 of bytes {seed}"),
            &["KEY-9"],
            json!({ "secret": hex(&[seed; 32]) }),
            out,
        );
    }
    for (day, seed) in [(0, 1), (20_000, 1), (20_001, 1), (20_000, 2)] {
        let account = AccountId([seed; 32]);
        let input = json!({ "account": hex(&account.0), "day": number(day) });
        let out = hex(&provider_key(&account, day));
        file.ok("provider", format!("holders of {seed} on day {day}"), &["FIND-1"], input, out);
    }
    signatures(&mut file);
    file
}

fn check(file: &mut File, name: impl Into<String>, ids: &[&str], key: [u8; 32]) {
    file.either("key", name, ids, json!({ "key": hex(&key) }), check_key(&key), |()| json!(true));
}

fn fitness(file: &mut File) {
    for seed in 1..=3 {
        check(
            file,
            format!("key of seed {seed}"),
            &["KEY-4", "KEY-5", "KEY-6"],
            SecretKey::from_seed(&[seed; 32]).public(),
        );
    }
    check(file, "the base point", &["KEY-4", "KEY-5", "KEY-6"], BASE.compress().0);
    for (at, encoding) in small_order().into_iter().enumerate() {
        let ids: &[&str] = if at < 8 { &["KEY-5"] } else { &["KEY-4"] };
        check(file, format!("small order, encoding {at}"), ids, encoding);
    }
    for (at, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
        check(
            file,
            format!("a key with torsion {at}"),
            &["KEY-6"],
            (BASE * scalar(9) + torsion).compress().0,
        );
    }
    let low = |y: u8| std::array::from_fn(|at| if at == 0 { y } else { 0 });
    for y in 2..=18 {
        check(file, format!("y = {y}"), &["KEY-4", "KEY-6"], low(y));
        check(file, format!("y = {y} with the field's order added"), &["KEY-4"], above_the_field(y, false));
    }
    check(file, "all bits set", &["KEY-4"], [0xff; 32]);
}

fn holds(
    file: &mut File,
    name: impl Into<String>,
    ids: &[&str],
    key: [u8; 32],
    signature: [u8; 64],
    message: &[u8],
) {
    let input = json!({ "key": hex(&key), "signature": hex(&signature), "message": hex(message) });
    file.ok("verify", name, ids, input, json!(verify(&key, &signature, message)));
}

fn signatures(file: &mut File) {
    let secret = SecretKey::from_seed(&[1; 32]);
    let (key, message) = (secret.public(), b"majlis");
    let good = secret.sign(message);
    let flipped = |at: usize| std::array::from_fn(|place| good[place] ^ u8::from(place == at));
    holds(file, "an ordinary signature", &["KEY-1", "KEY-8"], key, good, message);
    holds(file, "another message", &["KEY-1"], key, good, b"Majlis");
    holds(file, "another key", &["KEY-1"], SecretKey::from_seed(&[2; 32]).public(), good, message);
    holds(file, "a changed bit in R", &["KEY-1"], key, flipped(3), message);
    holds(file, "a changed bit in S", &["KEY-1"], key, flipped(40), message);
    holds(file, "S with the order added", &["KEY-2"], key, add_order(good), message);
    holds(
        file,
        "S is the order, R the identity",
        &["KEY-2"],
        key,
        signature(&small_order()[0], &ORDER),
        message,
    );
    let mut high = good;
    high[63] |= 0xe0;
    holds(file, "S with high bits set", &["KEY-2"], key, high, message);
    let off_curve = (2..).map(|y| std::array::from_fn(|at| if at == 0 { y } else { 0 }));
    let off_curve: [u8; 32] =
        off_curve.into_iter().find(|y| CompressedEdwardsY(*y).decompress().is_none()).unwrap();
    holds(file, "a key off the curve", &["KEY-3"], off_curve, good, message);
    let half = std::array::from_fn(|at| good[32 + at]);
    holds(file, "an R off the curve", &["KEY-3"], key, signature(&off_curve, &half), message);
    torsion_laden(file);
    for (at, r) in small_order().into_iter().enumerate() {
        // R adds nothing to the cofactored equation, so S is the challenge times the secret scalar.
        let a = scalar(5);
        let key = (BASE * a).compress().0;
        let s = challenge(&r, &key, message) * a;
        holds(
            file,
            format!("a fit key and R of small order, encoding {at}"),
            &["KEY-1", "KEY-3", "KEY-8"],
            key,
            signature(&r, &s.to_bytes()),
            message,
        );
    }
}

/// The same S plus the group order.
fn add_order(mut signature: [u8; 64]) -> [u8; 64] {
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    signature
}

fn torsion_laden(file: &mut File) {
    let message = b"majlis";
    for (at, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
        let (a, r) = (scalar(5), scalar(6));
        let sign = |key: EdwardsPoint, nonce: EdwardsPoint| {
            let (key, nonce) = (key.compress().0, nonce.compress().0);
            let s = r + challenge(&nonce, &key, message) * a;
            (key, signature(&nonce, &s.to_bytes()))
        };
        for (what, key_torsion, r_torsion) in [("R", 0, 1), ("the key", 1, 0), ("both", 1, 1)] {
            let torsion_of = |count: u64| torsion * Scalar::from(count);
            let (key, signature) = sign(BASE * a + torsion_of(key_torsion), BASE * r + torsion_of(r_torsion));
            holds(file, format!("torsion {at} in {what}"), &["KEY-1", "KEY-8"], key, signature, message);
        }
    }
}
