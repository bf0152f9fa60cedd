#!/usr/bin/env python3
"""Attacks the API of a real node: with schemathesis along its own document, and with what no client would send.

No answer may be a fault of the node's (5xx), none may hang, none may give a token more than its scopes; at the end the
process is the same, answers, is not much larger than before, and has not said anything of a panic.

    fuzz_api.py [--binary PATH] [--examples N] [--seed N]
"""

import argparse
import collections
import itertools
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nodes import Failed, Node, eventually

ROOT = Path(__file__).resolve().parents[2]
# Seconds: an answer, or the end of a connection, has to come within this. Slow clients are cut off sooner.
LIMIT = 40
# Bytes that the process may grow by.
GROWTH = 300 << 20
METHODS = ("get", "post", "put", "patch", "delete")
BROAD = ("read", "write", "follow", "push", "profile")
# No app can have it.
OWNER = "owner"
BAD_IDS = ("0", "-1", str(2**63), str(2**64), str(2**200), "1.5", "1e3", "٣", "🙂", "%00", "a%00b", "%ff%fe", "..%2f..", "%2e%2e",
           "null", "undefined", "[]", "%7b%7d", "'--", "x" * 10_000)
BAD_TOKENS = ("", "x", "Bearer", "x" * 300, "x" * 20_000, "٣", "\x7f", "null", "a b c", "=" * 43)


class Door:
    """The node's HTTP port, talked to in bytes."""

    def __init__(self, address):
        host, port = address.split("://")[1].rsplit(":", 1)
        self.address, self.host, self.sources = (host, int(port)), f"{host}:{port}", itertools.count(2)
        self.answers = collections.Counter()
        self.slowest = 0.0

    def connect(self):
        # Strangers are slowed down by address: each attack has one of its own, where the system lets it.
        turn = next(self.sources)
        source = (f"127.{1 + turn // 62_500 % 250}.{1 + turn // 250 % 250}.{1 + turn % 250}", 0)
        try:
            return socket.create_connection(self.address, LIMIT, source)
        except OSError:
            return socket.create_connection(self.address, LIMIT)

    def send(self, data, close=True):
        """Everything that comes back. `close`: nothing more is said."""
        started = time.monotonic()
        with self.connect() as stream:
            try:
                stream.sendall(data)
                if close:
                    stream.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It has hung up on this, which is an answer.
            answer = read_all(stream, data)
        self.slowest = max(self.slowest, time.monotonic() - started)
        self.count(answer, data)
        return answer

    def count(self, answer, question):
        # Of several answers by one connection the first: others are within it.
        status = answer[9:12].decode(errors="replace") if answer.startswith(b"HTTP/1.") else "closed"
        self.answers[status] += 1
        if b"HTTP/1.1 5" in answer or b"HTTP/1.0 5" in answer:
            raise Failed(f"a fault of the node's: {answer[:500]!r}\nfor {question[:500]!r}")

    def ask(self, method, path, token=None, headers=(), body=b""):
        """Status and body."""
        lines = [f"{method.upper()} {path} HTTP/1.1", f"Host: {self.host}", "Connection: close", *headers]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
        answer = self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body, close=False)
        if not answer.startswith(b"HTTP/1."):
            return None, answer
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head[9:12]), rest


def read_all(stream, question):
    answer, deadline = b"", time.monotonic() + LIMIT
    while True:
        stream.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            part = stream.recv(1 << 16)
        except TimeoutError:
            raise Failed(f"no end within {LIMIT} s: {question[:300]!r}\nso far {answer[:300]!r}") from None
        except OSError:
            return answer
        if not part:
            return answer
        answer += part
        # A stream is told to go on for ever, and has begun.
        if b"\r\ncontent-type: text/event-stream\r\n" in answer and b"\r\n\r\n" in answer:
            return answer


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def scopes_of(operation):
    return {scope for needed in operation.get("security", []) for scope in needed["token"]}


