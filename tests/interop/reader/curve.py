"""Ed25519 in plain integers: verification under ZIP 215, fitness of keys, signing; and X25519."""

from hashlib import sha512

from . import Refused

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    """The sum of two points in extended coordinates (X, Y, Z, T)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def negate(point):
    x, y, z, t = point
    return -x % P, y, z, -t % P


def is_identity(point):
    x, y, z, _ = point
    return x % P == 0 and (y - z) % P == 0


def decompress(encoding):
    """The point of 32 bytes, canonical or not; None if there is none. Zero may carry a sign."""
    y = int.from_bytes(encoding, "little")
    sign, y = y >> 255, (y & (2**255 - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_M1 % P
    if v * x * x % P != u:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def compress(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompress(bytes([0x58]) + bytes([0x66]) * 31)


def verify(key, signature, message):
    """ZIP 215: S below the order, encodings of A and R as they come, the cofactor multiplied in."""
    nonce, s = signature[:32], int.from_bytes(signature[32:], "little")
    a, r = decompress(key), decompress(nonce)
    if s >= L or a is None or r is None:
        return False
    k = int.from_bytes(sha512(nonce + key + message).digest(), "little") % L
    difference = add(multiply(s, BASE), negate(add(r, multiply(k, a))))
    return is_identity(multiply(8, difference))


FITNESS = {}


def check_key(key):
    """Raises what is wrong with a key of an account, root or device."""
    if key not in FITNESS:
        FITNESS[key] = fitness(key)
    if FITNESS[key]:
        raise Refused(FITNESS[key])


def fitness(key):
    point = decompress(key)
    if point is None or compress(point) != key:
        return "NotCanonical"
    if is_identity(multiply(8, point)):
        return "SmallOrder"
    return None if is_identity(multiply(L, point)) else "Torsion"


def clamp(digest):
    return (int.from_bytes(digest[:32], "little") & ~7 & (1 << 254) - 1) | 1 << 254


def public(seed):
    return compress(multiply(clamp(sha512(seed).digest()), BASE))


def sign(seed, message):
    """RFC 8032."""
    digest = sha512(seed).digest()
    secret, key = clamp(digest), public(seed)
    r = int.from_bytes(sha512(digest[32:] + message).digest(), "little") % L
    nonce = compress(multiply(r, BASE))
    k = int.from_bytes(sha512(nonce + key + message).digest(), "little") % L
    return nonce + ((r + k * secret) % L).to_bytes(32, "little")


def x25519_public(secret):
    return x25519(secret, (9).to_bytes(32, "little"))


def x25519(secret, point):
    """RFC 7748: the Montgomery ladder."""
    scalar, u = clamp(secret), int.from_bytes(point, "little") & 2**255 - 1
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in reversed(range(255)):
        if scalar >> bit & 1:
            x2, x3, z2, z3 = x3, x2, z3, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        if scalar >> bit & 1:
            x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")
