"""ChaCha20-Poly1305 (RFC 8439) and HPKE in base mode (RFC 9180) in plain integers: what suite 1 is made of."""

import hashlib
import hmac
import struct

from . import Refused, curve

KEM_SUITE = b"KEM" + (0x0020).to_bytes(2, "big")
HPKE_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0003))


def rotate(value, by):
    return (value << by | value >> 32 - by) & 0xFFFFFFFF


def quarter(state, a, b, c, d):
    for sum_, other, turned, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[sum_] = state[sum_] + state[other] & 0xFFFFFFFF
        state[turned] = rotate(state[turned] ^ state[sum_], by)


def block(key, counter, nonce):
    start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    state = list(start)
    for _ in range(10):
        for column in range(4):
            quarter(state, column, column + 4, column + 8, column + 12)
        for column in range(4):
            quarter(state, column, (column + 1) % 4 + 4, (column + 2) % 4 + 8, (column + 3) % 4 + 12)
    return struct.pack("<16I", *((one + other) & 0xFFFFFFFF for one, other in zip(state, start)))


def stream(key, nonce, data):
    """Encrypts and decrypts, from counter 1."""
    out = b""
    for at in range(0, len(data), 64):
        out += bytes(one ^ other for one, other in zip(data[at : at + 64], block(key, at // 64 + 1, nonce)))
    return out


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], "little") & 2**128 - 1).to_bytes(16, "little")


def tag(key, nonce, aad, encrypted):
    padded = b"".join(part + bytes(-len(part) % 16) for part in (aad, encrypted))
    return poly1305(block(key, 0, nonce)[:32], padded + struct.pack("<2Q", len(aad), len(encrypted)))


def encrypt(key, nonce, aad, plaintext):
    encrypted = stream(key, nonce, plaintext)
    return encrypted + tag(key, nonce, aad, encrypted)


def decrypt(key, nonce, aad, sealed, why):
    encrypted, given = sealed[:-16], sealed[-16:]
    if tag(key, nonce, aad, encrypted) != given:
        raise Refused(why)
    return stream(key, nonce, encrypted)


def extract(suite, salt, label, keying):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + keying, hashlib.sha256)


def expand(suite, key, label, info, length):
    # No more than 32 bytes are asked for anywhere, which is one block of HKDF.
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\1", hashlib.sha256)[:length]


def derive_key_pair(keying):
    secret = expand(KEM_SUITE, extract(KEM_SUITE, b"", b"dkp_prk", keying), b"sk", b"", 32)
    return secret, curve.x25519_public(secret)


def shared_secret(secret, public, encapsulated, recipient):
    point = curve.x25519(secret, public)
    if not any(point):
        raise Refused("Key")
    key = extract(KEM_SUITE, b"", b"eae_prk", point)
    return expand(KEM_SUITE, key, b"shared_secret", encapsulated + recipient, 32)


def schedule(shared, info):
    """Key and first nonce."""
    context = b"\0" + extract(HPKE_SUITE, b"", b"psk_id_hash", b"") + extract(HPKE_SUITE, b"", b"info_hash", info)
    secret = extract(HPKE_SUITE, shared, b"secret", b"")
    return expand(HPKE_SUITE, secret, b"key", context, 32), expand(HPKE_SUITE, secret, b"base_nonce", context, 12)


def hpke_seal(recipient, keying, info, aad, plaintext):
    """Encapsulated key and ciphertext, with the ephemeral key that follows from `keying`."""
    secret, encapsulated = derive_key_pair(keying)
    key, nonce = schedule(shared_secret(secret, recipient, encapsulated, recipient), info)
    return encapsulated, encrypt(key, nonce, aad, plaintext)


def hpke_open(secret, encapsulated, info, aad, sealed):
    recipient = curve.x25519_public(secret)
    key, nonce = schedule(shared_secret(secret, encapsulated, encapsulated, recipient), info)
    return decrypt(key, nonce, aad, sealed, "Key")
