"""Text forms (chapter 7)."""

import base64
import re
from urllib.parse import quote, unquote_to_bytes

from . import Refused, curve

DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519 = bytes([0xED, 0x01])
CID = bytes([0x01, 0x55, 0x1E, 0x20])


def base58(data):
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        out = DIGITS[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def unbase58(text):
    number = 0
    for char in text:
        if char not in DIGITS:
            raise Refused("KeyForm")
        number = number * 58 + DIGITS.index(char)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes(len(text) - len(text.lstrip("1"))) + data


def bare(key):
    return "z" + base58(ED25519 + key)


def read_key(text):
    text = text.strip().removeprefix("did:key:")
    if not text.startswith("z") or len(text) > 65:
        raise Refused("KeyForm")
    data = unbase58(text[1:])
    if not data.startswith(ED25519):
        raise Refused("KeyType")
    if len(data) != 34:
        raise Refused("KeyForm")
    try:
        curve.check_key(data[2:])
    except Refused as why:
        raise Refused(f"Key({why})") from None
    return data[2:]


def base32(data):
    return "b" + base64.b32encode(data).decode().rstrip("=").lower()


def unbase32(text, size):
    text = text.strip()
    if not re.fullmatch(r"b[a-z2-7]*", text) or len(text) != 1 + -(-size * 8 // 5):
        return None
    digits = text[1:].upper()
    data = base64.b32decode(digits + "=" * (-len(digits) % 8))
    return data if base32(data) == text else None


def read_id(text, error):
    data = unbase32(text, 32)
    if data is None:
        raise Refused(error)
    return data


def key(text):
    value = read_key(text)
    return {"key": value, "canonical": f"did:key:{bare(value)}", "bare": bare(value)}


def entry(text):
    value = read_id(text, "EntryForm")
    return {"id": value, "canonical": base32(value)}


def blob(text):
    data = unbase32(text, 36)
    if data is None:
        raise Refused("CidForm")
    if not data.startswith(CID):
        raise Refused("CidType")
    return {"blob": data[4:], "canonical": base32(data)}


def target(text):
    text = text.strip()
    if not text.startswith("majlis:"):
        value = read_id(text, "TargetForm")
        return {"id": value, "canonical": base32(value)}
    account, slash, post = text.removeprefix("majlis:").partition("/")
    if not slash:
        raise Refused("TargetForm")
    account, post = read_key(account), read_id(post, "EntryForm")
    return {"account": account, "id": post, "canonical": f"majlis:{bare(account)}/{base32(post)}"}


def is_address(text):
    peer = text.rpartition("/p2p/")
    graphic = all("!" <= char <= "~" for char in text)
    return len(text) <= 2_048 and text.startswith("/") and graphic and bool(peer[1]) and peer[2].isalnum()


def invite(text):
    text = text.strip()
    account, _, query = text.removeprefix("majlis:").partition("?") if text.startswith("majlis:") else (text, "", "")
    if text.startswith("majlis:") and "/" in account:
        raise Refused("InvitesPost")
    account = read_key(account)
    values = [part.partition("=")[2] for part in query.split("&") if part.partition("=")[:2] == ("peer", "=")]
    try:
        peers = [unquote_to_bytes(value).decode("utf-8") for value in values]
    except UnicodeDecodeError:
        raise Refused("Address") from None
    if len(peers) > 8:
        raise Refused("TooManyPeers")
    if not all(map(is_address, peers)):
        raise Refused("Address")
    query = "&".join(f"peer={quote(peer, safe='-._~/:')}" for peer in peers)
    return {"account": account, "peers": peers, "canonical": f"majlis:{bare(account)}" + (f"?{query}" if query else "")}
