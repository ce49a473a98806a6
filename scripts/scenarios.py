#!/usr/bin/env python3
"""Runs scenario files, each in a process of its own, and counts.

    scripts/scenarios.py [--limit SECONDS] [--jobs N] FILE...

Prints a failing test's report in full, then one last line: `N passed, M failed, K skipped`. The
binaries are those of SEAWALL_BIN_DIR; SEAWALL_QUICK=1 asks the slow tests to skip themselves.
"""

import argparse
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest


class Result(unittest.TestResult):
    """Counts tests rather than methods run: a failing setUpClass is one failure."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.sub_failed = set()
        self.began = {}

    def startTest(self, test):
        super().startTest(test)
        self.began[test.id()] = time.monotonic()
        print(f"{test.id()} ...", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        print(f"{test.id()} took {time.monotonic() - self.began[test.id()]:.2f} s", flush=True)

    def addSuccess(self, test):
        self.passed += 1

    def addExpectedFailure(self, test, err):
        self.passed += 1

    def failed_ids(self):
        return ({getattr(test, "test_case", test).id() for test, _ in self.failures + self.errors}
                | {test.id() for test in self.unexpectedSuccesses})

    def report(self):
        for test, text in self.failures + self.errors:
            print(f"\nFAILED {test.id()}\n{text}")
        for test in self.unexpectedSuccesses:
            print(f"\nFAILED {test.id()}: expected to fail, but passed")


def run_one(file):
    """In the child: the tests of one file."""
    folder = str(file.parent)
    suite = unittest.defaultTestLoader.discover(folder, pattern=file.name, top_level_dir=folder)
    result = Result()
    suite.run(result)
    result.report()
    print(f"counted {result.passed} {len(result.failed_ids())} {len(result.skipped)}")
    return 0


def run_in_child(file, limit):
    """Passed, failed, skipped, and what was printed."""
    child = subprocess.Popen([sys.executable, __file__, "--one", str(file)], text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    note = ""
    try:
        printed, _ = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        printed, _ = child.communicate()
        note = f"\nFAILED {file}: not done after {limit:.0f} s"
    last = printed.rstrip().rsplit("\n", 1)[-1].split()
    if len(last) == 4 and last[0] == "counted" and child.returncode == 0:
        passed, failed, skipped = map(int, last[1:])
        if passed + failed + skipped == 0:
            return 0, 1, 0, printed + f"\nFAILED {file}: it has no tests"
        return passed, failed, skipped, printed
    return 0, 1, 0, printed + (note or f"\nFAILED {file}: ended with {child.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=float, default=600, help="seconds for each file")
    parser.add_argument("--jobs", type=int, default=1, help="files at once")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    if options.one:
        return run_one(options.files[0].resolve())
    total = [0, 0, 0]

    def timed(file):
        begin = time.monotonic()
        return *run_in_child(file, options.limit), time.monotonic() - begin

    pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
    for file, result in zip(options.files, pool.map(timed, options.files)):
        passed, failed, skipped, printed, took = result
        print(f"{file}: {passed} passed, {failed} failed, {skipped} skipped, {took:.1f} s",
              flush=True)
        if failed:
            print(printed)
        for i, count in enumerate((passed, failed, skipped)):
            total[i] += count
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
