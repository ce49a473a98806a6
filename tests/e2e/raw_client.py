"""An HTTP/1.1 client that sends the bytes it is given and hides nothing of the answer."""

import dataclasses
import socket

from http_text import Closed, Fields, Reader, field_lines, read_chunked, read_head


@dataclasses.dataclass
class Response:
    status: int
    reason: str
    fields: Fields
    interim: list  # (status, Fields) of the 1xx before it
    body: bytes = b""
    trailers: Fields = dataclasses.field(default_factory=Fields)
    complete: bool = False  # the framing says that all of it came
    framing: str = "none"  # none, length, chunked or close

    def get(self, name):
        return self.fields.get(name)

    @property
    def x_cache(self):
        return self.get("X-Cache")


class NoResponse(Exception):
    """The connection ended before a final head was there; what had come is the argument."""


class Client:
    """One connection."""

    def __init__(self, port, timeout=10, source=None, address="127.0.0.1"):
        self.sock = socket.create_connection((address, port), timeout=timeout,
                                             source_address=source)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        """As much as the peer takes: it may close while we send."""
        try:
            self.sock.sendall(data)
        except (ConnectionError, BrokenPipeError):
            pass

    def head(self):
        """The next head: status, reason, fields."""
        try:
            line, fields = read_head(self.reader)
        except Closed as closed:
            raise NoResponse(closed.args[0] if closed.args else b"") from None
        version, status, reason = (line.split(" ", 2) + [""])[:3]
        if version != "HTTP/1.1" or len(status) != 3:
            raise ValueError(f"not a status line: {line!r}")
        return int(status), reason, fields

    def response(self, method="GET"):
        """The next final response, whole or as far as it came."""
        interim = []
        while True:
            status, reason, fields = self.head()
            if status >= 200 or status == 101:
                break
            interim.append((status, fields))
        response = Response(status, reason, fields, interim)
        if status == 101:
            return response
        self.body_of(response, method)
        return response

    def body_of(self, response, method="GET"):
        lengths = set(response.fields.all("Content-Length"))
        coding = response.get("Transfer-Encoding")
        if len(lengths) > 1 or (lengths and coding):
            raise ValueError(f"ambiguous framing: {response.fields}")
        sink = []
        try:
            if method == "HEAD" or response.status in (204, 304):
                response.complete = True
            elif coding:
                response.framing = "chunked"
                response.trailers = read_chunked(self.reader, sink)
                response.complete = True
            elif lengths:
                response.framing = "length"
                self.reader.exactly(int(lengths.pop()), sink)
                response.complete = True
            else:
                response.framing = "close"
                try:
                    sink.append(self.reader.rest())
                except TimeoutError:
                    raise ValueError(f"no framing, but the connection stays open: "
                                     f"{response.status} {response.fields}") from None
                response.complete = True
        except Closed:
            pass
        response.body = b"".join(sink)

    def request(self, method, target, *fields, body=None, host="test.example", version="1.1"):
        self.send(request_bytes(method, target, *fields, body=body, host=host, version=version))
        return self.response(method)

    def is_closed(self, seconds=3):
        """The peer closes within that time, without another byte."""
        self.sock.settimeout(seconds)
        try:
            return not self.reader.buffer and not self.reader.fill()
        except TimeoutError:
            return False


def request_bytes(method, target, *fields, body=None, host="test.example", version="1.1"):
    out = f"{method} {target} HTTP/{version}\r\n".encode("latin-1")
    if host is not None:
        out += f"Host: {host}\r\n".encode("latin-1")
    out += field_lines(fields)
    if body is not None:
        out += b"Content-Length: %d\r\n" % len(body)
    return out + b"\r\n" + (body or b"")


def ask(port, method, target, *fields, timeout=10, **more):
    """One request on a connection of its own."""
    with Client(port, timeout) as client:
        return client.request(method, target, *fields, **more)


def get(port, target, *fields, **more):
    return ask(port, "GET", target, *fields, **more)
