"""Deterministic CBOR as bodies use it (chapter 3)."""

from . import Refused

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
DEPTH = 16


class Items:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Refused("Truncated")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if major == TAG or major == SIMPLE and low not in (20, 21, 22):
            raise Refused("Forbidden")
        if low < 24:
            return major, low
        if low < 28:
            size = 1 << low - 24
            value = int.from_bytes(self.take(size), "big")
            if value < (24 if size == 1 else 1 << 4 * size):
                raise Refused("NotShortest")
            return major, value
        raise Refused("Indefinite" if low == 31 and BYTES <= major <= MAP else "Forbidden")

    def text(self, count):
        try:
            return self.take(count).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("Utf8") from None

    def walk(self, depth=1):
        """Passes over one item, checking all of it."""
        if depth > DEPTH:
            raise Refused("Depth")
        major, value = self.head()
        if major == BYTES:
            self.take(value)
        elif major == TEXT:
            self.text(value)
        elif major == ARRAY:
            for _ in range(value):
                self.walk(depth + 1)
        elif major == MAP:
            last = b""
            for _ in range(value):
                start = self.at
                self.walk(depth + 1)
                key = self.data[start : self.at]
                if last >= key:
                    raise Refused("MapOrder")
                last = key
                self.walk(depth + 1)

    def expect(self, major):
        found, value = self.head()
        if found != major:
            raise Refused("Type")
        return value


def check(data):
    items = Items(data)
    items.walk()
    if items.at != len(data):
        raise Refused("TrailingBytes")
