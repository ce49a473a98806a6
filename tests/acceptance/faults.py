"""Faults of networks and systems, injected while viewers go on asking."""

import collections
import shutil
import signal
import sys
import time

from faults_stand import (CLASSES, CONNECT, FIRST_BYTE, BETWEEN, HOSTS, LARGE, ORIGIN, SHIELDS,
                          SHIELD_CONNECT, SHIELD_FIRST_BYTE, FaultsStand, until)
from load import percentile
from network import Network, Unable
from stand import Report
from syscalls import INJECTED, Injection, fresh_connections

VICTIM = SHIELDS[1]
WARM = 3         # seconds until all that repeats is stored, and pools are warm
SLACK = 1        # a loaded machine's
EXPIRED = 1.2    # until what was fresh is not
DROP = "counter drop"
RESET = "tcp flags & rst == 0 counter reject with tcp reset"
LOSS = f"numgen random mod 100 < 5 {DROP}"


class Faults:
    def __init__(self, stand, report, share):
        self.stand, self.network, self.report, self.share = stand, stand.network, report, share
        self.lines = ["| fault | class | requests | errors | what they got | p50 ms | p99 ms | "
                      "slowest ms |", "|---|---|---:|---:|---|---:|---:|---:|"]
        self.problems = []
        self.series = 0
        self.renew()

    def renew(self):
        self.load = self.stand.load(series=self.series)
        self.series += 1

    def end_load(self):
        self.load.stop()
        self.problems += self.load.problems

    def hold(self, seconds):
        time.sleep(seconds * self.share)

    def records(self, begin, end=None, load=None, named=None):
        """By class, of those that were asked for meanwhile, over by now; a line each for the
        table."""
        found = collections.defaultdict(list)
        for record in list((load or self.load).records):
            if record.begin >= begin and (end is None or record.begin < end):
                found[record.kind].append(record)
        for kind, mine in sorted(found.items()):
            got = collections.Counter((r.status, r.x_cache) for r in mine)
            self.lines.append(
                f"| {named} | {kind} | {len(mine)} | {errors(mine)} | "
                f"{', '.join(f'{n} × {s} {w}' for (s, w), n in got.most_common(5))} | "
                f"{percentile(mine, 0.5):.0f} | {percentile(mine, 0.99):.0f} | "
                f"{slowest(mine):.0f} |")
        return found

    def no_errors(self, fault, found, kinds=tuple(CLASSES)):
        measured = ", ".join(f"{kind} {errors(found[kind])} of {len(found[kind])}"
                             for kind in kinds)
        self.report.add(f"{fault}: errors", measured, "0",
                        all(found[kind] and not errors(found[kind]) for kind in kinds))

    def at_most(self, what, seconds, bound):
        self.report.add(what, "never" if seconds is None else f"{seconds:.2f} s", f"≤ {bound:g} s",
                        seconds is not None and seconds <= bound)

    def met(self, fault, hosts):
        """A fault that nothing has met shows nothing."""
        packets = sum(self.network.dropped(host) for host in hosts)
        self.report.add(f"{fault}: packets that it met", packets, "> 0", packets > 0)

    def traffic_again(self, fault, begin, healed):
        """Ejections double, so the last one is not longer than all before, and the first second."""
        bound = healed - begin + 1 + CONNECT + SLACK

        def came():
            return any(r.kind == "miss" and r.begin > healed
                       and VICTIM in r.cache_status for r in list(self.load.records)[-500:])
        self.at_most(f"{fault}: until the shield answers viewers again",
                     until(came, bound + 10), round(bound, 1))

    def outlast(self, name, begin):
        """Goes on with VICTIM's fault for a while, ends it and waits for its traffic; when it ended."""
        self.hold(9)
        self.met(name, [VICTIM])
        self.network.heal(VICTIM)
        healed = time.monotonic()
        self.traffic_again(name, begin, healed)
        return healed

    def blackhole(self):
        begin = time.monotonic()
        self.network.fault(VICTIM, DROP)
        out = until(lambda: self.stand.server(VICTIM)["state"] != "up", 10)
        self.at_most("blackhole: until the shield is ejected", out, CONNECT + FIRST_BYTE + SLACK)
        ejected = time.monotonic()
        healed = self.outlast("blackhole", begin)
        first = self.records(begin, ejected, named="blackhole, until ejected")
        later = self.records(ejected, healed, named="blackhole, later")
        whole = {kind: first[kind] + later[kind] for kind in CLASSES}
        self.no_errors("blackhole", whole)
        self.at_most("blackhole: slowest answer, of all", slowest(sum(whole.values(), [])) / 1000,
                     CONNECT + FIRST_BYTE + SLACK)
        self.at_most("blackhole: p99 of misses, once ejected",
                     percentile(later["miss"], 0.99) / 1000, CONNECT + SLACK)
        self.at_most("blackhole: p99 of hits", percentile(whole["hit"], 0.99) / 1000, 0.1)

    def resets(self):
        begin = time.monotonic()
        self.network.fault(VICTIM, RESET)
        healed = self.outlast("resets", begin)
        found = self.records(begin, healed, named="resets")
        self.no_errors("resets", found)
        self.at_most("resets: slowest answer", slowest(sum(found.values(), [])) / 1000, SLACK)

    def loss(self):
        begin = time.monotonic()
        for host in SHIELDS:
            self.network.fault(host, LOSS)
        self.hold(12)
        self.met("5% lost", SHIELDS)
        for host in SHIELDS:
            self.network.heal(host)
        found = self.records(begin, time.monotonic(), named="5% lost")
        self.no_errors("5% lost", found)
        self.at_most("5% lost: p99 of misses", percentile(found["miss"], 0.99) / 1000,
                     FIRST_BYTE)
        self.at_most("5% lost: p99 of hits", percentile(found["hit"], 0.99) / 1000, 0.1)

    def narrow(self):
        self.network.narrow(ORIGIN, "2mbit")
        begin = time.monotonic()
        large = self.stand.load(LARGE)
        self.hold(12)
        large.stop()
        ended = time.monotonic()
        self.network.narrow(ORIGIN, None)
        bodies = self.records(begin, ended, large, named="2 Mbit/s")["large"]
        whole = sum(r.status == 200 for r in bodies)
        rate = whole * LARGE["large"][1] * 8 / 1e6 / (ended - begin)
        self.report.add("2 Mbit/s to the origin: objects of 100 KiB",
                        f"{whole} of {len(bodies)} whole, {rate:.1f} Mbit/s",
                        "some, ≤ 2.2 Mbit/s", whole and rate <= 2.2)
        self.report.problems("2 Mbit/s to the origin: bodies cut or wrong", large.problems)
        self.at_most("2 Mbit/s to the origin: slowest", slowest(bodies) / 1000,
                     3 * FIRST_BYTE + BETWEEN + SLACK)
        self.no_errors("2 Mbit/s to the origin", self.records(begin, ended, named="2 Mbit/s"),
                       ("hit", "expired"))

    def half_open(self):
        self.end_load()
        before = self.stand.connections(VICTIM)
        self.stand.lose_power(VICTIM)
        after = self.stand.connections(VICTIM)
        self.report.add("half-open: connections that only the edge still believes in",
                        f"{after} of {before}", "all, some", after and after == before)
        counters = self.stand.edge.stats()["counters"]
        begin = time.monotonic()
        self.renew()
        self.hold(6)
        found = self.records(begin, named="half-open")
        again = self.stand.edge.stats()["counters"]["upstream_retries"]
        self.report.add("half-open: requests sent again", again - counters["upstream_retries"],
                        "> 0", again > counters["upstream_retries"])
        self.no_errors("half-open", found)
        self.at_most("half-open: slowest answer", slowest(sum(found.values(), [])) / 1000, SLACK)
        self.traffic_again("half-open", begin, begin)

    def dark_origin(self):
        self.network.fault(ORIGIN, DROP, everyone=True)
        # A fetch under way may still bring what is fresh for a second.
        time.sleep(EXPIRED + SHIELD_FIRST_BYTE)
        begin = time.monotonic()
        self.hold(9)
        self.met("origin dark", [ORIGIN])
        self.network.heal(ORIGIN)
        healed = time.monotonic()
        self.hold(6)
        time.sleep(SHIELD_CONNECT + SHIELD_FIRST_BYTE)
        found = self.records(begin, healed, named="origin dark")
        self.no_errors("origin dark", found, ("hit", "expired"))
        stale = sum(r.x_cache.startswith("Stale") for r in found["expired"])
        self.report.add("origin dark: expired, answered stale",
                        f"{stale} of {len(found['expired'])}", "all",
                        stale and stale == len(found["expired"]))
        failed = sum(r.status in (502, 504) for r in found["miss"])
        self.report.add("origin dark: misses with 502 or 504", f"{failed} of {len(found['miss'])}",
                        "all", failed and failed == len(found["miss"]))
        self.at_most("origin dark: slowest answer", slowest(sum(found.values(), [])) / 1000,
                     FIRST_BYTE + SLACK)
        good = [r.end for r in list(self.load.records)
                if r.kind == "miss" and r.begin > healed and r.status == 200]
        self.at_most("origin dark: first good miss after", min(good) - healed if good else None, 5)

    def injected(self):
        for what, (injection, breaks) in INJECTED.items():
            begin = time.monotonic()
            with Injection(self.stand.edge.process.pid, injection) as calls:
                during = fresh_connections(self.stand.edge.port, 4 * self.share)
            if calls.refused:
                self.report.add(f"{what} (strace)", f"skipped: {calls.refused}",
                                "where strace may attach", True)
                continue
            self.report.add(f"{what}: calls that failed", calls.failed, "> 0", calls.failed)
            found = self.records(begin, named=what)
            if not breaks:
                self.no_errors(f"{what}: meanwhile", found)
            begin = time.monotonic()
            after = fresh_connections(self.stand.edge.port, 1)
            found = self.records(begin, named=f"after: {what}")
            self.report.add(f"{what}: new connections, meanwhile and after",
                            f"{during[0]} of {sum(during)}; {after[0]} of {sum(after)} answered",
                            "meanwhile some, after all", during[0] and after[0] and not after[1])
            self.no_errors(f"{what}: after", found)


