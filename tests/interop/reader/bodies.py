"""Bodies by kind: the tables of chapters 3 and 4, and how a table is read."""

from . import Refused, cbor
from .cbor import ARRAY, BYTES, MAP, NEGATIVE, SIMPLE, TEXT, UNSIGNED

MAX_BODY = 65_536 - 16
MAX_TIME = 1 << 47


def text(most):
    def read(items):
        value = items.text(items.expect(TEXT))
        length(len(value.encode()), most)
        return value

    return read


def data(most):
    def read(items):
        value = items.take(items.expect(BYTES))
        length(len(value), most)
        return value

    return read


def length(count, most):
    if count == 0:
        raise Refused("Default")
    if count > most:
        raise Refused("TooLong")


def fixed(size):
    def read(items):
        value = items.take(items.expect(BYTES))
        if len(value) != size:
            raise Refused("Length")
        return value

    return read


def unsigned(below):
    def read(items):
        value = items.expect(UNSIGNED)
        if value >= below:
            raise Refused("Range")
        return value

    return read


def boolean(items):
    value = items.expect(SIMPLE)
    if value == 22:
        raise Refused("Type")
    return value == 21


def signed16(items):
    major, value = items.head()
    if major not in (UNSIGNED, NEGATIVE):
        raise Refused("Type")
    if value > 32_767:
        raise Refused("Range")
    return value if major == UNSIGNED else -1 - value


def parts(*readers):
    def read(items):
        if items.expect(ARRAY) != len(readers):
            raise Refused("Length")
        return [reader(items) for reader in readers]

    return read


def focus(items):
    pair = parts(signed16, signed16)(items)
    if any(abs(part) > 10_000 for part in pair):
        raise Refused("Range")
    return pair


def closed(items):
    log_id, seq, entry = parts(U64, U64, ID)(items)
    if seq == 0:
        raise Refused("Range")
    return [log_id, seq, entry]


def many(reader, most, least=0):
    def read(items):
        count = items.expect(ARRAY)
        if count > most:
            raise Refused("TooLong")
        if count < least:
            raise Refused("Length")
        if count == 0:
            raise Refused("Default")
        return [reader(items) for _ in range(count)]

    return read


def ascending(reader):
    def read(items):
        values = reader(items)
        if any(one >= other for one, other in zip(values, values[1:])):
            raise Refused("Range")
        return values

    return read


def record(*fields):
    """Fields are (key, name, reader, sort): `need`, `opt`, or `plain` for what must not hold its default."""
    by_key = {field[0]: field for field in fields}

    def read(items):
        found = {}
        for _ in range(items.expect(MAP)):
            key = items.expect(UNSIGNED)
            if key not in by_key:
                items.walk()
                continue
            _, name, reader, sort = by_key[key]
            found[name] = reader(items)
            if sort == "plain" and found[name] in (0, False, "", b"", {}):
                raise Refused("Default")
        for key, name, _, sort in fields:
            if sort == "need" and name not in found:
                raise Refused(f"Missing({key})")
        return found

    return read


ID = fixed(32)
U64 = unsigned(1 << 64)
MILLIS = unsigned(MAX_TIME)
REFERENCE = parts(ID, ID)
SHORT = text(256)

