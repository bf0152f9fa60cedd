"""Entries (chapter 2)."""

from dataclasses import dataclass, field

from . import Refused, curve
from .hashes import derive, message
from .stream import Stream

IDENTITY_LOG = bytes([255]) + bytes(7)
CONTEXT = "majlis v1 entry"


@dataclass
class Entry:
    kind: int
    flags: int
    payload_len: int
    account: bytes
    device: bytes
    log_id: bytes
    seq: int
    timestamp: int
    backlink: bytes
    payload_hash: bytes
    ext: bytes = b""
    signature: bytes = b""
    payload: bytes | None = None
    deleted_by: bytes | None = None
    id: bytes = field(default=b"")

    def unsigned(self):
        number = lambda value, size: value.to_bytes(size, "big")
        return b"".join([
            number(1, 1), number(self.kind, 1), number(self.flags, 2), number(self.payload_len, 4), self.account, self.device,
            self.log_id, number(self.seq, 8), number(self.timestamp, 8), self.backlink, self.payload_hash, number(len(self.ext), 2), self.ext,
        ])

    def seal(self):
        """Fills the id in, once the signature is there."""
        self.id = derive("majlis v1 entry id", self.unsigned(), self.signature)
        return self

    def log(self):
        return self.account, self.device, self.log_id

    def extensions(self):
        out, at = [], 0
        while at < len(self.ext):
            size = self.ext[at + 1]
            out.append([self.ext[at], self.ext[at + 2 : at + 2 + size]])
            at += 2 + size
        return out

    def inert(self):
        return self.flags >= 0x100 or any(kind % 2 == 0 for kind, _ in self.extensions())

    def body(self):
        return None if self.payload is None else self.payload[16:]

    def show(self):
        out = {
            "id": self.id, "kind": self.kind, "flags": self.flags, "payload_len": self.payload_len, "account": self.account,
            "device": self.device, "log_id": self.log_id, "seq": self.seq, "timestamp": self.timestamp, "backlink": self.backlink,
            "payload_hash": self.payload_hash, "signature": self.signature, "inert": self.inert(),
        }
        if self.ext:
            out["extensions"] = self.extensions()
        if self.payload is not None:
            out["payload"], out["held"] = "held", {"blind": self.payload[:16], "body": self.payload[16:]}
        else:
            out["payload"] = "missing" if self.deleted_by is None else {"deleted_by": self.deleted_by}
        return out


def check(entry):
    """Rules of the header's own fields, in order."""
    identity = entry.log_id[0] == 255
    if identity != (entry.kind == 1) or identity and entry.log_id != IDENTITY_LOG:
        raise Refused("IdentityLog")
    if not 17 <= entry.payload_len <= (32_768 if identity else 65_536):
        raise Refused("PayloadLength")
    if entry.seq == 0:
        raise Refused("Sequence")
    if entry.timestamp >= 1 << 47:
        raise Refused("Timestamp")
    if (entry.backlink == bytes(32)) != (identity or entry.seq == 1):
        raise Refused("Backlink")
    check_extensions(entry.ext)


def check_extensions(ext):
    if len(ext) > 256:
        raise Refused("Extension")
    at, last = 0, -1
    while at < len(ext):
        if at + 2 > len(ext) or at + 2 + ext[at + 1] > len(ext) or ext[at] <= last:
            raise Refused("Extension")
        last = ext[at]
        at += 2 + ext[at + 1]


def payload_hash(payload):
    return derive("majlis v1 payload", payload)


def decode(data, header_only=False):
    """The shape alone; see `verify`."""
    stream = Stream(data)
    if stream.byte() != 1:
        raise Refused("Version")
    take, integer = stream.take, stream.integer
    entry = Entry(integer(1), integer(2), integer(4), take(32), take(32), take(8), integer(8), integer(8), take(32), take(32))
    size = integer(2)
    if size > 256:
        raise Refused("Extension")
    entry.ext = take(size)
    check(entry)
    entry.signature = take(64)
    if not header_only:
        entry.payload = take(entry.payload_len)
    if stream.left():
        raise Refused("TrailingBytes")
    if not header_only and payload_hash(entry.payload) != entry.payload_hash:
        raise Refused("PayloadHash")
    return entry.seal()


def verify(entry):
    for name, key in (("AccountKey", entry.account), ("DeviceKey", entry.device)):
        try:
            curve.check_key(key)
        except Refused as why:
            raise Refused(f"{name}({why})") from None
    if not curve.verify(entry.device, entry.signature, message(CONTEXT, entry.unsigned())):
        raise Refused("Signature")
    return entry


def read(data, header_only=False):
    return verify(decode(data, header_only))


def sign(seed, entry):
    entry.signature = curve.sign(seed, message(CONTEXT, entry.unsigned()))
    return entry.seal()
