"""1,000 clients ask two edges at once for one object that has just expired, and for one that no
cache may share."""

import re
import selectors
import socket
import time

from stand import Node, Report, Stand
from viewer import Answer, KeepText, Malformed, Viewer, request_bytes

CLIENTS = 1000
ORIGIN_SECONDS = 1.0  # until the origin's head
FACTOR = 3


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = Answer("GET", lambda answer: KeepText())
        self.problem = None
        self.seconds = None

    def read(self, begin):
        """False when there is nothing more to come."""
        try:
            data = self.sock.recv(65536)
            if not data:
                raise Malformed("ended before the answer was complete")
            self.answer.feed(memoryview(data))
        except (Malformed, ConnectionError) as problem:
            self.problem = f"{type(problem).__name__} {problem}"
        if self.problem or self.answer.complete:
            self.seconds = time.monotonic() - begin
            return False
        return True


def all_at_once(ports, count, path):
    """One request on each of `count` connections, divided among the ports; the clients."""
    clients = [Client(ports[i % len(ports)]) for i in range(count)]
    time.sleep(0.5)  # all are accepted
    request = request_bytes("GET", path, "accept.example")
    begin = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.sock.sendall(request)
            selector.register(client.sock, selectors.EVENT_READ, client)
        while selector.get_map() and time.monotonic() - begin < 30:
            for key, _ in selector.select(1):
                if not key.data.read(begin):
                    selector.unregister(key.fileobj)
    for client in clients:
        client.sock.close()
        if client.seconds is None:
            client.problem = "no answer within 30 s"
    return clients


def asked(origin, path):
    direct = Viewer(origin.port)
    try:
        return int(direct.fetch("GET", f"/count?path={path}").check.text)
    finally:
        direct.close()


def show(clients):
    times = sorted(c.seconds for c in clients if c.seconds is not None)
    if not times:
        return "nobody"
    return (f"median {times[len(times) // 2]:.2f} s, 99% {times[len(times) * 99 // 100]:.2f} s, "
            f"last {times[-1]:.2f} s")


def expired(report, origin, ports, count):
    path = "/custom/stampede/hot"
    target = (f"{path}?ms={int(1000 * ORIGIN_SECONDS)}&body=hot&head="
              "Cache-Control:%20max-age=3%0AETag:%20%22v%22")
    for port in ports:
        Viewer(port).fetch("GET", target)
    before = asked(origin, path)
    time.sleep(4)
    clients = all_at_once(ports, count, target)
    good = [c for c in clients if not c.problem and c.answer.status == 200
            and c.answer.check.text == b"hot"]
    report.add("expired: right answers", f"{len(good)} of {count}", "all", len(good) == count)
    report.problems("expired: clients' problems", [c.problem for c in clients if c.problem])
    requests = asked(origin, path) - before
    report.add("expired: requests at the origin", requests, "1", requests == 1)
    last = max((c.seconds or 99) for c in clients)
    report.add("expired: time to the answer", show(clients),
               f"≤ {FACTOR} × {ORIGIN_SECONDS:.0f} s", last <= FACTOR * ORIGIN_SECONDS)


def uncacheable(report, origin, ports, count):
    path = "/custom/stampede/own"
    target = (f"{path}?ms={int(1000 * ORIGIN_SECONDS)}&body=own&head="
              "Cache-Control:%20no-store")
    clients = all_at_once(ports, count, target)
    good = [c for c in clients if not c.problem and c.answer.status == 200
            and c.answer.check.text == b"own"]
    report.add("uncacheable: right answers", f"{len(good)} of {count}", "all", len(good) == count)
    report.problems("uncacheable: clients' problems", [c.problem for c in clients if c.problem])
    requests = asked(origin, path)
    report.add("uncacheable: requests at the origin", requests, "one for each", requests >= count)
    last = max((c.seconds or 99) for c in clients)
    report.add("uncacheable: time to the answer", show(clients),
               f"≤ {FACTOR} × {ORIGIN_SECONDS:.0f} s", last <= FACTOR * ORIGIN_SECONDS)


def run(options):
    report = Report("stampede")
    count = CLIENTS // 5 if options.quick else CLIENTS
    stand = Stand(tls=False)
    try:
        second = Node("edge", stand.folder, stand.edge.config, name="edge-2")
        stand.processes.append(second.start())
        ports = [stand.edge.port, second.port]
        expired(report, stand.origin, ports, count)
        uncacheable(report, stand.origin, ports, count)
    finally:
        problems = stand.stop()
    report.problems("processes", problems)
    return report.rows
