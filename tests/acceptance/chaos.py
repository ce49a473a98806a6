"""kill -9 of origin, shield and viewers at random moments, under load; what is left afterwards.

The nodes are those of the sanitizer build, so that a leak or a use after free is a report at their
end. The schedule depends on the seed only; what it meets depends on the machine.
"""

import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

from stand import ASAN_BIN, Report, Stand
from viewer import Cut, Malformed, NoAnswer, PatternCheck, TookTooLong, Viewer

SECONDS = 60
CALM_SECONDS = 8  # before: the same load, and nobody dies
RIGHT = {"ok", "given up", "cut by origin", "upload refused"}
BOUND = 30  # seconds that any request may take; the nodes' own time-outs are below
TIMEOUTS = {"connect": "1s", "tls": "4s", "first_byte": "6s", "between_bytes": "5s",
            "pool_idle": "20s"}
STEADY = 2       # processes of viewers that live on
MORTAL = 2       # processes of viewers that are killed
VIEWERS = 6      # per process
SETTLE = 20      # seconds for the gauges to go to 0
GAUGES = (("counters", "open_viewer_connections"), ("counters", "requests_in_flight"),
          ("store", "fills_open"), ("upstream", "pool_active"))

os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1")
os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")


class Viewers:
    """A process of chaos_load.py, started anew whenever it is killed."""

    def __init__(self, name, port, seed, end):
        self.name, self.port, self.seed, self.end = name, port, seed, end
        self.counts = collections.Counter()
        self.problems = []
        self.slowest = 0.0
        self.lives = 0
        self._start()

    def _start(self):
        self.lives += 1
        left = max(0.5, self.end - time.monotonic())
        self.process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("chaos_load.py"), "--port",
             str(self.port), "--seed", f"{self.seed}/{self.name}/{self.lives}", "--seconds",
             str(left), "--bound", str(BOUND), "--viewers", str(VIEWERS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.reader = threading.Thread(target=self._listen, args=(self.process,))
        self.reader.start()

    def _listen(self, process):
        last = {}
        for line in process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # cut by the kill
            if "problem" in told:
                self.problems.append(f"{time.strftime('%H:%M:%S')} {told['problem']}")
            else:
                last = told["counts"]
                self.slowest = max(self.slowest, told["slowest"])
        self.counts.update(last)
        process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def restart(self):
        if time.monotonic() < self.end:
            self._start()

    def finish(self):
        try:
            self.process.wait(timeout=max(0, self.end - time.monotonic()) + 2 * BOUND)
        except subprocess.TimeoutExpired:
            self.problems.append(f"{self.name} does not end")
            self.process.kill()
        self.reader.join()


def make_chaos(stand, mortal, rng, end, pause=(0.2, 3), others=()):
    """Kills and restarts until `end`; how often whom."""
    processes = (stand.origin, stand.shield, *others)
    kills = collections.Counter()
    down = []  # (when to start again, what)
    next_kill = time.monotonic() + 1
    while (now := time.monotonic()) < end or down:
        for due in [d for d in down if d[0] <= now]:
            down.remove(due)
            due[1].restart() if isinstance(due[1], Viewers) else due[1].start()
        alive = [v for v in (*processes, *mortal) if all(v is not d[1] for d in down)]
        if alive and next_kill <= now < end:
            weights = [2 if v in mortal else 3 for v in alive]
            victim = rng.choices(alive, weights)[0]
            victim.kill()
            kills["viewers" if victim in mortal else victim.name] += 1
            down.append((now + rng.uniform(0, 1), victim))
            next_kill = now + rng.uniform(*pause)
        time.sleep(0.02)
    return kills


def all_well_again(port):
    """After the last restart: objects that nobody has asked for, one after the other."""
    problems = []
    viewer = Viewer(port)
    for number in range(50):
        path = f"/size/100000/after-{number}"
        try:
            answer = viewer.fetch("GET", path, bound=BOUND,
                                  check_for=lambda a, p=path: PatternCheck(p, 100_000))
            if answer.status != 200:
                problems.append(f"{path}: {answer.status}")
        except (Cut, NoAnswer, TookTooLong, Malformed) as problem:
            problems.append(f"{path}: {type(problem).__name__} {problem}")
    viewer.close()
    return problems


def gauges(node):
    stats = node.stats()
    return {name: stats[part][name] for part, name in GAUGES}


def wait_for_rest(node):
    """(what is not 0 after SETTLE seconds, how long it took)"""
    begin = time.monotonic()
    while True:
        busy = {name: n for name, n in gauges(node).items() if n != 0}
        if not busy or time.monotonic() > begin + SETTLE:
            return busy, time.monotonic() - begin
        time.sleep(0.2)


def be_calm(report, port, seconds):
    """An error or a cut answer is right only while somebody is dead."""
    calm = Viewers("calm", port, 0, time.monotonic() + min(CALM_SECONDS, seconds))
    calm.finish()
    wrong = {word: n for word, n in calm.counts.items() if word not in RIGHT}
    report.add("before, with all alive", told(calm.counts), "no error, no cut answer",
               calm.counts["ok"] and not wrong)
    report.problems("before, problems", calm.problems)


def look_around(report, stand):
    report.problems("objects after the last restart", all_well_again(stand.edge.port))
    busy, seconds = wait_for_rest(stand.edge)
    report.add("edge's gauges afterwards", busy or f"0 after {seconds:.1f} s", "0", not busy)
    stand.edge.stop()
    busy, seconds = wait_for_rest(stand.shield)
    report.add("shield's gauges, without the edge", busy or f"0 after {seconds:.1f} s", "0",
               not busy)


def run(options):
    report = Report("chaos")
    seconds = 10 if options.quick else SECONDS
    stand = Stand(both={"cache": {"memory": "32MiB"}}, binaries=ASAN_BIN,
                  timeouts=TIMEOUTS)
    try:
        be_calm(report, stand.edge.port, seconds)
        end = time.monotonic() + seconds
        steady, mortal = ([Viewers(f"{name}-{i}", stand.edge.port, options.seed, end)
                           for i in range(count)]
                          for name, count in (("steady", STEADY), ("mortal", MORTAL)))
        kills = make_chaos(stand, mortal, random.Random(options.seed), end)
        for viewers in steady + mortal:
            viewers.finish()
        tell(report, steady + mortal, kills, seconds, options.seed)
        if stand.edge.alive() and stand.shield.alive():
            look_around(report, stand)
    finally:
        problems = stand.stop()
    report.problems("crashes, leaks, ends other than 0", problems)
    return report.rows


def told(counts):
    return ", ".join(f"{n} {word}" for word, n in counts.most_common())


def tell(report, viewers, kills, seconds, seed, least=None):
    counts = sum((v.counts for v in viewers), collections.Counter())
    killed = ", ".join(f"{n} × {who}" for who, n in sorted(kills.items()))
    least = seconds // 20 if least is None else least
    report.add("kill -9", f"{killed} in {seconds} s, seed {seed}", f"each ≥ {least}",
               all(kills[who] >= least for who in ("origin", "shield", "viewers")))
    report.add("requests", f"{sum(counts.values())}: {told(counts)}", "most are answered",
               counts["ok"] > sum(counts.values()) / 2)
    slowest = max(v.slowest for v in viewers)
    report.add("slowest request", f"{slowest:.1f} s", f"≤ {BOUND} s", slowest <= BOUND)
    report.problems("wrong, stuck or missing answers", [p for v in viewers for p in v.problems])
