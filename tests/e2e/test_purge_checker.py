"""The purge checker on nodes that are killed, scaled down: tests/acceptance/run fleet."""

import json
import os
import subprocess
import sys
import unittest

from harness import BIN, QUICK, ROOT


@unittest.skipIf(QUICK, "takes a minute or two")
class PurgeChecker(unittest.TestCase):
    def test_nothing_old_after_a_complete_receipt_and_planted_faults_are_found(self):
        done = subprocess.run(
            [sys.executable, "-B", ROOT / "tests" / "acceptance" / "run", "--quick", "--json",
             "fleet"], env={**os.environ, "SEAWALL_BIN_DIR": str(BIN)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=550)
        rows = json.loads(done.stdout[done.stdout.index("["):])
        self.assertEqual([], [row for row in rows if not row["passed"]],
                         done.stdout + done.stderr[-8000:])
        self.assertGreater(len(rows), 5)