def filled(path, value="1"):
    """An address with something in its braces."""
    return re.sub(r"\{[^}]*\}", lambda _: value, path)


class World:
    """What is there to be found: a post with a poll, its author, a list, a tag."""

    def __init__(self, door, token):
        def made(path, body):
            headers = ["Content-Type: application/json"]
            status, answer = door.ask("post", path, token, headers, json.dumps(body).encode())
            if status != 200:
                raise Failed(f"{path}: {status} {answer[:300]!r}")
            return json.loads(answer)
        post = made("/api/v1/statuses", {"status": "شاي أم قهوة؟ #tea", "poll": {"options": ["شاي", "قهوة"], "expires_in": 3_600}})
        known = made("/api/v1/lists", {"title": "جيران"})["id"]
        # The longest beginning counts.
        self.ids = [("/api/v1/timelines/tag", "tea"), ("/api/v1/timelines/list", known), ("/api/v1/lists", known),
                    ("/api/v1/accounts", post["account"]["id"]), ("/api/majlis/v1/statuses", post["id"]), ("/api/v1/", post["id"])]

    def id(self, path):
        return next((known for start, known in self.ids if path.startswith(start)), "1")

    def filled(self, path):
        return filled(path, self.id(path))


def allows(token, needed):
    """Whether a token of one scope goes as far as a route needs."""
    return any(scope == token or scope.startswith(token + ":") for scope in needed) or (
        token == "follow" and any(scope.endswith((":follows", ":blocks", ":mutes")) for scope in needed))


def attack_scopes(door, node, document):
    """Every route, without a token and with one of every other scope."""
    needed = {scope for _, _, operation in operations(document) for scope in scopes_of(operation)}
    needed.discard(OWNER)
    tokens = {scope: node.token(scopes=scope) for scope in sorted(needed | set(BROAD))}
    tried = 0
    for method, path, operation in operations(document):
        scopes = scopes_of(operation)
        if not scopes:
            continue
        for token in (None, "wrong", *tokens):
            if token in tokens and allows(token, scopes):
                continue
            given = tokens.get(token, token)
            status, body = door.ask(method, filled(path), given)
            expected = 403 if token in tokens else 401
            if status != expected or set(json.loads(body)) - {"error", "error_description"}:
                raise Failed(f"{method} {path} with {token}: {status}, not {expected}: {body[:300]!r}")
            tried += 1
    return tried


def attack_values(door, token, document, world):
    """Bad ids in every address, and bad values in every parameter."""
    tried = 0
    for method, path, operation in operations(document):
        if "{" in path:
            for bad in BAD_IDS:
                status, body = door.ask(method, filled(path, bad), token)
                if status is None or status < 400 and "{tag}" not in path and "[]" not in path:
                    # The page finds out by itself what there is at its address.
                    if not body.startswith((b"[]", b"{}")) and not body.lower().startswith(b"<!doctype html>"):
                        raise Failed(f"{method} {path} with {bad[:40]}: {status} {body[:200]!r}")
                tried += 1
    numbers = ("1000000000", "-1", "0", str(2**64), "x", "", "%00", "٣", "1" * 5_000)
    for method, path, operation in operations(document):
        for parameter in operation["parameters"]:
            if parameter["in"] == "query":
                for bad in numbers:
                    door.ask(method, f"{world.filled(path)}?{parameter['name']}={bad}", token)
                    tried += 1
        if method == "get" and scopes_of(operation):
            status, body = door.ask(method, f"{world.filled(path)}?limit=1000000000", token)
            if status == 200 and len(body) > 8 << 20:
                raise Failed(f"a huge page of {path}: {len(body)} bytes")
            tried += 1
    return tried


