"""Frames and messages (chapter 6)."""

import zstandard

from . import Refused, bodies, packs
from .stream import Stream

MAX_FRAME = 160 * 1024
MAX_OFFER = 16_384
HINTS = 10


class Fields(Stream):
    """A body whose faults are named as those of a frame's field."""

    def take(self, count):
        return named(super().take, count)

    def varint(self):
        return named(super().varint)


def named(read, *arguments):
    try:
        return read(*arguments)
    except Refused as why:
        raise why if str(why).startswith("Field(") else Refused(f"Field({why})") from None


def limit(broken):
    if broken:
        raise Refused("Limit")


def split(wire):
    """Type and body of one frame on the stream."""
    size = int.from_bytes(wire[:4], "big")
    assert size == len(wire) - 4 and size > 0, "the length prefix is wrong"
    return wire[4], wire[5:]


def message(kind, body):
    limit(len(body) + 1 > MAX_FRAME)
    if kind >= 0x80 and kind not in READERS:
        return {"ignored": kind}
    if kind not in READERS:
        raise Refused(f"UnknownType({kind})")
    name, read = READERS[kind]
    fields = Fields(body)
    value = read(fields)
    if fields.left():
        raise Refused("Trailing")
    return {name: value}


def flag(fields):
    value = fields.byte()
    limit(value > 1)
    return value == 1


def hello(fields):
    if fields.byte() != 1:
        raise Refused("Version")
    out = {"salt": fields.take(32), "credit": fields.varint(), "outstanding": fields.varint()}
    flags = fields.byte()
    limit(flags > 3)
    return out | {"listed": bool(flags & 1), "warm": bool(flags & 2)}


def prove(fields):
    return {"account": fields.take(32), "device": fields.take(32), "identity": fields.take(32), "signature": fields.take(64)}


