"""The only origin is killed for a minute under load, and comes back."""

import collections
import pathlib
import sys
import tempfile
import time

from load import Load, percentile
from stand import SITES, Node, Origin, Report, merged

SECONDS = 60  # that it is dead; --quick: 20
AROUND = 5    # before and after
OBJECTS = 50  # of each class
EXPIRY = 1    # second, of the classes that expire

CLASSES = {
    # name: (path, of its Cache-Control; statuses and X-Cache while the origin is dead)
    "hit": ("max-age=3600", {200}, {"Hit from edge"}),
    "expired, stale-if-error": (f"max-age={EXPIRY}, stale-if-error=600", {200},
                                {"Stale from edge"}),
    "expired, one hour of grace": (f"max-age={EXPIRY}", {200}, {"Stale from edge"}),
    "expired, no grace": (f"max-age={EXPIRY}", {504}, {"Error from edge"}),
    "expired, must-revalidate": (f"max-age={EXPIRY}, must-revalidate", {504},
                                 {"Error from edge"}),
    "miss": ("max-age=3600", {502}, {"Error from edge"}),
}


def path_of(name):
    control = CLASSES[name][0].replace(" ", "%20")
    word = name.replace(", ", "-").replace(" ", "-")
    bound = 10**9 if name == "miss" else OBJECTS
    return lambda n: f"/size/1000/{word}/{n % bound}?cc={control}"


def run(options):
    report = Report("origin_down")
    seconds = 20 if options.quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="seawall-accept-") as name:
        folder = pathlib.Path(name)
        origin = Origin(folder).start()
        edge = Node("edge", folder, {
            "upstreams": {"origin": {"servers": [f"http://127.0.0.1:{origin.port}"]}},
            "sites": [merged(SITES[0], {"behaviors": [
                {"path": "/size/1000/expired-no-grace/*", "stale": {"on_unreachable": 0}},
                {"path": "*"}]})]}).start()
        problems = []
        try:
            load = Load(edge.port, {kind: (2, path_of(kind)) for kind in CLASSES}, pause=0.02)
            time.sleep(AROUND)
            origin.kill()
            killed = time.monotonic()
            time.sleep(seconds)
            returns = time.monotonic()
            origin.start()
            back = time.monotonic()
            time.sleep(AROUND)
            records = load.stop()
        finally:
            problems += edge.stop() + origin.stop()
    judge(report, records, killed, returns, back)
    report.problems("answers that are none, or stuck", load.problems)
    report.problems("processes", problems)
    return report.rows


def judge(report, records, killed, returns, back):
    lines = ["| class | requests while dead | errors | statuses | p50 ms | p99 ms | "
             "first good after the return, ms |", "|---|---:|---:|---|---:|---:|---:|"]
    for kind, (_, statuses, words) in CLASSES.items():
        mine = [r for r in records if r.kind == kind]
        # What was fresh at the kill is a hit until it expires.
        dead = [r for r in mine if r.begin > killed + EXPIRY + 0.2 and r.end < returns]
        before = [r for r in mine if r.end < killed]
        after = [r for r in mine if r.begin > back and r.status == 200
                 and not r.x_cache.startswith("Stale")]
        errors = sum(r.status != 200 for r in dead)
        found = collections.Counter((r.status, r.x_cache) for r in dead)
        first = 1000 * (min(r.end for r in after) - back) if after else None
        lines.append(f"| {kind} | {len(dead)} | {errors / max(1, len(dead)):.1%} | "
                     f"{', '.join(f'{n} × {s} {w}' for (s, w), n in found.items())} | "
                     f"{percentile(dead, 0.5):.1f} | {percentile(dead, 0.99):.1f} | "
                     f"{'never' if first is None else f'{first:.0f}'} |")
        share = "100%" if 200 not in statuses else "0%"
        right = dead and {r.status for r in dead} <= statuses and {r.x_cache for r in dead} <= words
        report.add(f"{kind}: errors while dead", f"{errors} of {len(dead)}", f"{share}, all "
                   f"{statuses.copy().pop()} {words.copy().pop()}", right)
        report.add(f"{kind}: before", f"{len(before)} requests", "no error",
                   before and all(r.status == 200 for r in before))
        report.add(f"{kind}: good again after",
                   "never" if first is None else f"{first:.0f} ms", "≤ 2000 ms",
                   first is not None and first <= 2000)
    print("\n".join(lines), file=sys.stderr)
