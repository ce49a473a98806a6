"""What a viewer may send, byte by byte: strict framing, limits, pipelining, bodies (RFC 9112)."""

import time
import unittest

from harness import (ANY_HOST, Answer, Client, NoResponse, Scenario, Takeover, in_both,
                     request_bytes)

HOST = b"Host: test.example\r\n"


def head(path, *lines, method="GET", version="HTTP/1.1"):
    """A request head of these exact lines, with a Host."""
    return (f"{method} {path} {version}\r\n".encode() + HOST +
            b"".join(line + b"\r\n" for line in lines) + b"\r\n")


# name → lines after the Host line (a full head, or more), all refused with 400.
REFUSED = {
    "length and chunked": [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    "chunked and length": [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
    "two lengths": [b"Content-Length: 5", b"Content-Length: 6"],
    "length list": [b"Content-Length: 5, 6"],
    "length sign": [b"Content-Length: +5"],
    "length negative": [b"Content-Length: -5"],
    "length hex": [b"Content-Length: 0x5"],
    "length blank inside": [b"Content-Length: 5 5"],
    "length empty": [b"Content-Length:"],
    "length huge": [b"Content-Length: 99999999999999999999999"],
    "length underscore": [b"Content-Length: 1_0"],
    "coding unknown": [b"Transfer-Encoding: xchunked"],
    "coding identity": [b"Transfer-Encoding: identity"],
    "coding twice": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    "coding chunked twice": [b"Transfer-Encoding: chunked, chunked"],
    "coding chunked not last": [b"Transfer-Encoding: chunked, gzip"],
    "coding gzip": [b"Transfer-Encoding: gzip"],
    "coding quoted": [b'Transfer-Encoding: "chunked"'],
    "coding vertical tab": [b"Transfer-Encoding: \x0bchunked"],
    "coding with nul": [b"Transfer-Encoding: chunked\x00"],
    "coding after bare cr": [b"X: y\rTransfer-Encoding: chunked"],
    "space before colon": [b"Transfer-Encoding : chunked"],
    "length space before colon": [b"Content-Length : 5"],
    "tab before colon": [b"X-A\t: b"],
    "folded line": [b"X-A: b", b" c"],
    "folded first": [b"X-A:", b"\tb"],
    "nul in a value": [b"X-A: b\x00c"],
    "nul in a name": [b"X-\x00A: b"],
    "bare cr in a value": [b"X-A: b\rc"],
    "bell in a value": [b"X-A: b\x07c"],
    "delete in a value": [b"X-A: b\x7fc"],
    "no colon": [b"nonsense"],
    "empty name": [b": value"],
    "name with blank": [b"X A: b"],
    "name with parenthesis": [b"X(A): b"],
    "name with obs-text": [b"X-\xe4: b"],
    "second host": [b"Host: other.example"],
    "second host equal": [b"Host: test.example"],
}

# Whole requests, all refused with 400 (or the given status).
REFUSED_WHOLE = {
    "bare lf lines": b"GET /refused HTTP/1.1\nHost: test.example\n\n",
    "bare lf after a field": b"GET /refused HTTP/1.1\r\nHost: test.example\nX: y\r\n\r\n",
    "no host": b"GET /refused HTTP/1.1\r\n\r\n",
    "host with path": b"GET /refused HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with user": b"GET /refused HTTP/1.1\r\nHost: u@a\r\n\r\n",
    "host with blank": b"GET /refused HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host bad port": b"GET /refused HTTP/1.1\r\nHost: a:x\r\n\r\n",
    "no version": b"GET /refused\r\nHost: a\r\n\r\n",
    "two blanks": b"GET  /refused HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank in the target": b"GET /refused b HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab in the target": b"GET /refused\tb HTTP/1.1\r\nHost: a\r\n\r\n",
    "control in the target": b"GET /refused\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
    "method with slash": b"GE/T /refused HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank before the method": b" GET /refused HTTP/1.1\r\nHost: a\r\n\r\n",
    "field before any": b"GET /refused HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
    "relative target": b"GET refused HTTP/1.1\r\nHost: a\r\n\r\n",
    "chunked in http/1.0": b"POST /refused HTTP/1.0\r\nHost: a\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}

BAD_CHUNKS = {
    "no size": b"\r\nabc\r\n",
    "size sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "size prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "size blank before": b" 3\r\nabc\r\n0\r\n\r\n",
    "size huge": b"ffffffffffffffff1\r\nabc\r\n0\r\n\r\n",
    "no crlf behind": b"3\r\nabcX0\r\n\r\n",
    "bare lf behind size": b"3\nabc\r\n0\r\n\r\n",
    "bare lf behind data": b"3\r\nabc\n0\r\n\r\n",
    "bare cr in extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "nul in extension": b"3;a=\x00\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "folded trailer": b"0\r\nX: a\r\n b\r\n\r\n",
}


@in_both
class StrictnessScenario(Scenario):
    def refused(self, data, status=400):
        with Client(self.port) as client:
            client.send(data)
            response = client.response()
            self.assertEqual(status, response.status)
            self.assertEqual("close", (response.get("Connection") or "").lower())
            self.assertTrue(client.is_closed(), "the connection is still open")

    def test_ambiguous_heads_are_refused(self):
        for name, lines in REFUSED.items():
            with self.subTest(name):
                path = self.serve(Answer())
                # What would be smuggled if one of us read the body otherwise.
                inner = head(path + "?smuggled")
                self.refused(head(path, *lines, method="POST") + b"0\r\n\r\n" + inner)
                self.assertEqual(0, self.origin.count(path))

    def test_malformed_requests_are_refused(self):
        self.origin.serve("/refused", Answer())
        for name, data in REFUSED_WHOLE.items():
            with self.subTest(name):
                self.refused(data)
        self.assertEqual(0, self.origin.count("/refused"))

    def test_unknown_versions_are_refused(self):
        for version, statuses in (("HTTP/2.0", (400, 505)), ("HTTP/1.2", (200, 400, 505)),
                                  ("HTTP/0.9", (400, 505)), ("http/1.1", (400, 505)),
                                  ("HTTP/1.1x", (400, 505)), ("HTTP/11", (400, 505))):
            with self.subTest(version), Client(self.port) as client:
                path = self.serve(Answer())
                client.send(head(path, version=version))
                self.assertIn(client.response().status, statuses)

    def test_a_get_with_bad_chunks_is_not_asked_for(self):
        self.assertEqual(200, self.get(self.serve(Answer())).status)  # a connection is there
        path = self.serve(Answer())
        for _ in range(10):
            self.refused(head(path, b"Transfer-Encoding: chunked") + BAD_CHUNKS["size prefix"])
        self.assertEqual(0, self.origin.count(path))

    def test_upload_with_bad_chunks_never_completes_at_the_origin(self):
        for name, chunks in BAD_CHUNKS.items():
            with self.subTest(name):
                path = self.serve(Answer())
                with Client(self.port) as client:
                    client.send(head(path, b"Transfer-Encoding: chunked", method="POST") +
                                chunks + head(path + "?smuggled"))
                    try:
                        self.assertGreaterEqual(client.response().status, 400)
                    except NoResponse:
                        pass
                    self.assertTrue(client.is_closed())
                self.assertEqual([], [r for r in self.origin.requests(path) if r.complete])

    def test_upload_that_stops_is_aborted_at_the_origin(self):
        for lines, part in (([b"Content-Length: 10"], b"01234"),
                            ([b"Transfer-Encoding: chunked"], b"5\r\n01234\r\n")):
            with self.subTest(lines):
                path = self.serve(Answer())
                client = Client(self.port)
                client.send(head(path, *lines, method="POST") + part)
                self.assertEqual(1, len(self.origin.wait_for(path, 1)))
                client.close()
                request = self.origin.requests(path)[0]
                end = time.monotonic() + 5
                while not request.body and time.monotonic() < end:
                    time.sleep(0.01)
                self.assertEqual((b"01234", False), (request.body, request.complete))

    def test_lenient_where_it_is_safe(self):
        for name, data in {
                "empty lines before": b"\r\n\r\n" + head("@"),
                "value with blanks around": head("@", b"X-A:  \t b \t "),
                "empty value": head("@", b"X-A:"),
                "obs-text": head("@", b"X-A: caf\xe9"),
                "equal lengths": head("@", b"Content-Length: 0"),
                "options star query": head("@?a=*"),
                "lower-case method token": head("@", method="get")}.items():
            with self.subTest(name), Client(self.port) as client:
                path = self.serve(Answer(body=b"fine"))
                client.send(data.replace(b"@", path.encode()))
                response = client.response()
                self.assertEqual((200, b"fine"), (response.status, response.body))

    def test_connect_and_trace_are_not_proxied(self):
        with Client(self.port) as client:
            client.send(b"CONNECT test.example:443 HTTP/1.1\r\nHost: test.example:443\r\n\r\n")
            response = client.response()
            self.assertIn(response.status, (400, 405, 501))
            self.assertTrue(client.is_closed())


@in_both
class MessageScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"],
                          "behaviors": [{"path": "*/ws", "allow_upgrade": True}, {"path": "*"}]}]}

    def test_pipelined_requests_are_answered_in_order(self):
        paths = [self.serve(Answer("Cache-Control: max-age=60", body=f"{i}".encode(),
                                   delay=0.3 if i == 0 else 0)) for i in range(8)]
        with Client(self.port) as client:
            client.send(b"".join(head(p) for p in paths))
            self.assertEqual([f"{i}".encode() for i in range(8)],
                             [client.response().body for _ in paths])
            client.send(b"".join(head(p) for p in paths * 4))
            got = [client.response() for _ in paths * 4]
        self.assertEqual([f"{i}".encode() for i in range(8)] * 4, [r.body for r in got])
        self.assertEqual({"Hit from edge"}, {r.x_cache for r in got})

    def test_bodies_between_pipelined_requests(self):
        path = self.serve(lambda request: Answer(body=request.body[:10]))
        with Client(self.port) as client:
            client.send(request_bytes("POST", path, body=b"first") +
                        head(path, b"Transfer-Encoding: chunked", method="PUT") +
                        b"3;x=y\r\nsec\r\n3\r\nond\r\n0\r\n\r\n" +
                        request_bytes("POST", path, body=b"third"))
            self.assertEqual([b"first", b"second", b"third"],
                             [client.response().body for _ in range(3)])

    def test_one_byte_at_a_time(self):
        path = self.serve(lambda request: Answer(body=request.body))
        with Client(self.port) as client:
            for byte in request_bytes("POST", path, "X-A: b", body=b"hello"):
                client.send(bytes([byte]))
                time.sleep(0.0005)
            self.assertEqual(b"hello", client.response().body)

    def test_chunked_upload_reaches_the_origin_reframed_with_trailers(self):
        path = self.serve(Answer())
        with Client(self.port) as client:
            client.send(head(path, b"Transfer-Encoding: chunked", b"Trailer: X-Sum", method="PUT") +
                        b"5;secret=extension\r\nhello\r\n00A\r\n0123456789\r\n"
                        b"0\r\nX-Sum: 42\r\n\r\n")
            self.assertEqual(200, client.response().status)
        request = self.origin.requests(path)[0]
        self.assertEqual((b"hello0123456789", True), (request.body, request.complete))
        self.assertEqual("chunked", request.get("Transfer-Encoding"))
        self.assertIsNone(request.get("Content-Length"))
        self.assertIn(request.trailers.get("X-Sum"), ("42", None))

    def test_upload_is_streamed_not_buffered(self):
        seen = []

        def answer(connection, request):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        path = self.serve(Takeover(answer))
        with Client(self.port) as client:
            client.send(head(path, b"Content-Length: 200000", method="POST") + b"x" * 100000)
            self.assertTrue(self.origin.wait_for(path, 1), "the origin has not been asked yet")
            seen = self.origin.requests(path)
            client.send(b"x" * 100000)
            self.assertEqual(b"ok", client.response().body)
        self.assertEqual(200000, len(seen[0].body))

    def test_expect_100_continue(self):
        path = self.serve(lambda request: Answer(body=request.body))
        with Client(self.port) as client:
            client.send(head(path, b"Content-Length: 5", b"Expect: 100-continue", method="PUT"))
            status, _, _ = client.head()
            self.assertEqual(100, status)
            client.send(b"hello")
            self.assertEqual(b"hello", client.response().body)

    def test_other_expectations_are_refused_or_dropped(self):
        path = self.serve(Answer())
        response = self.ask("PUT", path, "Expect: wonders", body=b"x")
        self.assertIn(response.status, (200, 417))  # RFC 9110 §10.1.1: may
        self.assertEqual([None] * (response.status == 200),
                         [r.get("Expect") for r in self.origin.requests(path)])

    def test_http10_viewers(self):
        path = self.serve(Answer("Cache-Control: max-age=60", framing="chunked", body=b"text"))
        for _ in range(2):
            with Client(self.port) as client:
                client.send(f"GET {path} HTTP/1.0\r\nHost: a\r\n\r\n".encode())
                response = client.response()
                self.assertEqual((200, b"text"), (response.status, response.body))
                self.assertIsNone(response.get("Transfer-Encoding"))
                self.assertTrue(client.is_closed())
        with Client(self.port) as client:
            for _ in range(2):
                client.send(f"GET {path} HTTP/1.0\r\nHost: a\r\n"
                            "Connection: keep-alive\r\n\r\n".encode())
                response = client.response()
                self.assertEqual("keep-alive", response.get("Connection").lower())

    def test_connection_close_is_honoured(self):
        path = self.serve(Answer("Cache-Control: max-age=60"))
        for _ in range(2):
            with Client(self.port) as client:
                response = client.request("GET", path, "Connection: close")
                self.assertEqual("close", response.get("Connection").lower())
                self.assertTrue(client.is_closed())

    def test_absolute_form_names_the_host(self):
        path = self.serve(Answer("Cache-Control: max-age=60"))
        with Client(self.port) as client:
            response = client.request("GET", f"http://absolute.example{path}", host="other.example")
            self.assertEqual(200, response.status)
            request = self.origin.requests(path)[0]
            self.assertEqual((path, "absolute.example"), (request.target, request.get("Host")))
            again = client.request("GET", path, host="Absolute.Example:80")
            self.assertEqual("Hit from edge", again.x_cache)

    def test_head_has_the_length_and_no_body(self):
        path = self.serve(Answer("Cache-Control: max-age=60", body=b"x" * 1000))
        with Client(self.port) as client:
            for method in ("HEAD", "GET", "HEAD"):
                response = client.request(method, path)
                self.assertEqual("1000", response.get("Content-Length"))
                self.assertEqual(0 if method == "HEAD" else 1000, len(response.body))

    def test_large_bodies_arrive_whole(self):
        body = bytes(range(256)) * 20000  # 5 MB
        for framing in ("length", "chunked", "close"):
            path = self.serve(Answer("Cache-Control: max-age=60", body=body, framing=framing))
            for cache in ("Miss", "Hit from edge"):
                with self.subTest(framing=framing, cache=cache):
                    response = self.get(path)
                    self.assertEqual((True, True, cache), (response.complete, response.body == body,
                                                           response.x_cache))

    def test_upgrade_is_a_tunnel_where_it_is_allowed(self):
        def speak(connection, request):
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                               b"Upgrade: websocket\r\nX-End: 1\r\n\r\nhello")
            while data := connection.recv(1000):
                connection.sendall(data.upper())

        path = self.serve(Takeover(speak), name="ws")
        with Client(self.port) as client:
            client.send(head(path, b"Connection: Upgrade", b"Upgrade: websocket", b"X-Key: 1"))
            response = client.response()
            self.assertEqual((101, "websocket", "1"),
                             (response.status, response.get("Upgrade"), response.get("X-End")))
            self.assertEqual(b"hello", client.reader.exactly(5))
            client.send(b"abc\x00\r\n\r\n")
            self.assertEqual(b"ABC\x00\r\n\r\n", client.reader.exactly(8))
        request = self.origin.requests(path)[0]
        self.assertEqual("websocket", request.get("Upgrade"))
        self.assertEqual("upgrade", request.get("Connection").lower())

    def test_upgrade_elsewhere_is_an_ordinary_request(self):
        path = self.serve(Answer())
        response = self.ask("GET", path, "Connection: Upgrade", "Upgrade: websocket")
        self.assertEqual(200, response.status)
        self.assertIsNone(self.origin.requests(path)[0].get("Upgrade"))


