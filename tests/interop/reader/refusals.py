"""Which frames end a session, and with which code (chapter 6): a listener's side of it, without answers."""

from . import Refused, curve, entries, forks, frames, identities
from .data import unhex
from .sessions import proof_message

DECODE, LIMIT, BAD_PROOF, FORGED = 2, 3, 4, 5
LIVE_ONLY = {"ROWS", "HEAD", "PROOF", "MODE", "AUDIT", "REFS", "REFERRED", "WHO_HAS", "PEERS", "DELIVER", "STATUS", "BLOB_WANT", "BLOB", "PIN", "PINNED", "CLOCK"}


class Close(Exception):
    """The code with which the session ends."""


def expect(holds, code):
    if not holds:
        raise Close(code)


class Listener:
    def __init__(self, given):
        self.peers = [unhex(given["dialer_peer_id"]), unhex(given["listener"]["peer_id"])]
        self.salts = [None, unhex(given["listener_salt"])]
        self.live = self.proved = False
        self.waits = None

    def frame(self, wire):
        kind, body = frames.split(wire)
        try:
            read = self.pushed(body) if kind == 8 else frames.message(kind, body)
        except Refused as why:
            raise Close({"Limit": LIMIT, "Version": 1}.get(str(why), DECODE)) from None
        (name, value), = read.items()
        if name == "ignored":
            return
        greeted = self.salts[0] is not None
        expect(greeted != (name == "HELLO"), DECODE)
        expect(self.live or name not in LIVE_ONLY, DECODE)
        getattr(self, name.lower(), lambda value: None)(value)

    def hello(self, value):
        self.salts[0] = value["salt"]

    def offer(self, _):
        self.live = True

    def prove(self, value):
        expect(not self.proved, DECODE)
        self.proved = True
        # Nobody who proves themselves here is known to the listener, which asks for the document.
        self.waits = value

    def warm(self, _):
        # This listener sent none, so nothing can be equal to it.
        expect(self.live, DECODE)

    def share(self, _):
        raise Close(DECODE)

    def iddoc(self, value):
        expect(self.waits is not None, LIMIT)
        proof, self.waits = self.waits, None
        signed = proof_message(self.peers, self.salts, True, proof["account"])
        document = identities.read(value[0])
        good = document.entry.id == proof["identity"] and curve.verify(proof["device"], proof["signature"], signed)
        expect(good, BAD_PROOF)

    def mode(self, _):
        raise Close(LIMIT)

    def head(self, rows):
        expect(all(row["number"] == 0 for row in rows), LIMIT)

    def proof(self, pair):
        try:
            forks.prove(*pair)
        except Refused:
            raise Close(BAD_PROOF) from None

    def pushed(self, body):
        # Only pushes of the one shared account, named in full, occur here.
        read = frames.chunk(body, lambda address: {"account": self.shared} | address["log"])
        for _, _, posts in read[1]:
            for entry in posts:
                try:
                    entries.verify(entry)
                except Refused:
                    raise Close(FORGED) from None
        return {"CHUNK": read}


def check(given):
    listener = Listener(given)
    documents = [identities.read(unhex(document)) for document in given["listener"]["documents"]]
    own = unhex(given["listener"]["account"])
    listener.shared = next(document.entry.account for document in documents if document.entry.account != own)
    for count, wire in enumerate(given["frames"], 1):
        try:
            listener.frame(unhex(wire))
        except Close as code:
            return {"close": code.args[0], "after": count}
    return {"open": True}
