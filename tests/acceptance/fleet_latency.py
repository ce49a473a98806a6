"""How long a purge takes until every node of a fleet has acknowledged it: on loopback, and with a
delay between the nodes, which relays make."""

import json
import time

from fleet_stand import FleetStand, free_port
from relay import Relay
from stand import Report
from viewer import Viewer

PURGES, QUICK_PURGES = 1000, 100
LOOPBACK_SECONDS = 0.020  # p99
DELAYED_SECONDS = 0.150   # p99
ONE_WAY = 0.025
KINDS = ({"urls": ["/size/100/{}"]}, {"tags": ["t{}"]}, {"urls": ["/folder{}/*"]})


class Delayed:
    """Relays before each port that is asked for; each connection through one takes ONE_WAY."""

    def __init__(self):
        self.relays = []

    def __call__(self, port):
        self.relays.append(Relay(port, ONE_WAY))
        return self.relays[-1].port

    def close(self):
        for relay in self.relays:
            relay.close()


def measure(port, purges):
    """Milliseconds of each, in order of size, and how many were not complete on three nodes."""
    viewer = Viewer(port, "latency.test")
    times, incomplete = [], 0
    for number in range(purges + 10):
        body = json.dumps(KINDS[number % len(KINDS)]).replace("{}", str(number)).encode()
        begin = time.monotonic()
        answer = viewer.fetch("POST", "/purge", "Content-Type: application/json", body=body)
        seconds = time.monotonic() - begin
        receipt = json.loads(answer.check.text)
        if number < 10:
            continue  # connections are opened
        times.append(seconds)
        incomplete += not receipt.get("complete") or len(receipt["nodes"]) != 3
    viewer.close()
    return sorted(times), incomplete


def measure_stand(report, what, purges, bound, through):
    stand = None
    try:
        stand = FleetStand(free_port(), through=through)  # no origin: nothing is read
        stand.know_each_other()
        times, incomplete = measure(stand.edges[0].port, purges)
    finally:
        problems = stand.stop() if stand else []
    median, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    report.add(what, f"median {median * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms, at most "
               f"{times[-1] * 1000:.2f} ms, {purges} purges one after the other",
               f"p99 < {bound * 1000:g} ms", p99 < bound)
    report.add(f"{what}: not complete", incomplete, "0", incomplete == 0)
    report.problems(f"{what}: processes", problems)


def run(options):
    report = Report("fleet_latency")
    purges = options.purges or (QUICK_PURGES if options.quick else PURGES)
    measure_stand(report, "loopback", purges, LOOPBACK_SECONDS, lambda port: port)
    delayed = Delayed()
    try:
        measure_stand(report, f"{ONE_WAY * 2000:g} ms round trip between nodes", purges,
                      DELAYED_SECONDS, delayed)
    finally:
        delayed.close()
    return report.rows
