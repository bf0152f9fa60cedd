"""Pieces of files (chapter 10), with the parts of BLAKE3 that the usual library does not show."""

from blake3 import blake3

from . import Refused
from .data import number, unhex

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
CHUNK, GROUP = 1_024, 16_384


def rotate(word, by):
    return (word >> by | word << 32 - by) & 0xFFFFFFFF


def mix(state, a, b, c, d, x, y):
    for add, (first, second) in ((x, (16, 12)), (y, (8, 7))):
        state[a] = (state[a] + state[b] + add) & 0xFFFFFFFF
        state[d] = rotate(state[d] ^ state[a], first)
        state[c] = (state[c] + state[d]) & 0xFFFFFFFF
        state[b] = rotate(state[b] ^ state[c], second)


def compress(value, block, counter, flags):
    """The chaining value that a block of at most 64 bytes leads to."""
    padded = block + bytes(64 - len(block))
    words = [int.from_bytes(padded[at:at + 4], "little") for at in range(0, 64, 4)]
    state = [*value, *IV[:4], counter & 0xFFFFFFFF, counter >> 32, len(block), flags]
    for _ in range(7):
        for at in range(4):
            mix(state, at, 4 + at, 8 + at, 12 + at, words[2 * at], words[2 * at + 1])
        for at in range(4):
            mix(state, at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4, words[8 + 2 * at], words[9 + 2 * at])
        words = [words[at] for at in ORDER]
    return tuple(state[at] ^ state[at + 8] for at in range(8))


def pack(value):
    return b"".join(word.to_bytes(4, "little") for word in value)


def parent(left, right, root):
    return pack(compress(IV, left + right, 0, PARENT | (ROOT if root else 0)))


def left_size(size, unit):
    """Of more than one unit the left side has the largest power of two that leaves something on the right."""
    units = (size - 1) // unit
    return unit << units.bit_length() - 1


def value_of(data, counter, root):
    """The chaining value of a subtree whose first chunk has this number."""
    if len(data) > CHUNK:
        left = left_size(len(data), CHUNK)
        return parent(value_of(data[:left], counter, False), value_of(data[left:], counter + left // CHUNK, False), root)
    value, starts = IV, range(0, max(len(data), 1), 64)
    for at in starts:
        flags = (CHUNK_START if at == 0 else 0) | (CHUNK_END | (ROOT if root else 0) if at == starts[-1] else 0)
        value = compress(value, data[at:at + 64], counter, flags)
    return pack(value)


def refuse(wrong, name):
    if wrong:
        raise Refused(name)


def piece(given):
    size, first, count = (number(given[name]) for name in ("size", "first", "count"))
    return verify(unhex(given["blob"]), size, first, count, unhex(given["piece"]))


def verify(blob, size, first, count, piece):
    left = piece
    refuse(not 1 <= count <= 8 or first + count > -(-size // GROUP) or size > 1 << 40, "Span")
    begin, end, found = first * GROUP, (first + count) * GROUP, []

    def take(length):
        nonlocal left
        refuse(len(left) < length, "Mismatch")
        taken, left = left[:length], left[length:]
        return taken

    def walk(start, length, expected, root):
        if start >= end or start + length <= begin:
            return
        if length <= GROUP:
            data = take(length)
            refuse(value_of(data, start // CHUNK, root) != expected, "Mismatch")
            found.append(data)
            return
        one, other = take(32), take(32)
        refuse(parent(one, other, root) != expected, "Mismatch")
        half = left_size(length, GROUP)
        walk(start, half, one, False)
        walk(start + half, length - half, other, False)

    walk(0, size, blob, True)
    refuse(left, "Mismatch")
    data = b"".join(found)
    return {"length": len(data), "hash": blake3(data).digest()}
