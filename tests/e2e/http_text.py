"""What the raw client and the fake origin share: heads, chunked bodies, dates, as plain text.

Nothing here is lenient: a test that reads a message wrongly would hide a fault of the product.
"""

import email.utils
import time


class Closed(Exception):
    """The peer closed (or reset) the connection in the middle of a message."""


class Reader:
    """Buffered bytes of a socket; every wait ends with the socket's own time-out."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.ended = False

    def fill(self):
        try:
            part = self.sock.recv(65536)
        except (ConnectionError, BrokenPipeError):
            part = b""
        if not part:
            self.ended = True
        self.buffer += part
        return bool(part)

    def until(self, mark):
        while mark not in self.buffer:
            if not self.fill():
                raise Closed(self.buffer)
        at = self.buffer.index(mark) + len(mark)
        out, self.buffer = self.buffer[:at], self.buffer[at:]
        return out

    def exactly(self, count, sink=None):
        """`count` bytes; what came before a close is in `sink`."""
        sink = [] if sink is None else sink
        while count > 0:
            if not self.buffer and not self.fill():
                raise Closed()
            part, self.buffer = self.buffer[:count], self.buffer[count:]
            count -= len(part)
            sink.append(part)
        return b"".join(sink)

    def rest(self):
        while self.fill():
            pass
        out, self.buffer = self.buffer, b""
        return out


class Fields(list):
    """(name, value) pairs in the order of the wire."""

    def get(self, name):
        """The first value, or None."""
        return next((v for n, v in self if n.lower() == name.lower()), None)

    def all(self, name):
        return [v for n, v in self if n.lower() == name.lower()]

    def joined(self, name):
        """The combined value (RFC 9110 §5.3), or None."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def names(self):
        return {n.lower() for n, _ in self}


def parse_fields(lines):
    out = Fields()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise ValueError(f"not a field line: {line!r}")
        out.append((name, value.strip(" \t")))
    return out


def read_head(reader):
    """Start line and fields of the next message."""
    lines = reader.until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
    return lines[0], parse_fields(lines[1:])


def read_chunked(reader, sink):
    """Trailers; the content goes to `sink`, so that it is there after a Closed, too."""
    while True:
        size = int(reader.until(b"\r\n").split(b";")[0], 16)
        if size == 0:
            break
        reader.exactly(size, sink)
        if reader.exactly(2) != b"\r\n":
            raise ValueError("no CRLF behind a chunk")
    lines = []
    while (line := reader.until(b"\r\n")) != b"\r\n":
        lines.append(line[:-2].decode("latin-1"))
    return parse_fields(lines)


def http_date(offset=0, form="imf"):
    """An HTTP date `offset` seconds from now: imf, rfc850 or asctime (RFC 9110 §5.6.7)."""
    at = time.gmtime(time.time() + offset)
    if form == "imf":
        return email.utils.formatdate(time.time() + offset, usegmt=True)
    if form == "rfc850":
        return time.strftime("%A, %d-%b-%y %H:%M:%S GMT", at)
    return time.strftime("%a %b ", at) + f"{at.tm_mday:2d}" + time.strftime(" %H:%M:%S %Y", at)


def field_lines(fields):
    """Bytes of `Name: value` strings or (name, value) pairs."""
    out = b""
    for field in fields:
        line = field if isinstance(field, str) else f"{field[0]}: {field[1]}"
        out += line.encode("latin-1") + b"\r\n"
    return out
