"""Recovery phrases, roots and commitments (chapter 4)."""

import hashlib
import pathlib

import mnemonic

from . import Refused, curve
from .hashes import derive, hkdf

WORDS = (pathlib.Path(mnemonic.__file__).parent / "wordlist" / "english.txt").read_text().split()
INDEX = {word: index for index, word in enumerate(WORDS)}
ROOTS = 17


def entropy(text):
    words = text.split()
    if len(words) != 24:
        raise Refused(f"WordCount({len(words)})")
    bits = 0
    for place, word in enumerate(words, 1):
        if word.lower() not in INDEX:
            raise Refused(f"UnknownWord({place})")
        bits = bits << 11 | INDEX[word.lower()]
    data = (bits >> 8).to_bytes(32, "big")
    if hashlib.sha256(data).digest()[0] != bits & 255:
        raise Refused("Checksum")
    return data


def link(root, following):
    return derive("majlis v1 root chain", root, following)


def seed(data, index):
    return hkdf(data, b"majlis v1 root %d" % index)


def commitments(publics):
    """c1 to c17, of which the last is zero."""
    chain = [bytes(32)]
    for root in reversed(publics[1:]):
        chain.insert(0, link(root, chain[0]))
    return chain


def derived(data):
    seeds = [seed(data, index) for index in range(ROOTS)]
    roots = [curve.public(one) for one in seeds]
    return {"entropy": data, "account": roots[0], "seeds": seeds, "roots": roots, "commitments": commitments(roots)}
