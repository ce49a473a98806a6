"""Upstreams whose names or certificates fail: the log line, what the viewer gets, the recovery."""

import json
import re
import signal
import socket
import ssl
import sys
import tempfile
import time

from stand import ROOT, SITES, Node, Report
from viewer import Viewer

sys.path.append(str(ROOT / "tests" / "e2e"))

from certificates import Authority, pin, server_context  # noqa: E402
from dns_server import DnsServer, Mode  # noqa: E402
from fake_origin import Answer, Origin  # noqa: E402

WITHIN = 15         # seconds: failure_ttl is 5 s, an address that failed comes last for 10 s
NAME = "origin.test"
PAST = ("20200101000000Z", "20210101000000Z")


class Bench:
    """DNS, origins at addresses with one port, an edge; each answer's body is the address."""

    def __init__(self, addresses=("127.0.0.1",), tls=None, config=None, dns=True):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-names-")
        self.dns = DnsServer()
        if not dns:
            self.dns.close()
        self.origins, self.port = {}, 0
        for address in addresses:
            origin = self.origins[address] = Origin(address, self.port, tls)
            origin.serve("/", Answer("Cache-Control: no-store", body=address.encode()))
            self.port = origin.port
        server = f"{'https' if tls else 'http'}://{NAME}:{self.port}"
        self.edge = Node("edge", self.temporary.name, {
            "workers": 1, "sites": SITES, "resolver": {"servers": [self.dns.address]},
            "upstreams": {"origin": {"servers": [server], "max_idle": 0, **(config or {})}}})
        self.edge.start()

    def ask(self):
        """(status, body, seconds)"""
        viewer = Viewer(self.edge.port)
        begin = time.monotonic()
        answer = viewer.fetch("GET", "/", "Connection: close", bound=30)
        viewer.close()
        text = (answer.check.text.decode() if answer.status == 200
                else answer.get("cache-status"))
        return answer.status, text, time.monotonic() - begin

    def until(self, good, seconds=60):
        """Asks until good(status, text); the seconds, or None."""
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            status, text, _ = self.ask()
            if good(status, text):
                return time.monotonic() - begin
            time.sleep(0.05)
        return None

    def line(self, pattern):
        """What the log says of it."""
        found = re.search(rf"^\S+ warn (upstream origin: .*{pattern}.*)$", self.edge._text(), re.M)
        return found.group(1).replace(str(self.port), "PORT") if found else "nothing"

    def close(self):
        problems = self.edge.stop()
        for origin in self.origins.values():
            origin.close()
        if self.dns.mode is not None:
            self.dns.close()
        self.temporary.cleanup()
        return problems


class Table:
    def __init__(self, report):
        self.report = report
        self.lines = ["| Case | The log | The viewer | Recovery |", "|---|---|---|---|"]

    def add(self, case, log, viewer, seconds, passed, within=WITHIN):
        recovery = "never" if seconds is None else f"{seconds:.1f} s"
        self.lines.append(f"| {case} | {log} | {viewer} | {recovery} |")
        passed = passed and log != "nothing" and seconds is not None and seconds <= within
        self.report.add(case, f"{viewer}; good again after {recovery}",
                        f"as said; a line in the log; recovery ≤ {within} s", passed)

    def end(self, bench, case):
        self.report.problems(f"{case}: processes", bench.close())


def is_good(status, _text):
    return status == 200


def dns_down_at_start(table):
    bench = Bench(dns=False)
    status, text, seconds = bench.ask()
    dns = DnsServer(bench.dns.port)
    dns.set(NAME, "127.0.0.1")
    recovery = bench.until(is_good)
    table.add("DNS down at start", bench.line("no addresses from DNS"),
              f"{status} after {seconds:.1f} s", recovery,
              status == 502 and "detail=upstream-dns" in text)
    table.end(bench, "DNS down at start")
    dns.close()


def dns_fails_later(table):
    bench = Bench()
    bench.dns.set(NAME, "127.0.0.1")
    bench.ask()
    bench.dns.mode = Mode.SILENT
    asked = [bench.ask() for _ in range(60) if time.sleep(0.05) is None]
    errors = sum(status != 200 for status, _, _ in asked)
    slowest = max(seconds for _, _, seconds in asked)
    bench.dns.mode = Mode.ANSWER
    begin = time.monotonic()
    while "DNS answers again" not in bench.edge._text() and time.monotonic() < begin + WITHIN:
        bench.ask()
        time.sleep(0.05)
    table.add("DNS silent later", bench.line("the last known ones are used"),
              f"{errors} errors of {len(asked)}, the slowest {slowest:.1f} s",
              time.monotonic() - begin, errors == 0 and slowest < 2)
    table.end(bench, "DNS silent later")


