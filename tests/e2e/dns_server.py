"""A small DNS server (RFC 1035, over UDP) that says what a test wants: A, AAAA and SRV, or nothing.

    dns = DnsServer()
    dns.set("a.test", "127.0.0.1", "::1", ttl=2)
    dns.set("_http._tcp.a.test", (10, 1, 8080, "a.test"))
"""

import collections
import enum
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33
INTERNET = 1


class Mode(enum.Enum):
    ANSWER = "answer"
    SILENT = "silent"
    FAIL = "SERVFAIL"


class DnsServer:
    def __init__(self, port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.mode = Mode.ANSWER
        self.failed = set()  # types, and names, that get SERVFAIL
        self.ignored = set()  # types that get no answer
        self.delay = 0  # seconds before each answer but SERVFAIL; many may be under way
        self.asked = collections.Counter()  # (name, type) → questions
        self.names = {}
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def set(self, name, *records, ttl=1):
        """From now on the name has these records and no others; without any it has no addresses."""
        with self.lock:
            self.names[name.lower()] = (ttl, records)

    def remove(self, name):
        """The name does not exist."""
        with self.lock:
            self.names.pop(name.lower(), None)

    def close(self):
        with self.lock:
            self.mode = None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while True:
            question, sender = self.socket.recvfrom(4096)
            with self.lock:
                if self.mode is None:
                    return
                answer = self._answer(question)
            if answer and self.delay and answer[3] & 15 != 2:
                timer = threading.Timer(self.delay, self._send, (answer, sender))
                timer.daemon = True
                timer.start()
            elif answer:
                self.socket.sendto(answer, sender)

    def _send(self, answer, sender):
        try:
            self.socket.sendto(answer, sender)
        except OSError:  # closed meanwhile
            pass

    def _answer(self, question):
        name, end = read_name(question, 12)
        kind = struct.unpack_from(">H", question, end)[0]
        self.asked[name, kind] += 1
        if self.mode is Mode.SILENT or kind in self.ignored:
            return None
        failed = self.mode is Mode.FAIL or not self.failed.isdisjoint((name, kind))
        known = None if failed else self.names.get(name)
        code = 2 if failed else 0 if known else 3
        ttl, records = known or (0, ())
        data = [encoded for record in records if (encoded := encode(record, kind)) is not None]
        head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(data), 0, 0)
        answers = b"".join(struct.pack(">HHHIH", 0xC00C, kind, INTERNET, ttl, len(d)) + d
                           for d in data)
        return head + question[12:end + 4] + answers


def encode(record, kind):
    """The record's data, or None where it is of another kind."""
    if isinstance(record, tuple):
        return struct.pack(">HHH", *record[:3]) + write_name(record[3]) if kind == SRV else None
    family = socket.AF_INET6 if ":" in record else socket.AF_INET
    wanted = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
    return socket.inet_pton(family, record) if family == wanted else None


def read_name(message, at):
    labels = []
    while length := message[at]:
        labels.append(message[at + 1:at + 1 + length].decode().lower())
        at += 1 + length
    return ".".join(labels), at + 1


def write_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
