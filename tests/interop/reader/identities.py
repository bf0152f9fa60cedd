"""Identity documents, registers and merging (chapter 4)."""

from dataclasses import dataclass

from . import Refused, bodies, curve, entries, phrases
from .cbor import check
from .hashes import message

INCEPTION = "majlis v1 inception"


@dataclass
class Document:
    entry: entries.Entry
    fields: dict
    c1: bytes

    @property
    def k(self):
        return len(self.fields.get("roots", []))

    def rank(self):
        """Higher counts; of equal rank the lower id."""
        return self.k, self.entry.seq, -int.from_bytes(self.entry.id, "big")

    def devices(self):
        return self.fields.get("devices", [])

    def device(self, key):
        return next((device for device in self.devices() if device["key"] == key), None)

    def show(self):
        return {
            "account": self.entry.account, "id": self.entry.id, "k": self.k, "version": self.entry.seq, "c1": self.c1,
            "document": self.fields,
        }


def ascending(keys):
    return all(low < high for low, high in zip(keys, keys[1:]))


def verify(entry):
    if entry.kind != 1:
        raise Refused("NotIdentity")
    if entry.payload is None:
        raise Refused("NoPayload")
    if entry.inert():
        raise Refused("Inert")
    try:
        fields = bodies.read(bodies.DOCUMENT, entry.body())
    except Refused as why:
        raise Refused(f"Body({why})") from None
    if fields is None:
        raise Refused("Inert")
    check_order(fields.get("devices", []))
    roots = fields.get("roots", [])
    if (roots[-1] if roots else entry.account) != entry.device:
        raise Refused("Signer")
    c1 = fields["next"]
    for root in reversed(roots):
        c1 = phrases.link(root, c1)
    if not curve.verify(entry.account, fields["inception"], message(INCEPTION, c1)):
        raise Refused("Inception")
    for name, keys in (("RootKey", roots), ("DeviceKey", [device["key"] for device in fields.get("devices", [])])):
        for key in keys:
            try:
                curve.check_key(key)
            except Refused as why:
                raise Refused(f"{name}({why})") from None
    return Document(entry, fields, c1)


def check_order(devices):
    lists = [[device["key"] for device in devices]]
    for device in devices:
        lists.append([suite for suite, _ in device.get("keys", [])])
        lists.append([log for log, _, _ in device.get("closed", [])])
    if not all(map(ascending, lists)):
        raise Refused("Order")
    if sum(len(device.get("closed", [])) for device in devices) > 256:
        raise Refused("TooManyClosed")


def read(data, header_only=False):
    try:
        entry = entries.read(data, header_only)
    except Refused as why:
        raise Refused(f"Entry({why})") from None
    return verify(entry)


def head(major, value):
    """A CBOR head in its shortest form."""
    for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << 8 * size:
            return bytes([major << 5 | low]) + value.to_bytes(size, "big")
    raise ValueError(value)


def string(data):
    return head(2, len(data)) + data


def sign(entropy, k, version, timestamp, blind):
    """A document without devices."""
    if k >= phrases.ROOTS:
        raise Refused("NoSuchRoot")
    made = phrases.derived(entropy)
    chain, roots = made["commitments"], made["roots"][1 : k + 1]
    inception = curve.sign(made["seeds"][0], message(INCEPTION, chain[0]))
    pairs = [head(0, 1) + string(inception)]
    if roots:
        pairs.append(head(0, 2) + head(4, len(roots)) + b"".join(map(string, roots)))
    pairs.append(head(0, 3) + string(chain[k]))
    item = head(5, len(pairs)) + b"".join(pairs)
    check(item)
    payload = blind + b"\1" + item
    entry = entries.Entry(
        1, 0, len(payload), made["account"], made["roots"][k], entries.IDENTITY_LOG, version, timestamp, bytes(32),
        entries.payload_hash(payload), payload=payload,
    )
    try:
        entries.check(entry)
    except Refused as why:
        raise Refused(f"Entry({why})") from None
    return entries.sign(made["seeds"][k], entry).unsigned() + entry.signature + payload


class Register:
    def __init__(self):
        self.kept = {}

    def insert(self, document):
        held = next(iter(self.kept.values()), None)
        if held and held.entry.account != document.entry.account:
            return "Foreign"
        known = self.kept.get(document.c1)
        if known and known.rank() >= document.rank():
            return "Known" if known.rank() == document.rank() else "Older"
        if not known and len(self.kept) == 2 and document.c1 > max(self.kept):
            return "Older"
        self.kept[document.c1] = document
        self.kept = {c1: self.kept[c1] for c1 in sorted(self.kept)[:2]}
        return "Frozen" if self.frozen() else "Current"

    def frozen(self):
        return len(self.kept) == 2

    def current(self):
        return max(self.kept.values(), key=Document.rank, default=None)

    def show(self, outcomes):
        current = self.current()
        return {
            "outcomes": outcomes, "current": current and current.entry.id, "frozen": self.frozen(),
            "kept": [document.entry.id for document in self.kept.values()],
        }


def merge(documents):
    merged = {}
    for document in sorted(documents, key=Document.rank, reverse=True):
        for device in document.devices():
            known = merged.setdefault(device["key"], dict(device))
            ends = [one["ended"] for one in (known, device) if "ended" in one]
            if ends:
                known["ended"] = min(ends)
            closed = {}
            for entry in sorted(known.get("closed", []) + device.get("closed", [])):
                closed.setdefault(entry[0], entry)
            if closed:
                known["closed"] = list(closed.values())
    return [merged[key] for key in sorted(merged)]