@in_both
class LimitScenario(Scenario):
    options = {"sites": ANY_HOST,
               "edge": {"limits": {"head_bytes": "4KiB", "head_fields": 30, "url_bytes": "1KiB",
                                   "body_bytes": "64KiB", "head_time": "1s",
                                   "body_idle_time": "1s", "keep_alive_time": "1s"}}}

    def status(self, data):
        with Client(self.port) as client:
            client.send(data)
            response = client.response()
            closed = client.is_closed()
        return response.status, closed

    def test_long_heads_431(self):
        path = self.serve(Answer())
        self.assertEqual((431, True), self.status(head(path, b"X: " + b"a" * 5000)))
        self.assertEqual((431, True), self.status(head(path, *[b"X: a"] * 31)))
        self.assertEqual(200, self.status(head(path, b"X: " + b"a" * 3000))[0])
        self.assertEqual(1, self.origin.count(path))

    def test_endless_head_431(self):
        self.assertEqual((431, True), self.status(b"GET / HTTP/1.1\r\nX: " + b"a" * 20000))

    def test_long_urls_414(self):
        path = self.serve(Answer())
        self.assertEqual((414, True), self.status(head(path + "?" + "a" * 1100)))
        self.assertEqual(200, self.status(head(path + "?" + "a" * 800))[0])

    def test_large_bodies_413(self):
        path = self.serve(Answer())
        self.assertEqual((413, True), self.status(
            head(path, b"Content-Length: 65537", method="POST")))
        self.assertEqual(0, self.origin.count(path))
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        self.assertEqual((413, True), self.status(
            head(path, b"Transfer-Encoding: chunked", method="POST") + chunk * 3))
        self.assertEqual([], [r for r in self.origin.requests(path) if r.complete])

    def test_slow_heads_408_in_absolute_time(self):
        with Client(self.port) as client:
            begin = time.monotonic()
            client.send(b"GET / HTTP/1.1\r\n")
            client.sock.settimeout(0.15)
            data = b""
            while time.monotonic() - begin < 5 and not data:
                client.send(b"X: y\r\n")  # every read would start another clock
                try:
                    data = client.sock.recv(1000)
                except TimeoutError:
                    pass
            self.assertRegex(data, rb"^HTTP/1\.1 408 ")
            self.assertLess(time.monotonic() - begin, 4)

    def test_stalled_upload_408(self):
        path = self.serve(Answer())
        with Client(self.port) as client:
            client.send(head(path, b"Content-Length: 10", method="POST") + b"01234")
            self.assertEqual(408, client.response().status)
            self.assertTrue(client.is_closed())
        self.assertEqual([], [r for r in self.origin.requests(path) if r.complete])

    def test_idle_connections_are_closed_silently(self):
        path = self.serve(Answer())
        with Client(self.port) as client:
            self.assertEqual(200, client.request("GET", path).status)
            begin = time.monotonic()
            self.assertTrue(client.is_closed(4))
            self.assertGreater(time.monotonic() - begin, 0.5)


if __name__ == "__main__":
    unittest.main()
