"""Reading off the front of bytes: fixed fields and varints (chapter 0)."""

from . import Refused


class Stream:
    def __init__(self, data, short="Truncated"):
        self.data, self.at, self.short = bytes(data), 0, short

    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left():
            raise Refused(self.short)
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self):
        return self.take(1)[0]

    def integer(self, size):
        return int.from_bytes(self.take(size), "big")

    def varint(self):
        value = 0
        for index in range(10):
            if index >= self.left():
                raise Refused("Truncated")
            byte = self.data[self.at + index]
            if index == 9 and byte > 1:
                raise Refused("Number")
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if byte == 0 and index > 0:
                    raise Refused("Number")
                self.at += index + 1
                return value
        raise Refused("Number")


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1