def offer(fields):
    add = flag(fields)
    limit(fields.left() > 8 * MAX_OFFER)
    tags = [fields.take(8) for _ in range((fields.left() + 7) // 8)]
    return {"add": add, "count": len(tags), "tags": b"".join(tags)}


def share(fields):
    count = fields.varint()
    limit(count > MAX_OFFER)
    bits = int.from_bytes(fields.take((count + 7) // 8), "little")
    limit(bits >> count)
    shared = [bits >> index & 1 for index in range(count)]
    return {"shared": "".join(map(str, shared)), "fingerprints": [fields.take(8) for _ in range(sum(shared))]}


def log(fields):
    handle = fields.varint()
    return {"device": fields.take(32), "log_id": fields.take(8)} if handle == 0 else handle - 1


def accounts(fields):
    out = []
    while fields.left():
        number, flags = fields.varint(), fields.byte()
        limit(flags > 7)
        rows = {"number": number, "frozen": bool(flags & 2), "full": bool(flags & 4), "logs": []}
        if flags & 1:
            rows["identity"] = [fields.byte(), fields.varint(), fields.take(8)]
        for _ in range(fields.varint()):
            row = {"log": log(fields)}
            seal, count, row["runs"] = fields.varint(), fields.byte(), []
            if seal:
                row["seal"] = seal
            limit(count > 4)
            for _ in range(count):
                top, tag, depth = fields.varint(), fields.take(8), fields.varint()
                limit(depth >= top)
                row["runs"].append([top, tag, top - depth])
            rows["logs"].append(row)
        out.append(rows)
    return out


def wants(fields):
    out = []
    while fields.left():
        sort = fields.byte()
        limit(sort > 3)
        if sort == 2:
            out.append({"identity": fields.take(32)})
        elif sort == 3:
            out.append({"proof": fields.varint()})
        else:
            wid, handle, hi, depth = (fields.varint() for _ in range(4))
            limit(depth >= hi or wid == 0)
            out.append({"wid": wid, "handle": handle, "hi": hi, "lo": hi - depth, "headers": sort == 1})
        limit(len(out) > 1_024)
    return out


def numbers(fields):
    out = []
    while fields.left():
        out.append(fields.varint())
    return out


def sized(fields, most):
    size = fields.varint()
    limit(size > most)
    return fields.take(size)


def documents(fields):
    out = []
    while fields.left():
        out.append(sized(fields, MAX_FRAME))
    return out


def code(fields):
    value = fields.byte()
    return {"code": value if value <= 13 else 12, "retry_after": fields.varint()}


def verdict(fields):
    value = fields.byte()
    return value if value <= 3 else 2


def referred(fields):
    out = {"number": fields.varint(), "total": fields.varint(), "posts": []}
    while fields.left():
        out["posts"].append([sized(fields, MAX_FRAME), sized(fields, MAX_FRAME)])
        limit(len(out["posts"]) > 64)
    return out


def is_body(kind, body):
    try:
        bodies.decode(kind, body)
    except Refused:
        return False
    return True


def peers(fields):
    out = {"number": fields.varint(), "holders": []}
    while fields.left():
        hints = sized(fields, MAX_FRAME)
        limit(hints and not is_body(HINTS, hints))
        out["holders"].append(hints)
        limit(len(out["holders"]) > 16)
    return out


def who_has(fields):
    out = {"number": fields.varint(), "accounts": []}
    while fields.left():
        out["accounts"].append(fields.varint())
        limit(len(out["accounts"]) > 16)
    return out


def blob_want(fields):
    return {
        "number": fields.varint(), "entry": fields.take(32), "blob": fields.take(32), "size": fields.varint(),
        "first": fields.varint(), "count": fields.varint(),
    }


def pin(fields):
    if not flag(fields):
        return {"hold": False}
    limit(fields.left() > 64)
    return {"hold": True, "token": fields.take(fields.left())}


def pinned(fields):
    value = fields.byte()
    out = {
        "verdict": value if value <= 7 else 1, "full": flag(fields), "seconds": fields.varint(),
        "quota": fields.varint(), "used": fields.varint(), "addresses": [],
    }
    while fields.left():
        limit(len(out["addresses"]) == 8)
        out["addresses"].append(sized(fields, 2_048))
    return out


READERS = {
    1: ("HELLO", hello),
    2: ("PROVE", prove),
    3: ("WARM", lambda fields: fields.take(8)),
    4: ("OFFER", offer),
    5: ("SHARE", share),
    6: ("ROWS", lambda fields: {"answer": flag(fields), "accounts": accounts(fields)}),
    7: ("WANT", wants),
    9: ("NONE", numbers),
    10: ("PROOF", lambda fields: [sized(fields, 482), sized(fields, 482)]),
    11: ("IDDOC", documents),
    12: ("HEAD", accounts),
    13: ("MODE", lambda fields: {"handle": fields.varint(), "eager": flag(fields)}),
    14: ("CREDIT", lambda fields: fields.varint()),
    15: ("AUDIT", lambda fields: fields.take(8)),
    16: ("CLOSE", code),
    0x80: ("REFS", lambda fields: {"number": fields.varint(), "root": fields.take(32)}),
    0x83: ("PEERS", peers),
    0x84: ("WHO_HAS", who_has),
    0x86: ("BLOB_WANT", blob_want),
    0x87: ("BLOB", lambda fields: {"number": fields.varint(), "piece": fields.take(fields.left())}),
    0x88: ("REFERRED", referred),
    0x85: ("PIN", pin),
    0x89: ("PINNED", pinned),
    0x8A: ("CLOCK", lambda fields: fields.varint()),
    0x81: ("DELIVER", lambda fields: {"document": sized(fields, MAX_FRAME), "entry": fields.take(fields.left())}),
    0x82: ("STATUS", lambda fields: {"entry": fields.take(32), "verdict": verdict(fields)}),
}


def sections(fields):
    """The two sections of a CHUNK or archived pack, to the end of the bytes."""
    codec, inflated, stored = fields.byte(), fields.varint(), fields.varint()
    limit(codec > 1 or inflated > 160 * 1024 or stored > MAX_FRAME)
    soft = fields.take(stored)
    if codec:
        try:
            soft = zstandard.ZstdDecompressor().decompress(soft, max_output_size=inflated)
        except zstandard.ZstdError:
            raise Refused("Inflate") from None
    if len(soft) != inflated:
        raise Refused("Inflate")
    return soft, fields.take(fields.left())


def chunk(body, resolve):
    """Cost and groups of a CHUNK; `resolve` gives the log of an address."""
    soft, hard = map(Fields, sections(Fields(body)))
    groups = []
    while soft.left():
        wid = soft.varint()
        address = {"wid": wid} if wid else {"push": soft.varint(), "log": log(soft)}
        where = resolve(address)
        groups.append((address, where, named(packs.read, where, soft, hard)))
    if not groups or hard.left():
        raise Refused("Trailing")
    return len(soft.data) + len(hard.data), groups
