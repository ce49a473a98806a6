"""Running a node: drain, reload, log files, admin listener, explain, configuration errors."""

import collections
import datetime
import fcntl
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

from harness import (ANY_HOST, BIN, Answer, Client, Drop, Node, Origin, Stand, Topology, get,
                     request_bytes)

FRESH = "Cache-Control: max-age=3600"


def until(condition, seconds=20):
    """Waits until it says something true, at most so long; what it said last."""
    end = time.monotonic() + seconds
    while not (said := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return said


def replace(path, config):
    """At once: who reads it meanwhile gets the old file or the new one."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(config))
    new.rename(path)


class FedFile:
    """A configuration file that a node reads as the test feeds it: a named pipe."""

    def __init__(self, path):
        self.pipe = None
        self.path = path
        os.mkfifo(f"{path}.fifo")
        os.replace(f"{path}.fifo", path)

    def _open(self):
        try:
            self.pipe = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it
            return False
        return True

    def is_being_read(self):
        """Waits until the node has come to it."""
        return self.pipe is not None or until(self._open)

    def feed(self, config):
        """All of it; the node waits for more until end()."""
        data = json.dumps(config).encode()

        def write():
            try:
                return os.write(self.pipe, data) == len(data)
            except BrokenPipeError:  # between the check that it can be read, and that
                return False

        def left():
            return int.from_bytes(fcntl.ioctl(self.pipe, termios.FIONREAD, bytes(4)), sys.byteorder)

        return self.is_being_read() and until(write) and until(lambda: left() == 0)

    def end(self):
        """No more of it."""
        os.close(self.pipe)


def listening(process):
    """How many sockets of this process listen, by address and port as /proc/net/tcp has them."""
    inodes = set()
    for fd in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{process.pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed since
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return collections.Counter(row[1] for row in rows
                               if row[3] == "0A" and f"socket:[{row[9]}]" in inodes)


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class RunningTest(unittest.TestCase):
    """Each test has nodes of its own: it ends or changes them."""

    def stand(self, topology=Topology.EDGE, **options):
        stand = Stand(topology, **options)
        self.addCleanup(stand.close)
        return stand

    def reload(self, node, config):
        node.write(config)
        before = node.text().count("\n")
        node.signal(signal.SIGHUP)
        end = time.monotonic() + 5
        while time.monotonic() < end and node.text().count("\n") == before:
            time.sleep(0.01)
        return "\n".join(node.text().split("\n")[before:])

    def test_who_waits_while_his_site_goes_is_told_so(self):
        sites = [{"name": "a", "hosts": ["test.example"], "behaviors": [{"path": "*"}]}]
        stand = self.stand(sites=sites)
        go_on, came = threading.Event(), threading.Event()

        def answer(_):
            came.set()
            go_on.wait(10)
            return Drop()
        stand.origin.serve("/a", answer)
        with Client(stand.port) as leader, Client(stand.port) as follower:
            leader.send(request_bytes("GET", "/a"))
            self.assertTrue(came.wait(5))
            follower.send(request_bytes("GET", "/a"))
            end = time.monotonic() + 5
            while stand.edge.stats()["counters"]["collapsed_requests"] == 0:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            for host in ("b.example", "c.example"):
                others = [{**sites[0], "hosts": [host]}]
                self.assertIn("reloaded", self.reload(stand.edge, {**stand.edge.config,
                                                                   "sites": others}))
            go_on.set()
            self.assertEqual(502, leader.response().status)
            self.assertEqual(421, follower.response().status)

    def test_sigterm_drains(self):
        stand = self.stand()
        stand.origin.serve("/slow", Answer(FRESH, parts=[(0, b"a"), (1, b"b" * 1000)]))
        stand.origin.serve("/fast", Answer(FRESH))
        with Client(stand.port) as idle, Client(stand.port) as busy:
            self.assertEqual(200, idle.request("GET", "/fast").status)
            busy.send(request_bytes("GET", "/slow"))
            busy.head()
            stand.edge.signal(signal.SIGTERM)
            self.assertTrue(idle.is_closed(), "an idle connection stays open")
            self.assertEqual(b"a" + b"b" * 1000, busy.reader.exactly(1001))
            self.assertEqual(0, stand.edge.process.wait(timeout=5))
        with self.assertRaises(OSError):
            Client(stand.port)

    def test_drain_is_bounded(self):
        stand = self.stand(edge={"limits": {"drain_time": "1s"}})
        stand.origin.serve("/endless", Answer(FRESH, parts=[(0, b"a"), (9, b"b")]))
        with Client(stand.port) as client:
            client.send(request_bytes("GET", "/endless"))
            client.head()
            begin = time.monotonic()
            stand.edge.signal(signal.SIGTERM)
            self.assertEqual(0, stand.edge.process.wait(timeout=6))
            self.assertLess(time.monotonic() - begin, 4)

    def test_readyz_says_no_while_draining(self):
        stand = self.stand()
        stand.origin.serve("/slow", Answer(FRESH, parts=[(0, b"a"), (1.5, b"b")]))
        self.assertEqual((200, 200), (get(stand.edge.admin, "/healthz").status,
                                      get(stand.edge.admin, "/readyz").status))
        with Client(stand.port) as client:
            client.send(request_bytes("GET", "/slow"))
            client.head()
            stand.edge.signal(signal.SIGTERM)
            stand.edge.logged("draining")
            self.assertEqual((200, 503), (get(stand.edge.admin, "/healthz").status,
                                          get(stand.edge.admin, "/readyz").status))
            self.assertEqual(b"ab", client.reader.exactly(2))

    def test_sigint_ends_at_once(self):
        stand = self.stand()
        stand.origin.serve("/slow", Answer(FRESH, parts=[(0, b"a"), (9, b"b")]))
        with Client(stand.port) as client:
            client.send(request_bytes("GET", "/slow"))
            client.head()
            begin = time.monotonic()
            stand.edge.signal(signal.SIGINT)
            self.assertEqual(0, stand.edge.process.wait(timeout=5))
            self.assertLess(time.monotonic() - begin, 2.5)

    def test_sighup_takes_a_good_configuration_and_keeps_cache_and_connections(self):
        stand = self.stand()
        stand.origin.serve("/kept", Answer(FRESH, "X-Old: 1"))
        stand.origin.serve("/pass", Answer(FRESH))
        with Client(stand.port) as client:
            for path in ("/kept", "/pass"):
                client.request("GET", path)
            config = json.loads(stand.edge.file.read_text())
            config["sites"] = [{"name": "all", "hosts": ["*"], "behaviors": [
                {"path": "/pass", "cache": False},
                {"path": "*", "headers": {"to_viewer": {"set": {"X-New": "2"}}}}]}]
            self.reload(stand.edge, config)
            end = time.monotonic() + 5
            while time.monotonic() < end:
                response = client.request("GET", "/kept")
                if response.get("X-New"):
                    break
            self.assertEqual(("2", "1", "Hit from edge"),
                             (response.get("X-New"), response.get("X-Old"), response.x_cache))
            self.assertEqual("Pass from edge", client.request("GET", "/pass").x_cache)
        self.assertEqual(1, stand.origin.count("/kept"))

    def test_sighup_moves_to_other_upstreams_and_listeners(self):
        stand, other = self.stand(), self.stand()
        other.origin.serve("/moved", Answer(FRESH, body=b"other"))
        config = json.loads(stand.edge.file.read_text())
        config["upstreams"] = {"origin": {"servers": [f"http://127.0.0.1:{other.origin.port}"]}}
        self.reload(stand.edge, config)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            with Client(stand.port) as client:
                if client.request("GET", "/moved").body == b"other":
                    return
            time.sleep(0.05)
        self.fail("still the old upstream")

    def test_sighup_refuses_a_wrong_configuration_and_keeps_the_old_one(self):
        stand = self.stand()
        stand.origin.serve("/a", Answer(FRESH))
        get(stand.port, "/a")
        good = json.loads(stand.edge.file.read_text())
        for wrong in ({**good, "sitse": []}, {**good, "cache": {"memory": -5}},
                      {k: v for k, v in good.items() if k != "upstreams"}):
            said = self.reload(stand.edge, wrong)
            self.assertIn("edge.json:", said)
            self.assertEqual("Hit from edge", get(stand.port, "/a").x_cache)
        stand.edge.file.write_text("{ not json")
        stand.edge.signal(signal.SIGHUP)
        end = time.monotonic() + 5
        while time.monotonic() < end and stand.edge.stats()["failed_reloads"] < 4:
            time.sleep(0.02)
        self.assertEqual(4, stand.edge.stats()["failed_reloads"])
        self.assertEqual("Hit from edge", get(stand.port, "/a").x_cache)

    def test_sighup_refuses_what_can_not_be_reloaded(self):
        stand = self.stand()
        good = json.loads(stand.edge.file.read_text())
        said = self.reload(stand.edge, {**good, "workers": 7})
        self.assertIn("workers", said)
        said = self.reload(stand.edge, {**good, "cache": {"shards": 8}})
        self.assertIn("shards", said)

    def test_reloads_under_load_drop_nothing(self):
        stand = self.stand()
        stand.origin.serve("/a", Answer(FRESH, body=b"x" * 10000))
        stop, wrong = threading.Event(), []

        def viewer():
            with Client(stand.port) as client:
                while not stop.is_set():
                    response = client.request("GET", "/a")
                    if response.status != 200 or len(response.body) != 10000:
                        wrong.append(response)

        def careful():
            try:
                viewer()
            except Exception as problem:  # what a viewer would have seen
                wrong.append(repr(problem))

        threads = [threading.Thread(target=careful) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            stand.edge.signal(signal.SIGHUP)
            time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join(10)
        self.assertEqual([], wrong)

    def test_a_reload_that_comes_during_another_one(self):
        stand = self.stand(edge={"workers": 2})
        node, config = stand.edge, stand.edge.config
        before = listening(node.process)
        many = [{"address": f"127.0.0.{i}", "port": 0} for i in range(2, 42)]
        first = FedFile(node.file)
        node.signal(signal.SIGHUP)
        self.assertTrue(first.feed(config))
        node.signal(signal.SIGHUP)  # seen when the first loop takes over what was read
        second = FedFile(node.file)
        first.end()
        self.assertTrue(second.feed({**config, "listen": many}))
        replace(node.file, config)
        second.end()

        def sockets():
            now = listening(node.process)
            mine = {place: count for place, count in now.items() if place not in before}
            return mine if sum(mine.values()) == 80 else None

        sockets = until(sockets)
        self.assertIsNotNone(sockets, node.text())
        # The port that the system chose on one loop is that of the other one.
        self.assertEqual((40, {2}), (len(sockets), set(sockets.values())))
        self.assertNotIn("cannot listen", node.text())

    def test_a_reload_while_draining_is_ignored(self):
        stand = self.stand(edge={"limits": {"drain_time": "20s"}})
        stand.origin.serve("/slow", Answer(FRESH, parts=[(0, b"a"), (3, b"b")]))
        with Client(stand.port) as client:
            client.send(request_bytes("GET", "/slow"))
            client.head()
            stand.edge.signal(signal.SIGTERM)
            self.assertTrue(stand.edge.logged("draining"))
            self.assertIn("not reloaded", self.reload(stand.edge, stand.edge.config))
            with self.assertRaises(OSError):
                Client(stand.port)
            self.assertEqual(b"ab", client.reader.exactly(2))
            self.assertEqual(0, stand.edge.process.wait(timeout=10))

    def test_a_drain_that_comes_during_a_reload(self):
        stand = self.stand(edge={"workers": 2, "limits": {"drain_time": "20s"}})
        node = stand.edge
        stand.origin.serve("/slow", Answer(FRESH, parts=[(0, b"a"), (2, b"b"), (4, b"c")]))
        with Client(stand.port) as client:
            client.send(request_bytes("GET", "/slow"))
            client.head()
            file = FedFile(node.file)
            node.signal(signal.SIGHUP)
            self.assertTrue(file.feed({**node.config, "listen": [
                {"address": f"127.0.0.{i}", "port": 0} for i in range(2, 42)]}))
            node.signal(signal.SIGTERM)  # seen when the first loop takes over what was read
            file.end()
            self.assertTrue(node.logged("draining"))
            self.assertEqual(b"ab", client.reader.exactly(2))
            self.assertEqual([f"0100007F:{node.admin:04X}"], list(listening(node.process)))
            self.assertEqual(b"c", client.reader.exactly(1))
            self.assertEqual(0, node.process.wait(timeout=10))

    def test_signals_while_it_starts_wait_until_it_is_up(self):
        stand = self.stand()
        config = FedFile(stand.edge.folder / "early.json")
        log = stand.edge.folder / "early.log"
        with open(log, "wb") as out:
            node = subprocess.Popen([BIN / "edge" / "edge", "--config", config.path],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        self.assertTrue(config.feed(stand.edge.config))
        for _ in range(3):
            node.send_signal(signal.SIGHUP)
            node.send_signal(signal.SIGUSR1)
        replace(config.path, stand.edge.config)
        config.end()
        self.assertTrue(until(lambda: "configuration reloaded" in log.read_text()
                              or node.poll() is not None))
        self.assertIsNone(node.poll(), log.read_text())
        node.terminate()
        self.assertEqual(0, node.wait(timeout=20))

    def test_sigterm_ends_a_node_that_starts(self):
        stand = self.stand()
        config = FedFile(stand.edge.folder / "early.json")
        node = subprocess.Popen([BIN / "edge" / "edge", "--config", config.path],
                                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(node.kill)
        self.assertTrue(config.is_being_read())
        node.terminate()
        self.assertEqual(-signal.SIGTERM, node.wait(timeout=20))
        config.end()

    def test_sigusr1_reopens_the_access_log(self):
        stand = self.stand()
        stand.origin.serve("/a", Answer(FRESH))
        get(stand.port, "/a")
        self.assertEqual(1, len(stand.edge.access("/a")))
        moved = str(stand.edge.access_log) + ".1"
        os.rename(stand.edge.access_log, moved)
        stand.edge.signal(signal.SIGUSR1)
        end = time.monotonic() + 5
        while not stand.edge.access_log.exists() and time.monotonic() < end:
            time.sleep(0.02)
        get(stand.port, "/a?second")
        self.assertEqual(1, len(stand.edge.access("/a?second")))

    def test_access_log_lines_are_json_with_what_is_needed(self):
        stand = self.stand(Topology.EDGE_SHIELD)
        stand.origin.serve("/a", Answer(FRESH, body=b"x" * 5000))
        stand.origin.serve("/broken", Answer(status=503))
        for _ in range(2):
            get(stand.port, "/a", 'User-Agent: "\\\t\xff', "Referer: http://a/\"b")
        get(stand.port, "/broken")
        hit, miss = sorted(stand.edge.access("/a", 2), key=lambda r: r["cache"])
        self.assertEqual(("miss", "hit"), (miss["cache"], hit["cache"]))
        for record in (miss, hit):
            for key in ("time", "peer", "site", "method", "host", "target", "status", "reason",
                        "bytes", "ttfb_us", "total_us"):
                self.assertIn(key, record)
            self.assertGreater(record["bytes"], 5000)
        self.assertIn("127.0.0.1:", miss["upstream"])
        self.assertGreaterEqual(miss["upstream_bytes"], 5000)
        self.assertEqual(503, stand.edge.access("/broken")[0]["status"])
        self.assertEqual(1, len(stand.shield.access("/a")))

    def test_access_log_in_the_combined_format(self):
        log = {"log": {"access": {"format": "combined"}}}
        stand = self.stand(edge=log)
        stand.origin.serve("/a", Answer(FRESH, body=b"x" * 5000))
        with Client(stand.port) as client:  # one worker, so that the lines stand in order
            for _ in range(2):
                client.request("GET", "/a?b=%22", "Referer: http://a/",
                               'User-Agent: a "quoted" one\\')
        end = time.monotonic() + 5
        while time.monotonic() < end:
            lines = stand.edge.access_log.read_text().splitlines()
            if len(lines) == 2:
                break
            time.sleep(0.02)
        fields = re.compile(r'(\S+) - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
                            r'"GET (\S+) HTTP/1\.1" (\d+) (\d+) "([^"]*)" "((?:[^"\\]|\\.)*)"( .*)')
        for line, result in zip(lines, ("miss", "hit"), strict=True):
            peer, at, target, status, size, referer, agent, rest = fields.fullmatch(line).groups()
            self.assertEqual(("127.0.0.1", "/a?b=%22", "200", "http://a/"),
                             (peer, target, status, referer))
            self.assertEqual('a \\"quoted\\" one\\\\', agent)
            self.assertLess(abs(time.time() - datetime.datetime.strptime(
                at, "%d/%b/%Y:%H:%M:%S %z").timestamp()), 60)
            self.assertGreater(int(size), 5000)
            self.assertIn(f" {result} ", rest)

    def test_ipv6_on_every_hop(self):
        if not has_ipv6():
            self.skipTest("no IPv6 on this machine")
        origin = Origin("::1")
        self.addCleanup(origin.close)
        folder = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(folder.cleanup)
        listen = {"listen": [{"address": "::1", "port": 0}], "sites": ANY_HOST}
        shield = Node("shield", {**listen, "trusted_edges": ["::1"], "upstreams": {
            "origin": {"servers": [f"http://[::1]:{origin.port}"]}}}, folder.name)
        self.addCleanup(shield.close)
        edge = Node("edge", {**listen, "upstreams": {"shield": {
            "kind": "shield", "servers": [f"http://[::1]:{shield.port}"]}}}, folder.name)
        self.addCleanup(edge.close)
        origin.serve("/a", Answer(FRESH, body=b"six"))
        with Client(edge.port, address="::1") as client:
            for x_cache in ("Miss", "Hit from edge"):
                response = client.request("GET", "/a", host=f"[::1]:{edge.port}")
                self.assertEqual((b"six", x_cache), (response.body, response.x_cache))
        request = origin.requests("/a")[0]
        self.assertEqual((f"[::1]:{edge.port}", "::1, ::1"),
                         (request.get("Host"), request.get("X-Forwarded-For")))
        self.assertIn('for="[::1]"', request.get("Forwarded"))
        self.assertEqual("::1", edge.access("/a", 2)[0]["peer"])
        self.assertEqual(f"[::1]:{shield.port}", edge.access("/a", 2)[0]["upstream"])

    def test_ticket_keys_are_changed_and_outlive_a_reload(self):
        folder = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(folder.cleanup)
        pem = os.path.join(folder.name, "edge.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=edge.test", "-keyout",
                        pem + ".key", "-out", pem], check=True, capture_output=True)
        stand = self.stand(edge={"limits": {"ticket_key_time": "3s"}, "listen": [
            {"address": "127.0.0.1", "port": 0},
            {"address": "127.0.0.1", "port": 0,
             "tls": {"certificates": [{"certificate": pem, "key": pem + ".key"}]}}]})
        port = int(re.search(r"https://127\.0\.0\.1:(\d+)$", stand.edge.text(), re.M).group(1))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # its session is there at once

        def connect(session=None):
            """Whether it was resumed, and the session that it left."""
            with Client(port) as client:
                with context.wrap_socket(client.sock, session=session) as secured:
                    return secured.session_reused, secured.session

        first = connect()[1]
        self.assertTrue(connect(first)[0])
        self.reload(stand.edge, stand.edge.config)
        fresh = connect()[1]
        self.reload(stand.edge, stand.edge.config)
        self.assertTrue(connect(fresh)[0], "not resumed after a reload")
        end = time.monotonic() + 20
        while connect(first)[0]:
            self.assertLess(time.monotonic(), end, "the key is never changed")
            time.sleep(0.2)
        fresh = connect()[1]
        self.assertTrue(connect(fresh)[0])

    def test_metrics_and_stats_count(self):
        stand = self.stand()
        stand.origin.serve("/a", Answer(FRESH, body=b"x" * 1000))
        for _ in range(5):
            get(stand.port, "/a")
        stats = stand.edge.stats()
        self.assertEqual((5, 4, 1), (stats["requests"], stats["local_hits"],
                                     stats["store"]["entries"]))
        self.assertAlmostEqual(0.8, stats["hit_ratio"], 2)
        self.assertGreater(stats["bytes_to_viewers"], 5000)
        self.assertGreater(stats["bytes_from_upstream"], 1000)
        text = get(stand.edge.admin, "/metrics").body.decode()
        for line in text.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) .+|[a-zA-Z_:][\w:]*(\{.*\})? [-+0-9.eE]+"
                                   r"|[a-zA-Z_:][\w:]*(\{.*\})? \+Inf)$")
        self.assertIn('site="all"', text)

    def test_admin_refuses_what_it_does_not_know(self):
        stand = self.stand()
        self.assertEqual(404, get(stand.edge.admin, "/nothing").status)
        with Client(stand.edge.admin) as client:
            self.assertEqual(405, client.request("POST", "/healthz", body=b"").status)
        with Client(stand.edge.admin) as client:
            client.send(b"nonsense\r\n\r\n")
            self.assertEqual(400, client.response().status)

    def test_explain_tells_why(self):
        stand = self.stand()
        stand.origin.serve("/a", Answer("Cache-Control: max-age=3600, stale-while-revalidate=5",
                                        'ETag: "x"', "Vary: X-A"))

        def explain(*more):
            done = subprocess.run([BIN / "edge" / "edge", "explain", "http://test.example/a?b=1"
                                   "&utm_source=x", "--admin", f"127.0.0.1:{stand.edge.admin}",
                                   *more], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=20)
            self.assertEqual(0, done.returncode, done.stderr)
            return done.stdout

        self.assertIn("miss", explain())
        get(stand.port, "/a?b=1", "X-A: 1")
        text = explain("-H", "X-A: 1")
        for what in ("all", "edge.json:", "utm_source", "max-age", "3600", "fresh"):
            self.assertIn(what, text)
        self.assertNotIn("verdict    serve", explain("-H", "X-A: 2"))
        done = subprocess.run([BIN / "edge" / "edge", "explain", "http://a/", "--admin",
                               "127.0.0.1:1"], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(1, done.returncode)

    def test_taken_port_is_a_clear_error(self):
        stand = self.stand()
        config = json.loads(stand.edge.file.read_text())
        config["admin"] = {"address": "127.0.0.1", "port": stand.origin.port}
        file = stand.edge.folder / "taken.json"
        file.write_text(json.dumps(config))
        done = subprocess.run([BIN / "edge" / "edge", "--config", file], capture_output=True,
                              text=True, timeout=20, stdin=subprocess.DEVNULL)
        self.assertEqual(1, done.returncode)
        self.assertIn(str(stand.origin.port), done.stderr)

    def test_shield_with_other_rules_passes_without_storing(self):
        stand = self.stand(Topology.EDGE_SHIELD, shield={"sites": [
            {"name": "all", "hosts": ["*"],
             "behaviors": [{"path": "*", "key": {"query": "none"}}]}]})
        stand.origin.serve("/a", Answer("Cache-Control: no-store"))
        self.assertEqual(200, get(stand.port, "/a").status)
        self.assertTrue(stand.shield.logged("rules differ"))
        self.assertIn("rules-differ", get(stand.port, "/a").fields.joined("Cache-Status"))

    def test_shield_does_not_believe_strangers(self):
        stand = self.stand(Topology.EDGE_SHIELD, shield={"trusted_edges": ["192.0.2.1"],
                                                         "purge": {"allow": []}})
        stand.origin.serve("/a", Answer(FRESH))
        get(stand.shield.port, "/a", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https",
            "Seawall-Internal: scheme=https, revalidate")
        request = stand.origin.requests("/a")[0]
        self.assertEqual(("127.0.0.1", "http"), (request.get("X-Forwarded-For"),
                                                 request.get("X-Forwarded-Proto")))
        with Client(stand.shield.port) as client:
            self.assertEqual(403, client.request("PURGE", "/a").status)


if __name__ == "__main__":
    unittest.main()