def addresses_change(table):
    bench = Bench(("127.0.0.1", "127.0.0.2"), config={"max_idle": 8})
    bench.dns.set(NAME, "127.0.0.1", ttl=2)
    errors = sum(bench.ask()[0] != 200 for _ in range(5))
    bench.dns.set(NAME, "127.0.0.2", ttl=2)
    seen = []

    def has_moved(status, text):
        seen.append(status)
        return text == "127.0.0.2"

    recovery = bench.until(has_moved)
    errors += sum(status != 200 for status in seen)
    time.sleep(0.5)
    left = len(bench.origins["127.0.0.1"].connections)
    table.add("DNS changes the address (TTL 2 s)", "(nothing is wrong)",
              f"{errors} errors; {left} connections left to the old one", recovery,
              errors == 0 and left == 0, within=5)
    table.end(bench, "DNS changes the address")


def addresses_gone(table):
    bench = Bench()
    bench.dns.set(NAME, "127.0.0.1")
    bench.ask()
    bench.dns.remove(NAME)
    bench.until(lambda status, _text: status != 200)
    status, text, _ = bench.ask()
    bench.dns.set(NAME, "127.0.0.1")
    recovery = bench.until(is_good)
    table.add("all addresses gone", bench.line("name does not exist"), str(status), recovery,
              status == 502 and "detail=upstream-dns" in text)
    table.end(bench, "all addresses gone")


def ipv6_hangs(table):
    bench = Bench()
    bench.dns.set(NAME, "127.0.0.1", "::1", ttl=60)
    with socket.create_server(("::1", bench.port), family=socket.AF_INET6, backlog=0) as deaf:
        waiting = [socket.socket(socket.AF_INET6) for _ in range(4)]
        for sock in waiting:  # its queue is full: what comes now gets no answer
            sock.setblocking(False)
            sock.connect_ex(deaf.getsockname())
        time.sleep(0.1)
        status, _, first = bench.ask()
        _, _, second = bench.ask()
        for sock in waiting:
            sock.close()
    table.add("IPv6 hangs, IPv4 lives", "(nobody is to be woken)",
              f"{status} after {1000 * first:.0f} ms, the next after {1000 * second:.0f} ms", 0,
              status == 200 and first < 1)
    table.end(bench, "IPv6 hangs")


def bad_certificate(table, case, authority, files, words, tls=None, repaired=None, **versions):
    """`repaired`: what `tls` is to be changed to; else the server gets a good certificate."""
    tls = {"ca": str(authority.ca), **(tls or {})}
    bench = Bench(tls=server_context(files, **versions), config={"tls": tls})
    bench.dns.set(NAME, "127.0.0.1", ttl=60)
    status, text, _ = bench.ask()
    line = bench.line(words)
    if repaired:
        config = json.loads(bench.edge.file.read_text())
        config["upstreams"]["origin"]["tls"].update(repaired)
        bench.edge.file.write_text(json.dumps(config))
        bench.edge.process.send_signal(signal.SIGHUP)
    else:
        bench.origins["127.0.0.1"].tls = server_context(authority.issue(NAME))
    table.add(case, line, str(status), bench.until(is_good),
              status == 502 and "detail=upstream-tls" in text)
    table.end(bench, case)


def certificates(table):
    with tempfile.TemporaryDirectory(prefix="seawall-names-") as folder:
        own, stranger = Authority(folder), Authority(folder, "Stranger")
        good, other = own.issue(NAME), own.issue("other.test")
        bad_certificate(table, "certificate expired", own, own.issue(NAME, *PAST), "expired on")
        bad_certificate(table, "wrong name", own, other, f"for other.test, not for {NAME}")
        bad_certificate(table, "unknown CA", own, stranger.issue(NAME), "signed by CN = Stranger")
        bad_certificate(table, "wrong pin", own, good, "the key of its certificate is sha256/",
                        {"pins": [pin(other[0])]}, {"pins": [pin(good[0])]})
        bad_certificate(table, "TLS 1.2 where 1.3 is wanted", own, good, "no TLS that is new enough",
                        {"min_version": "1.3"}, maximum_version=ssl.TLSVersion.TLSv1_2)


def run(_options):
    report = Report("names")
    table = Table(report)
    for case in (dns_down_at_start, dns_fails_later, addresses_change, addresses_gone, ipv6_hangs,
                 certificates):
        case(table)
    print("\n".join(table.lines), file=sys.stderr)
    return report.rows
