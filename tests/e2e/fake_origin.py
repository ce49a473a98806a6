"""An origin that says exactly what a test wants, byte for byte, and remembers what it was asked.

    origin.serve("/a", Answer("Cache-Control: max-age=60", body=b"hello"), Drop())

The n-th request for a path gets the n-th answer, later ones the last. An answer may be a function
of the request. Every connection has a thread of its own; close() ends them all.
"""

import dataclasses
import socket
import struct
import threading
import time

from http_text import Closed, Fields, Reader, field_lines, http_date, read_chunked, read_head


@dataclasses.dataclass
class Request:
    method: str
    target: str
    version: str
    fields: Fields
    connection: int
    number: int = 0  # how many came before it for its path
    body: bytes = b""
    trailers: Fields = dataclasses.field(default_factory=Fields)
    complete: bool = False  # the body came whole
    time: float = dataclasses.field(default_factory=time.monotonic)

    def get(self, name):
        return self.fields.get(name)


class Answer:
    """One response. `framing`: length, chunked, close (until the connection ends) or none.

    `parts`: (seconds to wait, bytes) in place of `body`. `cut`: so many bytes of the body, then the
    connection is closed. `interim`: (status, fields) of 1xx before it.
    """

    def __init__(self, *fields, status=200, reason="Whatever", body=b"body", framing="length",
                 parts=None, trailers=(), interim=(), cut=None, delay=0, date=True, close=False,
                 length=None):
        self.fields = list(fields)
        self.status, self.reason, self.framing = status, reason, framing
        self.parts = [(0, body)] if parts is None else parts
        self.trailers, self.interim, self.cut, self.delay = trailers, interim, cut, delay
        self.date, self.close, self.length = date, close, length

    def head(self):
        out = f"HTTP/1.1 {self.status} {self.reason}\r\n".encode() + field_lines(self.fields)
        names = {f.split(":")[0].lower() for f in self.fields if isinstance(f, str)}
        if self.date and "date" not in names:
            out += b"Date: " + http_date().encode() + b"\r\n"
        if self.framing == "chunked":
            out += b"Transfer-Encoding: chunked\r\n"
        elif self.framing == "length" and self.status not in (204, 304):
            length = sum(len(p) for _, p in self.parts) if self.length is None else self.length
            out += b"Content-Length: %d\r\n" % length
        if self.close or self.framing == "close":
            out += b"Connection: close\r\n"
        return out + b"\r\n"

    def send(self, connection, request):
        """False: the connection ends here."""
        for status, fields in self.interim:
            connection.sendall(b"HTTP/1.1 %d Interim\r\n" % status + field_lines(fields) + b"\r\n")
        time.sleep(self.delay)
        connection.sendall(self.head())
        if request.method == "HEAD" or self.status in (204, 304):
            return not self.close
        left = self.cut
        for wait, part in self.parts:
            time.sleep(wait)
            if left is not None:
                part, left = part[:left], left - len(part)
            if part and self.framing == "chunked":
                part = b"%x\r\n%s\r\n" % (len(part), part)
            connection.sendall(part)
            if left is not None and left <= 0:
                return False
        if self.framing == "chunked":
            connection.sendall(b"0\r\n" + field_lines(self.trailers) + b"\r\n")
        return self.framing != "close" and not self.close


class Raw:
    """These bytes; then the connection is closed, or kept."""

    def __init__(self, data, close=True, delay=0):
        self.data, self.close, self.delay = data, close, delay

    def send(self, connection, _request):
        time.sleep(self.delay)
        connection.sendall(self.data)
        return not self.close


class Drop:
    """The connection is closed without a byte; `reset`: with an RST."""

    def __init__(self, reset=False, delay=0):
        self.reset, self.delay = reset, delay

    def send(self, connection, _request):
        time.sleep(self.delay)
        if self.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


class Takeover:
    """A function of (connection, request) that does as it likes, then the connection ends."""

    def __init__(self, function):
        self.function = function

    def send(self, connection, request):
        self.function(connection, request)
        return False


class Origin:
    """`tls`: an ssl.SSLContext for its connections, which may be replaced."""

    def __init__(self, address="127.0.0.1", port=0, tls=None):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family, backlog=512)
        self.port = self.listener.getsockname()[1]
        self.tls = tls
        self.lock = threading.Lock()
        self.scripts = {}
        self.seen = {}
        self.connections = {}
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, path, *answers):
        with self.lock:
            self.scripts[path] = answers
            self.seen.setdefault(path, [])

    def requests(self, path):
        """All so far, in order of arrival."""
        with self.lock:
            return list(self.seen.get(path, ()))

    def count(self, path):
        return len(self.requests(path))

    def wait_for(self, path, count, seconds=5):
        """Until so many requests have come; returns them."""
        end = time.monotonic() + seconds
        while self.count(path) < count and time.monotonic() < end:
            time.sleep(0.005)
        return self.requests(path)

    def drop_idle(self):
        """Closes every connection there is, as an origin that restarts does."""
        with self.lock:
            connections = list(self.connections.values())
        for connection in connections:
            shut(connection)

    def close(self):
        shut(self.listener)
        self.listener.close()
        self.drop_idle()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(60)
            self.accepted += 1
            threading.Thread(target=self._serve, args=(connection, self.accepted),
                             daemon=True).start()

    def _serve(self, connection, number):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
        except OSError:
            return connection.close()
        with self.lock:
            self.connections[number] = connection
        try:
            reader = Reader(connection)
            while self._one(reader, connection, number):
                pass
        except (Closed, OSError, ValueError):
            pass
        finally:
            with self.lock:
                del self.connections[number]
            connection.close()

    def _one(self, reader, connection, number):
        line, fields = read_head(reader)
        method, target, version = line.split(" ")
        request = Request(method, target, version, fields, number)
        path = target.split("?")[0]
        with self.lock:
            seen = self.seen.setdefault(path, [])
            request.number = len(seen)
            seen.append(request)
            answers = self.scripts.get(path)
        if not answers:
            answers = (Answer(status=404, reason="Not scripted"),)
        answer = answers[min(request.number, len(answers) - 1)]
        early = getattr(answer, "before_body", None)
        if early:
            early(connection, request)
        self._read_body(reader, connection, request)
        if not hasattr(answer, "send"):
            answer = answer(request)
        return answer.send(connection, request)

    @staticmethod
    def _read_body(reader, connection, request):
        length = request.get("Content-Length")
        coding = request.get("Transfer-Encoding")
        if request.get("Expect") and (length or coding):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        sink = []
        try:
            if coding:
                request.trailers = read_chunked(reader, sink)
            elif length:
                reader.exactly(int(length), sink)
            request.complete = True
        finally:
            request.body = b"".join(sink)


def shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
