"""Names of upstreams: when DNS is down, slow or wrong, when addresses come, go or don't answer."""

import collections
import signal
import socket
import tempfile
import threading
import time
import unittest

from dns_server import A, AAAA, SRV, DnsServer, Mode
from harness import ANY_HOST, Answer, Client, Node, Origin, Takeover, get, merged

NO_STORE = "Cache-Control: no-store"
STALE = ("Cache-Control: max-age=1", "Age: 5")


class Names:
    """A DNS server, origins at addresses of loopback with one port, an edge that knows the name."""

    def __init__(self, case, addresses=("127.0.0.1",), resolver=None, group=None, start_dns=True):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        case.addCleanup(self.temporary.cleanup)
        self.dns = DnsServer()
        self.port = 0
        self.origins = {}
        for address in addresses:
            origin = self.origins[address] = Origin(address, self.port)
            self.port = origin.port
            case.addCleanup(origin.close)
        self.server = f"http://origin.test:{self.port}"
        if not start_dns:
            self.dns.close()
        self.edge = Node("edge", {
            "workers": 1, "sites": [
                {"name": "other", "hosts": ["other"], "upstream": "other",
                 "behaviors": [{"path": "*"}]},
                merged(ANY_HOST[0], {"upstream": "origin"})],
            "resolver": {"servers": [self.dns.address], "failure_ttl": "1s", **(resolver or {})},
            "upstreams": {"origin": {"servers": [self.server], **(group or {})},
                          "other": {"servers": [f"http://127.0.0.1:{self.port}"]}},
            "limits": {"drain_time": "1s"}}, self.temporary.name)
        case.addCleanup(self.edge.close)
        case.addCleanup(lambda: self.dns.mode is None or self.dns.close())

    def serve(self, path, *answers):
        """Each origin answers with its own address as the body, or with these answers."""
        for address, origin in self.origins.items():
            origin.serve(path, *(answers or (Answer(NO_STORE, body=address.encode()),)))
        return path

    def get(self, path, **more):
        return get(self.edge.port, path, **more)

    def wait_for(self, path, status, body=None, seconds=10):
        """Asks until that is the answer; returns how long it took, and fails after `seconds`."""
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            response = self.get(path)
            if response.status == status and body in (None, response.body):
                return time.monotonic() - begin
            time.sleep(0.05)
        raise AssertionError(f"{path}: still {response.status} {response.body!r}")


