"""One of three shields is killed under load, and comes back."""

import bisect
import collections
import json
import random
import re
import sys
import tempfile
import pathlib
import threading
import time

from stand import SITES, Node, Origin, Processes, Report
from viewer import Cut, Malformed, NoAnswer, TookTooLong, Viewer

SECONDS = 60       # a third each: before, while it is dead, after it is back
VIEWERS = 8
OBJECTS = 4000     # of 8 KiB: five times what the edge can hold
PROBES = 600       # keys whose shield is asked for
SHARE = 1 / 3


class Shields(Processes):
    """An origin, three shields, an edge."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-accept-")
        self.processes = []
        origin = Origin(self.folder("origin")).start()
        self.processes.append(origin)
        groups = {"origin": {"servers": [f"http://127.0.0.1:{origin.port}"]}}
        self.shields = []
        for n in range(3):
            shield = Node("shield", self.folder(f"shield-{n}"), {
                "node": f"shield-{n}", "trusted_edges": ["127.0.0.1"], "upstreams": groups,
                "sites": SITES})
            self.shields.append(shield.start())
            self.processes.append(shield)
        servers = [f"http://127.0.0.1:{shield.port}" for shield in self.shields]
        self.edge = Node("edge", self.folder("edge"), {
            "cache": {"memory": "8MiB", "shards": 4}, "sites": SITES, "workers": 2,
            "upstreams": {"shields": {"kind": "shield", "servers": servers, "fallback": "origin"},
                          **groups}})
        self.processes.append(self.edge.start())

    def folder(self, name):
        path = pathlib.Path(self.temporary.name) / name
        path.mkdir()
        return path

    def homes(self):
        """Key → the shield that it goes to now: of what nobody stores, each answer says it."""
        viewer = Viewer(self.edge.port)
        homes = {}
        for n in range(PROBES):
            answer = viewer.fetch("GET", f"/size/10/probe-{n}?cc=no-store")
            found = re.search(r"shield-\d", answer.get("cache-status") or "")
            homes[n] = found.group(0) if found else "none"
        viewer.close()
        return homes


class Load:
    """Viewers that ask for objects, popular ones (Zipf 0.8) more often; one row for each second."""

    def __init__(self, port):
        self.port = port
        self.begin = time.monotonic()
        self.rows = collections.defaultdict(collections.Counter)
        self.problems = []
        self.going = True
        weights = [1 / (rank + 1) ** 0.8 for rank in range(OBJECTS)]
        self.sums = [sum(weights[:1])]
        for weight in weights[1:]:
            self.sums.append(self.sums[-1] + weight)
        self.threads = [threading.Thread(target=self._view, args=(n,)) for n in range(VIEWERS)]
        for thread in self.threads:
            thread.start()

    def _view(self, number):
        rng = random.Random(number)
        viewer = Viewer(self.port)
        while self.going:
            rank = bisect.bisect(self.sums, rng.random() * self.sums[-1])
            path = f"/size/8192/{min(rank, OBJECTS - 1)}?max-age=3600"
            second = int(time.monotonic() - self.begin)
            try:
                answer = viewer.fetch("GET", path, bound=30)
                word = answer.get("x-cache") if answer.status == 200 else "error"
                if word == "error":
                    self.problems.append(f"{second} s: {path}: {answer.status}")
            except (Cut, Malformed, NoAnswer, TookTooLong, OSError) as problem:
                word = "error"
                self.problems.append(f"{second} s: {path}: {type(problem).__name__} {problem}")
                viewer.close()
            self.rows[second][word] += 1
        viewer.close()

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join()

    def table(self, events, every):
        lines = ["| second | requests | errors | from edge | from a shield | from the origin | |",
                 "|---:|---:|---:|---:|---:|---:|---|"]
        for start in range(0, max(self.rows) + 1, every):
            row = sum((self.rows[s] for s in range(start, start + every)), collections.Counter())
            total = sum(row.values()) or 1
            edge = sum(n for word, n in row.items() if word and word.endswith("from edge"))
            shield = sum(n for word, n in row.items() if word and word.endswith("from shield"))
            what = ", ".join(text for at, text in events if start <= at < start + every)
            lines.append(f"| {start} | {total} | {row['error']} | {edge / total:.1%} | "
                         f"{shield / total:.1%} | {row['Miss'] / total:.1%} | {what} |")
        return "\n".join(lines)


def run(options):
    report = Report("shields")
    third = (12 if options.quick else SECONDS) / 3
    stand = Shields()
    events = []
    try:
        load = Load(stand.edge.port)

        def note(text):
            events.append((time.monotonic() - load.begin, text))

        time.sleep(third / 2)
        before = stand.homes()
        time.sleep(third / 2)
        stand.shields[1].kill()
        note("shield-1 is killed")
        time.sleep(third / 2)
        without = stand.homes()
        time.sleep(third / 2)
        stand.shields[1].start()
        note("shield-1 is back")
        returned = time.monotonic()
        while time.monotonic() < returned + 60:
            after = stand.homes()
            if after == before:
                break
        settled = time.monotonic() - returned
        note("all keys are home")
        time.sleep(max(0, third - settled))
        load.stop()
        servers = stand.edge.stats()["upstream_servers"]
    finally:
        problems = stand.stop()
    print(load.table(events, 1 if options.quick else 5), file=sys.stderr)
    print(json.dumps(servers, indent=1), file=sys.stderr)
    requests = sum(sum(row.values()) for row in load.rows.values())
    report.add("viewers' errors", f"{len(load.problems)} of {requests} requests", "0",
               requests > 0 and not load.problems)
    for problem in load.problems[:20]:
        print(f"--- shields: {problem}")
    lost = sum(home == "shield-1" for home in before.values())
    moved = [n for n in before if without[n] != before[n]]
    report.add("keys that moved when it died", f"{len(moved)} of {PROBES}; {lost} were its own",
               f"its own, about {SHARE:.0%}",
               len(moved) == lost and abs(lost / PROBES - SHARE) < 0.08)
    heirs = collections.Counter(without[n] for n in moved)
    report.add("who inherited them", dict(heirs), "both others",
               set(heirs) == {"shield-0", "shield-2"})
    report.add("until all keys were home again", f"{settled:.1f} s", "≤ 45 s", after == before)
    report.problems("processes", problems)
    return report.rows
