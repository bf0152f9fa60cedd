"""Vectors made elsewhere, so that this reading does not rest on itself alone."""

from blake3 import blake3

from . import Refused, cbor, ciphers, curve, hashes, phrases, texts

# RFC 8032, section 7.1, tests 1 to 3: seed, key, message, signature.
RFC8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
# RFC 7748, section 6.1: the second secret and its public key.
RFC7748 = (
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
)
# RFC 7748, section 5.2: scalar, point, product; and section 6.1: the first secret, the second public key, what they share.
RFC7748_PRODUCTS = [
    (
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ),
    (
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    ),
]
# RFC 8439, section 2.3.2: a block of ChaCha20; 2.5.2: Poly1305; 2.8.2: both together.
RFC8439_BLOCK = (
    "000000090000004a00000000",
    "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
)
RFC8439_TAG = ("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", "a8061dc1305136c6c22b8baf0c0127a9")
RFC8439_TEXT = (
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
)
RFC8439_SEALED = (
    "070000004041424344454647",
    "50515253c0c1c2c3c4c5c6c7",
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
    "1ae10b594f09e26a7e902ecbd0600691",
)
# RFC 9180, section A.2.1, sequence number 0: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
RFC9180 = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "keying": "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
    "secret": "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    "public": "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    "encapsulated": "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    "aad": "436f756e742d30",
    "plaintext": "4265617574792069732074727574682c20747275746820626561757479",
    "sealed": "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
}
# RFC 5869, test case 3: HKDF-SHA256 without salt and info.
RFC5869 = (bytes([0x0B]) * 22, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
# BLAKE3's test_vectors.json: derive_key and keyed_hash of the first 0 and 1 bytes of 0, 1, 2, …
BLAKE3_CONTEXT = "BLAKE3 2019-12-27 16:29:52 test vectors context"
BLAKE3_KEY = b"whats the Elvish word for friend"
BLAKE3 = [
    (b"", "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d", "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26"),
    (b"\0", "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c", "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b"),
]
# python-mnemonic's vectors.json: entropy and words.
BIP39 = [
    ("7f" * 32, "legal winner thank year wave sausage worth useful " * 2 + "legal winner thank year wave sausage worth title"),
    ("80" * 32, "letter advice cage absurd amount doctor acoustic avoid " * 2 + "letter advice cage absurd amount doctor acoustic bless"),
    (
        "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten "
        "exist slush involve unfold",
    ),
]
# The did:key specification's first Ed25519 example.
DID = ("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
# RFC 8949, appendix A: items that are deterministic and allowed in bodies, and items that are not.
RFC8949_GOOD = ["00", "1903e8", "1bffffffffffffffff", "3bffffffffffffffff", "f4", "f6", "4401020304", "6449455446", "83010203", "a201020304"]
RFC8949_BAD = ["c074323031332d30332d32315432303a30343a30305a", "f97e00", "fb3ff199999999999a", "f7", "f0", "5f42010243030405ff", "9fff", "bf61610161629f0203ffff"]


def checks():
    """Pairs of a name and whether it holds."""
    unhex = bytes.fromhex
    for seed, key, message, signature in RFC8032:
        seed, key, message, signature = map(unhex, (seed, key, message, signature))
        yield "RFC 8032: key", curve.public(seed) == key
        yield "RFC 8032: signing", curve.sign(seed, message) == signature
        yield "RFC 8032: verifying", curve.verify(key, signature, message)
        yield "RFC 8032: another message", not curve.verify(key, signature, message + b"x")
    yield "RFC 7748", curve.x25519_public(unhex(RFC7748[0])) == unhex(RFC7748[1])
    for scalar, point, product in RFC7748_PRODUCTS:
        yield "RFC 7748: product", curve.x25519(unhex(scalar), unhex(point)) == unhex(product)
    yield "RFC 8439: block", ciphers.block(bytes(range(32)), 1, unhex(RFC8439_BLOCK[0])) == unhex(RFC8439_BLOCK[1])
    yield "RFC 8439: tag", ciphers.poly1305(unhex(RFC8439_TAG[0]), b"Cryptographic Forum Research Group") == unhex(RFC8439_TAG[1])
    key, (nonce, aad, sealed) = bytes(range(0x80, 0xA0)), map(unhex, RFC8439_SEALED)
    yield "RFC 8439: sealing", ciphers.encrypt(key, nonce, aad, RFC8439_TEXT) == sealed
    yield "RFC 8439: opening", ciphers.decrypt(key, nonce, aad, sealed, "") == RFC8439_TEXT
    given = {name: unhex(value) for name, value in RFC9180.items()}
    both = ciphers.hpke_seal(given["public"], given["keying"], given["info"], given["aad"], given["plaintext"])
    yield "RFC 9180: sealing", both == (given["encapsulated"], given["sealed"])
    opened = ciphers.hpke_open(given["secret"], given["encapsulated"], given["info"], given["aad"], given["sealed"])
    yield "RFC 9180: opening", opened == given["plaintext"]
    yield "RFC 5869", hashes.hkdf(RFC5869[0], b"", 42) == unhex(RFC5869[1])
    for data, derived, keyed in BLAKE3:
        yield "BLAKE3: derive_key", hashes.derive(BLAKE3_CONTEXT, data) == unhex(derived)
        yield "BLAKE3: keyed_hash", hashes.keyed(BLAKE3_KEY, data) == unhex(keyed)
    yield "BLAKE3: of nothing", blake3(b"").hexdigest() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    yield "BIP39: 2,048 words", len(phrases.WORDS) == 2_048
    for entropy, words in BIP39:
        yield "BIP39", phrases.entropy(words).hex() == entropy
    yield "did:key", texts.key(DID[1]) == {"key": unhex(DID[0]), "canonical": DID[1], "bare": DID[1][8:]}
    for item in RFC8949_GOOD:
        yield f"RFC 8949: {item}", not refused(unhex(item))
    for item in RFC8949_BAD:
        yield f"RFC 8949: {item}", refused(unhex(item))


def refused(item):
    try:
        cbor.check(item)
    except Refused:
        return True
    return False
