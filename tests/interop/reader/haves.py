"""Have files (chapter 8)."""

from . import Refused, curve
from .data import number, unhex
from .hashes import derive, message
from .stream import Stream

ACCOUNTS, LOGS, RUNS, FILES, SIZE = 65_536, 65_536, 64, 4_096, 16 << 20


def refuse(wrong, name):
    if wrong:
        raise Refused(name)


def listed(stream, most, item, key):
    count = stream.varint()
    refuse(count > most, "Limit")
    items = []
    for _ in range(count):
        items.append(item(stream))
        refuse(len(items) > 1 and key(items[-2]) >= key(items[-1]), "Order")
    return items


def run(stream):
    top, tag, below = stream.varint(), stream.take(8), stream.varint()
    refuse(below >= top, "Run")
    return [top, tag, top - below]


def log(stream):
    out = {"tag": stream.take(8), "seal": stream.varint()}
    out["runs"] = listed(stream, RUNS, run, lambda run: -run[0])
    refuse(any(lower[0] >= upper[2] for upper, lower in zip(out["runs"], out["runs"][1:])), "Order")
    return out


def account(stream):
    out = {"tag": stream.take(8), "identity": stream.take(8)}
    out["logs"] = listed(stream, LOGS, log, lambda log: log["tag"])
    return out


def read(data):
    refuse(not data.startswith(b"MAJHAV1\n"), "Magic")
    refuse(len(data) > SIZE, "Limit")
    refuse(len(data) < 8 + 64, "Truncated")
    signed, signature = data[:-64], data[-64:]
    stream = Stream(signed[8:])
    out = {"account": stream.take(32), "device": stream.take(32), "created": stream.integer(8), "salt": stream.take(32)}
    out["room"] = stream.integer(8)
    out["accounts"] = listed(stream, ACCOUNTS, account, lambda account: account["tag"])
    out["files"] = listed(stream, FILES, lambda stream: stream.take(8), lambda tag: tag)
    refuse(stream.left(), "Trailing")
    try:
        curve.check_key(out["device"])
    except Refused:
        raise Refused("DeviceKey") from None
    refuse(not curve.verify(out["device"], signature, message("majlis v1 have", signed)), "Signature")
    return out


def tags(given):
    salt, account, device, log_id, blob = (unhex(given[name]) for name in ("salt", "account", "device", "log_id", "blob"))
    tag = lambda what, *parts: derive("majlis v1 have tag", salt, bytes([what]), *parts)[:8]
    return {"account": tag(0, account), "log": tag(1, account, device, log_id), "file": tag(2, blob)}


def lacking(given):
    """Sequence numbers that no run of theirs covers which is of the same chain, as intervals."""
    low, ids = given["low"], [unhex(tag) for tag in given["ids"]]
    held = dict(enumerate(ids, low))
    lacked = set(held)
    for top, tag, bottom in ([number(top), unhex(tag), number(bottom)] for top, tag, bottom in given["theirs"]):
        if top > max(held) or held.get(top) == tag:
            lacked -= set(range(bottom, top + 1))
    out = []
    for seq in sorted(lacked, reverse=True):
        if out and out[-1][1] == seq + 1:
            out[-1][1] = seq
        else:
            out.append([seq, seq])
    return out
