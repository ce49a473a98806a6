"""Two origin servers that fail at 30%, hang at 10%, and else answer in 100 ms."""

import json
import pathlib
import sys
import tempfile
import time

from load import Load, percentile
from stand import SITES, Node, Origin, Report
from viewer import Viewer

SECONDS = 18  # of each way; --quick: 6
WARM = 2      # of these, until the edge knows what is usual: not in the table
VIEWERS = 24
FAIL, HANG, MS = 30, 10, 100
BUDGET, AMPLE, FLOOR = 0.2, 0.6, 3
RETRY = {"on": ["reset", "timeout", "503"], "max": 3, "budget": BUDGET, "floor": FLOOR}
BREAKER = {"max_connections": 10, "pending_time": "200ms"}

WAYS = {
    "nothing": {"retry": {"max": 0}},
    "retries": {"retry": RETRY},
    "hedging": {"retry": {**RETRY, "on": [], "hedge": True}},
    "both": {"retry": {**RETRY, "hedge": True}},
    "both, breaker": {"retry": {**RETRY, "hedge": True}, **BREAKER},
    "retries, ample budget": {"retry": {**RETRY, "budget": AMPLE}},
    "both, ample budget": {"retry": {**RETRY, "budget": AMPLE, "hedge": True}},
}


def asked(origins):
    """How often all of them were asked for what flakes."""
    total = 0
    for origin in origins:
        viewer = Viewer(origin.port)
        paths = json.loads(viewer.fetch("GET", "/stats").check.text)["paths"]
        viewer.close()
        total += sum(n["requests"] for path, n in paths.items() if path.startswith("/flaky"))
    return total


def try_one(folder, group, seconds):
    """Records, what the edge counted, what the origins were asked, problems."""
    origins = []
    for number in range(2):
        place = folder / f"origin-{number}"
        place.mkdir()
        origins.append(Origin(place).start())
    edge = Node("edge", folder, {
        "workers": 1, "sites": SITES, "upstreams": {"origin": {
            "servers": [f"http://127.0.0.1:{origin.port}" for origin in origins],
            "timeouts": {"first_byte": "2s"},
            "ejection": {"failures": 0, "ratio": 0},  # that both stay is what is looked at
            **group}}}).start()
    try:
        path = f"?fail={FAIL}&hang={HANG}&ms={MS}"
        load = Load(edge.port, {"flaky": (VIEWERS, lambda n: f"/flaky/{n}{path}")})
        time.sleep(seconds)
        records = load.stop()
        stats = edge.stats()
        requests = asked(origins)
    finally:
        problems = edge.stop()
        for origin in origins:
            problems += origin.stop()
    return records, stats, requests, load.problems + problems


def row(way, records, counters, asked_each):
    """Of the table; the share of good answers; the 90th percentile."""
    total = max(1, len(records))
    ours = sum(r.status == 503 and r.x_cache.startswith("Error") for r in records)
    counts = {status: sum(r.status == status for r in records) for status in (200, 503, 504)}
    cells = [way, total, f"{counts[200] / total:.1%}", counts[503] - ours, ours, counts[504],
             *(f"{percentile(records, share):.0f}" for share in (0.5, 0.9, 0.95, 0.99)),
             f"{asked_each:.2f}",
             *(counters[f"upstream_{name}"] for name in ("retries", "hedges", "hedges_won"))]
    return "| " + " | ".join(map(str, cells)) + " |", counts[200] / total, percentile(records, 0.9)


def run(options):
    report = Report("flaky")
    seconds = 6 if options.quick else SECONDS
    lines = ["| way | requests | 200 | 503 of the origin | 503 of ours | 504 | p50 ms | p90 ms "
             "| p95 ms | p99 ms | asked of the origin, each | retries | hedges | won |",
             "|---|" + "---:|" * 13]
    good, p90 = {}, {}
    for way, group in WAYS.items():
        with tempfile.TemporaryDirectory(prefix="seawall-accept-") as name:
            records, stats, at_origin, problems = try_one(pathlib.Path(name), group, seconds)
        counters = stats["counters"]
        begin = min(r.begin for r in records) + WARM
        text, good[way], p90[way] = row(way, [r for r in records if r.begin >= begin], counters,
                                        at_origin / len(records))
        lines.append(text)
        extra = counters["upstream_retries"] + counters["upstream_hedges"]
        retry = group["retry"]
        allowed = (retry["budget"] * len(records) + FLOOR * (seconds + 10)
                   if "budget" in retry else 0)
        report.add(f"{way}: sent again", f"{extra} of {len(records)}; {at_origin} reached the "
                   "origins", f"≤ {allowed:.0f}",
                   extra <= allowed and at_origin <= len(records) + extra)
        report.problems(f"{way}: problems", problems)
    print("\n".join(lines), file=sys.stderr)
    for better in ("retries", "both, ample budget"):
        report.add(f"good answers, {better}", f"{good['nothing']:.1%} → {good[better]:.1%}", "more",
                   good[better] > good["nothing"])
    alone, hedged = p90["retries, ample budget"], p90["both, ample budget"]
    report.add("p90, ample budget, without and with hedging", f"{alone:.0f} → {hedged:.0f} ms",
               "less than half", hedged < alone / 2)
    return report.rows