class DnsDownTest(unittest.TestCase):
    def test_a_node_starts_without_dns_serves_others_and_recovers_by_itself(self):
        names = Names(self, start_dns=False)
        path = names.serve("/a")
        begin = time.monotonic()
        response = names.get(path)
        self.assertLess(time.monotonic() - begin, 5.5)
        self.assertEqual(502, response.status)
        self.assertIn(b"DNS", response.body)
        self.assertIn("detail=upstream-dns", response.fields.joined("Cache-Status"))
        self.assertEqual(200, names.get(path, host="other").status)
        self.assertTrue(names.edge.logged(f"origin: {names.server}: no addresses from DNS: "))
        dns = DnsServer(names.dns.port)
        self.addCleanup(dns.close)
        dns.set("origin.test", "127.0.0.1")
        self.assertLess(names.wait_for(path, 200), 5)

    def test_last_known_addresses_are_used_at_once_and_for_a_bounded_time(self):
        for mode in (Mode.FAIL, Mode.SILENT):
            with self.subTest(mode):
                names = Names(self, resolver={"keep": "4s"}, group={"max_idle": 0})
                path = names.serve("/a")
                names.dns.set("origin.test", "127.0.0.1")
                self.assertEqual(200, names.get(path).status)
                names.dns.mode = mode
                begin = time.monotonic()
                while time.monotonic() < begin + 3:
                    asked = time.monotonic()
                    self.assertEqual(200, names.get(path).status)
                    self.assertLess(time.monotonic() - asked, 2)
                self.assertTrue(names.edge.logged("the last known ones are used"))
                names.wait_for(path, 502, seconds=20)
                names.dns.mode = Mode.ANSWER
                names.wait_for(path, 200)
                self.assertTrue(names.edge.logged("DNS answers again"))

    def test_other_servers_after_a_reload(self):
        names = Names(self, start_dns=False)
        path = names.serve("/a")
        self.assertEqual(502, names.get(path).status)
        dns = DnsServer()
        self.addCleanup(dns.close)
        dns.set("origin.test", "127.0.0.1")
        names.edge.write(merged(names.edge.config, {"resolver": {"servers": [dns.address]}}))
        names.edge.signal(signal.SIGHUP)
        names.wait_for(path, 200)


    def test_a_reload_with_other_servers_asks_them_at_once(self):
        names = Names(self, start_dns=False, resolver={"failure_ttl": "1h"})
        path = names.serve("/a")
        self.assertEqual(502, names.get(path).status)
        self.assertEqual(502, names.get(path).status)
        dns = DnsServer()
        self.addCleanup(dns.close)
        dns.set("origin.test", "127.0.0.1")
        resolver = {"servers": [dns.address], "failure_ttl": "1h"}
        names.edge.write(merged(names.edge.config, {"resolver": resolver}))
        names.edge.signal(signal.SIGHUP)
        names.wait_for(path, 200)

    def test_little_time_for_dns_is_no_reason_to_forget_addresses(self):
        names = Names(self, group={"max_idle": 0, "timeouts": {"dns": "200ms"}})
        path = names.serve("/a")
        names.dns.set("origin.test", "127.0.0.1")
        names.wait_for(path, 200)
        names.dns.mode = Mode.SILENT
        names.dns.asked.clear()
        for _ in range(400):
            self.assertEqual(200, names.get(path).status)
            if names.dns.asked["origin.test", AAAA] > 1:  # it has failed meanwhile
                break
            time.sleep(0.02)
        self.assertTrue(names.edge.logged("the last known ones are used"))

    def test_slow_dns_is_one_outage(self):
        names = Names(self, group={"max_idle": 0})
        path = names.serve("/a")
        names.dns.set("origin.test", "127.0.0.1")
        names.wait_for(path, 200)
        begins, ends = "the last known ones are used", "DNS answers again"
        names.dns.delay = 0.4
        names.dns.asked.clear()
        end = time.monotonic() + 30
        while names.dns.asked["origin.test", AAAA] < 4 and time.monotonic() < end:
            self.assertEqual(200, names.get(path).status)
            time.sleep(0.02)
        self.assertEqual([1, 0], [names.edge.text().count(line) for line in (begins, ends)])
        names.dns.delay = 0
        while not names.edge.logged(ends, 0.05) and time.monotonic() < end:
            self.assertEqual(200, names.get(path).status)
        self.assertEqual([1, 1], [names.edge.text().count(line) for line in (begins, ends)])


class HalfAnswersTest(unittest.TestCase):
    """A is answered, AAAA is not, or the other way round."""

    def wait_until_asked(self, names, path, count=3):
        """Until DNS was asked so often from now on, in each half; returns the bodies of that time."""
        bodies = set()
        names.dns.asked.clear()
        end = time.monotonic() + 30
        while min(names.dns.asked["origin.test", kind] for kind in (A, AAAA)) < count:
            self.assertLess(time.monotonic(), end)
            response = names.get(path)
            self.assertEqual(200, response.status)
            bodies.add(response.body)
            time.sleep(0.02)
        return bodies

    def test_the_half_that_comes_is_enough(self):
        names = Names(self, group={"max_idle": 0})
        path = names.serve("/a")
        names.dns.ignored = {AAAA}
        names.dns.set("origin.test", "127.0.0.1", ttl=60)
        self.assertEqual(200, names.get(path).status)

    def test_addresses_of_the_failed_half_stay_until_dns_denies_them(self):
        names = Names(self, ("127.0.0.1", "::1"), group={"max_idle": 0})
        path = names.serve("/a")
        names.dns.set("origin.test", "127.0.0.1", "::1")
        names.wait_for(path, 200, b"::1")
        for failing in ("failed", "ignored"):
            setattr(names.dns, failing, {AAAA})
            self.assertIn(b"::1", self.wait_until_asked(names, path, count=4))
            setattr(names.dns, failing, set())
        names.dns.set("origin.test", "127.0.0.1")
        names.wait_for(path, 200, b"127.0.0.1")
        self.wait_until_asked(names, path, count=1)
        for _ in range(10):
            self.assertEqual(b"127.0.0.1", names.get(path).body)

    def test_half_a_denial_is_a_failure(self):
        for kind in (A, AAAA):
            for failing in ("failed", "ignored"):
                with self.subTest(kind=kind, failing=failing):
                    names = Names(self, group={"max_idle": 0, "timeouts": {"dns": "1s"}})
                    path = names.serve("/a")
                    names.dns.set("origin.test", "127.0.0.1")
                    names.wait_for(path, 200)
                    setattr(names.dns, failing, {kind})
                    names.dns.delay = 0.05  # the denial comes last
                    names.dns.set("origin.test")
                    self.wait_until_asked(names, path)


