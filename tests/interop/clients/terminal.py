"""A program in a terminal: what it shows is read off the screen, and keys are pressed."""

import re
import time

import pexpect
import pyte

# A program draws much anew for each key, and waits for the processor where others work too.
PATIENCE = 30
ROWS, COLUMNS = 60, 260


class Terminal:
    def __init__(self, command, environment):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.printed, self.shown = b"", None
        self.child = pexpect.spawn(
            str(command[0]), [str(part) for part in command[1:]], dimensions=(ROWS, COLUMNS), timeout=PATIENCE,
            env=dict(environment) | {"TERM": "xterm-256color", "LANG": "C.UTF-8"},
        )
        self.child.delaybeforesend = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.close(force=True)

    def look(self):
        """The screen as it is now."""
        try:
            while True:
                data = self.child.read_nonblocking(1 << 16, timeout=0.05)
                self.printed += data
                self.stream.feed(data)
                self.shown = None
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass
        if self.shown is None:
            self.shown = "\n".join(line.rstrip() for line in self.screen.display)
        return self.shown

    def until(self, what, patience=PATIENCE, gone=False):
        """Waits until the screen shows a text, or no longer, or fits; the screen then."""
        fits = what if callable(what) else lambda screen: (what in screen) != gone
        deadline = time.monotonic() + patience
        while not fits(screen := self.look()):
            assert time.monotonic() < deadline, f"{what} is not shown:\n{screen.strip()}"
            if not self.child.isalive():
                screen = self.look()
                assert fits(screen), f"it has ended, and {what} is not shown:\n{screen.strip()}"
                break
        return screen

    def press(self, keys):
        self.child.send(keys)

    def click(self, text, line=""):
        """Clicks on a text, once it is shown, on a line that begins like a pattern."""
        fits = re.compile(f"{line}.*?{re.escape(text)}")
        self.until(lambda screen: any(fits.match(shown) for shown in screen.split("\n")))
        row, found = next((row, found) for row, shown in enumerate(self.screen.display, 1) if (found := fits.match(shown)))
        column = found.end()
        self.press(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")

    def ended(self):
        """What it has printed, without colours, once it has ended well."""
        deadline = time.monotonic() + PATIENCE
        while self.child.isalive():
            self.look()
            assert time.monotonic() < deadline, f"it does not end:\n{self.look()}"
        self.look()
        self.child.close()
        assert self.child.exitstatus == 0, f"it has ended with {self.child.exitstatus}:\n{self.look()}"
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", self.printed.decode())
