"""A good client beside 10,000 idle connections, 1,000 heads that never end and 500 readers of
100 MB that hardly read."""

import resource
import selectors
import socket
import ssl
import time

from stand import Node, Report, Stand
from viewer import PatternCheck, Viewer, request_bytes

IDLE, LORIS, READERS = 10_000, 1_000, 500
TLS_IDLE = 2_000
SIZE = 100 * 1024 * 1024
WARM_UP = 20_000       # requests
REQUESTS = 2_000       # of the good client, before and with the others
PLAIN_GOAL, TLS_GOAL = 0.6 * 1024, 14 * 1024
SMALL, LARGE = "/size/1024/good", f"/size/{SIZE}/large"
FRESH = "?max-age=3600"


def connected(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def settled(node):
    """The node's memory when it no longer changes."""
    last = 0
    for _ in range(20):
        now = node.memory()
        if abs(now - last) < 64 * 1024:
            return now
        last = now
        time.sleep(0.5)
    return last


def idle(port, count, request, context=None):
    """Connections that had an answer each."""
    sockets = []
    for _ in range(count):
        sock = connected(port)
        if context:
            sock = context.wrap_socket(sock, server_hostname="edge.test")
        sock.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += sock.recv(65536)
        sockets.append(sock)
    return sockets


def warm_up(sockets, request):
    """What requests cost once, however many are connected: the access log's ring of 1 MiB, above all."""
    for _ in range(WARM_UP // len(sockets)):
        for sock in sockets:
            sock.sendall(request)
            answer = sock.recv(65536)
            while len(answer) < answer.index(b"\r\n\r\n") + 4 + 1024:
                answer += sock.recv(65536)


def latency(port, count, trickle=None):
    """Sorted milliseconds of as many hits on one connection, one after the other."""
    viewer = Viewer(port)
    times = []
    for _ in range(count):
        if trickle:
            trickle.step()
        begin = time.monotonic()
        answer = viewer.fetch("GET", SMALL + FRESH, check_for=lambda a: PatternCheck(SMALL, 1024))
        times.append(1000 * (time.monotonic() - begin))
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
        time.sleep(0.001)
    viewer.close()
    return sorted(times)


def p(times, percent):
    return times[min(len(times) - 1, len(times) * percent // 100)]


def slow_readers(port, count):
    readers = []
    for _ in range(count):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(30)
        sock.connect(("127.0.0.1", port))
        sock.sendall(request_bytes("GET", LARGE + FRESH, "accept.example"))
        readers.append(sock)
    return readers


class Trickle:
    """What keeps the slow ones alive: a byte of each head, 2 KiB of each body, every second."""

    def __init__(self, loris, readers):
        self.loris, self.readers = loris, readers
        self.next = time.monotonic()

    def step(self):
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + 1
        for sock in self.loris:
            try:
                sock.send(b"a")
            except OSError:
                pass
        for sock in self.readers:
            try:
                sock.settimeout(0)
                sock.recv(2048)
            except OSError:
                pass


def alive(sockets):
    """How many the node has not closed."""
    count = 0
    for sock in sockets:
        sock.settimeout(0)  # or recv() would wait, whatever its flags say
        try:
            if sock.recv(1, socket.MSG_PEEK):
                count += 1
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count


def close(sockets):
    for sock in sockets:
        sock.close()


def crowd(report, edge, scale):
    port = edge.port
    request = request_bytes("GET", SMALL + FRESH, "accept.example")
    first = idle(port, 200, request)
    warm_up(first, request)
    close(first)
    with_none = latency(port, REQUESTS // scale)
    empty = settled(edge)
    sockets = idle(port, IDLE // scale, request)
    each = (settled(edge) - empty) / len(sockets)
    report.add("bytes per idle connection, plain", f"{each:.0f}", f"≤ {PLAIN_GOAL:.0f}",
               each <= PLAIN_GOAL)

    loris = [connected(port) for _ in range(LORIS // scale)]
    for sock in loris:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: accept.example\r\nX-")
    before = settled(edge)
    readers = slow_readers(port, READERS // scale)
    with_all = latency(port, REQUESTS // scale, Trickle(loris, readers))
    held = edge.memory() - before
    report.add("all idle connections are kept", f"{alive(sockets)} of {len(sockets)}", "all",
               alive(sockets) == len(sockets))
    report.add("slow readers are kept", f"{alive(readers)} of {len(readers)}", "all",
               alive(readers) == len(readers))
    per_reader = held / len(readers)
    report.add("the node's memory: empty, with idle ones, with all",
               f"{empty >> 20}, {before >> 20}, {edge.memory() >> 20} MiB", "", True)
    report.add("bytes that a slow reader of 100 MB costs", f"{per_reader:.0f}", "≤ 64 KiB",
               per_reader <= 65536)
    report.add("good client, median and p99 without",
               f"{p(with_none, 50):.2f}, {p(with_none, 99):.2f} ms", "", True)
    report.add("good client, median and p99 with all",
               f"{p(with_all, 50):.2f}, {p(with_all, 99):.2f} ms",
               "p99 ≤ 3 × that without, or 5 ms",
               p(with_all, 99) <= max(3 * p(with_none, 99), 5))
    end = time.monotonic() + 15  # head_time is 10 s
    while alive(loris) and time.monotonic() < end:
        time.sleep(0.5)
    told = [sock for sock in loris if b" 408 " in answer_of(sock)]
    report.add("heads that never end get 408", f"{len(told)} of {len(loris)}", "all",
               len(told) == len(loris))
    close(sockets + loris + readers)


def answer_of(sock):
    try:
        sock.settimeout(5)
        return sock.recv(4096)
    except OSError:
        return b""


def with_tls(report, stand, scale):
    pem, key = stand.certificates.issue("edge.test")
    node = Node("edge", stand.folder, stand.edge.config, name="edge-tls",
                tls={"certificates": [{"certificate": pem, "key": key}]})
    stand.processes.append(node.start())
    context = ssl.create_default_context(cafile=str(stand.certificates.ca))
    request = request_bytes("GET", SMALL + FRESH, "accept.example")
    first = idle(node.port, 200, request, context)
    warm_up(first, request)
    empty = settled(node)
    sockets = idle(node.port, TLS_IDLE // scale, request, context)
    each = (settled(node) - empty) / len(sockets)
    report.add("bytes per idle connection, TLS", f"{each:.0f}", f"≤ {TLS_GOAL:.0f}",
               each <= TLS_GOAL)
    close(sockets + first)


def run(options):
    report = Report("slow")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    scale = 10 if options.quick else 1
    report.add("open files allowed", hard, f"≥ {IDLE + LORIS + READERS + 500}",
               hard >= IDLE + LORIS + READERS + 500)
    stand = Stand(shield=False, tls=False, edge={
        "cache": {"memory": "512MiB"}, "workers": 1,
        "limits": {"connections_per_address": 0, "keep_alive_time": "10m"}})
    try:
        Viewer(stand.edge.port).fetch("GET", SMALL + FRESH)
        Viewer(stand.edge.port).fetch("GET", LARGE + FRESH,
                                      check_for=lambda answer: PatternCheck(LARGE, SIZE))
        crowd(report, stand.edge, scale)
        with_tls(report, stand, scale)
    finally:
        problems = stand.stop()
    report.problems("processes", problems)
    return report.rows
