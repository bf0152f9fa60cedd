"""How a client's story is told: in steps, each of which holds or does not, and is said in a line of JSON."""

import contextlib
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from nodes import Failed, eventually as patiently  # noqa: E402

# For what has to travel between nodes on one machine.
PATIENCE = 10

ENGLISH = "The kettle is on; who is coming over?"
ARABIC = "السلام عليكم، وأهلا بكم في المجلس"
ALT = "منحدر من الألوان: أحمر وأخضر"


class Story:
    def __init__(self):
        with open(sys.argv[1], encoding="utf-8") as file:
            self.world = json.load(file)
        self.folder = Path(self.world["folder"])
        # What was asked last and what was answered, where the client lets that be seen.
        self.last = None

    def node(self, name):
        return self.world["nodes"][name]

    def ask(self, name, *arguments):
        """The lines that a command prints."""
        command = [*self.node(name)["command"], *arguments]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE * 2, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stderr.decode()}"
        return [json.loads(line) for line in done.stdout.decode().split("\n") if line]

    @contextlib.contextmanager
    def step(self, name):
        """What is done within holds, or is told as failed; the story goes on with either."""
        began, failed = time.monotonic(), None
        self.last = None
        try:
            yield
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in where if Path(frame.filename).parent == Path(__file__).parent
                   and frame.name != "step"]
            line = f"line {own[0].lineno}: {own[0].line}\n" if own else ""
            failed = f"{line}{type(error).__name__}: {error}"[:2000]
            if self.last:
                failed += f"\nlast: {self.last}"
        say(step=name, failed=failed, seconds=time.monotonic() - began)

    def end(self):
        say(ended=True)


def say(**event):
    print(json.dumps(event), flush=True)


def eventually(what, condition, patience=PATIENCE):
    """Asks until there is an answer that counts, and gives it."""
    return patiently(what, condition, patience)


def write_many(story, name, texts, language):
    """Has a node's owner post many texts at once, with the command line."""
    file = story.folder / "posts.jsonl"
    lines = [json.dumps({"text": text, "lang": language}, ensure_ascii=False) for text in texts]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [line["id"] for line in story.ask(name, "post", "--from", str(file))]


__all__ = ["ALT", "ARABIC", "ENGLISH", "Failed", "Story", "eventually", "say", "write_many"]
