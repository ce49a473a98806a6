"""Everything at once, for as long as --seconds says: load, purges of all kinds, reloads that change
the origins, kill -9 of origins, shield and viewers. Nothing may be reported, left over, or growing.

Meant for the sanitizer builds (SEAWALL_BIN_DIR), an hour of them as well as two minutes.
"""

import collections
import json
import os
import random
import signal
import statistics
import threading
import time

from chaos import (BOUND, TIMEOUTS, Viewers, look_around, make_chaos, tell)
from stand import BIN, SITES, Origin, Report, Stand, merged
from viewer import Cut, Malformed, NoAnswer, TookTooLong, Viewer

SECONDS = 120
QUIET = 0.2       # of the time, at the end: nobody is killed, so that the shield can be measured, too
PAUSE = (2, 12)   # seconds between two kills
SAMPLE = 1.0      # seconds
GROWTH = 0.10     # of the memory after the warm-up, and SLACK: what noise may look like
SLACK = 12 << 20

# What asan keeps of freed memory would grow for minutes.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "detect_leaks=1") + \
    ":quarantine_size_mb=8:malloc_context_size=8"
os.environ.setdefault("TSAN_OPTIONS", f"suppressions={os.path.dirname(__file__)}/tsan.supp")


class Repeated:
    """Calls `step()` at random intervals until `end`, in a thread of its own."""

    def __init__(self, step, end, rng, pause):
        self.step, self.end, self.rng, self.pause = step, end, rng, pause
        self.counts = collections.Counter()
        self.problems = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while time.monotonic() < self.end:
            try:
                word = self.step(self.rng)
            except (Cut, NoAnswer, TookTooLong, Malformed, OSError) as problem:
                word = None
                self.problems.append(f"{time.strftime('%H:%M:%S')} {self.step.__name__}: "
                                     f"{type(problem).__name__} {problem}")
            self.counts[word] += word is not None
            time.sleep(self.rng.uniform(*self.pause))


class Purger:
    """Purges at the edge, in all ways; takes some of them back."""

    def __init__(self, port):
        self.port = port

    def step(self, rng):
        number = rng.randrange(300)
        size = random.Random(number).choice([0, 1, 700, 4000, 30_000, 120_000, 500_000, 2_000_000])
        url = f"/size/{size}/{number}?max-age=2"
        kind = rng.choice(["url", "url", "pattern", "wildcard", "tag", "soft", "post", "everything",
                           "dry run", "undo"])
        viewer = Viewer(self.port)
        try:
            return self._do(viewer, rng, kind, url)
        finally:
            viewer.close()

    def _do(self, viewer, rng, kind, url):
        if kind == "url":
            return self._purge(viewer, kind, url)
        if kind == "pattern":
            return self._purge(viewer, kind, rng.choice(["/size/30000/*", "/slow/*", "/chunked/*"]))
        if kind == "wildcard":
            return self._purge(viewer, kind, f"/size/*/{rng.randrange(30)}*")
        if kind == "tag":
            return self._purge(viewer, kind, "/", f"Surrogate-Key: t{rng.randrange(10)}")
        if kind == "soft":
            return self._purge(viewer, kind, url, "Soft-Purge: 1")
        form = {"post": {"urls": [url, "/chunked/*"], "tags": ["t1"]},
                "everything": {"everything": True, "soft": rng.random() < 0.5},
                "dry run": {"urls": ["/size/*"], "dry_run": True},
                "undo": {"urls": ["/size/*"], "soft": True}}[kind]
        receipt = self._post(viewer, "/purge", form)
        if kind == "undo":
            self._post(viewer, "/purge/undo", {"id": receipt["id"]})
        return kind

    @staticmethod
    def _purge(viewer, kind, target, *fields):
        answer = viewer.fetch("PURGE", target, *fields, bound=BOUND)
        if answer.status not in (200, 202, 404):
            raise Malformed(f"{kind} purge: {answer.status}")
        return kind

    @staticmethod
    def _post(viewer, target, form):
        answer = viewer.fetch("POST", target, body=json.dumps(form).encode(), bound=BOUND)
        if answer.status not in (200, 202):
            raise Malformed(f"POST {target} {form}: {answer.status}")
        return json.loads(answer.check.text)


