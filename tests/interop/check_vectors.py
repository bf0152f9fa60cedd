#!/usr/bin/env python3
"""Checks every vector of a directory with an implementation that shares nothing with the one that made them.

    pip install -r tests/interop/requirements.txt
    python3 tests/interop/check_vectors.py protocol/vectors/v1
"""

import json
import pathlib
import sys
import traceback

from reader import Refused, anchors
from reader.data import same
from reader.operations import OPERATIONS

KEYS = {"name", "op", "ids", "in", "out", "error"}


def holds(case):
    """Whether a case holds, and what was found where it does not."""
    assert case.keys() <= KEYS and ("out" in case) != ("error" in case), "a case of another form"
    try:
        found = OPERATIONS[case["op"]](case["in"])
    except Refused as why:
        return case.get("error") == str(why), f"error {why}"
    return "out" in case and same(found, case["out"]), repr(found)


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    directory, passed, failures = pathlib.Path(sys.argv[1]), 0, []
    for name, good in anchors.checks():
        passed += good
        if not good:
            failures.append(f"anchor {name}")
    present, used = 0, set()
    files = sorted(directory.iterdir())
    for path in files:
        file = json.loads(path.read_text(encoding="utf-8"))
        assert file["version"] == 1 and file["cases"], f"{path} holds no cases"
        present += len(file["cases"])
        for case in file["cases"]:
            used.add(case["op"])
            try:
                good, found = holds(case)
            except Exception:
                good, found = False, traceback.format_exc(limit=-3)
            passed += good
            if not good:
                failures.append(f"{path.name}: {case['name']}: {found[:600]}")
    for failure in failures:
        print(failure, file=sys.stderr)
    unused = OPERATIONS.keys() - used
    if unused:
        failures.append("unused operations")
        print(f"no vector uses {sorted(unused)}", file=sys.stderr)
    print(f"{len(files)} files, {present} vectors")
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(bool(failures) or not present)


if __name__ == "__main__":
    main()
