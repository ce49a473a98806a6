"""Several servers in an upstream group: who is asked, who stands in, what a shield's death moves."""

import os
import pathlib
import tempfile
import threading
import time
import unittest

from harness import ANY_HOST, Answer, Drop, Node, Origin, Takeover, ask, get, merged

FRESH = "Cache-Control: max-age=3600"


class Group:
    """An origin, shields before it, one edge before all: `edge` and `group` are more keys."""

    def __init__(self, shields=3, edge=None, group=None, shield=None):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.origin = Origin()
        self.dead = set()
        origin = {"origin": {"servers": [f"http://127.0.0.1:{self.origin.port}"]}}
        self.shields = [Node("shield", merged({
            "node": f"shield-{n}", "trusted_edges": ["127.0.0.1"], "upstreams": origin,
            "sites": ANY_HOST}, shield or {}), self.folder(f"shield-{n}")) for n in range(shields)]
        servers = [f"http://127.0.0.1:{shield.port}" for shield in self.shields]
        self.edge = Node("edge", merged({
            "upstreams": {"shields": merged({"kind": "shield", "servers": servers,
                                             "fallback": "origin"}, group or {}), **origin},
            "sites": ANY_HOST, "workers": 1, "limits": {"drain_time": "1s"}}, edge or {}),
            self.folder("edge"))

    def folder(self, name):
        path = pathlib.Path(self.temporary.name) / name
        path.mkdir()
        return path

    def serve(self, name, count, *answers):
        paths = [f"/{name}/{n}" for n in range(count)]
        for path in paths:
            self.origin.serve(path, *(answers or (Answer(FRESH),)))
        return paths

    def get(self, path, *fields):
        return get(self.edge.port, path, *fields)

    def kill(self, number):
        self.shields[number].process.kill()
        self.shields[number].process.wait()
        self.dead.add(number)

    def revive(self, number):
        old = self.shields[number]
        self.shields[number] = Node("shield", merged(old.config, {
            "listen": [{"address": "127.0.0.1", "port": old.port}]}), old.folder)
        self.dead.discard(number)

    def homes(self, paths):
        """How many of these each living shield has stored, as `explain` would find them."""
        return {n: [p for p in paths if self.stored(n, p)]
                for n in range(len(self.shields)) if n not in self.dead}

    def stored(self, number, path):
        answer = get(self.shields[number].port, path, "Cache-Control: only-if-cached")
        return answer.status == 200

    def close(self):
        self.edge.close()
        for number, shield in enumerate(self.shields):
            if number not in self.dead:
                shield.close()
        self.origin.close()
        self.temporary.cleanup()