class ChangeTest(unittest.TestCase):
    def test_new_addresses_are_used_and_old_ones_drained(self):
        names = Names(self, ("127.0.0.1", "127.0.0.2"))
        path = names.serve("/a")
        names.dns.set("origin.test", "127.0.0.1")
        go = threading.Event()

        def hold(connection, _request):
            go.wait(20)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        names.serve("/held", Takeover(hold))
        with Client(names.edge.port, 30) as running:
            running.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            names.origins["127.0.0.1"].wait_for("/held", 1)
            self.assertEqual(b"127.0.0.1", names.get(path).body)  # and stays in the pool
            names.dns.set("origin.test", "127.0.0.2")
            names.wait_for(path, 200, b"127.0.0.2", seconds=5)
            go.set()
            self.assertEqual(b"ok", running.response().body)
        for _ in range(10):
            self.assertEqual(b"127.0.0.2", names.get(path).body)
        end = time.monotonic() + 5
        while names.origins["127.0.0.1"].connections and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse(names.origins["127.0.0.1"].connections)

    def test_all_addresses_gone_502_or_stale_until_there_are_new_ones(self):
        names = Names(self)
        names.dns.set("origin.test", "127.0.0.1")
        kept = names.serve("/kept", Answer(*STALE, body=b"kept"))
        path = names.serve("/a")
        self.assertEqual([200, 200], [names.get(path).status, names.get(kept).status])
        for gone in (names.dns.remove, names.dns.set):  # no such name, a name without addresses
            gone("origin.test")
            names.wait_for(path, 502, seconds=5)
            response = names.get(kept)
            self.assertEqual((b"kept", "Stale from edge"), (response.body, response.x_cache))
            names.dns.set("origin.test", "127.0.0.1")
            names.wait_for(path, 200, seconds=5)
        for reason in ("name does not exist", "name has no addresses"):
            self.assertTrue(names.edge.logged(f"no addresses from DNS: {reason}"))

    def test_all_addresses_of_a_name_get_connections(self):
        addresses = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        names = Names(self, addresses, group={"max_idle": 0})
        names.dns.set("origin.test", *addresses, ttl=60)
        path = names.serve("/a")
        seen = collections.Counter(names.get(path).body.decode() for _ in range(12))
        self.assertEqual(dict.fromkeys(addresses, 4), dict(seen))
        self.assertEqual(1, names.dns.asked["origin.test", AAAA])