class Reloader:
    """Gives edge and shield another configuration: the origins, time-outs, rules for what is stale."""

    def __init__(self, stand, origins):
        self.stand, self.origins = stand, origins
        self.base = {node.name: node.config for node in stand.nodes}

    def step(self, rng):
        node = rng.choice(self.stand.nodes)
        change = {"limits": {"keep_alive_time": f"{rng.randrange(5, 60)}s",
                             "requests_per_connection": rng.choice([10, 1000])},
                  "sites": merged_sites(rng)}
        if node is self.stand.shield:
            chosen = rng.sample(self.origins, rng.randint(1, len(self.origins)))
            change["upstreams"] = {"origin": {
                "servers": [f"https://127.0.0.1:{o.port}" for o in chosen],
                "max_connections": rng.choice([3, 64, 1024]),
                "retry": {"on": rng.choice([["reset"], ["reset", "timeout", "502", "503"]])}}}
        node.reload(merged(self.base[node.name], change))
        return node.name


def merged_sites(rng):
    """Not what is in the key: edge and shield must agree about that."""
    rules = {"stale": {"on_unreachable": rng.choice(["0s", "2s", "1h"])},
             "ttl": {"heuristic": rng.random() < 0.5}}
    return [{**SITES[0], "behaviors": [{"path": "*", **rules}]}]


class Scale:
    """Resident memory of a node over time; each of its lives begins anew."""

    def __init__(self, node, end):
        self.node, self.end = node, end
        self.samples = []  # (seconds, bytes) of this life
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        life = self.node.lives
        while time.monotonic() < self.end:
            try:
                sample = (time.monotonic(), self.node.memory())
            except (OSError, AttributeError):
                sample = None  # dead
            if self.node.lives != life:
                life = self.node.lives
                self.samples = []
            elif sample:
                self.samples.append(sample)
            time.sleep(SAMPLE)

    def report(self, report):
        """Behind a warm-up of a third of its life: the median of its last part and of its first."""
        steady = self.samples[len(self.samples) // 3:]
        if len(steady) < 6:
            return report.add(f"{self.node.name}'s memory", f"{len(steady)} samples", "≥ 6", False)
        part = len(steady) // 3
        first = statistics.median(m for _, m in steady[:part])
        last = statistics.median(m for _, m in steady[-part:])
        seconds, sizes = zip(*steady)
        slope = statistics.linear_regression(seconds, sizes).slope * 60
        limit = first * (1 + GROWTH) + SLACK
        report.add(f"{self.node.name}'s memory behind the warm-up",
                   f"{first / 2**20:.0f} → {last / 2**20:.0f} MiB in {seconds[-1] - seconds[0]:.0f} s, "
                   f"slope {slope / 2**20:+.2f} MiB/min", f"≤ {limit / 2**20:.0f} MiB", last <= limit)


def second_origin(stand):
    origin = Origin(stand.folder, stand.certificates.issue("origin.test"), binaries=stand.binaries)
    origin.log = stand.folder / "origin-2.log"
    stand.processes.insert(0, origin)
    return origin.start()


def run(options):
    report = Report("soak")
    seconds = options.seconds or (20 if options.quick else SECONDS)
    stand = Stand(both={"cache": {"memory": "32MiB"}, "workers": 2}, binaries=BIN, timeouts=TIMEOUTS)
    try:
        soak(report, stand, seconds, options.seed)
        if stand.edge.alive() and stand.shield.alive():
            failed = {n.name: n.stats()["failed_reloads"] for n in stand.nodes}
            report.add("reloads that failed", failed, "0", not any(failed.values()))
            look_around(report, stand)
    finally:
        problems = stand.stop()
    report.problems("reports of sanitizers, crashes, leaks", problems)
    return report.rows


def soak(report, stand, seconds, seed):
    origins = [stand.origin, second_origin(stand)]
    rng = random.Random(seed)
    end = time.monotonic() + seconds
    no_more_kills = end - QUIET * seconds
    scales = [Scale(node, end) for node in stand.nodes]
    steady, mortal = ([Viewers(f"{name}-{i}", stand.edge.port, seed, end) for i in range(2)]
                      for name in ("steady", "mortal"))
    purger = Repeated(Purger(stand.edge.port).step, end, random.Random(f"{seed}/purges"), (0, 0.2))
    reloader = Repeated(Reloader(stand, origins).step, end, random.Random(f"{seed}/reloads"), (0.2, 2))
    kills = make_chaos(stand, mortal, rng, no_more_kills, PAUSE, [origins[1]])
    for viewers in steady + mortal:
        viewers.finish()
    for thread in (purger.thread, reloader.thread, *(s.thread for s in scales)):
        thread.join()
    tell(report, steady + mortal, kills, seconds, seed, least=1 if seconds >= 60 else 0)
    for name, what in (("purges", purger), ("reloads", reloader)):
        told = ", ".join(f"{n} {word}" for word, n in what.counts.most_common() if n)
        report.add(name, f"{what.counts.total()}: {told}", "some", what.counts.total() > 0)
        report.problems(f"{name}, problems", what.problems)
    for scale in scales:
        scale.report(report)