class GroupScenario(unittest.TestCase):
    def start(self, **options):
        group = Group(**options)
        self.addCleanup(group.close)
        return group

    def wait_for_homes(self, group, wanted, seconds=20):
        """Until new objects go to one of these shields again; none is an error meanwhile."""
        end = time.monotonic() + seconds
        for path in group.serve("probe", 2000):
            self.assertEqual(200, group.get(path).status)
            if any(group.stored(n, path) for n in wanted):
                return
            self.assertLess(time.monotonic(), end, "a shield that is back gets nothing")
            time.sleep(0.02)
        self.fail("a shield that is back gets nothing")

    def test_each_object_lives_on_one_shield_and_a_dead_one_moves_only_its_share(self):
        group = self.start()
        paths = group.serve("a", 60)
        self.assertEqual({200}, {group.get(path).status for path in paths})
        homes = group.homes(paths)
        self.assertEqual(60, sum(len(stored) for stored in homes.values()))
        self.assertTrue(all(len(stored) >= 8 for stored in homes.values()), homes)

        group.kill(1)
        ask(group.edge.port, "PURGE", "/a/*")  # of the edge and the two that live
        for path in paths:
            answer = group.get(path)
            self.assertEqual((200, "Miss"), (answer.status, answer.get("X-Cache")))
        after = group.homes(paths)
        self.assertEqual(60, sum(len(stored) for stored in after.values()))
        for n in (0, 2):
            self.assertLessEqual(set(homes[n]), set(after[n]))

        group.revive(1)
        self.wait_for_homes(group, {1})

    def test_with_no_shield_alive_the_origin_is_asked_as_an_origin(self):
        group = self.start(shields=2)
        path, posted = group.serve("x", 2)
        for n in (0, 1):
            group.kill(n)
        for number in range(8):  # also before the edge has given the shields up
            fresh = group.serve(f"y{number}", 1)[0]
            answer = group.get(fresh, "X-Forwarded-For: 1.2.3.4")
            self.assertEqual((200, "Miss"), (answer.status, answer.get("X-Cache")))
            request, = group.origin.requests(fresh)
            self.assertIsNone(request.get("Seawall-Internal"))
            self.assertEqual("127.0.0.1", request.get("X-Forwarded-For"))
        self.assertEqual("Hit from edge", group.get(fresh).get("X-Cache"))
        answer = ask(group.edge.port, "POST", posted, body=b"hello")
        self.assertEqual(200, answer.status)
        self.assertEqual(b"hello", group.origin.requests(posted)[0].body)

        group.revive(0)
        group.revive(1)
        self.wait_for_homes(group, {0, 1})

    def test_a_stale_object_is_validated_at_the_fallback(self):
        group = self.start(shields=1)
        group.origin.serve("/v", lambda request: Answer(
            "ETag: \"1\"", "Cache-Control: max-age=0", status=304 if
            request.get("If-None-Match") == '"1"' else 200))
        self.assertEqual(200, group.get("/v").status)
        group.kill(0)
        answer = group.get("/v")
        self.assertEqual((200, "RefreshHit from edge", b"body"),
                         (answer.status, answer.get("X-Cache"), answer.body))

    def test_without_a_fallback_the_viewer_is_told(self):
        group = self.start(shields=2, edge={"upstreams": {
            "shields": {"fallback": "nothing"}, "nothing": {"servers": ["http://127.0.0.1:1"]}},
            "sites": [{"hosts": ["*"], "upstream": "shields", "behaviors": [{"path": "*"}]}]})
        path, = group.serve("x", 1)
        for n in (0, 1):
            group.kill(n)
        self.assertEqual({502}, {group.get(path).status for _ in range(5)})
        self.assertEqual(0, group.origin.count(path))

    def test_what_a_dead_shield_lacks_is_not_taken_from_it_when_it_returns(self):
        group = self.start(shields=2)
        group.origin.serve("/p", Answer(FRESH, body=b"old"), Answer(FRESH, body=b"new"))
        self.assertEqual(b"old", group.get("/p").body)
        home = [n for n in (0, 1) if group.stored(n, "/p")][0]
        group.shields[home].signal(19)  # stopped: it keeps what it has
        os.waitid(os.P_PID, group.shields[home].process.pid, os.WSTOPPED)
        try:
            purge = ask(group.edge.port, "POST", "/purge", body=b'{"urls": ["/p"], "timeout": "1s"}')
            self.assertEqual(202, purge.status)
        finally:
            group.shields[home].signal(18)
        self.assertEqual(b"new", group.get("/p").body)

    def test_servers_in_the_zone_of_the_node_go_first(self):
        group = self.start(edge={"zone": "fra"})
        servers = [{"url": f"http://127.0.0.1:{shield.port}", "zone": zone}
                   for shield, zone in zip(group.shields, ("ams", "fra", "ams"))]
        group.edge.write(merged(group.edge.config, {"upstreams": {"shields": {"servers": servers}}}))
        group.edge.signal(1)
        self.assertTrue(group.edge.logged("configuration reloaded"))
        paths = group.serve("z", 20)
        for path in paths:
            self.assertEqual(200, group.get(path).status)
        self.assertEqual([0, 20, 0], [len(stored) for stored in group.homes(paths).values()])

    def test_health_is_shared_and_shown(self):
        group = self.start(shields=2, edge={"workers": 2}, group={"ejection": {"time": "30s"}})
        paths = group.serve("h", 40)
        group.kill(0)
        for path in paths:
            self.assertEqual(200, group.get(path).status)
        dead = f"http://127.0.0.1:{group.shields[0].port}"
        self.assertTrue(group.edge.logged(f"upstream shields: {dead} is ejected for 30000 ms: "
                                          "failures in a row"))
        state, = [s for s in group.edge.stats()["upstream_servers"] if s["server"] == dead]
        self.assertEqual(("shields", "ejected"), (state["group"], state["state"]))
        self.assertEqual(3, state["failures"])  # of both loops together
        metrics = get(group.edge.admin, "/metrics").body.decode()
        self.assertIn(f'seawall_upstream_server_up{{group="shields",server="{dead}"}} 0', metrics)
        group.edge.signal(1)  # a reload forgets nothing
        self.assertTrue(group.edge.logged("configuration reloaded"))
        state, = [s for s in group.edge.stats()["upstream_servers"] if s["server"] == dead]
        self.assertEqual((1, 3), (state["ejections"], state["failures"]))

    def test_probes_take_a_server_out_and_bring_it_back(self):
        group = self.start(shields=1, group={"health": {
            "path": "/up", "host": "up.test", "interval": "100ms", "timeout": "1s",
            "status": 204}})
        group.origin.serve("/up", Answer("Cache-Control: no-store", status=204))
        server = f"http://127.0.0.1:{group.shields[0].port}"
        path, behind = group.serve("x", 2)
        self.assertEqual(200, group.get(path).status)
        group.origin.serve("/up", Answer("Cache-Control: no-store", status=200))
        self.assertTrue(group.edge.logged(f"{server} is down: probes fail"))
        self.assertEqual(200, group.get(behind).status)
        self.assertFalse(group.stored(0, behind))  # the fallback had it
        group.origin.serve("/up", Answer("Cache-Control: no-store", status=204))
        self.assertTrue(group.edge.logged(f"{server} is up: probes succeed"))
        self.assertEqual("up.test", group.origin.requests("/up")[0].get("Host"))
        self.wait_for_homes(group, {0})

    def test_with_a_fallback_the_last_living_shield_is_asked_and_no_dead_one(self):
        group = self.start(shields=3, group={"health": {
            "path": "/up", "interval": "100ms", "timeout": "2s", "unhealthy_after": 1}})
        group.origin.serve("/up", Answer("Cache-Control: no-store"))
        dead = [f"http://127.0.0.1:{group.shields[n].port}" for n in (0, 1)]
        for number, server in enumerate(dead):
            group.kill(number)
            self.assertTrue(group.edge.logged(f"{server} is down: probes fail"))

        def failures():
            return [s["failures"] for s in group.edge.stats()["upstream_servers"]
                    if s["server"] in dead]

        before = failures()
        paths = group.serve("last", 20)
        for path in paths:
            self.assertEqual(200, group.get(path).status)
        self.assertEqual(before, failures())
        self.assertEqual({2: paths}, group.homes(paths))

    def test_a_retry_goes_to_another_server_and_shields_end_it(self):
        origins = [Origin() for _ in range(2)]
        self.addCleanup(lambda: [origin.close() for origin in origins])
        retry = {"retry": {"on": ["reset", "503"], "max": 1}, "policy": "ordered",
                 "ejection": {"failures": 0, "ratio": 0}}
        servers = {"servers": [f"http://127.0.0.1:{origin.port}" for origin in origins]}
        group = self.start(shields=2, group=retry, shield={"upstreams": {"origin": {**retry,
                                                                                    **servers}}})
        for first, second, status, counts in (
                (Drop(), Answer(FRESH), 200, (1, 1)),
                (Answer(status=503), Answer(FRESH), 200, (1, 1)),
                (Answer(status=503), Answer(status=503), 503, (1, 1)),  # not twice from the edge
                (Answer(status=500), Answer(FRESH), 500, (1, 0))):
            path = f"/r/{id(first)}"
            origins[0].serve(path, first)
            origins[1].serve(path, second)
            with self.subTest(status=status, counts=counts):
                self.assertEqual(status, group.get(path).status)
                self.assertEqual(counts, tuple(origin.count(path) for origin in origins))
        path = "/r/post"
        origins[0].serve(path, Answer(status=503))
        self.assertEqual(503, ask(group.edge.port, "POST", path, body=b"x").status)
        self.assertEqual((1, 0), tuple(origin.count(path) for origin in origins))
        self.assertNotIn("Seawall-Internal", str(group.get(path).fields))

    def test_an_open_breaker_answers_with_stale_504_or_503_on_every_loop(self):
        group = self.start(shields=0, edge={"workers": 2, "upstreams": {
            "shields": {"kind": "origin", "servers": ["http://127.0.0.1:1"]},
            "origin": {"max_connections": 1, "max_pending": 1, "pending_time": "200ms"}},
            "sites": [{"hosts": ["*"], "upstream": "origin", "behaviors": [{"path": "*"}]}]})
        gate = threading.Event()
        self.addCleanup(gate.set)
        grace = "max-age=0, stale-if-error=600"
        for path, control in (("/stale", grace), ("/forbidden", "max-age=0, must-revalidate"),
                              ("/none", "no-store")):
            group.origin.serve(path, Answer(f"Cache-Control: {control}", "ETag: \"1\""))
            self.assertEqual(200, group.get(path).status)

        def hold(connection, _request):
            gate.wait(20)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        group.origin.serve("/hold", Takeover(hold))
        holder = threading.Thread(target=group.get, args=("/hold",))
        holder.start()
        group.origin.wait_for("/hold", 1)
        self.assertEqual("open", self.breaker(group)["breaker"])
        for _ in range(8):  # each on a connection of its own: some on the other loop
            for path, status in (("/stale", 200), ("/forbidden", 504), ("/none", 503)):
                with self.subTest(path):
                    answer = group.get(path)
                    self.assertEqual(status, answer.status)
                    self.assertEqual(status == 503, answer.get("Retry-After") is not None)
        self.assertEqual(24, group.edge.stats()["counters"]["upstream_overloads"])
        self.assertEqual((1, 24), (self.breaker(group)["in_use"], self.breaker(group)["refusals"]))
        metrics = get(group.edge.admin, "/metrics").body.decode()
        self.assertRegex(metrics, r'seawall_upstream_server_breaker_open\{group="origin",.*\} 1')
        gate.set()
        holder.join()
        self.assertEqual(200, group.get("/none").status)
        self.assertEqual("closed", self.breaker(group)["breaker"])

    @staticmethod
    def breaker(group):
        state, = [s for s in group.edge.stats()["upstream_servers"] if s["group"] == "origin"]
        return state

    def test_the_limit_of_connections_is_the_nodes_and_its_loops_share_it(self):
        group = self.start(shields=0, edge={"workers": 2, "upstreams": {
            "shields": {"kind": "origin", "servers": ["http://127.0.0.1:1"]},
            "origin": {"max_connections": 2, "pending_time": "20s"}},
            "sites": [{"hosts": ["*"], "upstream": "origin", "behaviors": [{"path": "*"}]}]})
        lock = threading.Lock()
        inside = most = 0

        def count(connection, _request):
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.05)
            with lock:
                inside -= 1
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        answers = []
        viewers = []
        for path in group.serve("many", 30, Takeover(count)):
            viewers.append(threading.Thread(
                target=lambda path=path: answers.append(get(group.edge.port, path, timeout=30))))
            viewers[-1].start()
        for viewer in viewers:
            viewer.join()
        self.assertEqual([200] * 30, [answer.status for answer in answers])
        self.assertEqual(2, most)

    def test_a_late_answer_is_asked_for_twice(self):
        group = self.start(shields=0, edge={"upstreams": {
            "shields": {"kind": "origin", "servers": ["http://127.0.0.1:1"]},
            "origin": {"retry": {"hedge": True}}},
            "sites": [{"hosts": ["*"], "upstream": "origin", "behaviors": [{"path": "*"}]}]})
        for path in group.serve("warm", 20, Answer(FRESH, delay=0.02)):
            self.assertEqual(200, group.get(path).status)
        gate = threading.Event()
        self.addCleanup(gate.set)
        path, posted, failing = group.serve("late", 3)
        group.origin.serve(path, Takeover(lambda *_: gate.wait(20)), Answer(FRESH, body=b"quick"))
        group.origin.serve(failing, Answer(delay=1), Answer(status=503))
        begin = time.monotonic()
        answer = group.get(path)
        self.assertEqual((200, b"quick"), (answer.status, answer.body))
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual("Hit from edge", group.get(path).get("X-Cache"))
        self.assertEqual(200, group.get(failing).status)  # rather than the error that came first
        self.assertEqual([2, 2], [group.origin.count(p) for p in (path, failing)])
        group.origin.serve(posted, Answer(delay=1))
        self.assertEqual(200, ask(group.edge.port, "POST", posted, body=b"x").status)
        self.assertEqual(1, group.origin.count(posted))
        counters = group.edge.stats()["counters"]
        self.assertEqual((2, 1), (counters["upstream_hedges"], counters["upstream_hedges_won"]))

    def test_a_server_that_grows_slow_is_left_out(self):
        origins = [Origin() for _ in range(2)]
        self.addCleanup(lambda: [origin.close() for origin in origins])
        group = self.start(shields=0, edge={"upstreams": {
            "shields": {"kind": "origin", "servers": ["http://127.0.0.1:1"]},
            "origin": {"policy": "round_robin", "ejection": {
                "latency": 5, "min_requests": 5, "time": "30s"},
                       "servers": [f"http://127.0.0.1:{origin.port}" for origin in origins]}},
            "sites": [{"hosts": ["*"], "upstream": "origin", "behaviors": [{"path": "*"}]}]})
        slow = f"http://127.0.0.1:{origins[1].port}"
        end = time.monotonic() + 30
        for number in range(100):
            path = f"/n/{number}"
            origins[0].serve(path, Answer(delay=0.001))
            origins[1].serve(path, Answer(delay=0.5))
            self.assertEqual(200, group.get(path).status)
            if "answers much later" in group.edge.text() or time.monotonic() > end:
                break
        self.assertIn(f"{slow} is ejected for 30000 ms: it answers much later than others",
                      group.edge.text())
        for number in range(10):
            path = f"/after/{number}"
            origins[0].serve(path, Answer())
            self.assertEqual(200, group.get(path).status)
            self.assertEqual(0, origins[1].count(path))


if __name__ == "__main__":
    unittest.main()