def attack_bodies(door, token, document, world):
    """Bodies that are not what they say."""
    deep = b"[" * 50_000 + b"]" * 50_000
    part = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
    bodies = [
        ("application/json", body) for body in (
            b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", deep, b'{"status":' + deep + b"}", b'{"a":1e999}', b'{"status":1}',
            b'{"status":["a"],"media_ids":{"a":{"b":1}},"poll":[],"sensitive":{}}', b'{"status":null,"poll":{"options":7}}',
            b'{"status":"\\ud800"}', b'{"status":"\\u0000"}', b'{"x":' + b"9" * 100_000 + b"}",
        )
    ] + [
        ("application/x-www-form-urlencoded", body) for body in (
            b"a[b][c][d][e][f][g][h]=1", b"status[]=1&status[a]=2&status=3", b"[[[[=1&]]]]=2", b"id[]=&id[]", b"%", b"%zz=%zz",
            b"poll[options]=x&poll=1", b"a=1&" * 5_000, b"=" * 10_000, b"media_ids[0][0][0]=1", b"status=%ff%fe%00",
        )
    ] + [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 5_000, b"--x\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x"),
        ("multipart/form-data; boundary=x", part),
        ("multipart/form-data; boundary=x", part + b"\x89PNG\r\n\x1a\n" + b"\0" * 1_000),
        ("multipart/form-data; boundary=x", part + b"GIF89a" + b"\xff" * 1_000 + b"\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", (part + b"x\r\n") * 200 + b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 1_000 + b"\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\xff\r\n--x--\r\n"),
        ("text/plain", b"hello"), ("\xff", b"x"), ("application/json; charset=utf-16", "{}".encode("utf-16")),
    ]
    tried = 0
    for method, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        for kind, body in bodies:
            lines = [f"{method.upper()} {world.filled(path)} HTTP/1.1", f"Host: {door.host}", "Connection: close",
                     f"Authorization: Bearer {token}", f"Content-Length: {len(body)}"]
            head = "\r\n".join(lines).encode() + b"\r\nContent-Type: " + kind.encode("latin-1") + b"\r\n\r\n"
            door.send(head + body, close=False)
            tried += 1
    return tried


def attack_tokens(door):
    tried = 0
    for bad in BAD_TOKENS:
        for header in (f"Authorization: Bearer {bad}", f"Authorization: Basic {bad}", f"authorization:{bad}",
                       f"Sec-WebSocket-Protocol: {bad}"):
            status, _ = door.ask("get", "/api/v1/accounts/verify_credentials", None, [header])
            if status not in (400, 401, 431, None):
                raise Failed(f"{header[:60]!r}: {status}")
            tried += 1
        status, _ = door.ask("get", "/api/v1/accounts/verify_credentials?access_token=" + bad.replace(" ", "+"))
        if status not in (400, 401, 414, 431, None):
            raise Failed(f"access_token={bad[:60]!r}: {status}")
        tried += 1
    return tried


