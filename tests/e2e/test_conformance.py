"""Every requirement of tests/conformance holds, for an edge alone and before a shield.

Optimisations have a floor: below it something that worked does no longer.
"""

import sys
import unittest

import harness

sys.path.insert(0, str(harness.ROOT / "tests" / "conformance"))

import cases  # noqa: E402
import engine  # noqa: E402
from model import Kind  # noqa: E402

MIN_REQUIREMENTS = 160
MIN_OPTIMISATIONS = 95


class ConformanceTest(unittest.TestCase):
    def check(self, topology):
        results = engine.run_on_own_stand(topology, [case for _, case in cases.ALL])
        failed = [f"{r.case.id} ({r.case.section}): {r.case.title}: {r.complaint}"
                  for r in engine.failures(results)]
        self.assertEqual([], failed, "\n".join(failed))
        self.assertGreaterEqual(engine.count(results, Kind.MUST)[0], MIN_REQUIREMENTS)
        self.assertGreaterEqual(engine.count(results, Kind.OPTIMAL)[0], MIN_OPTIMISATIONS)

    def test_edge_alone(self):
        self.check(harness.Topology.EDGE)

    def test_edge_before_shield(self):
        self.check(harness.Topology.EDGE_SHIELD)

    def test_ids_are_unique(self):
        ids = [case.id.lower() for _, case in cases.ALL]
        self.assertEqual(len(ids), len(set(ids)))


if __name__ == "__main__":
    unittest.main()
