"""A strict HTTP/1.1 viewer that checks content while it streams: nothing of a body is kept.

Answer reads the bytes of one answer, from whatever brings them; Viewer is a blocking connection.
An answer is complete only when its framing says so; what is neither complete nor cut is Malformed.
"""

import functools
import hashlib
import socket
import time

PATTERN_BYTES = 1_000_003
NO_BODY = (204, 304)


@functools.cache
def pattern():
    """tests/origin/content.h; twice, so that a window of up to its length is one piece."""
    turn = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(31_251))[:PATTERN_BYTES]
    return turn * 2


def fnv1a64(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


class Malformed(Exception):
    """Not an answer, or not the one that was due."""


class PatternCheck:
    """The origin's generated body for a path, from byte `first` on; `length` bytes if given."""

    def __init__(self, path, length=None, first=0):
        self.start = fnv1a64(path.encode()) % PATTERN_BYTES + first
        self.length = length
        self.at = 0

    def feed(self, data):
        while data:
            offset = (self.start + self.at) % PATTERN_BYTES
            part = data[:PATTERN_BYTES]
            if not pattern().startswith(part, offset):
                raise Malformed(f"wrong content within [{self.at}, {self.at + len(part)})")
            self.at += len(part)
            data = data[len(part):]
        if self.length is not None and self.at > self.length:
            raise Malformed(f"{self.at} bytes where {self.length} were due")

    def end(self):
        if self.length is not None and self.at != self.length:
            raise Malformed(f"complete with {self.at} of {self.length} bytes")


class BytesCheck:
    """These very bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def feed(self, data):
        if not self.data.startswith(data, self.at):
            raise Malformed(f"wrong content within [{self.at}, {self.at + len(data)})")
        self.at += len(data)

    def end(self):
        if self.at != len(self.data):
            raise Malformed(f"complete with {self.at} of {len(self.data)} bytes")


class KeepText:
    """For small answers that are looked at."""

    def __init__(self):
        self.text = b""

    def feed(self, data):
        self.text += data
        if len(self.text) > 1 << 20:
            raise Malformed("not a small answer")

    def end(self):
        pass


class Answer:
    """`check_for(answer)` chooses what the body is held against once the head is known."""

    def __init__(self, method="GET", check_for=None):
        self.method = method
        self.check_for = check_for or (lambda answer: KeepText())
        self.status = None
        self.fields = {}  # lower-case name → values
        self.trailers = []
        self.framing = None
        self.check = None
        self.complete = False
        self.received = 0  # body bytes, without framing
        self.first_body_at = None
        self.step = self._head
        self.line = b""
        self.left = 0

    def get(self, name):
        values = self.fields.get(name.lower())
        return ", ".join(values) if values else None

    @property
    def x_cache(self):
        return self.get("x-cache")

    @property
    def started(self):
        return self.step != self._head or bool(self.line)

    def feed(self, data):
        data = memoryview(data)
        while data:
            if self.complete:
                raise Malformed(f"bytes behind the answer: {bytes(data[:80])!r}")
            data = self.step(data)

    def _head(self, data):
        before = len(self.line)
        self.line += data[:65536]
        end = self.line.find(b"\r\n\r\n", max(0, before - 3))
        if end < 0:
            if len(self.line) >= 65536:
                raise Malformed("a head of more than 64 KiB")
            return b""
        lines = self.line[:end].decode("latin-1").split("\r\n")
        self.line = b""
        self._take_head(lines)
        return data[end + 4 - before:]

    def _take_head(self, lines):
        version, status, _ = (lines[0] + "  ").split(" ", 2)
        if version != "HTTP/1.1" or len(status) != 3 or not status.isdigit():
            raise Malformed(f"not a status line: {lines[0]!r}")
        if int(status) < 200:
            return
        self.status = int(status)
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name.strip() != name:
                raise Malformed(f"not a field line: {line!r}")
            self.fields.setdefault(name.lower(), []).append(value.strip(" \t"))
        lengths = self.fields.get("content-length", [])
        coding = self.get("transfer-encoding")
        if len(lengths) > 1 or (lengths and coding) or coding not in (None, "chunked"):
            raise Malformed(f"ambiguous framing: {lengths} {coding}")
        if self.method == "HEAD" or self.status in NO_BODY:
            self.framing = "none"
            self.complete = True
            return
        self.check = self.check_for(self)
        if coding:
            self.framing = "chunked"
            self.step = self._chunk_line
        elif lengths:
            if not lengths[0].isdigit():
                raise Malformed(f"Content-Length: {lengths[0]}")
            self.framing = "length"
            self.step = self._counted
            self.left = int(lengths[0])
            if self.left == 0:
                self._end()
        else:
            raise Malformed("an answer that only the end of the connection ends")

    def _take(self, data):
        part = data[:self.left]
        if self.first_body_at is None:
            self.first_body_at = time.monotonic()
        self.check.feed(part)
        self.received += len(part)
        self.left -= len(part)
        return data[len(part):]

    def _counted(self, data):
        data = self._take(data)
        if self.left == 0:
            self._end()
        return data

    def _end(self):
        self.check.end()
        self.complete = True

    def _line(self, data):
        """(line or None, what is left)"""
        raw = bytes(data[:65536])
        end = raw.find(b"\n")
        if end < 0:
            self.line += raw
            return None, data[len(raw):]
        line, self.line = self.line + raw[:end + 1], b""
        if not line.endswith(b"\r\n"):
            raise Malformed(f"a line without CR: {line[-80:]!r}")
        return line[:-2].decode("latin-1"), data[end + 1:]

    def _chunk_line(self, data):
        line, data = self._line(data)
        if line is None:
            return data
        try:
            self.left = int(line.split(";")[0], 16)
        except ValueError:
            raise Malformed(f"not a chunk size: {line!r}") from None
        self.step = self._chunk if self.left else self._trailer
        return data

    def _chunk(self, data):
        data = self._take(data)
        if self.left == 0:
            self.step = self._chunk_end
        return data

    def _chunk_end(self, data):
        line, data = self._line(data)
        if line is not None:
            if line:
                raise Malformed(f"behind a chunk: {line!r}")
            self.step = self._chunk_line
        return data

    def _trailer(self, data):
        line, data = self._line(data)
        if line:
            self.trailers.append(line)
        elif line is not None:
            self._end()
        return data


class Cut(Exception):
    """The connection ended within an answer: the viewer knows that it has not all of it."""


class NoAnswer(Exception):
    """The connection ended, or broke, before the first byte of an answer."""


class TookTooLong(Exception):
    """An answer was not over when its time was."""


def request_bytes(method, path, host, *fields, body=None):
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
    if body is not None:
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n").encode() + (body or b"")


class Viewer:
    """One connection, opened at the first request; requests one after the other."""

    def __init__(self, port, host="accept.example", receive_buffer=None, read_bytes=256 * 1024):
        self.port, self.host = port, host
        self.receive_buffer = receive_buffer
        self.buffer = memoryview(bytearray(read_bytes))
        self.sock = None
        self.requests = 0  # on this connection

    def open(self):
        self.sock = socket.socket()
        self.requests = 0
        if self.receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.sock.settimeout(10)
        self.sock.connect(("127.0.0.1", self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock = None

    def fetch(self, method, path, *fields, check_for=None, bound=60, body=None, after_read=None):
        """One answer, within `bound` seconds. `after_read(count)` may take its time."""
        end = time.monotonic() + bound
        answer = Answer(method, check_for)
        try:
            if not self.sock:
                self.open()
            self.requests += 1
            self._send(request_bytes(method, path, self.host, *fields, body=body), end)
            while not answer.complete:
                count = self._read(answer, end)
                if after_read:
                    after_read(count)
        except TimeoutError:
            self.close()
            raise TookTooLong(f"{method} {path}: {answer.status}, {answer.received} bytes after "
                              f"{bound} s") from None
        except (Malformed, Cut, NoAnswer):
            self.close()
            raise
        if (answer.get("connection") or "").lower() == "close":
            self.close()
        return answer

    def _send(self, data, end):
        self.sock.settimeout(max(0.001, end - time.monotonic()))
        try:
            self.sock.sendall(data)
        except ConnectionError:
            pass  # it may have answered all the same

    def _read(self, answer, end):
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        try:
            count = self.sock.recv_into(self.buffer)
        except ConnectionError:
            count = 0
        if count == 0:
            if answer.started:
                raise Cut
            raise NoAnswer
        answer.feed(self.buffer[:count])
        return count
