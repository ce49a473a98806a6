"""200 viewers at once ask for one object that is not there yet, and comes slowly."""

import selectors
import socket
import statistics
import time

from stand import Report, Stand
from viewer import Answer, Malformed, PatternCheck, Viewer, request_bytes

VIEWERS = 200
SIZE = 5 * 1024 * 1024
BODY_MS = 5000
WITHIN = 0.2
PATH = "/slow/crowd"


class Member:
    """One of the crowd."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = Answer("GET", self._check)
        self.problem = None
        self.ended_at = None

    def _check(self, answer):
        if answer.status != 200:
            raise Malformed(f"status {answer.status}")
        return PatternCheck(PATH, SIZE)

    def read(self, buffer):
        """False when there is nothing more to come."""
        try:
            count = self.sock.recv_into(buffer)
            if count == 0:
                raise Malformed(f"ended after {self.answer.received} bytes")
            self.answer.feed(buffer[:count])
        except (Malformed, ConnectionError) as problem:
            self.problem = f"{type(problem).__name__} {problem}"
        if self.problem or self.answer.complete:
            self.ended_at = time.monotonic()
            return False
        return True


def crowd(port, body_ms):
    members = [Member(port) for _ in range(VIEWERS)]
    time.sleep(0.5)  # all are accepted
    request = request_bytes("GET", f"{PATH}?body_ms={body_ms}&size={SIZE}", "accept.example")
    buffer = memoryview(bytearray(256 * 1024))
    begin = time.monotonic()
    end = begin + body_ms / 1000 + 60
    ask(members, request, buffer, end)
    read_rest(members, buffer, end)
    for member in members:
        if member.ended_at is None:
            member.problem = f"stuck after {member.answer.received} bytes"
        member.sock.close()
    return begin, members


def ask(members, request, buffer, end):
    """Sends all requests, and reads until each body has begun; no more of those that have, so that
    this process delays none."""
    to_send = iter(members)
    with selectors.DefaultSelector() as selector:
        while (sender := next(to_send, None)) or selector.get_map():
            if sender:
                sender.sock.sendall(request)
                selector.register(sender.sock, selectors.EVENT_READ, sender)
            for key, _ in selector.select(0 if sender else 1):
                if not key.data.read(buffer) or key.data.answer.first_body_at:
                    selector.unregister(key.fileobj)
            if time.monotonic() > end:
                return


def read_rest(members, buffer, end):
    """Twenty times a second what has come: 200 viewers in one process must not be the limit."""
    for member in members:
        member.sock.setblocking(False)
    while (left := [m for m in members if m.ended_at is None]) and time.monotonic() < end:
        for member in left:
            try:
                while member.read(buffer):
                    pass
            except BlockingIOError:
                pass
        time.sleep(0.05)


def one(report, topology, options):
    body_ms = 1500 if options.quick else BODY_MS
    stand = Stand(shield=topology == "edge + shield", tls=False)
    try:
        begin, members = crowd(stand.edge.port, body_ms)
        direct = Viewer(stand.origin.port)
        asked = int(direct.fetch("GET", f"/count?path={PATH}").check.text)
        direct.close()
    finally:
        problems = stand.stop()
    answers = [m.answer for m in members]
    whole = [m for m in members if m.answer.complete and not m.problem]
    report.add(f"{topology}: requests at the origin", asked, "1", asked == 1)
    report.add(f"{topology}: bodies right", f"{len(whole)} of {VIEWERS}", "all",
               len(whole) == VIEWERS)
    report.problems(f"{topology}: viewers' problems", [m.problem for m in members if m.problem])
    leaders = [a for a in answers if "collapsed" not in (a.get("cache-status") or "")]
    report.add(f"{topology}: leaders, by Cache-Status", len(leaders), "1", len(leaders) == 1)
    firsts = sorted(a.first_body_at - begin for a in answers if a.first_body_at)
    if firsts and leaders and leaders[0].first_body_at:
        leader = leaders[0].first_body_at - begin
        last = max(m.ended_at for m in members if m.ended_at) - begin
        report.add(f"{topology}: a follower's first body byte behind the leader's",
                   f"at most {1000 * (firsts[-1] - leader):.0f} ms (leader at "
                   f"{1000 * leader:.0f} ms, median {1000 * statistics.median(firsts):.0f} ms; "
                   f"all over at {last:.2f} s)",
                   f"≤ {1000 * WITHIN:.0f} ms",
                   len(firsts) == VIEWERS and firsts[-1] - leader <= WITHIN)
    else:
        report.add(f"{topology}: a follower's first body byte", "no leader or no body", "", False)
    report.problems(f"{topology}: processes", problems)


def run(options):
    report = Report("crowd")
    for topology in ("edge", "edge + shield"):
        one(report, topology, options)
    return report.rows
