"""Nodes that share their purges through Redis: two edges and a shield, with a real redis-server."""

import itertools
import json
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from harness import ANY_HOST, QUICK, Answer, Node, Origin, ask, get, merged
from redis_server import Redis

FRESH = "Cache-Control: max-age=3600"
LIMITS = {"drain_time": "2s"}
_names = itertools.count(1)


def until(condition, what="that", seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what + " did not come true in time")
        time.sleep(0.02)


class Fleet:
    """An origin, a Redis, a shield, and edges a and b. Nodes keep their names over restarts."""

    def __init__(self, redis=None, fleet=None, **nodes):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-fleet-")
        self.redis = redis or Redis()
        self.origin = Origin()
        self.fleet = {"redis": self.redis.url, **(fleet or {})}
        self.more = nodes
        self.nodes = {}
        self.ports = {}
        try:
            for name in ("shield", "a", "b"):
                self.start(name)
        except BaseException:
            self.close()
            raise

    def start(self, name):
        folder = pathlib.Path(self.temporary.name) / name
        folder.mkdir(exist_ok=True)
        config = {"node": name, "fleet": self.fleet, "sites": ANY_HOST, "limits": LIMITS,
                  "workers": 2}
        if name in self.ports:  # as before
            config["listen"] = [{"address": "127.0.0.1", "port": self.ports[name]}]
        if name == "shield":
            config["trusted_edges"] = ["127.0.0.1"]
            config["upstreams"] = {"origin": {
                "servers": [f"http://127.0.0.1:{self.origin.port}"]}}
        else:
            config["upstreams"] = {"shield": {
                "kind": "shield", "servers": [f"http://127.0.0.1:{self.ports['shield']}"]}}
        role = "shield" if name == "shield" else "edge"
        node = Node(role, merged(config, self.more.get(name, {})), folder)
        self.nodes[name] = node
        self.ports[name] = node.port
        if not node.logged(" ready, "):
            raise RuntimeError(node.text())
        return node

    def __getattr__(self, name):
        if name in self.__dict__.get("nodes", {}):
            return self.nodes[name]
        raise AttributeError(name)

    def kill(self, name):
        node = self.nodes.pop(name)
        node.process.kill()
        node.process.wait()

    def close(self):
        problems = []
        for node in self.nodes.values():
            try:
                node.close()
            except AssertionError as problem:
                problems.append(str(problem))
        self.origin.close()
        self.redis.close()
        self.temporary.cleanup()
        if problems:
            raise AssertionError("\n".join(problems))


class FleetCase(unittest.TestCase):
    maxDiff = 4000

    def open(self, **more):
        self.fleet = Fleet(**more)
        self.addCleanup(self.fleet.close)
        return self.fleet

    def serve(self, *fields, name="x"):
        path = f"/{self._testMethodName}/{next(_names)}/{name}"
        self.fleet.origin.serve(path, lambda r: Answer(FRESH, *fields, body=b"%d" % (r.number + 1)))
        return path

    def get(self, node, path):
        return get(self.fleet.nodes[node].port, path)

    def post(self, node, body, path="/purge"):
        response = ask(self.fleet.nodes[node].port, "POST", path, body=json.dumps(body).encode())
        return response.status, json.loads(response.body)

    def about(self, node, receipt):
        return json.loads(get(self.fleet.nodes[node].port, "/purge/" + receipt["id"]).body)

    def acknowledged(self, receipt):
        return {n["node"]: n["acknowledged"] for n in receipt["nodes"]}

    def metric(self, node, name):
        return self.fleet.nodes[node].stats()["fleet"][name]

    def until_connected(self, *nodes):
        for node in nodes:
            until(lambda n=node: self.metric(n, "connected"), node + " is connected")

    def fill(self, path):
        for node in ("a", "b"):
            self.get(node, path)
            self.assertEqual("Hit from edge", self.get(node, path).x_cache, node)

    def assert_new(self, path, body, *nodes):
        """At least that: an edge that does not know yet that its shield has heard asks twice."""
        for node in nodes or ("a", "b"):
            self.assertGreaterEqual(int(self.get(node, path).body), int(body), node)


