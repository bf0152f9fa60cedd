"""How the vector files write bytes and numbers."""


def unhex(value):
    """Bytes from hex, or from an array of hex and of pairs of hex and count."""
    if isinstance(value, str):
        return bytes.fromhex(value)
    return b"".join(bytes.fromhex(part) if isinstance(part, str) else bytes.fromhex(part[0]) * part[1] for part in value)


def number(value):
    """A number, as such or in decimal text."""
    return int(value)


def same(actual, expected):
    """Whether a value computed here, with real bytes and numbers, is the one that a vector states."""
    if isinstance(actual, (bytes, bytearray)):
        return not isinstance(expected, (dict, int)) and expected is not None and unhex(expected) == bytes(actual)
    if actual is None or isinstance(actual, bool):
        return actual is expected
    if isinstance(actual, int):
        return isinstance(expected, (int, str)) and not isinstance(expected, bool) and number(expected) == actual
    if isinstance(actual, (list, tuple)):
        return isinstance(expected, list) and len(actual) == len(expected) and all(map(same, actual, expected))
    if isinstance(actual, dict):
        return isinstance(expected, dict) and actual.keys() == expected.keys() and all(same(actual[k], expected[k]) for k in actual)
    return actual == expected