def errors(records):
    return sum(r.status != 200 for r in records)


def slowest(records):
    return percentile(records, 1)


def run(options):
    report = Report("faults")
    # So that a SIGTERM takes the namespaces down, too.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Network(HOSTS) as network:
            show(FaultsStand(network), report, options)
    except Unable as why:
        report.add("a network of its own", str(why), "root, iproute2, nftables", False)
    finally:
        signal.signal(signal.SIGTERM, before)
    return report.rows


def show(stand, report, options):
    faults = None
    try:
        faults = Faults(stand, report, 1 / 3 if options.quick else 1)
        time.sleep(WARM)
        for fault in (faults.blackhole, faults.resets, faults.loss, faults.narrow,
                      faults.half_open, faults.dark_origin):
            fault()
            time.sleep(FIRST_BYTE)
        of_network = faults.problems + faults.load.problems
        if shutil.which("strace"):
            faults.injected()
        else:
            report.add("calls that fail (strace)", "skipped: no strace here", "where it is", True)
    finally:
        if faults:
            faults.end_load()
        problems = stand.stop()
    print("\n".join(faults.lines), file=sys.stderr)
    report.problems("faults of the network: answers that are none, cut, wrong or stuck", of_network)
    report.problems("faults of the system: answers that are wrong or stuck",
                    [p for p in faults.problems[len(of_network):]
                     if not p.split(": ")[1].startswith(("NoAnswer", "Cut"))])
    report.problems("processes", problems)