def raw_attacks(host, token):
    """Bytes, and whether the client says nothing after them."""
    head = f"Host: {host}\r\nAuthorization: Bearer {token}\r\n".encode()
    post = b"POST /api/v1/statuses HTTP/1.1\r\n" + head + b"Content-Type: application/json\r\n"
    get = b"GET /api/v1/timelines/home HTTP/1.1\r\n" + head
    yield b""
    yield b"\0" * 1_000
    yield bytes(range(256)) * 300
    yield b"GET\r\n\r\n"
    yield b"GET / HTTP/9.9\r\n\r\n"
    yield b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + head + b"\r\n"
    yield b"GET //..//..%2f../etc/passwd HTTP/1.1\r\n" + head + b"\r\n"
    yield b"GET http:// HTTP/1.1\r\n" + head + b"\r\n"
    yield b"GET * HTTP/1.1\r\n" + head + b"\r\n"
    yield b"CONNECT example.org:443 HTTP/1.1\r\n" + head + b"\r\n"
    yield b"TRACE / HTTP/1.1\r\n" + head + b"\r\n"
    yield b"\xd8\xb4\xd8\xa7\xd9\x8a / HTTP/1.1\r\n" + head + b"\r\n"
    yield get + b"X: " + b"y" * 500_000 + b"\r\n\r\n"
    yield get + b"".join(b"X%d: y\r\n" % n for n in range(5_000)) + b"\r\n"
    yield get + b"Bad Header: x\r\n: y\r\n\x01: z\r\n\r\n"
    yield get + b"Range: bytes=-99999999999999999999\r\nIf-None-Match: \xff\r\nAccept: \"\r\n\r\n"
    for cut in (1, 10, 30, len(get) - 1):
        yield get[:cut]
    yield post + b"Content-Length: 1000\r\n\r\n{\"status\":"
    yield post + b"Content-Length: 2\r\n\r\n{}GARBAGE\r\n\r\n"
    yield post + b"Content-Length: -1\r\n\r\n{}"
    yield post + b"Content-Length: 99999999999999999999\r\n\r\n{}"
    yield post + b"Content-Length: 18446744073709551615\r\n\r\n{}"
    yield post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "
    yield post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield post + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n"
    yield post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}"
    yield post + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n"
    yield post + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 10_000
    yield post + b"Transfer-Encoding: gzip, identity, chunked, x\r\n\r\n0\r\n\r\n"
    yield post + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    yield post + b"Expect: nonsense\r\nContent-Length: 0\r\n\r\n"
    yield (get + b"\r\n") * 50 + b"garbage\r\n\r\n" + get + b"\r\n"
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x11" * 508
    yield get + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n\r\n"
    yield (b"GET /api/v1/streaming HTTP/1.1\r\n" + head + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n\r\n" + b"\xff" * 1_000)


def attack_connections(door, token):
    """Bytes that are not HTTP, or that stop: from clients that hang up at once, and from some that wait."""
    tried = 0
    for data in raw_attacks(door.host, token):
        door.send(data)
        with door.connect() as stream:  # It is cut in the middle, with a reset.
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            try:
                stream.sendall(data)
            except OSError:
                pass
        tried += 2
    waiting = []
    for data in raw_attacks(door.host, token):
        stream = door.connect()
        try:
            stream.sendall(data)
        except OSError:
            pass
        waiting.append((stream, data))
    for stream, data in waiting:
        with stream:
            door.count(read_all(stream, data), data)
        tried += 1
    return tried


def attack_tls(door, secured, trusted):
    """The encrypted port, with what is not encrypted and with what is."""
    tried = 0
    for data in (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01", b"\x16\x03\x01\xff\xff" + b"\0" * 70_000,
                 b"\x80\x2e\x01\x00\x02", b"\0" * 10_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        answer = secured.send(data, close=False)
        if b"200" in answer[:20]:
            raise Failed(f"the encrypted port answers {data[:40]!r}")
        tried += 1
    context = ssl.create_default_context(cafile=str(trusted))
    for data in raw_attacks(secured.host, "x"):
        with secured.connect() as plain:
            try:
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as stream:
                    stream.sendall(data)
                    stream.unwrap()
            except OSError:
                pass
        tried += 1
    with secured.connect() as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as stream:
        stream.sendall(f"GET /health HTTP/1.1\r\nHost: {secured.host}\r\nConnection: close\r\n\r\n".encode())
        if not read_all(stream, b"GET /health").startswith(b"HTTP/1.1 200"):
            raise Failed("the encrypted port does not answer any more")
    return tried


def schemathesis(node, token, world, examples, seed):
    """The document, example by example; what it says of that. Ids are right, as the wrong ones have been tried."""
    # A DELETE would end what the others are about.
    known = [(start, "tag" if value == "tea" else "id", value) for start, value in world.ids[:-1]]
    known += [(f"/api/v1/{kind}", "id", world.id("/api/v1/")) for kind in ("statuses", "polls", "media")]
    settings = [f"[[operations]]\ninclude-path-regex = '^{start}/\\{{'\nexclude-method = 'DELETE'\n"
                f"parameters = {{ 'path.{name}' = '{value}' }}\n" for start, name, value in known]
    (node.home.parent / "schemathesis.toml").write_text("".join(settings))
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{node.http}/api/openapi.json", "--seed", str(seed),
        "--max-examples", str(examples), "--phases", "coverage,fuzzing", "--mode", "all",
        "--checks", "not_a_server_error,response_schema_conformance", "--request-timeout", str(LIMIT),
        "--header", f"Authorization: Bearer {token}", "--continue-on-failure", "--no-shrink", "--warnings", "off",
        "--suppress-health-check", "all", "--workers", "2", "--no-color",
        # It ends tokens, and the fuzz with them; and streams do not end.
        "--exclude-path", "/oauth/revoke", "--exclude-path-regex", "^/api/v1/streaming(/(user|public|hashtag|list|direct).*)?$",
    ]
    done = subprocess.run(command, capture_output=True, cwd=node.home.parent, text=True, timeout=900, check=False)
    if done.returncode != 0:
        raise Failed(f"schemathesis: {done.returncode}\n{done.stdout[-6_000:]}\n{done.stderr[-2_000:]}")
    return done.stdout


def memory(process):
    """Bytes that a process has in memory; none where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def fuzz(node, options):
    token = node.token()
    door, secured = Door(node.http), Door(node.one("status")["https"])
    status, body = door.ask("get", "/api/openapi.json")
    if status != 200:
        raise Failed(f"no document: {status}")
    document, world = json.loads(body), World(door, token)
    before = memory(node.process)
    attacks = [
        ("scopes", lambda: attack_scopes(door, node, document)),
        ("tokens", lambda: attack_tokens(door)),
        ("values", lambda: attack_values(door, token, document, world)),
        ("bodies", lambda: attack_bodies(door, token, document, world)),
        ("connections", lambda: attack_connections(door, token)),
        ("encryption", lambda: attack_tls(door, secured, node.home / "tls.pem")),
        ("schemathesis", lambda: schemathesis(node, token, world, options.examples, options.seed)),
    ]
    print(f"{len(list(operations(document)))} operations at {node.http}", flush=True)
    for name, attack in attacks:
        started = time.monotonic()
        count = attack()
        if name == "schemathesis":
            print("\n".join(line for line in count.splitlines()[-10:] if line.strip()))
            count = ""
        print(f"{name:<13} {count!s:>6}  {time.monotonic() - started:.1f} s", flush=True)
    if node.process.poll() is not None:
        raise Failed("the node has ended")
    eventually("the node answers", lambda: door.ask("get", "/health") == (200, b"OK"))
    after = memory(node.process)
    if before is not None and after - before > GROWTH:
        raise Failed(f"it has grown from {before} to {after} bytes")
    log = node.log.read_text(errors="replace")
    for word in ("panicked", "an answer broke off"):
        if word in log:
            raise Failed(f"{word}: {log[max(0, log.index(word) - 500):][:2_000]}")
    if token in log:
        raise Failed("a token is in the log")
    grown = "" if before is None else f", {before >> 20} MB before and {after >> 20} MB after"
    answers = ", ".join(f"{count} x {status}" for status, count in sorted((door.answers + secured.answers).items()))
    print(f"answers: {answers}; the slowest took {max(door.slowest, secured.slowest):.1f} s{grown}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "target" / "debug" / "majlis", type=Path)
    parser.add_argument("--examples", default=12, type=int)
    parser.add_argument("--seed", default=7, type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="majlis-fuzz-") as folder:
        environment = {"MAJLIS_HTTP_TLS_LISTEN": "127.0.0.1:0", "MAJLIS_HTTP_FEED": "true", "MAJLIS_LOG": "majlis=debug"}
        node = Node("fuzzed", options.binary.resolve(), Path(folder), environment=environment)
        try:
            node.start()
            fuzz(node, options)
            node.stop()
        except Failed as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            return 1
        finally:
            node.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
