"""Toward the origin: dead pooled connections, failures and their statuses, malformed answers."""

import socket
import threading
import time
import unittest

from harness import (Answer, Client, Drop, NoResponse, Raw, Scenario, Takeover, in_both,
                     request_bytes)

FRESH = "Cache-Control: max-age=3600"

# Answers that are no HTTP, or that can be read in two ways: 502, and nothing is stored.
MALFORMED = {
    "no http": b"hello\r\n\r\n",
    "old version": b"HTTP/0.9 200 OK\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "length list": b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
    "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "blank before colon": b"HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 3\r\n\r\nabc",
    "nul in a field": b"HTTP/1.1 200 OK\r\nX-A: b\x00c\r\nContent-Length: 3\r\n\r\nabc",
    "bare cr in a field": b"HTTP/1.1 200 OK\r\nX-A: b\rc\r\nContent-Length: 3\r\n\r\nabc",
    "no colon": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 3\r\n\r\nabc",
    "head of 100 KB": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "101 unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@in_both
class FailureScenario(Scenario):
    options = {"origin_options": {"timeouts": {"first_byte": "1s", "between_bytes": "1s"}},
               "sites": [{"name": "all", "hosts": ["*"],
                          "behaviors": [{"path": "*/pass", "cache": False}, {"path": "*"}]}]}

    def test_malformed_answers_are_502_and_never_cached(self):
        for name, data in MALFORMED.items():
            for kind in ("x", "pass"):
                with self.subTest(name, kind=kind):
                    path = self.serve(Raw(data), Answer(FRESH, body=b"good"), name=kind)
                    response = self.get(path)
                    self.assertEqual(502, response.status)
                    self.assertTrue(response.complete)
                    self.assertEqual(b"good", self.get(path).body)

    def test_dead_pooled_connection_is_repeated_once_when_that_is_safe(self):
        for method, repeated in (("GET", True), ("HEAD", True), ("PUT", True), ("DELETE", True),
                                 ("POST", False)):
            with self.subTest(method):
                warm = self.serve(Answer())
                path = self.serve(Drop(), Answer(body=b"ok"))
                with Client(self.port) as client:  # one connection: one loop, one pool
                    client.request("GET", warm)
                    response = client.request(method, path, body=None if repeated else b"x")
                self.assertEqual((200, 2) if repeated else (502, 1),
                                 (response.status, self.origin.count(path)))

    def test_connections_closed_while_idle_don_t_show(self):
        paths = [self.serve(Answer()) for _ in range(20)]
        for path in paths[:10]:
            self.get(path)
        self.origin.drop_idle()
        time.sleep(0.1)
        self.assertEqual({200}, {self.get(path).status for path in paths[10:]})
        self.assertEqual([1] * 10, [self.origin.count(path) for path in paths[10:]])

    def test_connections_are_reused(self):
        with Client(self.port) as client:
            before = self.origin.accepted
            for _ in range(10):
                client.request("GET", self.serve(Answer("Cache-Control: no-store")))
            self.assertLessEqual(self.origin.accepted - before, 1)

    def test_connection_with_unread_bytes_is_dropped(self):
        poison = (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                  b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        path = self.serve(Raw(poison, close=False))
        other = self.serve(Answer(FRESH, body=b"clean"))
        with Client(self.port) as client:
            self.assertEqual(b"ok", client.request("GET", path).body)
            time.sleep(0.1)
            self.assertEqual(b"clean", client.request("GET", other).body)

    def test_late_poison_on_an_idle_connection(self):
        def speak(connection, _request):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            time.sleep(0.3)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            time.sleep(1)
        path, other = self.serve(Takeover(speak)), self.serve(Answer(FRESH, body=b"clean"))
        with Client(self.port) as client:
            self.assertEqual(b"ok", client.request("GET", path).body)
            time.sleep(0.5)
            self.assertEqual(b"clean", client.request("GET", other).body)

    def test_closed_or_reset_is_502(self):
        for answer in (Drop(), Drop(reset=True)):
            response = self.get(self.serve(answer))
            self.assertEqual((502, True), (response.status, response.complete))
            self.assertIn("fwd=", response.fields.joined("Cache-Status"))

    def test_no_answer_in_time_is_504(self):
        path = self.serve(Answer(delay=6))
        begin = time.monotonic()
        self.assertEqual(504, self.get(path).status)
        self.assertLess(time.monotonic() - begin, 4.5)

    def test_body_that_stalls_is_an_incomplete_message(self):
        for framing in ("length", "chunked"):
            path = self.serve(Answer(FRESH, framing=framing, parts=[(0, b"a" * 100), (4, b"b")]),
                              Answer(FRESH, body=b"whole"))
            response = self.get(path)
            self.assertEqual((200, False, b"a" * 100),
                             (response.status, response.complete, response.body))
            self.assertEqual(b"whole", self.get(path).body)

    def test_body_that_is_cut_is_an_incomplete_message(self):
        for answer in (Answer(FRESH, parts=[(0, b"a" * 100), (0.3, b"")], length=200, close=True),
                       Answer(FRESH, framing="chunked", parts=[(0, b"a" * 100), (0.3, b"b" * 9)],
                              cut=100)):
            path = self.serve(answer, Answer(FRESH, body=b"whole"))
            response = self.get(path)
            self.assertEqual((200, False), (response.status, response.complete))
            self.assertEqual(b"whole", self.get(path).body)

    def test_unknown_coding_is_read_until_close_or_502(self):
        head = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: x-odd\r\n"
        path = self.serve(Raw(head + b"Connection: close\r\n\r\nodd"))
        for count in (1, 2):  # nobody stores what nobody understands
            response = self.get(path)
            self.assertEqual((200, b"odd", count),
                             (response.status, response.body, self.origin.count(path)))
            self.assertIsNone(response.get("Seawall-Internal"))
        path = self.serve(Raw(head + b"\r\nodd", close=False))
        self.assertIn(self.get(path).status, (502, 504, 200))

    def test_early_answer_to_an_upload(self):
        class Early:
            @staticmethod
            def before_body(connection, _request):
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n"
                                   b"Connection: close\r\n\r\nno")
                connection.shutdown(socket.SHUT_WR)
                time.sleep(0.3)
                connection.close()

            @staticmethod
            def send(_connection, _request):
                return False

        path = self.serve(Early())
        with Client(self.port) as client:
            client.send(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"
                        .encode())
            client.send(b"x" * 100_000)
            try:
                self.assertEqual(403, client.response().status)
            except NoResponse:
                self.fail("no answer at all")

    def test_answer_of_an_origin_that_breaks_an_upload_off_is_delivered(self):
        """It has bytes unread when it closes, so that its kernel resets the connection."""
        class Refuses:
            @staticmethod
            def before_body(connection, _request):
                connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n"
                                   b"Connection: close\r\n\r\nno")
                connection.close()

            @staticmethod
            def send(_connection, _request):
                return False

        path = self.serve(Refuses())
        for _ in range(20):
            with Client(self.port) as client:
                client.send(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n"
                            .encode())
                for _ in range(50):
                    client.send(b"x" * 10_000)
                response = client.response()
                self.assertEqual((413, b"no"), (response.status, response.body))

    def test_nothing_of_an_error_is_stored(self):
        path = self.serve(Drop(), Drop(), Drop(), Answer(FRESH, body=b"up again"))
        statuses = []
        for _ in range(6):
            response = self.get(path)
            statuses.append(response.status)
            if response.status == 200:
                break
        self.assertEqual(200, statuses[-1])
        self.assertEqual("Hit from edge", self.get(path).x_cache)


