"""Every time-out of the README's table passes once: what the viewer gets, and that nothing hangs."""

import socket
import tempfile
import threading
import time
import unittest

from harness import ANY_HOST, Answer, Client, Node, Origin, get, request_bytes

SLACK = 6  # seconds that a loaded machine may take on top


def site(name):
    return {"name": name, "hosts": [f"{name}.test"], "upstream": name, "behaviors": [{"path": "*"}]}


class Nobody:
    """A listener. `answers`: takes connections and is silent; else its backlog is full, and the
    kernel drops what comes."""

    def __init__(self, answers):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128 if answers else 0)
        self.port = self.listener.getsockname()[1]
        self.callers = []
        for _ in range(0 if answers else 4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", self.port))
            self.callers.append(caller)

    def close(self):
        for caller in self.callers:
            caller.close()
        self.listener.close()


class UpstreamTimeoutTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.origin = Origin()
        cls.addClassCleanup(cls.origin.close)
        full, mute = Nobody(answers=False), Nobody(answers=True)
        cls.addClassCleanup(full.close)
        cls.addClassCleanup(mute.close)
        origin = f"http://127.0.0.1:{cls.origin.port}"
        groups = {
            "connect": (f"http://127.0.0.1:{full.port}", {"connect": "500ms"}),
            "tls": (f"https://127.0.0.1:{mute.port}", {"tls": "500ms"}),
            "first": (origin, {"first_byte": "500ms"}),
            "between": (origin, {"between_bytes": "500ms"}),
            "total": (origin, {"total": "1500ms"}),
            "idle": (origin, {"pool_idle": "300ms"}),
        }
        cls.edge = Node("edge", {
            "upstreams": {name: {"servers": [url], "timeouts": timeouts}
                          for name, (url, timeouts) in groups.items()},
            "sites": [site(name) for name in groups]}, cls.temporary.name)
        cls.addClassCleanup(cls.edge.close)

    def timed_out(self, name, path="/", least=0.4):
        """The 504 that comes in time and says why."""
        begin = time.monotonic()
        answer = get(self.edge.port, path, host=f"{name}.test", timeout=30)
        self.assertGreater(time.monotonic() - begin, least)
        self.assertLess(time.monotonic() - begin, least + SLACK)
        self.assertEqual((504, True), (answer.status, answer.complete))
        self.assertIn("upstream-error", answer.fields.joined("Cache-Status"))
        self.assertIn(answer.get("X-Request-Id"), answer.body.decode())
        return answer

    def test_connect(self):
        self.timed_out("connect")
        self.assertTrue(self.edge.logged("connecting took too long"))

    def test_tls(self):
        self.timed_out("tls")
        self.assertTrue(self.edge.logged("TLS handshake took too long"))

    def test_first_byte(self):
        self.origin.serve("/first", Answer(delay=8))
        self.timed_out("first", "/first")
        self.assertTrue(self.edge.logged("no answer in time"))

    def test_between_bytes_cuts_the_answer(self):
        self.origin.serve("/between", Answer(parts=[(0, b"a" * 100), (0.2, b"b"), (8, b"c")]))
        begin = time.monotonic()
        answer = get(self.edge.port, "/between", host="between.test", timeout=30)
        self.assertLess(time.monotonic() - begin, 0.7 + SLACK)
        self.assertEqual((200, False, 101), (answer.status, answer.complete, len(answer.body)))
        self.assertTrue(self.edge.logged("the body stalled"))

    def test_total_is_a_504_before_the_head_and_a_cut_after_it(self):
        self.origin.serve("/late", Answer(delay=8))
        self.timed_out("total", "/late", least=1.4)
        self.origin.serve("/drips", Answer(parts=[(0.2, b"x")] * 40))
        begin = time.monotonic()
        answer = get(self.edge.port, "/drips", host="total.test", timeout=30)
        self.assertLess(time.monotonic() - begin, 1.5 + SLACK)
        self.assertEqual((200, False), (answer.status, answer.complete))
        self.assertTrue(self.edge.logged("the answer took too long altogether"))

    def test_pooled_connections_end_in_silence(self):
        self.origin.serve("/idle", Answer("Cache-Control: no-store"))
        for count in (1, 2):
            self.assertEqual(200, get(self.edge.port, "/idle", host="idle.test").status)
            connection = self.origin.requests("/idle")[-1].connection
            self.assertEqual(count, self.origin.count("/idle"))
            end = time.monotonic() + SLACK
            while connection in self.origin.connections and time.monotonic() < end:
                time.sleep(0.02)
            self.assertNotIn(connection, self.origin.connections)


class DnsTimeoutTest(unittest.TestCase):
    def test_a_silent_resolver(self):
        temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(temporary.cleanup)
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        edge = Node("edge", {
            "resolver": {"servers": [f"127.0.0.1:{silent.getsockname()[1]}"]},
            "sites": ANY_HOST, "upstreams": {"origin": {
                "servers": ["http://origin.test"], "timeouts": {"dns": "500ms"}}}}, temporary.name)
        self.addCleanup(edge.close)
        begin = time.monotonic()
        answer = get(edge.port, "/", timeout=30)
        self.assertGreater(time.monotonic() - begin, 0.4)
        self.assertLess(time.monotonic() - begin, 0.5 + SLACK)
        self.assertEqual((502, True), (answer.status, answer.complete))
        self.assertTrue(edge.logged("DNS"))


class ViewerTimeoutTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.origin = Origin()
        cls.addClassCleanup(cls.origin.close)
        cls.edge = Node("edge", {
            "sites": ANY_HOST, "upstreams": {"origin": {
                "servers": [f"http://127.0.0.1:{cls.origin.port}"]}},
            "limits": {"head_time": "500ms", "body_idle_time": "500ms", "keep_alive_time": "500ms",
                       "write_idle_time": "500ms"}}, cls.temporary.name)
        cls.addClassCleanup(cls.edge.close)

    def test_head(self):
        with Client(self.edge.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost:")
            self.assertEqual(408, client.response().status)
            self.assertTrue(client.is_closed())

    def test_a_connection_that_says_nothing_is_closed_in_silence(self):
        with Client(self.edge.port) as client:
            self.assertTrue(client.is_closed(SLACK))

    def test_body(self):
        with Client(self.edge.port) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
            self.assertEqual(408, client.response().status)
            self.assertTrue(client.is_closed())

    def test_idle(self):
        self.origin.serve("/idle", Answer())
        with Client(self.edge.port) as client:
            self.assertEqual(200, client.request("GET", "/idle").status)
            self.assertTrue(client.is_closed(SLACK))

    def test_a_viewer_that_takes_nothing_is_cut_and_others_are_not(self):
        """Of what is stored, and of what is on its way from the origin."""
        body = b"x" * 30_000_000  # more than two sockets hold
        for name, control in (("stored", "max-age=60"), ("passing", "no-store")):
            path = f"/{name}"
            self.origin.serve(path, Answer(f"Cache-Control: {control}", body=body))
            if name == "stored":
                self.assertEqual(len(body), len(get(self.edge.port, path, timeout=60).body))
            with self.subTest(name), Client(self.edge.port) as client:
                before = self.edge.stats()["counters"]["aborted_viewers"]
                client.send(request_bytes("GET", path))
                quick = threading.Thread(target=get, args=(self.edge.port, path))
                quick.start()
                end = time.monotonic() + 2 * 0.5 + SLACK
                while self.aborted() == before and time.monotonic() < end:
                    time.sleep(0.05)
                self.assertEqual(before + 1, self.aborted())
                quick.join(30)
                self.assertFalse(quick.is_alive())

    def aborted(self):
        return self.edge.stats()["counters"]["aborted_viewers"]


if __name__ == "__main__":
    unittest.main()