USAGE = record(
    (1, "aipref", SHORT, "plain"),
    (2, "draft", text(10), "plain"),
    (3, "synthetic_content_generation", boolean, "opt"),
    (4, "public_access_archive", boolean, "opt"),
    (5, "bulk_dataset", boolean, "opt"),
    (6, "protocol_bridging", boolean, "opt"),
)
PREVIEW = record(
    (1, "blob", ID, "need"),
    (2, "media_type", SHORT, "need"),
    (3, "size", U64, "need"),
    (4, "width", unsigned(1 << 32), "need"),
    (5, "height", unsigned(1 << 32), "need"),
)
ATTACHMENT = record(
    (1, "blob", ID, "need"),
    (2, "media_type", SHORT, "need"),
    (3, "size", U64, "need"),
    (4, "width", unsigned(1 << 32), "opt"),
    (5, "height", unsigned(1 << 32), "opt"),
    (6, "duration_ms", U64, "opt"),
    (7, "blurhash", SHORT, "plain"),
    (8, "alt", text(4_096), "plain"),
    (9, "focus", focus, "opt"),
    (10, "source_type", SHORT, "plain"),
    (11, "preview", PREVIEW, "opt"),
    (12, "name", SHORT, "plain"),
)
POLL = record(
    (1, "options", many(SHORT, 20, 2), "need"),
    (2, "multiple", boolean, "plain"),
    (3, "closes_at", MILLIS, "opt"),
)
CARD = record(
    (1, "url", text(2_048), "need"),
    (2, "title", SHORT, "plain"),
    (3, "description", text(4_096), "plain"),
    (4, "image", ID, "opt"),
)
CONTENT = record(
    (1, "text", text(50_000), "plain"),
    (2, "markdown", boolean, "plain"),
    (3, "language", text(35), "plain"),
    (4, "content_warning", text(4_096), "plain"),
    (5, "mentions", many(ID, 64), "opt"),
    (6, "tags", many(SHORT, 64), "opt"),
    (7, "attachments", many(ATTACHMENT, 64), "opt"),
    (8, "poll", POLL, "opt"),
    (9, "card", CARD, "opt"),
    (10, "usage", USAGE, "plain"),
    (11, "source_type", SHORT, "plain"),
)
PROFILE = record(
    (1, "name", SHORT, "plain"),
    (2, "bio", text(8_192), "plain"),
    (3, "avatar", ATTACHMENT, "opt"),
    (4, "header", ATTACHMENT, "opt"),
    (5, "fields", many(record((1, "name", SHORT, "plain"), (2, "value", SHORT, "plain")), 64), "opt"),
    (6, "bot", boolean, "plain"),
    (7, "language", text(35), "plain"),
    (8, "usage", USAGE, "plain"),
)
POST = record(
    (1, "content", CONTENT, "plain"),
    (2, "reply_to", REFERENCE, "opt"),
    (3, "root", REFERENCE, "opt"),
    (4, "quote", REFERENCE, "opt"),
    (5, "visibility", unsigned(2), "plain"),
    (6, "original_date", MILLIS, "opt"),
    (7, "was", ID, "opt"),
)
EDIT = record((1, "target", ID, "need"), (2, "content", CONTENT, "plain"))
DELETE = record((1, "target", ID, "need"))
REACTION = record((1, "target", REFERENCE, "need"), (2, "emoji", text(64), "need"), (3, "on", boolean, "need"))
REPOST = record((1, "target", REFERENCE, "need"), (2, "on", boolean, "need"))
VOTE = record((1, "target", REFERENCE, "need"), (2, "choices", ascending(many(unsigned(20), 20)), "opt"))
FOLLOW = record((1, "account", ID, "need"), (2, "on", boolean, "need"))
HOLDER = record((1, "peer_id", data(64), "need"), (2, "addresses", many(data(2_048), 8), "opt"))
HINTS = record((1, "holders", many(HOLDER, 8), "opt"))
SEALED = record((1, "suite", unsigned(1 << 16), "need"), (2, "data", data(65_536), "plain"))
DEVICE = record(
    (1, "key", ID, "need"),
    (2, "scope", unsigned(1 << 32), "plain"),
    (3, "keys", many(parts(unsigned(1 << 16), data(2_048)), 8), "opt"),
    (4, "name", text(64), "plain"),
    (5, "ended", MILLIS, "opt"),
    (6, "closed", many(closed, 256), "opt"),
)
DOCUMENT = record(
    (1, "inception", fixed(64), "need"),
    (2, "roots", many(ID, 16), "opt"),
    (3, "next", ID, "need"),
    (4, "devices", many(DEVICE, 64), "opt"),
    (5, "ended", parts(MILLIS, boolean), "opt"),
    (6, "moved_to", ID, "opt"),
)
KINDS = {
    2: PROFILE,
    3: POST,
    4: EDIT,
    5: DELETE,
    6: REACTION,
    7: REPOST,
    8: FOLLOW,
    9: VOTE,
    10: HINTS,
    11: SEALED,
}


def decode(kind, body):
    """The fields of a body; None for a kind or version that is not known."""
    return read(KINDS[kind], body) if kind in KINDS else None


def read(table, body):
    if not body:
        raise Refused("Truncated")
    if body[0] != 1:
        return None
    if len(body) > MAX_BODY:
        raise Refused("TooLarge")
    cbor.check(body[1:])
    return table(cbor.Items(body[1:]))
