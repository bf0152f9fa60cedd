"""Packs (chapter 5)."""

from . import Refused, entries
from .stream import Stream, unzigzag, varint, zigzag


def read(log, soft, hard):
    """Entries off the front of both sections."""
    count = soft.byte()
    if not 1 <= count <= 64:
        raise Refused("Count")
    low = soft.varint()
    states = soft.take(count)
    if any(state & ~7 or state & 3 == 3 for state in states):
        raise Refused("State")
    kinds = soft.take(count)
    times, last = [], 0
    for _ in range(count):
        last += unzigzag(soft.varint())
        if not -(1 << 63) <= last < 1 << 63:
            raise Refused("Number")
        if last < 0:
            raise Refused("Entry(Timestamp)")
        times.append(last)
    lengths = []
    for _ in range(count):
        lengths.append(soft.varint())
        if lengths[-1] >= 1 << 32:
            raise Refused("Entry(PayloadLength)")
    extras = [read_extras(soft) if state & 4 else (0, b"") for state in states]
    backlink = hard.take(32) if low > 1 else bytes(32)
    signatures = hard.take(64 * count)
    out = []
    for index in range(count):
        payload, deleted_by, digest = read_payload(states[index] & 3, lengths[index], soft, hard)
        if low + index >= 1 << 64:
            raise Refused("Entry(Sequence)")
        entry = entries.Entry(
            kinds[index], extras[index][0], lengths[index], log["account"], log["device"], log["log_id"], low + index, times[index],
            backlink, digest, extras[index][1], signatures[64 * index : 64 * index + 64], payload, deleted_by,
        )
        try:
            entries.check(entry)
        except Refused as why:
            raise Refused(f"Entry({why})") from None
        backlink = entry.seal().id
        out.append(entry)
    return out


def read_extras(soft):
    flags, size = soft.integer(2), soft.varint()
    if size > 256:
        raise Refused("Entry(Extension)")
    ext = soft.take(size)
    if not flags and not ext:
        raise Refused("State")
    return flags, ext


def read_payload(state, length, soft, hard):
    if state == 0:
        blind = hard.take(16)
        if length < 16:
            raise Refused("Entry(PayloadLength)")
        payload = blind + soft.take(length - 16)
        return payload, None, entries.payload_hash(payload)
    digest = hard.take(32)
    return None, hard.take(32) if state == 2 else None, digest


def whole(log, soft, hard):
    soft, hard = Stream(soft), Stream(hard)
    out = read(log, soft, hard)
    if soft.left() or hard.left():
        raise Refused("Trailing")
    return out


def write(held):
    """Both sections of linked entries."""
    soft = bytes([len(held)]) + varint(held[0].seq)
    plain = lambda entry: not entry.flags and not entry.ext
    state = lambda entry: 0 if entry.payload is not None else 1 if entry.deleted_by is None else 2
    soft += bytes(state(entry) | (0 if plain(entry) else 4) for entry in held) + bytes(entry.kind for entry in held)
    last = 0
    for entry in held:
        soft += varint(zigzag(entry.timestamp - last))
        last = entry.timestamp
    soft += b"".join(varint(entry.payload_len) for entry in held)
    soft += b"".join(entry.flags.to_bytes(2, "big") + varint(len(entry.ext)) + entry.ext for entry in held if not plain(entry))
    soft += b"".join(entry.body() for entry in held if entry.payload is not None)
    hard = (held[0].backlink if held[0].seq > 1 else b"") + b"".join(entry.signature for entry in held)
    for entry in held:
        hard += entry.payload[:16] if entry.payload is not None else entry.payload_hash + (entry.deleted_by or b"")
    return soft, hard
