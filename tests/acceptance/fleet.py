"""Purges hammered on nodes that are killed: nothing old after a complete receipt.

The checker (tests/checker) is shown to find planted faults first: an edge that hears of no purge,
and a relay that now and then brings an old answer.
"""

import random
import signal
import time

from fleet_stand import Checker, FleetStand
from relay import Relay, ReplayingRelay
from stand import Report

PURGES, QUICK_PURGES = 100_000, 2_000
LEAST_PURGES = 500      # for the smaller parts
REPLAY_EVERY = 200
PAUSE, QUICK_PAUSE = 8, 0.5  # seconds, at most, between one misfortune and the next
WRITERS = 24
PURGES_PER_SECOND = 20       # at the very least, or the item gives up
FLEET = ("accept",) * 3      # the shield, two edges
ALONE = (None, None)         # the shield, one edge; no Redis


class Chaos:
    """One misfortune after the other; all is well again at the end."""

    def __init__(self, processes, links, rng, pause):
        self.processes, self.links, self.rng, self.pause = processes, links, rng, pause
        self.counts = {process.name: 0 for process in processes} | {"stopped": 0}
        if links:
            self.counts |= {"cut": 0, "held": 0}

    def run(self, over):
        first = [*self.counts] * 2  # each at least twice
        self.rng.shuffle(first)
        pause = 0.1
        while not over.wait(pause):
            pause = self.rng.uniform(0.2, self.pause)
            name = first.pop() if first else self.rng.choice([*self.counts])
            self.counts[name] += 1
            seconds = self.rng.uniform(0.2, 2)
            if name == "stopped":
                self._stop(self.rng.choice(self.processes), seconds)
            elif name in ("cut", "held"):
                self.rng.choice(self.links).break_for(seconds, name == "cut")
            else:
                self._kill(name, seconds)

    def _kill(self, name, seconds):
        """Now and then another one, too."""
        victims = [process for process in self.processes if process.name == name]
        if self.rng.random() < 0.2:
            other = self.rng.choice(self.processes)
            if other.name != name:
                victims.append(other)
                self.counts[other.name] += 1
        for victim in victims:
            victim.kill()
        for victim in victims:
            time.sleep(seconds / len(victims))
            victim.start()

    def _stop(self, victim, seconds):
        victim.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        victim.process.send_signal(signal.SIGCONT)


class Hammer:
    """A checker before a stand, from construction until close().

    `nodes`: that a complete receipt must name; 0 if purges begin before the nodes know each other.
    """

    def __init__(self, purges, seed, fleets, nodes, through=lambda port: port, options=()):
        self.checker = Checker("--purges", purges, "--seconds", 60 + purges // PURGES_PER_SECOND,
                               "--seed", seed, "--nodes", nodes, "--writers", WRITERS, *options)
        self.stand = None
        try:
            self.stand = FleetStand(self.checker.port, fleets, through)
            if nodes == len(fleets):
                self.stand.know_each_other()
        except BaseException:
            self.close()
            raise

    def edges(self):
        return [edge.port for edge in self.stand.edges]

    def close(self):
        self.checker.close()
        return self.stand.stop() if self.stand else []


def plant_lost_edge(report, purges, seed):
    """The second edge is of another fleet: purges of the others don't wait for it."""
    hammer = Hammer(purges, seed, ("accept", "accept", "other"), 2)
    try:
        hammer.checker.begin(hammer.edges(), hammer.edges()[:1])
        result = hammer.checker.finish()
    finally:
        problems = hammer.close()
    report.add("planted: an edge of another fleet",
               f"{result['violations']} violations in {result['purges']} purges", "found",
               result["violations"] > 0 and result["purges"] >= purges)
    report.problems("planted: processes", problems)


def plant_replays(report, purges, seed):
    """The first edge is seen through a relay; no more complaints than it has earned."""
    hammer = Hammer(purges, seed, FLEET, 3)
    relay = ReplayingRelay(hammer.edges()[0], REPLAY_EVERY)
    try:
        hammer.checker.begin([relay.port, *hammer.edges()[1:]], hammer.edges())
        result = hammer.checker.finish()
    finally:
        problems = hammer.close()
        relay.close()
    report.add(f"planted: an old answer in {REPLAY_EVERY}",
               f"{result['violations']} violations, {relay.replayed} old answers", "found, no more",
               0 < result["violations"] <= relay.replayed)
    report.problems("planted: processes", problems)


