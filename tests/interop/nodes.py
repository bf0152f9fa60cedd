"""Real nodes for programs that talk to them: the program, a scratch home each, and its command line."""

import itertools
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time

PATIENCE = 120


class Failed(Exception):
    """Something did not go as it must."""


class Node:
    """One person's node: a home of its own, and the program."""

    def __init__(self, name, binary, folder, *arguments, environment=None):
        self.name, self.binary = name, str(binary)
        self.home = folder / name
        self.log = folder / f"{name}.log"
        self.arguments = arguments
        self.set = environment or {}
        self.process = None
        self.account = self.http = None
        # Chosen below the range from which the system gives ports to others, so that it stays free.
        self.port = free_port()

    def command(self, *arguments):
        return [self.binary, "--home", str(self.home), "--json", *arguments]

    def environment(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MAJLIS_")}
        # Those who were stopped a moment ago are dialled again soon; apps are served at any port.
        soon = {"MAJLIS_NET_DIAL_BACKOFF_MAX_MS": "2000", "MAJLIS_HTTP_LISTEN": "127.0.0.1:0"}
        return kept | soon | self.set

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command("run", "--no-mdns", "--listen", f"/ip4/127.0.0.1/tcp/{self.port}", *self.arguments),
                stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                env=self.environment(), start_new_session=True,
            )
        ready = queue.Queue()
        threading.Thread(target=read_events, args=(self.process.stdout, ready), daemon=True).start()
        try:
            event = ready.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed(f"{self.name} is not ready after {PATIENCE} s") from None
        if event is None:
            raise Failed(f"{self.name} ended before it was ready:\n{self.log.read_text()[-2000:]}")
        self.account, self.http = event["account"], event.get("http")
        return self

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=PATIENCE)
        self.process = None
        if code != 0:
            raise Failed(f"{self.name} ended with {code}:\n{self.log.read_text()[-2000:]}")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, *arguments):
        """The lines that a command prints."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, stdin=subprocess.DEVNULL,
            env=self.environment(), timeout=PATIENCE, check=False,
        )
        if done.returncode != 0:
            raise Failed(f"{self.name}: majlis {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return [json.loads(line) for line in done.stdout.decode().split("\n") if line]

    def one(self, *arguments):
        """The one line that a command prints."""
        [line] = self.ask(*arguments)
        return line

    def token(self, app="test", scopes="read,write,follow,push"):
        """A token for an app that acts for the owner."""
        return self.one("token", "new", "--name", app, "--scopes", scopes)["token"]

    def address(self):
        """Where other nodes reach it."""
        return f"/ip4/127.0.0.1/tcp/{self.port}"


def read_events(stream, ready):
    """Hands on the first `ready`, then reads on, so that the node never waits for its reader."""
    waiting = True
    for line in stream:
        if waiting and (event := json.loads(line)).get("event") == "ready":
            waiting = False
            ready.put(event)
    if waiting:
        ready.put(None)


PORTS = itertools.count(12_000 + os.getpid() * 31 % 15_000)


def free_port():
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failed("no port is free")


def eventually(what, condition, patience=PATIENCE):
    """Asks until there is an answer that counts, and gives it; an assertion that does not hold yet is asked again."""
    deadline = time.monotonic() + patience
    while True:
        try:
            if answer := condition():
                return answer
            reason = ""
        except AssertionError as error:
            reason = f": {error}"
        if time.monotonic() > deadline:
            raise Failed(f"not within {patience} s: {what}{reason}")
        time.sleep(0.05)