@in_both
class OverloadScenario(Scenario):
    options = {"origin_options": {"max_connections": 1, "max_pending": 1},
               "edge": {"workers": 1}, "shield": {"workers": 1}}

    def test_who_finds_no_place_in_the_queue_is_told_to_come_again(self):
        go = threading.Event()

        def hold(connection, _request):
            go.wait(20)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n"
                               b"\r\nok")

        paths = [self.serve(Takeover(hold)) for _ in range(3)]
        with Client(self.port, 30) as first, Client(self.port, 30) as second:
            first.send(request_bytes("GET", paths[0]))
            self.origin.wait_for(paths[0], 1)
            second.send(request_bytes("GET", paths[1]))
            end = time.monotonic() + 10
            while time.monotonic() < end:  # until the second stands in the queue
                response = self.get(self.url(), timeout=1) if self.waits() else None
                if response:
                    break
            self.assertEqual((503, "1"), (response.status, response.get("Retry-After")))
            self.assertIn("upstream-error", response.fields.joined("Cache-Status"))
            self.assertTrue(response.complete)
            go.set()
            for client in (first, second):
                self.assertEqual(b"ok", client.response().body)
        self.assertEqual(200, self.get(self.serve(Answer())).status)

    def waits(self):
        return self.stand.nodes[-1].stats()["counters"]["requests_in_flight"] >= 2


class RefusedTest(unittest.TestCase):
    def test_nobody_listens_502_and_stale_is_used(self):
        from harness import Stand, Topology, get
        stand = Stand(Topology.EDGE)
        self.addCleanup(stand.close)
        stand.origin.serve("/kept", Answer("Cache-Control: max-age=1", "Age: 5", body=b"kept"))
        get(stand.port, "/kept")
        stand.origin.close()
        self.assertEqual(502, get(stand.port, "/never").status)
        response = get(stand.port, "/kept")
        self.assertEqual((b"kept", "Stale from edge"), (response.body, response.x_cache))

    def test_shield_is_gone_502_and_stale_is_used(self):
        from harness import Stand, Topology, get
        stand = Stand(Topology.EDGE_SHIELD)
        self.addCleanup(stand.close)
        stand.origin.serve("/kept", Answer("Cache-Control: max-age=1", "Age: 5", body=b"kept"))
        get(stand.port, "/kept")
        stand.shield.close()
        self.assertEqual(502, get(stand.port, "/never").status)
        response = get(stand.port, "/kept")
        self.assertEqual((b"kept", "Stale from edge"), (response.body, response.x_cache))


if __name__ == "__main__":
    unittest.main()
