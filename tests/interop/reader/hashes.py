"""Derived hashes and signed messages (chapter 0)."""

import hashlib
import hmac

from blake3 import blake3


def derive(context, *parts):
    hasher = blake3(derive_key_context=context)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def keyed(key, *parts):
    return blake3(b"".join(parts), key=key).digest()


def message(context, *parts):
    return context.encode() + b"\0" + b"".join(parts)


def hkdf(entropy, info, length=32):
    """HKDF-SHA256 without salt (RFC 5869)."""
    key = hmac.digest(bytes(32), entropy, hashlib.sha256)
    out, block = b"", b""
    for counter in range(1, length // 32 + 2):
        block = hmac.digest(key, block + info + bytes([counter]), hashlib.sha256)
        out += block
    return out[:length]