def hammer_alone(report, purges, seed, pause):
    """One edge before a shield needs no fleet."""
    hammer = Hammer(purges, seed, ALONE, 2)
    make_chaos(report, "edge, shield", hammer, [], random.Random(seed), pause, purges)


def hammer_hot(report, purges, seed):
    """A few objects whose origin is often late, and nobody dies: purges meet fills in flight."""
    hammer = Hammer(purges, seed, ALONE, 2, options=("--objects", 8, "--slow", 0.4))
    begin = time.monotonic()
    try:
        hammer.checker.begin(hammer.edges())
        result = hammer.checker.finish()
        took = time.monotonic() - begin
    finally:
        problems = hammer.close()
    tell(report, "hot", result, purges, took)
    report.problems("hot: crashes, ends other than 0", problems)


def hammer_fleet(report, purges, seed, pause):
    hammer = Hammer(purges, seed, FLEET, 3)
    make_chaos(report, "fleet", hammer, [], random.Random(seed), pause, purges)


def hammer_links(report, purges, seed, pause):
    """The connections to Redis and to the shield go through relays, which break, too."""
    links = []

    def through(port):
        links.append(Relay(port))
        return links[-1].port

    hammer = Hammer(purges, seed, FLEET, 0, through)
    try:
        make_chaos(report, "links", hammer, links, random.Random(seed), pause, purges)
    finally:
        for link in links:
            link.close()


def make_chaos(report, what, hammer, links, rng, pause, purges):
    chaos = Chaos(hammer.stand.processes, links, rng, pause)
    begin = time.monotonic()
    try:
        accept = hammer.edges() + ([hammer.stand.shield.port] if hammer.stand.redis else [])
        hammer.checker.begin(hammer.edges(), accept)
        chaos.run(hammer.checker.enough)
        took = time.monotonic() - begin
        result = hammer.checker.finish()
    finally:
        problems = hammer.close()
    tell(report, what, result, purges, took)
    every = purges > QUICK_PURGES
    report.add(f"{what}: kill -9 and such", listed(chaos.counts), "each" if every else "any",
               (all if every else any)(chaos.counts.values()))
    report.problems(f"{what}: crashes, ends other than 0", problems)


def listed(counts):
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def tell(report, what, result, purges, took):
    report.add(f"{what}: purges with a complete receipt", f"{result['purges']} in {took:.0f} s, "
               f"{result['purges'] / took:.0f}/s: {listed(result['complete'])}", f"≥ {purges}",
               result["purges"] >= purges)
    report.add(f"{what}: their latency under this load",
               "median {median:.1f} ms, p99 {p99:.1f} ms".format(**result["latency_ms"]), "–", True)
    report.add(f"{what}: other receipts", listed(result.get("receipts", {})) or "none", "–", True)
    report.add(f"{what}: reads",
               f"{sum(result['reads'].values())}: {listed(result['reads'])}",
               "more than purges are answered", result["reads"]["answer"] > result["purges"])
    report.add(f"{what}: X-Cache", listed(result["x_cache"]), "hits at both tiers",
               all(result["x_cache"].get(f"Hit from {tier}") for tier in ("edge", "shield")))
    report.add(f"{what}: older than promised, or wrong content", result["violations"], "0",
               result["violations"] == 0)
    report.add(f"{what}: objects without an answer at the end", result["objects_without_answer"],
               "0", result["objects_without_answer"] == 0)


def run(options):
    report = Report("fleet")
    purges = options.purges or (QUICK_PURGES if options.quick else PURGES)
    pause = QUICK_PAUSE if options.quick else PAUSE
    some = max(LEAST_PURGES, purges // 10)
    plant_lost_edge(report, max(LEAST_PURGES, purges // 50), options.seed)
    plant_replays(report, max(LEAST_PURGES, purges // 50), options.seed)
    hammer_hot(report, some, options.seed)
    hammer_alone(report, some, options.seed, pause)
    hammer_links(report, some, options.seed, pause)
    hammer_fleet(report, purges, options.seed, pause)
    return report.rows
