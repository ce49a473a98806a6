"""The tests' own origin answers as tests/origin/README.md says.

A fake origin that errs makes every other scenario lie, so it has scenarios of its own.
"""

import hashlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SEAWALL_BIN_DIR") or os.path.join(ROOT, "build", "dev")
ORIGIN = os.path.join(os.path.abspath(BUILD), "tests", "origin")

PATTERN_BYTES = 1_000_003
PATTERN = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(31_251))[:PATTERN_BYTES]


def fnv1a64(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def content(path, length):
    """What the origin sends as the body of a generated answer."""
    start = fnv1a64(path.encode()) % PATTERN_BYTES
    turns = (start + length) // PATTERN_BYTES + 1
    return (PATTERN * turns)[start:start + length]


class Running:
    """An origin process, from construction until close()."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [ORIGIN, "--print-port", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            start_new_session=True, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening "):
            raise RuntimeError(f"no address but {line!r}")
        self.port = int(line.rsplit(":", 1)[1])

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        return self.process.wait(timeout=10)


def raw(port, request, until=None):
    """Everything that the origin sends for `request`, or as far as `until`."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        got = b""
        while until is None or until not in got:
            part = connection.recv(65536)
            if not part:
                return got
            got += part
        return got


class OriginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = Running("--workers", "2")
        cls.port = cls.origin.port

    @classmethod
    def tearDownClass(cls):
        status = cls.origin.close()
        assert status == 0, f"the origin ended with {status}"

    def setUp(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        self.addCleanup(self.connection.close)

    def ask(self, path, method="GET", body=None, **fields):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        return answer, answer.read()

    def test_page_names_assets_that_exist(self):
        answer, page = self.ask("/")
        self.assertEqual((200, "text/html; charset=utf-8"),
                         (answer.status, answer.headers["Content-Type"]))
        for path in ("/assets/site.css", "/assets/site.js", "/assets/logo.svg"):
            self.assertIn(path.encode(), page)
            answer, _ = self.ask(path)
            self.assertEqual(200, answer.status)
            self.assertIn("max-age=", answer.headers["Cache-Control"])

    def test_generated_content_can_be_computed(self):
        for path, length in (("/size/0", 0), ("/size/1", 1), ("/size/1024/a", 1024),
                             ("/size/1024/b", 1024), ("/size/20000", 20000),
                             ("/size/3000000", 3_000_000)):
            with self.subTest(path=path):
                answer, body = self.ask(path + "?max-age=7")
                self.assertEqual(str(length), answer.headers["Content-Length"])
                self.assertEqual("public, max-age=7", answer.headers["Cache-Control"])
                self.assertTrue(body == content(path, length), "the bytes differ")

    def test_condition_gives_304_only_where_it_holds(self):
        whole, _ = self.ask("/size/100")
        tag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
        for fields, status in (({"If_None_Match": tag}, 304), ({"If_None_Match": "W/" + tag}, 304),
                               ({"If_None_Match": f'"x", {tag}'}, 304),
                               ({"If_None_Match": "*"}, 304), ({"If_None_Match": '"x"'}, 200),
                               ({"If_Modified_Since": date}, 304),
                               ({"If_Modified_Since": "Tue, 14 Jan 2020 10:00:00 GMT"}, 200),
                               ({"If_Modified_Since": "junk"}, 200),
                               ({"If_None_Match": '"x"', "If_Modified_Since": date}, 200)):
            with self.subTest(fields=fields):
                answer, body = self.ask("/size/100", **fields)
                self.assertEqual((status, 100 if status == 200 else 0),
                                 (answer.status, len(body)))

    def test_range_is_cut_from_the_whole(self):
        whole = content("/size/1000", 1000)
        for field, status, body in (("bytes=0-0", 206, whole[:1]), ("bytes=10-19", 206, whole[10:20]),
                                    ("bytes=990-", 206, whole[990:]), ("bytes=-5", 206, whole[-5:]),
                                    ("bytes=-5000", 206, whole), ("bytes=5-2", 200, whole),
                                    ("bytes=1000-", 416, b""), ("bytes=0-1,4-5", 200, whole),
                                    ("lines=0-1", 200, whole), ("bytes=x-y", 200, whole)):
            with self.subTest(range=field):
                answer, got = self.ask("/size/1000", Range=field)
                self.assertEqual((status, body), (answer.status, got))
        answer, _ = self.ask("/size/1000", Range="bytes=0-4", If_Range='"other"')
        self.assertEqual(200, answer.status)

    def test_head_has_the_fields_of_get_and_no_body(self):
        for path in ("/size/1000", "/chunked?n=3", "/", "/custom?head=X-A:%20b&body=abc"):
            with self.subTest(path=path):
                get, _ = self.ask(path)
                head, body = self.ask(path, "HEAD")
                self.assertEqual(b"", body)
                self.assertEqual(get.headers.keys(), head.headers.keys())

    def test_pipelined_requests_are_answered_in_order(self):
        ask = b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (
            b"/custom?body=one", b"/custom?body=two&ms=150", b"/custom?body=three"))
        last = b"GET /custom?body=end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        got = raw(self.port, ask + last)
        order = [got.index(b"\r\n\r\n" + word) for word in (b"one", b"two", b"three", b"end")]
        self.assertEqual(sorted(order), order)

    def test_request_split_at_every_byte_is_understood(self):
        request = (b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                   b"Connection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: v\r\n\r\n")
        for cut in range(1, len(request)):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(request[:cut])
                connection.sendall(request[cut:])
                got = b""
                while part := connection.recv(65536):
                    got += part
            self.assertIn(b'{"bytes": 5, "fnv1a64": %d}' % fnv1a64(b"abcde"), got, f"cut at {cut}")

    def test_chunks_and_trailers(self):
        got = raw(self.port, b"GET /chunked?n=2&size=3&trailers=1 HTTP/1.1\r\nConnection: close\r\n\r\n")
        head, body = got.split(b"\r\n\r\n", 1)
        data = content("/chunked", 6)
        self.assertIn(b"Transfer-Encoding: chunked", head)
        self.assertIn(b"Trailer: X-Body-Bytes", head)
        self.assertEqual(b"3\r\n%b\r\n3\r\n%b\r\n0\r\nX-Body-Bytes: 6\r\n\r\n" % (data[:3], data[3:]),
                         body)

    def test_chunked_bodies_of_any_size_are_chunks_throughout(self):
        for target in ("/chunked/l?n=60&size=20000", "/size/1200000/l?chunked=1"):
            with self.subTest(target=target):
                answer, body = self.ask(target)  # http.client refuses what is no chunk
                self.assertEqual("chunked", answer.headers["Transfer-Encoding"])
                self.assertEqual(content(target.split("?")[0], 1_200_000), body)

    def test_http10_gets_no_chunks_and_a_close(self):
        got = raw(self.port, b"GET /chunked?n=2&size=3 HTTP/1.0\r\n\r\n")
        self.assertNotIn(b"chunked", got)
        self.assertTrue(got.endswith(b"\r\n\r\n" + content("/chunked", 6)))

    def test_echo_shows_head_and_body_as_received(self):
        request = b"PUT /echo?a=1 HTTP/1.1\r\nhOST: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"
        self.assertTrue(raw(self.port, request).endswith(b"\r\n\r\n" + request))

    def test_waiting_upload_is_told_to_continue(self):
        got = raw(self.port, b"POST /upload HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
                  until=b"\r\n\r\n")
        self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", got)

    def test_slow_head_and_slow_body_take_their_time(self):
        begin = time.monotonic()
        self.connection.request("GET", "/slow?ms=200&body_ms=400&size=50000")
        answer = self.connection.getresponse()
        head_at = time.monotonic() - begin
        half = answer.read(25000)
        half_at = time.monotonic() - begin
        rest = answer.read()
        end_at = time.monotonic() - begin
        self.assertTrue(half + rest == content("/slow", 50000), "the bytes differ")
        self.assertGreaterEqual(head_at, 0.18)
        self.assertGreaterEqual(half_at, 0.36)
        self.assertGreaterEqual(end_at, 0.58)
        self.assertLess(head_at, 0.5)

    def test_failures(self):
        answer, _ = self.ask("/fail?status=502")
        self.assertEqual(502, answer.status)
        self.assertEqual(b"", raw(self.port, b"GET /fail?close=head HTTP/1.1\r\n\r\n"))
        got = raw(self.port, b"GET /fail?close=body&size=1000 HTTP/1.1\r\n\r\n")
        self.assertIn(b"Content-Length: 1000\r\n", got)
        self.assertEqual(500, len(got.split(b"\r\n\r\n", 1)[1]))
        got = raw(self.port, b"GET /fail?close=body&size=1000&chunked=1 HTTP/1.1\r\n\r\n")
        self.assertNotIn(b"\r\n0\r\n", got)
        with self.assertRaises(ConnectionResetError):
            raw(self.port, b"GET /fail?close=head&reset=1 HTTP/1.1\r\n\r\n")

    def test_hang_answers_nothing(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=0.2) as connection:
            connection.sendall(b"GET /hang HTTP/1.1\r\n\r\n")
            with self.assertRaises(TimeoutError):
                connection.recv(1)

    def test_product_version_is_set_by_post(self):
        name = f"/products/{os.getpid()}"
        answer, body = self.ask(name)
        self.assertEqual(1, json.loads(body)["version"])
        self.assertEqual(f"product-{os.getpid()} products", answer.headers["Surrogate-Key"])
        self.ask(name, "POST")
        self.assertEqual(2, json.loads(self.ask(name)[1])["version"])
        self.ask(name + "?version=9", "POST")
        again, body = self.ask(name)
        self.assertEqual(9, json.loads(body)["version"])
        self.assertNotEqual(answer.headers["ETag"], again.headers["ETag"])

    def test_switch_changes_what_comes(self):
        path = "/switch/door"
        self.assertEqual(200, self.ask(path)[0].status)
        self.ask(path + "?mode=503", "POST")
        self.assertEqual(503, self.ask(path)[0].status)
        self.ask(path + "?mode=close", "POST")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ask(path)
        self.ask(path + "?mode=ok", "POST")
        self.assertEqual(200, self.ask(path)[0].status)

    def test_cache_headers_of_the_rest(self):
        for path, name, value in (
                ("/api/time", "Cache-Control", "public, s-maxage=2, stale-while-revalidate=30"),
                ("/api/private", "Cache-Control", "private, max-age=60"),
                ("/revalidate", "Cache-Control", "public, max-age=1"),
                ("/vary?on=accept-language", "Vary", "accept-language"),
                ("/status/410?cc=max-age%3D5", "Cache-Control", "max-age=5"),
                ("/status/302?location=/x", "Location", "/x")):
            with self.subTest(path=path):
                self.assertEqual(value, self.ask(path)[0].headers[name])
        self.assertIn("session=", self.ask("/cookie")[0].headers["Set-Cookie"])

    def test_custom_sends_exactly_the_lines_given(self):
        head = "HTTP/1.1 299 Odd\nx-A:  b \nX-a: c\nContent-Length: 9"
        got = raw(self.port, b"GET /custom?body=abc&head=%s HTTP/1.1\r\n\r\n"
                  % urllib.parse.quote(head).encode())
        self.assertEqual(head.replace("\n", "\r\n").encode() + b"\r\n\r\nabc", got)
        got = raw(self.port, b"GET /custom?body=abc HTTP/1.1\r\n\r\n", until=b"abc")
        self.assertEqual(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", got)

    def test_early_hints_come_before_the_answer(self):
        got = raw(self.port, b"GET /hints?n=2 HTTP/1.1\r\nConnection: close\r\n\r\n")
        self.assertEqual(2, got.split(b"HTTP/1.1 200")[0].count(b"HTTP/1.1 103 Early Hints\r\n"))

    def test_tunnel_sends_bytes_back(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"GET /tunnel HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
            got = connection.recv(65536)
            self.assertTrue(got.startswith(b"HTTP/1.1 101 "), got)
            for word in (b"GET / HTTP/1.1\r\n\r\n", b"\0\1\2"):
                connection.sendall(word)
                self.assertEqual(word, connection.recv(65536))

    def test_counts_are_by_path_and_can_be_reset(self):
        tag = self.ask("/size/5/counted")[0].headers["ETag"]
        self.ask("/size/5/counted?x=1")
        self.ask("/size/5/counted", If_None_Match=tag)
        self.assertEqual(b"3\n", self.ask("/count?path=/size/5/counted")[1])
        stats = json.loads(self.ask("/stats")[1])
        self.assertEqual({"requests": 3, "not_modified": 1}, stats["paths"]["/size/5/counted"])
        self.assertEqual(204, self.ask("/reset", "POST")[0].status)
        self.assertEqual(b"0\n", self.ask("/count?path=/size/5/counted")[1])

    def test_reader_that_leaves_is_counted_as_aborted(self):
        before = json.loads(self.ask("/stats")[1])["aborted"]
        raw(self.port, b"GET /slow?size=100000&body_ms=20000 HTTP/1.1\r\n\r\n", until=b"\r\n\r\n")
        limit = time.monotonic() + 5
        while json.loads(self.ask("/stats")[1])["aborted"] == before:
            self.assertLess(time.monotonic(), limit, "not noticed within 5 s")
            time.sleep(0.01)


class TlsOriginTest(unittest.TestCase):
    def test_content_keep_alive_and_resumption_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                check=True, capture_output=True)
            origin = Running("--tls-cert", certificate, "--tls-key", key)
            self.addCleanup(origin.close)
            trust = ssl.create_default_context(cafile=certificate)
        session = None
        for _ in range(2):
            plain = socket.create_connection(("127.0.0.1", origin.port), timeout=10)
            with trust.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
                for path in ("/size/100", "/size/3000000"):
                    connection.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
                    answer = http.client.HTTPResponse(connection)
                    answer.begin()
                    length = int(path.rsplit("/", 1)[1])
                    self.assertTrue(answer.read() == content(path, length), "the bytes differ")
                session = connection.session
                resumed = connection.session_reused
        self.assertTrue(resumed)


if __name__ == "__main__":
    unittest.main()
