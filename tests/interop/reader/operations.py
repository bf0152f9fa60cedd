"""Every operation that a vector can name."""

from . import archives, blobs, bodies, cbor, curve, entries, forks, frames, hashes, haves, identities, packs, phrases, refusals, sealed, sessions, texts
from .data import number, unhex
from .stream import Stream


def fields(given, *names):
    return [unhex(given[name]) for name in names]


def varint(given):
    stream = Stream(unhex(given["bytes"]))
    value = stream.varint()
    assert not stream.left()
    return value


def context(given):
    parts = list(map(unhex, given["parts"]))
    return {"hash": hashes.derive(given["context"], *parts), "message": hashes.message(given["context"], *parts)}


def key(given):
    curve.check_key(unhex(given["key"]))
    return True


def sign(given):
    seed, message = fields(given, "seed", "message")
    return {"key": curve.public(seed), "signature": curve.sign(seed, message)}


def entry_sign(given):
    seed, account, log_id, backlink, blind, body = fields(given, "seed", "account", "log_id", "backlink", "blind", "body")
    payload = blind + body
    entry = entries.Entry(
        given["kind"], 0, len(payload), account, curve.public(seed), log_id, number(given["seq"]), number(given["timestamp"]),
        backlink, entries.payload_hash(payload),
    )
    entries.check(entry)
    return entries.sign(seed, entry).unsigned() + entry.signature + payload


def cbor_check(given):
    cbor.check(unhex(given["bytes"]))
    return True


def identity_sign(given):
    entropy, blind = fields(given, "entropy", "blind")
    return identities.sign(entropy, given["k"], number(given["version"]), number(given["timestamp"]), blind)


def documents(given):
    return [identities.read(unhex(document)) for document in given["documents"]]


def held(given):
    return [entries.read(unhex(entry)) for entry in given["entries"]]


def register(given):
    taken = identities.Register()
    outcomes = [taken.insert(document) for document in documents(given)]
    return taken.show(outcomes)


def standing(given):
    proofs = [forks.prove(*map(unhex, pair)) for pair in given["proofs"]]
    posts = held(given)
    world = forks.World(documents(given), posts, proofs)
    return [world.standing(entry) for entry in posts]


def effects(given):
    return forks.World(documents(given), held(given)).effects(unhex(given["account"]))


def log(given):
    return {name: unhex(given[name]) for name in ("account", "device", "log_id")}


def pack(given):
    soft, hard = fields(given, "soft", "hard")
    read = packs.whole(log(given["log"]), soft, hard)
    assert packs.write(read) == (soft, hard), "what is read is not written the same"
    return [entry.show() for entry in read]


def chunk(given):
    known = {name: dict(map(lambda pair: (number(pair[0]), pair[1]), pairs)) for name, pairs in given["known"].items()}

    def resolve(address):
        if "wid" in address:
            frames.limit(address["wid"] not in known["wants"])
            return log(known["wants"][address["wid"]])
        frames.limit(address["push"] not in known["accounts"])
        account, named = unhex(known["accounts"][address["push"]]), address["log"]
        if isinstance(named, dict):
            address["log"] = "new"
            return {"account": account} | named
        frames.limit(named not in known["handles"] or log(known["handles"][named])["account"] != account)
        return log(known["handles"][named])

    cost, groups = frames.chunk(unhex(given["body"]), resolve)
    show = [{"address": address, "log": where, "entries": [entry.id for entry in posts]} for address, where, posts in groups]
    return {"cost": cost, "groups": show}


def salts(given):
    return fields(given, "dialer", "listener")


def fingerprint(given):
    world = forks.World(documents(given), held(given))
    return world.fingerprint(salts(given), unhex(given["account"]), given["own"])


def tag(given):
    me, peer, salt, account = fields(given, "me", "peer", "salt", "account")
    return sessions.tag(salt, me, peer, account)


OPERATIONS = {
    "varint": varint,
    "context": context,
    "key": key,
    "sign": sign,
    "provider": lambda given: hashes.derive("majlis v1 provider", number(given["day"]).to_bytes(8, "big"), unhex(given["account"])),
    "x25519": lambda given: curve.x25519_public(unhex(given["secret"])),
    "verify": lambda given: curve.verify(*fields(given, "key", "signature", "message")),
    "entry": lambda given: entries.read(unhex(given["bytes"])).show(),
    "header": lambda given: entries.read(unhex(given["bytes"]), header_only=True).show(),
    "entry/sign": entry_sign,
    "cbor": cbor_check,
    "body": lambda given: bodies.decode(given["kind"], unhex(given["body"])),
    "phrase": lambda given: phrases.derived(phrases.entropy(given["phrase"])),
    "identity": lambda given: identities.read(unhex(given["bytes"]), given.get("header_only", False)).show(),
    "identity/sign": identity_sign,
    "register": register,
    "merge": lambda given: identities.merge(documents(given)),
    "fork": lambda given: forks.show(forks.prove(*fields(given, "one", "other"))),
    "standing": standing,
    "effects": effects,
    "pack": pack,
    "chunk": chunk,
    "message": lambda given: frames.message(*frames.split(unhex(given["frame"]))),
    "fingerprint": fingerprint,
    "list": lambda given: forks.list_fingerprint(salts(given), [tuple(map(unhex, pair)) for pair in given["list"]]),
    "tag": tag,
    "text/key": lambda given: texts.key(given["text"]),
    "text/entry": lambda given: texts.entry(given["text"]),
    "text/blob": lambda given: texts.blob(given["text"]),
    "text/target": lambda given: texts.target(given["text"]),
    "text/invite": lambda given: texts.invite(given["text"]),
    "archive": lambda given: archives.read(unhex(given["bytes"])),
    "have": lambda given: haves.read(unhex(given["bytes"])),
    "have/tags": haves.tags,
    "lacking": haves.lacking,
    "seal": sealed.seal,
    "open": sealed.open_,
    "item": sealed.item,
    "value": sealed.value,
    "piece": blobs.piece,
    "session": sessions.check,
    "refusal": refusals.check,
}
