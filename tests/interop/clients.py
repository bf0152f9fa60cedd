#!/usr/bin/env python3
"""Runs other people's clients, unmodified and from their registries, against real nodes.

    clients.py --binary PATH --tools DIR [--only NAME,…]

Each client has a file in clients/ that tells its story in steps, with nodes of its own: `a` and `b` follow each other,
and `c` knows nobody yet. What one says on one node has to be read on another. A line is printed for each step, and
counts at the end; the exit code is 1 where a step has failed.
"""

import argparse
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nodes import Failed, Node

HERE = Path(__file__).resolve().parent / "clients"
# The longest first.
STORIES = ["tooi.py", "mastodon_py.py", "toot_cli.py", "masto.mjs", "megalodon.mjs"]
# Stories at once.
TOLD_AT_ONCE = 2
# Longer than any story takes on a slow machine.
PATIENCE = 600


def install(tools):
    """The folders with Python's and Node.js's clients, made where they are not there in these versions yet."""
    python, node = tools / "clients-python", tools / "clients-node"
    kept(python, [HERE / "requirements.txt"], lambda: (
        run(sys.executable, "-m", "venv", python),
        run(python / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt"),
    ))
    manifests = [HERE / "package.json", HERE / "package-lock.json"]
    kept(node, manifests, lambda: (
        node.mkdir(),
        *(shutil.copy(file, node) for file in manifests),
        run("npm", "ci", "--prefix", node, "--silent", "--no-audit", "--no-fund", "--ignore-scripts"),
    ))
    return python, node


def kept(folder, files, make):
    """Has a folder made, unless it was made from the same files."""
    made_from = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
    stamp = folder / "made-from"
    if not stamp.is_file() or stamp.read_text() != made_from:
        shutil.rmtree(folder, ignore_errors=True)
        make()
        stamp.write_text(made_from)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdin=subprocess.DEVNULL)


def picture(path):
    """A small picture with something to see: a slope of colours."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = 64, 48
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (x * 4, y * 5, 128)) for y in range(height))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def tell(story, binary, python, node, folder):
    """Tells one story; the steps that it took, and those of them that failed."""
    nodes = {name: Node(name, binary, folder) for name in "abc"}
    try:
        for each in nodes.values():
            each.start()
        invites = {name: each.one("id")["invite"] for name, each in nodes.items()}
        nodes["a"].ask("follow", invites["b"])
        nodes["b"].ask("follow", invites["a"])
        picture(folder / "picture.png")
        world = folder / "world.json"
        world.write_text(json.dumps({
            "folder": str(folder), "bin": str(python / "bin"), "picture": str(folder / "picture.png"),
            "nodes": {name: {
                "http": each.http, "key": each.account.removeprefix("did:key:"), "invite": invites[name],
                "command": each.command(),
            } for name, each in nodes.items()},
        }))
        result = listen(story, python, node, world)
        for each in nodes.values():
            each.stop()
        return result
    finally:
        for each in nodes.values():
            each.kill()


def listen(story, python, node, world):
    script = HERE / story
    command = [python / "bin/python", script, world]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    if script.suffix == ".mjs":
        # Node.js looks for packages beside the script: it is run from where they are.
        command = ["node", shutil.copy(script, node), world, HERE / "browser.py"]
        for file in [HERE / "story.mjs", HERE.parent.parent / "browser" / "lib" / "hold.mjs"]:
            shutil.copy(file, node)
    steps, failed, ended, log = 0, [], False, world.with_suffix(".log")
    with open(log, "wb") as errors:
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=errors,
                                   stdin=subprocess.DEVNULL, env=environment)
        deadline = threading.Timer(PATIENCE, process.kill)
        deadline.start()
        try:
            for event in map(json.loads, process.stdout):
                ended = event.get("ended", False)
                if ended:
                    continue
                steps += 1
                tell_step(story, event["step"], event["failed"], event["seconds"])
                failed += [event["step"]] if event["failed"] else []
            ended = process.wait() == 0 and ended
        finally:
            deadline.cancel()
            process.kill()
            process.wait()
    if not ended:
        steps, name = steps + 1, "it comes to its end"
        failed.append(name)
        tell_step(story, name, log.read_text(errors="replace")[-3000:] or f"ended with {process.returncode}", 0)
    return steps, failed


def tell_step(story, name, failed, seconds):
    """One line, and below it why it failed. Several stories are told at once."""
    lines = [f"{'FAILED' if failed else 'ok':>6} {seconds:6.2f} s  {story.split('.')[0]:11} {name}"]
    lines += [f"                  {line}" for line in (failed or "").splitlines()]
    say("\n".join(lines))


def say(text=""):
    print(text + "\n", end="", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", required=True, type=Path, help="the program")
    parser.add_argument("--tools", required=True, type=Path, help="where the clients are installed, and stay")
    parser.add_argument("--only", help="stories to tell, by the names of their files without the ending")
    arguments = parser.parse_args()
    stories = STORIES
    if arguments.only:
        stories = [story for story in STORIES if story.split(".")[0] in arguments.only.split(",")]
        if len(stories) != len(arguments.only.split(",")):
            parser.error(f"the stories are {', '.join(story.split('.')[0] for story in STORIES)}")
    arguments.tools.mkdir(parents=True, exist_ok=True)
    python, node = install(arguments.tools.resolve())
    began = time.monotonic()

    def told(story):
        with tempfile.TemporaryDirectory(prefix="majlis-clients-") as folder:
            try:
                return tell(story, arguments.binary.resolve(), python, node, Path(folder))
            except Failed as failure:
                tell_step(story, "its nodes start and stop", str(failure), 0)
                return 1, ["its nodes start and stop"]

    with ThreadPoolExecutor(TOLD_AT_ONCE) as at_once:
        results = dict(zip(stories, at_once.map(told, stories), strict=True))
    steps = sum(steps for steps, _ in results.values())
    failed = [f"{story}: {step}" for story, (_, failed) in results.items() for step in failed]
    say(f"\n{len(stories)} clients, {steps} steps, {len(failed)} failed; {time.monotonic() - began:.0f} s")
    for step in failed:
        say(f"  failed: {step}")
    sys.exit(bool(failed) or not steps)


if __name__ == "__main__":
    main()
