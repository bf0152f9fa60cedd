"""Fork proofs, what counts, deletions, registers and fingerprints (chapters 4 and 6)."""

from . import Refused, bodies, entries, identities
from .hashes import derive


def prove(one, other):
    pair = []
    for header in (one, other):
        try:
            pair.append(entries.read(header, header_only=True))
        except Refused as why:
            raise Refused(f"Entry({why})") from None
    return proof(*pair)


def proof(one, other):
    if (one.log(), one.seq) != (other.log(), other.seq):
        raise Refused("DifferentPlace")
    if one.id == other.id:
        raise Refused("SameEntry")
    if one.kind == 1:
        raise Refused("Identity")
    return sorted((one, other), key=lambda entry: entry.id)


def show(pair):
    lower, higher = pair
    log = {"account": lower.account, "device": lower.device, "log_id": lower.log_id}
    return {"log": log, "seq": lower.seq, "lower": lower.id, "higher": higher.id}


class World:
    """A set of documents, entries and proofs; everything about it is a function of the set."""

    def __init__(self, documents, held, proofs=()):
        self.registers, self.entries, self.seals = {}, {}, {}
        for document in documents:
            self.registers.setdefault(document.entry.account, identities.Register()).insert(document)
        places = {}
        for entry in held:
            self.entries[entry.id] = entry
            other = places.setdefault((entry.log(), entry.seq), entry)
            if other.id != entry.id:
                self.seal(entry.log(), entry.seq)
        for pair in proofs:
            self.seal(pair[0].log(), pair[0].seq)

    def seal(self, log, seq):
        self.seals[log] = min(seq, self.seals.get(log, seq))

    def current(self, account):
        register = self.registers.get(account)
        return register and register.current()

    def counting(self, log):
        """The entries of a log that the fork rule lets count."""
        account, key, log_id = log
        current = self.current(account)
        device = current and current.device(key)
        if not device or self.registers[account].frozen():
            return []
        held = [entry for entry in self.entries.values() if entry.log() == log]
        for closed_log, seq, last in device.get("closed", []):
            if closed_log.to_bytes(8, "big") == log_id:
                return self.ancestors(log, seq, last)
        if "ended" in device:
            return []
        return [entry for entry in held if log not in self.seals or entry.seq < self.seals[log]]

    def ancestors(self, log, seq, last):
        chain, entry = [], self.entries.get(last)
        while entry and entry.log() == log and entry.seq == seq:
            chain.append(entry)
            entry, seq = self.entries.get(entry.backlink), seq - 1
        return chain

    def standing(self, entry):
        current = self.current(entry.account)
        device = current and current.device(entry.device)
        if not device:
            return "UnknownDevice"
        if entry not in self.counting(entry.log()):
            return "Void"
        return "Effective" if device.get("scope", 0) >> entry.kind & 1 else "OutOfScope"

    def interpreted(self, kind):
        """Effective entries of a kind with a body that can be read."""
        for entry in sorted(self.entries.values(), key=lambda entry: entry.id):
            if entry.kind == kind and not entry.inert() and self.standing(entry) == "Effective":
                try:
                    body = bodies.decode(kind, entry.body())
                except Refused:
                    continue
                if body is not None:
                    yield entry, body

    def effects(self, account):
        deleted = {}
        for mark, body in self.interpreted(5):
            target = self.entries.get(body["target"])
            if target and target.account == mark.account:
                deleted.setdefault(target.id, mark.id)
        profiles = [entry for entry, _ in self.interpreted(2) if entry.account == account]
        profile = max(profiles, key=lambda entry: (entry.timestamp, entry.id), default=None)
        return {"deleted": [[target, deleted[target]] for target in sorted(deleted)], "profile": profile and profile.id}

    def runs(self, log):
        """Maximal linked intervals of what counts, highest first: (top, id of top, low)."""
        counting = {entry.id: entry for entry in self.counting(log)}
        below = {entry.backlink for entry in counting.values() if entry.backlink in counting}
        runs = []
        for top in (entry for entry in counting.values() if entry.id not in below):
            low = top
            while low.backlink in counting:
                low = counting[low.backlink]
            runs.append((top.seq, top.id, low.seq))
        return sorted(runs, reverse=True)

    def fingerprint(self, salts, account, own):
        register = self.registers.get(account)
        if not register:
            return bytes(8)
        parts = [*salts, bytes([len(register.kept)]), *(document.entry.id for document in register.kept.values())]
        logs = {entry.log() for entry in self.entries.values()} | set(self.seals)
        for log in sorted(log for log in logs if log[0] == account):
            runs, seal = self.runs(log), self.seals.get(log, 0)
            if log[2][0] > own or not runs and not seal:
                continue
            if len(runs) > 4:
                return bytes(8)
            parts += [log[1], log[2], seal.to_bytes(8, "big"), len(runs).to_bytes(8, "big")]
            for top, top_id, low in runs:
                parts += [top.to_bytes(8, "big"), top_id, low.to_bytes(8, "big")]
        return derive("majlis v1 account fingerprint", *parts)[:8]


def list_fingerprint(salts, prints):
    """Of (account, fingerprint) pairs in ascending order of account."""
    if any(one == bytes(8) for _, one in prints):
        return bytes(8)
    return derive("majlis v1 list fingerprint", *salts, *(part for pair in prints for part in pair))[:8]
