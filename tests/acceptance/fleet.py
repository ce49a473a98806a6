"""Purges hammered on nodes that are killed: nothing old after a complete receipt.

The checker (tests/checker) is shown to find planted faults first: an edge that hears of no purge,
and a relay that now and then brings an old answer.
"""

import random
import signal
import time

from fleet_stand import Checker, FleetStand
from relay import ReplayingRelay
from stand import Report

PURGES = 100_000
QUICK_PURGES = 2_000
PLANTED_PURGES = 2_000
REPLAY_EVERY = 500
PAUSE, QUICK_PAUSE = 4, 0.5  # seconds, at most, between one kill and the next
PURGES_PER_SECOND = 20  # at the very least, or the item gives up


class Chaos:
    """Kills one process after the other, or stops it for a while; all live again at the end."""

    def __init__(self, processes, rng, pause):
        self.processes, self.rng, self.pause = processes, rng, pause
        self.counts = {process.name: 0 for process in processes} | {"stopped": 0}

    def run(self, over):
        first = self.rng.sample([*self.processes, None], len(self.processes) + 1)  # each once
        while not over.wait(self.rng.uniform(0.2, self.pause)):
            victims = self.rng.sample(self.processes, self.rng.choice((1, 1, 1, 2)))
            if first:
                victims = [victim] if (victim := first.pop()) else []
            elif self.rng.random() < 0.2:
                victims = []
            if victims:
                self._kill(victims)
            else:
                self._stop_for_a_while(self.rng.choice(self.processes))

    def _kill(self, victims):
        for victim in victims:
            victim.kill()
            self.counts[victim.name] += 1
        for victim in victims:
            time.sleep(self.rng.uniform(0.2, 2 / len(victims)))
            victim.start()

    def _stop_for_a_while(self, victim):
        victim.process.send_signal(signal.SIGSTOP)
        self.counts["stopped"] += 1
        time.sleep(self.rng.uniform(0.2, 2))
        victim.process.send_signal(signal.SIGCONT)


def plant_lost_edge(report, seed):
    """A second edge before the same shield, of which the first does not know."""
    checker = Checker("--purges", PLANTED_PURGES, "--seconds", 120, "--seed", seed)
    stand = None
    try:
        stand = FleetStand(checker, (None, None, None))
        checker.begin([edge.port for edge in stand.edges], [stand.edges[0].port])
        result = checker.finish()
    finally:
        checker.close()
        problems = stand.stop() if stand else []
    report.add("planted: an edge that hears of nothing",
               f"{result['violations']} violations in {result['purges']} purges", "found",
               result["violations"] > 0 and result["purges"] >= PLANTED_PURGES)
    report.problems("planted: processes", problems)


def plant_replays(report, seed):
    """An edge is seen through a relay; no more complaints than it has earned."""
    checker = Checker("--purges", PLANTED_PURGES, "--seconds", 120, "--seed", seed, "--nodes", 2)
    stand = relay = None
    try:
        stand = FleetStand(checker, (None, None))
        relay = ReplayingRelay(stand.edges[0].port, REPLAY_EVERY)
        checker.begin([relay.port], [stand.edges[0].port])
        result = checker.finish()
    finally:
        checker.close()
        if relay:
            relay.close()
        problems = stand.stop() if stand else []
    report.add(f"planted: an old answer in {REPLAY_EVERY}",
               f"{result['violations']} violations, {relay.replayed} old answers", "found, no more",
               0 < result["violations"] <= relay.replayed)
    report.problems("planted: processes", problems)


def hammer(report, purges, seed, pause):
    checker = Checker("--purges", purges, "--seconds", 30 + purges // PURGES_PER_SECOND, "--seed",
                      seed, "--nodes", 2)
    stand = None
    try:
        stand = FleetStand(checker, (None, None))
        chaos = Chaos(stand.processes, random.Random(seed), pause)
        begin = time.monotonic()
        checker.begin([edge.port for edge in stand.edges])
        chaos.run(checker.enough)
        took = time.monotonic() - begin
        result = checker.finish()
    finally:
        checker.close()
        problems = stand.stop() if stand else []
    tell(report, result, chaos.counts, purges, took)
    report.problems("crashes, ends other than 0", problems)


def listed(counts):
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def tell(report, result, chaos, purges, took):
    report.add("purges with a complete receipt", f"{result['purges']} in {took:.0f} s, "
               f"{result['purges'] / took:.0f}/s: {listed(result['complete'])}", f"≥ {purges}",
               result["purges"] >= purges)
    report.add("their latency under this load", "median {median:.1f} ms, p99 {p99:.1f} ms"
               .format(**result["latency_ms"]), "–", True)
    report.add("other receipts", listed(result.get("receipts", {})) or "none", "–", True)
    reads = sum(result["reads"].values())
    report.add("reads", f"{reads}: {listed(result['reads'])}", "more than purges are answered",
               result["reads"]["answer"] > result["purges"])
    report.add("X-Cache", listed(result["x_cache"]), "hits at both tiers",
               all(result["x_cache"].get(f"Hit from {tier}") for tier in ("edge", "shield")))
    report.add("kill -9", listed(chaos), "each" if purges > QUICK_PURGES else "any",
               all(chaos.values()) or (purges <= QUICK_PURGES and any(chaos.values())))
    report.add("older than promised, or wrong content", result["violations"], "0",
               result["violations"] == 0)
    report.add("objects without an answer at the end", result["objects_without_answer"], "0",
               result["objects_without_answer"] == 0)


def run(options):
    report = Report("fleet")
    purges = options.purges or (QUICK_PURGES if options.quick else PURGES)
    plant_lost_edge(report, options.seed)
    plant_replays(report, options.seed)
    hammer(report, purges, options.seed, QUICK_PAUSE if options.quick else PAUSE)
    return report.rows
