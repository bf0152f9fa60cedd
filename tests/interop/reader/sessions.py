"""Whole sessions: every frame read with what both sides have told before (chapter 6)."""

from . import curve, entries, forks, frames, identities
from .data import unhex
from .hashes import keyed, message

SIDES = ("dialer", "listener")


def tag(salt, one, other, account):
    low, high = sorted((one, other))
    return keyed(salt, b"majlis v1 offer", bytes([len(low)]), low, bytes([len(high)]), high, account)[:8]


def proof_message(peers, salts, by_dialer, account):
    parts = [part for peer in peers for part in (bytes([len(peer)]), peer)]
    return message("majlis v1 prove", *parts, *salts, bytes([by_dialer]), account)


class Side:
    def __init__(self, given):
        self.peer_id, self.account, self.device = (unhex(given[name]) for name in ("peer_id", "account", "device"))
        self.documents = [identities.read(unhex(document)) for document in given["documents"]]
        self.entries = [entries.read(unhex(entry)) for entry in given["entries"]]
        self.salt, self.offers, self.wants = None, [], {}
        self.sizes, self.proofs = [], []

    def mark(self):
        """Remembers how much is held after so many steps."""
        self.sizes.append((len(self.documents), len(self.entries), len(self.proofs)))

    def world(self, seen):
        """What was held once so many steps had been taken."""
        documents, held, proofs = self.sizes[seen]
        return forks.World(self.documents[:documents], self.entries[:held], self.proofs[:proofs])

    def take(self, entry):
        if all(held.id != entry.id for held in self.entries):
            self.entries.append(entry)


class Session:
    def __init__(self, given):
        self.sides = {name: Side(given[name]) for name in SIDES}
        self.accounts = [unhex(account) for account in given["accounts"]]
        self.remembered = [unhex(account) for account in given["remembered"]]
        self.numbers, self.logs, self.next, self.proved = {}, {}, {name: 0 for name in SIDES}, {}

    def salts(self):
        return [self.sides[name].salt for name in SIDES]

    def step(self, step):
        for side in self.sides.values():
            side.mark()
        self.seen = step.get("seen")
        if "by" in step:
            entry = entries.read(unhex(step["entry"]))
            self.sides[step["by"]].take(entry)
            return {"publish": entry.id}
        sender = step["from"]
        receiver = SIDES[1 - SIDES.index(sender)]
        kind, body = frames.split(unhex(step["frame"]))
        if kind == 8:
            return {"CHUNK": self.chunk(sender, receiver, body)}
        read = frames.message(kind, body)
        (name, value), = read.items()
        handler = getattr(self, name.lower(), None)
        if handler:
            handler(sender, receiver, value)
        return read

    def hello(self, sender, _, value):
        assert self.sides[sender].salt is None, "a second HELLO"
        self.sides[sender].salt = value["salt"]

    def prove(self, sender, receiver, value):
        side = self.sides[sender]
        known = side.documents + self.sides[receiver].documents
        document = next(one for one in known if one.entry.id == value["identity"])
        device = document.device(value["device"])
        assert document.entry.account == value["account"] == side.account and device and "ended" not in device
        signed = proof_message([self.sides[name].peer_id for name in SIDES], self.salts(), sender == "dialer", value["account"])
        assert curve.verify(value["device"], value["signature"], signed), "PROVE does not verify"
        self.proved[sender] = value["account"]

    def warm(self, sender, _, value):
        prints = [(account, self.fingerprint(sender, account)) for account in sorted(self.remembered)]
        assert value == forks.list_fingerprint(self.salts(), prints), "WARM is another"
        if sender == "dialer":
            self.numbers = {2 * index: account for index, account in enumerate(sorted(self.remembered))}

    def fingerprint(self, side, account):
        return self.sides[side].world(self.seen).fingerprint(self.salts(), account, own=False)

    def offer(self, sender, receiver, value):
        side, other = self.sides[sender], self.sides[receiver]
        names = {tag(side.salt, side.peer_id, other.peer_id, account): account for account in self.accounts}
        assert value["add"] and value["count"] & (value["count"] - 1) == 0, "not padded to a power of two"
        side.offers.append([names.get(value["tags"][at : at + 8]) for at in range(0, len(value["tags"]), 8)])

    def share(self, sender, receiver, value):
        offered = self.sides[receiver].offers.pop(0)
        assert len(offered) == len(value["shared"])
        shared = [account for account, bit in zip(offered, value["shared"]) if bit == "1"]
        assert value["fingerprints"] == [self.fingerprint(sender, account) for account in shared], "SHARE has other fingerprints"
        parity = SIDES.index(receiver)
        taken = sum(number % 2 == parity for number in self.numbers)
        for index, account in enumerate(shared, taken):
            self.numbers[2 * index + parity] = account

    def name(self, sender, account, log):
        """The log that a reference means; naming one in full gives it the sender's next handle."""
        if isinstance(log, dict):
            self.logs[2 * self.next[sender] + SIDES.index(sender)] = {"account": account} | log
            self.next[sender] += 1
            return {"account": account} | log
        assert self.logs[log]["account"] == account
        return self.logs[log]

    def rows(self, sender, _, value):
        self.head(sender, _, value["accounts"])

    def head(self, sender, _, value):
        world = self.sides[sender].world(self.seen)
        for rows in value:
            account = self.numbers[rows["number"]]
            current = world.current(account)
            assert rows.get("identity") == (current and [current.k, current.entry.seq, current.entry.id[:8]]), "another identity"
            for row in rows["logs"]:
                log = self.name(sender, account, row["log"])
                assert log["log_id"][0] == 0, "a log that is not public"
                key = (account, log["device"], log["log_id"])
                assert row.get("seal") == world.seals.get(key), "another seal"
                runs = [[top, top_id[:8], low] for top, top_id, low in world.runs(key)]
                assert row["runs"] == runs[:4], "other runs"

    def want(self, sender, _, value):
        for want in value:
            if "wid" in want:
                assert want["hi"] - want["lo"] < 64 and want["handle"] in self.logs
                self.sides[sender].wants[want["wid"]] = want

    def none(self, _, receiver, value):
        for wid in value:
            del self.sides[receiver].wants[wid]

    def iddoc(self, _, receiver, value):
        held = self.sides[receiver].documents
        for document in map(identities.read, value):
            if all(known.entry.id != document.entry.id for known in held):
                held.append(document)

    def proof(self, _, receiver, value):
        self.sides[receiver].proofs.append(forks.prove(*value))

    def chunk(self, sender, receiver, body):
        side = self.sides[receiver]

        def resolve(address):
            if "wid" in address:
                return self.logs[side.wants[address["wid"]]["handle"]]
            return self.name(sender, self.numbers[address["push"]], address["log"])

        out = []
        for address, log, posts in frames.chunk(body, resolve)[1]:
            want = side.wants.pop(address["wid"]) if "wid" in address else None
            assert not want or want["lo"] <= posts[0].seq and posts[-1].seq <= want["hi"], "outside the range"
            for entry in posts:
                side.take(entries.verify(entry))
            out.append({"wid": address.get("wid", "pushed"), "log": log, "entries": [entry.id for entry in posts]})
        return out


def check(given):
    """What every frame says, and what both sides hold at the end."""
    session = Session(given)
    steps = [session.step(step) for step in given["steps"]]
    assert session.proved == {name: session.sides[name].account for name in SIDES}, "both have proved themselves"
    held = {name: sorted(entry.id for entry in side.entries) for name, side in session.sides.items()}
    return {"steps": steps} | held