class ServiceTest(unittest.TestCase):
    """SRV: tests/unit has the order; here is DNS."""

    def start(self, **more):
        names = Names(self, ("127.0.0.1", "127.0.0.2"), group={"max_idle": 0}, **more)
        service = {"url": "http://origin.test", "srv": "_http._tcp.origin.test"}
        names.edge.write(merged(names.edge.config,
                                {"upstreams": {"origin": {"servers": [service]}}}))
        names.edge.signal(signal.SIGHUP)
        self.assertTrue(names.edge.logged("configuration reloaded"))
        names.dns.set("one.test", "127.0.0.1")
        names.dns.set("two.test", "127.0.0.2")
        return names

    def test_priority_port_and_weight_say_who_is_asked(self):
        names = self.start()
        path = names.serve("/a")
        names.dns.set("_http._tcp.origin.test", (10, 1, names.port, "one.test"),
                      (20, 1, names.port, "two.test"))
        for _ in range(10):
            self.assertEqual(b"127.0.0.1", names.get(path).body)
        self.assertEqual("test.example", names.origins["127.0.0.1"].requests(path)[0].get("Host"))
        names.origins["127.0.0.1"].close()
        for _ in range(10):
            self.assertEqual(b"127.0.0.2", names.get(path).body)

    def test_trouble_with_one_host_keeps_its_addresses(self):
        names = self.start()
        path = names.serve("/a")
        names.dns.set("_http._tcp.origin.test", (10, 1, names.port, "one.test"),
                      (20, 1, names.port, "two.test"))
        names.wait_for(path, 200, b"127.0.0.1")
        self.ask_until_asked_for(names, path, "one.test", failing={"one.test"})
        self.assertTrue(names.edge.logged("no addresses from DNS of one.test: "))
        self.ask_until_asked_for(names, path, "_http._tcp.origin.test", failing={A, AAAA, SRV})
        names.dns.failed = set()
        end = time.monotonic() + 10
        while not names.edge.logged("DNS answers again", 0.05) and time.monotonic() < end:
            self.assertEqual(b"127.0.0.1", names.get(path).body)
        self.assertEqual(1, names.edge.text().count("DNS answers again"))
        names.dns.remove("one.test")  # that is no trouble
        names.wait_for(path, 200, b"127.0.0.2", seconds=5)

    def ask_until_asked_for(self, names, path, name, failing):
        """Until DNS was asked for it thrice from now on; the first origin answers all that time."""
        names.dns.failed = failing
        names.dns.asked.clear()
        end = time.monotonic() + 30
        while sum(names.dns.asked[name, kind] for kind in (A, SRV)) < 3:
            self.assertLess(time.monotonic(), end)
            self.assertEqual(b"127.0.0.1", names.get(path).body)
            time.sleep(0.02)

    def test_weights_share_and_changes_are_followed(self):
        names = self.start()
        path = names.serve("/a")
        names.dns.set("_http._tcp.origin.test", (10, 30, names.port, "one.test"),
                      (10, 10, names.port, "two.test"))
        seen = collections.Counter(names.get(path).body for _ in range(200))
        self.assertGreater(seen[b"127.0.0.2"], 20)  # 50 are expected; 5 sigma are 31
        self.assertGreater(seen[b"127.0.0.1"], 100)
        names.dns.set("_http._tcp.origin.test", (10, 1, names.port, "two.test"))
        names.wait_for(path, 200, b"127.0.0.2", seconds=5)
        time.sleep(1.5)
        self.assertEqual({b"127.0.0.2"}, {names.get(path).body for _ in range(10)})
        names.dns.set("_http._tcp.origin.test", (0, 0, 0, "."))  # decidedly not available
        names.wait_for(path, 502, seconds=5)
        self.assertTrue(names.edge.logged("no addresses from DNS: name has no addresses"))


class HappyEyeballsTest(unittest.TestCase):
    def test_ipv6_first_and_ipv4_soon_where_that_hangs(self):
        names = Names(self, group={"max_idle": 0})
        path = names.serve("/a")
        names.dns.set("origin.test", "127.0.0.1", "::1", ttl=60)
        with socket.create_server(("::1", names.port), family=socket.AF_INET6, backlog=0) as deaf:
            waiting = []
            for _ in range(4):  # its queue is full: what comes now gets no answer
                waiting.append(socket.socket(socket.AF_INET6))
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(deaf.getsockname())
            time.sleep(0.1)
            begin = time.monotonic()
            self.assertEqual(b"127.0.0.1", names.get(path).body)
            took = time.monotonic() - begin
            self.assertGreater(took, 0.2)
            self.assertLess(took, 2.5)  # far from the 3 s of the time-out
            for sock in waiting:
                sock.close()
        names.origins["::1"] = Origin("::1", names.port)
        self.addCleanup(names.origins["::1"].close)
        names.serve(path)
        begin = time.monotonic()
        bodies = set()
        while b"::1" not in bodies and time.monotonic() < begin + 15:
            bodies.add(names.get(path).body)
            time.sleep(0.1)
        self.assertIn(b"::1", bodies)

    def test_an_address_that_refuses_costs_nothing(self):
        names = Names(self, ("127.0.0.1",), group={"max_idle": 0})
        path = names.serve("/a")
        names.dns.set("origin.test", "127.0.0.1", "::1", "127.0.0.9", ttl=60)
        for _ in range(10):
            self.assertEqual(200, names.get(path).status)
        self.assertEqual("up", names.edge.stats()["upstream_servers"][0]["state"])
