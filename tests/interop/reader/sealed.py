"""Sealed bodies of suite 1, and private items (chapter 9)."""

from . import Refused, bodies, cbor, ciphers, curve, hashes
from .data import unhex

SLOT = 8 + 32 + 48
NONCE = bytes(12)


def binding(place):
    return hashes.message("majlis v1 sealed", unhex(place["account"]), unhex(place["device"]), bytes([place["class"]]))


def key_id(public):
    return hashes.derive("majlis v1 key id", public)[:8]


def expect(holds, why):
    if not holds:
        raise Refused(why)


def seal(given):
    seed, info = unhex(given["seed"]), binding(given["place"])
    recipients = {key_id(public): public for public in map(unhex, given["recipients"])}
    expect(1 <= len(recipients) <= 64, "Recipients")
    content_key, data = hashes.derive("majlis v1 content key", seed), bytes([len(recipients)])
    for name, public in sorted(recipients.items()):
        keying = hashes.derive("majlis v1 ephemeral key", seed, public)
        data += name + b"".join(ciphers.hpke_seal(public, keying, info, b"", content_key))
    return data + ciphers.encrypt(content_key, NONCE, info + data, unhex(given["plaintext"]))


def open_(given):
    if given["suite"] != 1:
        return None
    data, secret, info = unhex(given["data"]), unhex(given["secret"]), binding(given["place"])
    expect(data, "Truncated")
    expect(1 <= data[0] <= 64, "Recipients")
    end = 1 + data[0] * SLOT
    expect(len(data) >= end + 16, "Truncated")
    slots = [data[at : at + SLOT] for at in range(1, end, SLOT)]
    names = [slot[:8] for slot in slots]
    expect(all(one < other for one, other in zip(names, names[1:])), "Order")
    shown = {"recipients": names}
    for slot in slots:
        if slot[:8] == key_id(curve.x25519_public(secret)):
            content_key = ciphers.hpke_open(secret, slot[8:40], info, b"", slot[40:])
            shown["plaintext"] = ciphers.decrypt(content_key, NONCE, info + data[:end], data[end:], "Content")
    return shown


def collection(items):
    name = bodies.text(32)(items)
    expect(all("a" <= letter <= "z" or letter == "-" for letter in name), "Characters")
    return name


ITEM = bodies.record((1, "collection", collection, "need"), (2, "key", bodies.data(256), "plain"), (3, "value", bodies.data(16_384), "opt"))


PHRASE = bodies.record((1, "id", bodies.U64, "need"), (2, "text", bodies.SHORT, "need"), (3, "in_words", bodies.boolean, "plain"))
U16 = bodies.unsigned(1 << 16)
FILTERED = bodies.record((1, "id", bodies.U64, "need"), (2, "post", bodies.ID, "need"))
FILTER = bodies.record(
    (1, "phrases", bodies.many(PHRASE, 32), "opt"),
    (2, "contexts", U16, "plain"),
    (3, "action", U16, "plain"),
    (4, "posts", bodies.many(FILTERED, 64), "opt"),
)
VALUE = bodies.record(
    (1, "at", bodies.MILLIS, "opt"),
    (2, "until", bodies.MILLIS, "opt"),
    (3, "name", bodies.SHORT, "plain"),
    (4, "account", bodies.ID, "opt"),
    (5, "filter", FILTER, "opt"),
    (6, "draft", bodies.data(16_000), "plain"),
    (7, "entry", bodies.ID, "opt"),
)


def value(given):
    given = unhex(given["bytes"])
    cbor.check(given)
    return VALUE(cbor.Items(given))


def item(given):
    return bodies.read(ITEM, unhex(given["bytes"]))
