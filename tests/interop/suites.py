#!/usr/bin/env python3
"""Runs the test suites that two clients of the Mastodon API ship in their source packages, against real nodes.

    tests/interop/suites.py --binary PATH --tools FOLDER [toot|mastodon_py …]

The packages are downloaded, checked by hash and unpacked under the tools folder. The suites are written for a server with
many people, so a router stands before several nodes: see router.py. Which tests must pass stands in suites/NAME.txt, one a
line; a test that cannot pass stands there with the reason behind its name. Exits 1 where a test that must pass does not,
where one passes that is said to be unable to, and where a test is not in the file.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTS = HERE / "suites"
# What the whole of a suite may take.
PATIENCE = 900

SUITES = {
    "toot": {
        "source": "toot-0.52.1",
        "select": ["tests/integration"],
        "port": 3001,
        "people": [("hub", None)],
        "least": 90,
    },
    # Those of its tests that ask a server; the others, and the answers of other servers that its author has recorded
    # (test_entities), say nothing of this one.
    "mastodon_py": {
        "source": "mastodon_py-2.3.3",
        "select": ["tests", "-m", "vcr", "--disable-recording", "--no-cov", "--ignore=tests/test_entities.py"],
        "port": 3000,
        "people": [
            ("mastodonpy_test", "__MASTODON_PY_TEST_ACCESS_TOKEN"),
            ("admin", "__MASTODON_PY_TEST_ACCESS_TOKEN_2"),
            ("mastodonpy_test_2", "__MASTODON_PY_TEST_ACCESS_TOKEN_3"),
            ("admin2", None),
        ],
        "least": 110,
    },
}


def prepare(tools):
    """The Python of an environment with what the suites need; their sources, unpacked anew."""
    environment, sources = tools / "suites", tools / "sources"
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "-r", LISTS / "requirements.txt"], check=True)
    if not all((sources / f"{suite['source']}.tar.gz").exists() for suite in SUITES.values()):
        subprocess.run([*pip, "download", "--no-deps", "--no-binary=:all:", "--require-hashes",
                        "--dest", sources, "-r", LISTS / "sources.txt"], check=True)
    for suite in SUITES.values():
        shutil.rmtree(sources / suite["source"], ignore_errors=True)
        with tarfile.open(sources / f"{suite['source']}.tar.gz") as archive:
            archive.extractall(sources, filter="data")
        # Answers that were recorded elsewhere, and times that are over.
        for recordings in (sources / suite["source"] / "tests").glob("cassettes*"):
            shutil.rmtree(recordings)
            recordings.mkdir()
    return python, sources


def expected(name):
    """The tests that must pass, and those that cannot with why."""
    passing, failing = set(), {}
    for line in (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        test, _, reason = line.partition(": ")
        if line and not line.startswith("#"):
            failing.update({test: reason}) if reason else passing.add(test)
    return passing, failing


def outcomes(report):
    """What became of each test: passed, failed, or skipped by the suite itself."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found[test] = "failed"
        # What the suite says must fail has failed.
        elif skipped is not None and skipped.get("type") != "pytest.xfail":
            found.setdefault(test, "skipped")
        else:
            found.setdefault(test, "passed")
    return found


async def run(name, python, sources, binary, folder):
    """Runs one suite; the outcomes of its tests, and what it has printed."""
    from router import Router
    suite = SUITES[name]
    home = folder / name
    home.mkdir()
    router = Router(binary, home, suite["port"], "Mastodon.py test suite")
    report = home / "report.xml"
    try:
        await router.begin(suite["people"])
        process = await asyncio.create_subprocess_exec(
            python, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"--junit-xml={report}",
            "-o", "junit_family=xunit2", *suite["select"], cwd=sources / suite["source"],
            env={**os.environ, "TOOT_TEST_BASE_URL": router.base, "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
        return outcomes(report), output.decode(errors="replace")
    finally:
        await router.end()


def judge(name, found, output):
    """Prints the counts; whether all is as the list says."""
    passing, failing = expected(name)
    least = SUITES[name]["least"]
    passed = {test for test, outcome in found.items() if outcome == "passed"}
    wrong = [f"must pass: {test} ({found.get(test, 'not run')})" for test in sorted(passing - passed)]
    wrong += [f"passes, and is said to be unable to: {test}" for test in sorted(passed & failing.keys())]
    known = passing | failing.keys()
    wrong += [f"is not in the list: {test} ({found[test]})" for test in sorted(found.keys() - known)
              if found[test] != "skipped"]
    if len(passed) < least:
        wrong.append(f"{len(passed)} pass, and at least {least} must")
    skipped = sum(outcome == "skipped" for outcome in found.values())
    print(f"{name}: {len(passed)} of {len(found) - skipped} passed; {len(failing)} cannot, each for a reason that is "
          f"given; {skipped} skipped by the suite itself")
    if wrong:
        print(output[-60_000:], *wrong, sep="\n", flush=True)
    return not wrong


async def everything(names, python, sources, binary, folder):
    jobs = [asyncio.create_task(run(name, python, sources, binary, folder)) for name in names]
    return [judge(name, *await job) for name, job in zip(names, jobs, strict=True)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("names", nargs="*", choices=[*SUITES, []])
    arguments = parser.parse_args()
    python, sources = prepare(arguments.tools.resolve())
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        # With what the router needs, too.
        os.execv(python, [str(python), *sys.argv])
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="majlis-suites-"))
    try:
        names = arguments.names or list(SUITES)
        good = asyncio.run(everything(names, python, sources, arguments.binary.resolve(), folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
