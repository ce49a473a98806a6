"""One tag on a million small objects is purged under load: how soon it counts, and what it costs."""

import json
import subprocess
import time

from stand import BIN, Report, Stand
from viewer import Viewer

OBJECTS = 1_000_000
LOAD = BIN / "bench" / "load"
TAGGED = "/custom/{}?head=Cache-Control:%20max-age%3D86400%0Axkey:%20all%20a{}&size=64"
BYSTANDER = "/size/1024/bystander"
CALL_SECONDS = 0.005
FREED_SECONDS = 30
SLOWDOWN = 0.05
ROUND_SECONDS = 2
SAMPLES = 200


def load(*arguments):
    done = subprocess.run([LOAD, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                          check=True)
    return json.loads(done.stdout)


class Sweep:
    """Requests per second for the bystander, in rounds, until the objects are gone."""

    def __init__(self, edge, objects):
        self.edge, self.objects = edge, objects

    def rate(self):
        result = load("loop", "--port", self.edge.port, "--path", BYSTANDER, "--connections", 8,
                      "--seconds", ROUND_SECONDS)
        return result["answers"] / result["seconds"]

    def entries(self):
        return self.edge.stats()["store"]["entries"]

    def fill(self):
        result = load("fill", "--port", self.edge.port, "--path", TAGGED, "--count", self.objects,
                      "--connections", 32)
        return result["errors"]

    def purge(self):
        """Seconds that the call takes; the connection is open already."""
        viewer = Viewer(self.edge.port, "bench.test")
        viewer.fetch("GET", BYSTANDER)
        begin = time.monotonic()
        answer = viewer.fetch("PURGE", "/purge/all")
        seconds = time.monotonic() - begin
        viewer.close()
        return seconds, answer.status


def still_hits(edge, objects):
    """How many of a sample are not misses."""
    viewer = Viewer(edge.port, "bench.test")
    hits = 0
    for i in range(0, objects, max(1, objects // SAMPLES)):
        hits += viewer.fetch("GET", TAGGED.replace("{}", str(i))).x_cache != "Miss"
    viewer.close()
    return hits


def run(options):
    report = Report("purge")
    objects = OBJECTS // 10 if options.quick else OBJECTS
    stand = Stand(shield=False, tls=False, both={"cache": {"memory": "4GiB"}, "workers": 1})
    try:
        sweep = Sweep(stand.edge, objects)
        errors = sweep.fill()
        before = sweep.entries()
        sweep.rate()
        quiet = [sweep.rate() for _ in range(3)]
        begin = time.monotonic()
        call, status = sweep.purge()
        hits = still_hits(stand.edge, objects)
        during = []
        while sweep.entries() > before - objects + SAMPLES * 2 and time.monotonic() < begin + 120:
            during.append(sweep.rate())
        freed = time.monotonic() - begin
        quiet += [sweep.rate() for _ in range(3)]
        bytes_left = stand.edge.stats()["store"]["bytes"]
    finally:
        problems = stand.stop()
    base = sorted(quiet)[len(quiet) // 2]
    swept = sorted(during)[len(during) // 2] if during else base
    report.add("objects with the tag", f"{before} stored, {errors} errors", f"≥ {objects}",
               before >= objects and not errors)
    report.add("the call", f"{call * 1000:.2f} ms, status {status}", f"< {CALL_SECONDS * 1000:g} ms",
               call < CALL_SECONDS and status == 200)
    report.add("requests after it", f"{hits} of {SAMPLES} not a miss", "0", hits == 0)
    report.add("memory is free", f"after {freed:.1f} s; {bytes_left} bytes left",
               f"< {FREED_SECONDS} s", freed < FREED_SECONDS)
    report.add("hits meanwhile", f"{swept:.0f}/s, {base:.0f}/s without: {swept / base - 1:+.1%} "
               f"(medians of {len(during)} and {len(quiet)} rounds)", f"≥ -{SLOWDOWN:.0%}",
               swept >= base * (1 - SLOWDOWN))
    report.problems("processes", problems)
    return report.rows