class PurgeTest(FleetCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = Fleet()
        cls.addClassCleanup(cls.shared.close)

    def setUp(self):
        self.fleet = self.shared

    def test_a_purge_on_one_edge_empties_the_other_and_says_so(self):
        for what in ("url", "tag", "prefix", "wildcard", "everything"):
            with self.subTest(what):
                tag = f"tag-{what}"
                path = self.serve(f"Surrogate-Key: {tag}")
                self.fill(path)
                body = {"url": {"urls": [path]}, "tag": {"tags": [tag]},
                        "prefix": {"urls": [path[:-1] + "*"]},
                        "wildcard": {"urls": ["/*" + path[-4:]]},
                        "everything": {"everything": True, "site": "all"}}[what]
                status, receipt = self.post("a", body)
                self.assertEqual((200, True), (status, receipt["complete"]), receipt)
                self.assertEqual({"a": True, "b": True, "shield": True},
                                 self.acknowledged(receipt))
                self.assert_new(path, b"2", "b", "a")

    def test_amounts_come_with_the_sweeps_also_at_another_node(self):
        path = self.serve("Surrogate-Key: counted")
        self.fill(path)
        _, receipt = self.post("b", {"tags": ["counted"]})
        for asked in ("b", "a"):
            until(lambda n=asked: all(p["swept"] for p in self.about(n, receipt)["nodes"]))
            told = self.about(asked, receipt)
            self.assertEqual({"a": 1, "b": 1, "shield": 1},
                             {n["node"]: n["objects"] for n in told["nodes"]}, told)
            self.assertTrue(told["complete"])

    def test_a_url_that_nobody_has_is_404_and_one_that_the_other_edge_has_is_not(self):
        path = self.serve()
        purge = lambda: ask(self.fleet.a.port, "PURGE", path).status  # noqa: E731
        self.assertEqual(404, purge())
        self.get("b", path)
        self.assertEqual(200, purge())

    def test_soft_and_undo(self):
        path = self.serve("ETag: \"1\"")
        self.fill(path)
        _, receipt = self.post("a", {"urls": [path], "soft": True})
        self.assertTrue(receipt["complete"])
        self.assertEqual("RefreshHit from edge", self.get("b", path).x_cache)
        path = self.serve("ETag: \"1\"")
        self.fill(path)
        _, receipt = self.post("a", {"urls": [path], "soft": True})
        status, undone = self.post("b", {"id": receipt["id"]}, "/purge/undo")
        self.assertEqual((200, True), (status, undone["complete"]))
        for node in ("a", "b"):
            self.assertEqual("Hit from edge", self.get(node, path).x_cache)

    def test_a_shield_accepts_purges_for_all(self):
        path = self.serve()
        self.fill(path)
        _, receipt = self.post("shield", {"urls": [path]})
        self.assertTrue(receipt["complete"], receipt)
        self.assert_new(path, b"2")

    def test_local_does_not_wait(self):
        path = self.serve()
        self.fill(path)
        status, receipt = self.post("a", {"urls": [path], "wait": "local"})
        self.assertEqual((202, False), (status, receipt["complete"]))
        until(lambda: self.about("a", receipt)["complete"])
        self.assert_new(path, b"2")

    def test_it_is_told_by_metrics_and_readyz(self):
        self.assertEqual(3, self.metric("a", "nodes"))
        self.assertIn(b"fleet: connected", get(self.fleet.a.admin, "/readyz").body)
        self.assertIn(b"seawall_fleet_connected 1", get(self.fleet.a.admin, "/metrics").body)


class OutageTest(FleetCase):
    def test_purges_made_without_redis_reach_all_when_it_is_back(self):
        self.open()
        path = self.serve()
        self.fill(path)
        self.fleet.redis.kill()
        until(lambda: not self.metric("a", "connected"))
        status, receipt = self.post("a", {"urls": [path]})
        self.assertEqual((202, False), (status, receipt["complete"]))
        self.assertEqual({"a": False, "b": False, "shield": False}.keys(),
                         self.acknowledged(receipt).keys())
        self.assertFalse(self.acknowledged(receipt)["b"])
        self.assert_new(path, b"2", "a")
        self.assertEqual(b"1", self.get("b", path).body)
        ready = get(self.fleet.a.admin, "/readyz")
        self.assertEqual(200, ready.status)
        self.assertIn(b"fleet: cut off", ready.body)
        self.fleet.redis.start()
        until(lambda: self.about("a", receipt)["complete"])
        self.assertEqual({"a": True, "b": True, "shield": True},
                         self.acknowledged(self.about("a", receipt)))
        # The purge hits again at its place in the stream what was fetched since.
        self.assert_new(path, b"3")
        self.assertEqual(0, self.metric("b", "purges_of_all"))

    def test_a_redis_that_was_wiped_makes_all_start_anew(self):
        self.open()
        path = self.serve()
        self.fill(path)
        self.fleet.redis.command("FLUSHALL")
        until(lambda: all(self.metric(n, "purges_of_all") == 1 for n in ("a", "b", "shield")))
        self.assert_new(path, b"2")
        self.until_connected("a", "b", "shield")
        status, receipt = self.post("b", {"urls": [path]})
        self.assertEqual({"a": True, "b": True, "shield": True}, self.acknowledged(receipt))
        self.assert_new(path, b"3")

    def test_a_node_that_the_stream_does_not_reach_back_to_uses_nothing_old(self):
        self.open()
        path, other = self.serve(), self.serve()
        self.fill(path)
        self.fleet.b.signal(signal.SIGSTOP)
        _, receipt = self.post("a", {"urls": [path]})
        self.assertFalse(receipt["complete"])
        self.assertFalse(self.acknowledged(receipt)["b"])
        self.post("a", {"urls": [other]})
        self.fleet.redis.command("XTRIM", "seawall:default:purges", "MAXLEN", "1")
        self.fleet.b.signal(signal.SIGCONT)
        until(lambda: self.metric("b", "purges_of_all") >= 1)
        self.assert_new(path, b"2")
        self.until_connected("b")
        self.assertTrue(self.post("a", {"urls": [path]})[1]["complete"])

    def test_a_node_that_was_killed_is_missed_until_it_is_back(self):
        self.open()
        path = self.serve()
        self.fill(path)
        self.fleet.kill("b")
        status, receipt = self.post("a", {"urls": [path], "timeout": "1s"})
        self.assertEqual((202, False), (status, receipt["complete"]))
        self.assertEqual({"a": True, "b": False, "shield": True}, self.acknowledged(receipt))
        self.fleet.start("b")
        until(lambda: self.about("a", receipt)["complete"])
        self.assert_new(path, b"2")
        self.assertTrue(self.post("b", {"urls": [path]})[1]["complete"])

    def test_a_node_that_leaves_is_not_missed(self):
        self.open()
        self.fleet.nodes.pop("b").close()
        until(lambda: self.metric("a", "nodes") == 2)
        _, receipt = self.post("a", {"tags": ["x"]})
        self.assertEqual({"a": True, "shield": True}, self.acknowledged(receipt))
        self.assertTrue(receipt["complete"])

    @unittest.skipIf(QUICK, "takes ten seconds")
    def test_a_silent_node_is_forgotten(self):
        self.open(fleet={"forget_after": "10s"})
        path = self.serve()
        self.fill(path)
        self.fleet.b.signal(signal.SIGSTOP)
        self.addCleanup(self.fleet.b.signal, signal.SIGCONT)
        until(lambda: any("is forgotten" in self.fleet.nodes[n].text() for n in ("a", "shield")))
        until(lambda: self.post("a", {"urls": [path]})[1]["complete"])
        self.fleet.b.signal(signal.SIGCONT)
        until(lambda: self.metric("b", "purges_of_all") >= 1)
        self.assert_new(path, b"2")

    @unittest.skipIf(QUICK, "takes ten seconds")
    def test_a_node_that_may_have_been_forgotten_validates_what_it_has(self):
        self.open(fleet={"forget_after": "10s"})
        path = self.serve("ETag: \"1\"")
        self.fill(path)
        self.fleet.redis.kill()
        until(lambda: "Refresh" in self.get("b", path).x_cache, "a validation", 40)
        self.fleet.redis.start()
        self.until_connected("a", "b", "shield")
        self.assertTrue(self.post("b", {"urls": [path]})[1]["complete"])

    def test_lost_entries_are_appended_again(self):
        self.open()
        path = self.serve()
        self.fill(path)
        _, receipt = self.post("a", {"urls": [path]})
        self.fill(path)
        # As a Redis that did not write everything to its disk before it was killed.
        entry = self.fleet.redis.command("XREVRANGE", "seawall:default:purges", "+", "-")[0][0]
        self.fleet.redis.command("XDEL", "seawall:default:purges", entry)
        self.fleet.redis.kill()
        self.fleet.redis.start()
        self.until_connected("a", "b", "shield")
        until(lambda: any(receipt["id"] in str(e) for e in self.fleet.redis.command(
            "XRANGE", "seawall:default:purges", "-", "+")))
        until(lambda: int(self.get("b", path).body) >= 3)


class ShieldTest(FleetCase):
    def test_nothing_old_comes_from_a_shield_that_has_not_heard(self):
        self.open()
        path = self.serve()
        self.fill(path)
        self.fleet.shield.signal(signal.SIGSTOP)
        _, receipt = self.post("a", {"urls": [path], "timeout": "1s"})
        self.assertFalse(receipt["complete"])
        self.fleet.shield.signal(signal.SIGCONT)
        for node in ("a", "b", "a", "b"):
            self.assertNotEqual(b"1", self.get(node, path).body, node)


class PasswordTest(unittest.TestCase):
    def test_a_wrong_password_is_told(self):
        redis = Redis("--requirepass", "right")
        self.addCleanup(redis.close)
        with tempfile.TemporaryDirectory() as folder:
            word = pathlib.Path(folder) / "password"
            word.write_text("wrong\n")
            node = Node("shield", {
                "fleet": {"redis": redis.url, "password_file": str(word)}, "sites": ANY_HOST,
                "upstreams": {"origin": {"servers": ["http://127.0.0.1:1"]}}}, folder)
            try:
                self.assertTrue(node.logged("WRONGPASS"), node.text())
                self.assertTrue(node.logged(" ready, "), "it serves all the same")
                word.write_text("right\n")
                until(lambda: node.stats()["fleet"]["connected"])
            finally:
                node.close()


class TlsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(self.folder.cleanup)
        self.pem = self.certificate("redis")
        self.redis = Redis("--port", "0", "--tls-cert-file", self.pem, "--tls-key-file",
                           self.pem + ".key", "--tls-ca-cert-file", self.pem, "--tls-auth-clients",
                           "no", scheme="rediss")
        self.addCleanup(self.redis.close)

    def certificate(self, name):
        pem = f"{self.folder.name}/{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=redis.test", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", pem + ".key", "-out", pem],
                       check=True, capture_output=True)
        return pem

    def node(self, **fleet):
        node = Node("shield", {"fleet": {"redis": self.redis.url, **fleet}, "sites": ANY_HOST,
                               "upstreams": {"origin": {"servers": ["http://127.0.0.1:1"]}}},
                    self.folder.name)
        self.addCleanup(node.close)
        return node

    def test_redis_over_tls_is_verified(self):
        node = self.node(ca=self.pem)
        until(lambda: node.stats()["fleet"]["connected"], node.text())

    def test_a_certificate_of_another_authority_is_refused(self):
        node = self.node(ca=self.certificate("other"))
        self.assertTrue(node.logged("cut off from rediss://"), node.text())
        self.assertIn("certificate", node.text())
        self.assertFalse(node.stats()["fleet"]["connected"])


if __name__ == "__main__":
    unittest.main()
