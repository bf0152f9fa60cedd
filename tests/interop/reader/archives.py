"""Archive files (chapter 8)."""

from . import Refused, blobs, entries, forks, frames, identities, packs
from .stream import Stream


def read(data):
    if not data.startswith(b"MAJLIS1\n"):
        raise Refused("Magic")
    stream, record = Stream(data[8:]), 0
    out = {"documents": [], "proofs": [], "entries": [], "pieces": [], "kept": [], "refused": 0}
    while True:
        kind, size = stream.integer(1), stream.integer(4)
        if size > frames.MAX_FRAME:
            raise Refused("Limit")
        body = stream.take(size)
        if kind == 255:
            if body != record.to_bytes(8, "big"):
                raise Refused("Count")
            return out
        if kind not in RECORDS:
            raise Refused("UnknownType")
        RECORDS[kind](body, out)
        record += 1


def counted(read):
    """A record that does not verify is counted and passed over."""

    def record(body, out):
        try:
            read(body, out)
        except Refused:
            out["refused"] += 1

    return record


@counted
def document(body, out):
    out["documents"].append(identities.read(body).entry.id)


@counted
def proof(body, out):
    stream = Stream(body)
    pair = [stream.take(stream.varint()) for _ in range(2)]
    if stream.left():
        raise Refused("Trailing")
    out["proofs"].append(forks.show(forks.prove(*pair)))


@counted
def pack(body, out):
    stream = frames.Fields(body)
    log = {"account": stream.take(32), "device": stream.take(32), "log_id": stream.take(8)}
    for entry in packs.whole(log, *frames.sections(stream)):
        try:
            out["entries"].append(entries.verify(entry).id)
        except Refused:
            out["refused"] += 1


@counted
def piece(body, out):
    stream = Stream(body)
    given = {"blob": stream.take(32), "size": stream.varint(), "first": stream.varint(), "count": stream.varint()}
    out["pieces"].append(blobs.verify(piece=stream.take(stream.left()), **given))


@counted
def kept(body, out):
    stream = Stream(body)
    name = stream.take(stream.varint())
    try:
        out["kept"].append(name.decode())
    except UnicodeDecodeError:
        raise Refused("Utf8") from None


RECORDS = {1: document, 2: proof, 3: pack, 4: piece, 5: kept}
