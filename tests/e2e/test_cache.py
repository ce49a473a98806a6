"""The cache as a viewer sees it: X-Cache, Cache-Status, collapsing, stale answers, variants."""

import concurrent.futures
import threading
import time
import unittest

from harness import (Answer, Client, Drop, Raw, Scenario, Topology, ask, get, in_both,
                     request_bytes)

FRESH = "Cache-Control: max-age=3600"
ETAG = 'ETag: "v1"'


def old(age, *more):
    """Stored, and of that age at once."""
    return ("Cache-Control: max-age=1", f"Age: {age}", *more)


def together(count, function):
    """Runs function(i) in `count` threads at once; their results in order."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait(20)
        return function(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def members(response):
    """Cache-Status as [(name, {parameter: value})] (RFC 9211)."""
    out = []
    for member in (response.fields.joined("Cache-Status") or "").split(", "):
        name, *parameters = [p.strip() for p in member.split(";")]
        out.append((name, dict((p.split("=") + [True])[:2] for p in parameters)))
    return out


@in_both
class ResultScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/pass", "cache": False}, {"path": "*"}]}]}

    def test_miss_then_hit_from_edge(self):
        path = self.serve(Answer(FRESH))
        self.assertEqual(["Miss", "Hit from edge", "Hit from edge"],
                         [self.get(path).x_cache for _ in range(3)])
        self.assertEqual(1, self.origin.count(path))

    def test_validated_at_the_origin(self):
        path = self.serve(Answer(*old(5, ETAG)), Answer(FRESH, ETAG, status=304))
        self.assertEqual("Miss", self.get(path).x_cache)
        response = self.get(path)
        self.assertEqual(("RefreshHit from edge", b"body"), (response.x_cache, response.body))
        self.assertEqual("Hit from edge", self.get(path).x_cache)
        self.assertEqual(2, self.origin.count(path))

    def test_validation_that_finds_a_new_answer(self):
        path = self.serve(Answer(*old(5, ETAG)), Answer(FRESH, 'ETag: "v2"', body=b"new"))
        self.get(path)
        response = self.get(path)
        self.assertEqual(("Miss", b"new"), (response.x_cache, response.body))
        self.assertEqual((b"new", "Hit from edge"),
                         (lambda r: (r.body, r.x_cache))(self.get(path)))

    def test_stale_when_the_origin_is_gone(self):
        path = self.serve(Answer(*old(5)), Drop())
        self.get(path)
        response = self.get(path)
        self.assertEqual((200, b"body"), (response.status, response.body))
        expected = "Stale from shield" if self.has_shield else "Stale from edge"
        self.assertIn(response.x_cache, (expected, "Stale from edge"))

    def test_pass(self):
        path = self.serve(Answer(FRESH), name="pass")
        for _ in range(2):
            self.assertEqual("Pass from edge", self.get(path).x_cache)
        self.assertEqual(2, self.origin.count(path))

    def test_unsafe_methods_pass(self):
        path = self.serve(Answer(FRESH))
        self.assertEqual("Pass from edge", self.ask("POST", path, body=b"x").x_cache)

    def test_error_from_edge(self):
        path = self.serve(Drop())
        response = self.get(path)
        self.assertEqual((502, "no-store"), (response.status, response.get("Cache-Control")))
        if not self.has_shield:
            self.assertEqual("Error from edge", response.x_cache)
        self.assertIsNotNone(response.get("X-Request-Id"))

    def test_errors_of_the_origin_are_misses(self):
        path = self.serve(Answer(status=500))
        response = self.get(path)
        self.assertEqual((500, "Miss"), (response.status, response.x_cache))

    def test_upstream_x_cache_is_never_taken_for_ours(self):
        path = self.serve(Answer(FRESH, "X-Cache: Hit from shield", "Age: 17"))
        response = self.get(path)
        self.assertEqual((["Miss"], "17"), (response.fields.all("X-Cache"), response.get("Age")))
        self.assertEqual(["Hit from edge"], self.get(path).fields.all("X-Cache"))

    def test_cache_status_says_what_happened(self):
        path = self.serve(Answer(FRESH))
        miss, hit = members(self.get(path)), members(self.get(path))
        self.assertEqual("edge-test", miss[-1][0])
        self.assertEqual("uri-miss", miss[-1][1]["fwd"])
        self.assertIn("stored", miss[-1][1])
        self.assertNotIn("hit", miss[-1][1])
        self.assertIn("hit", hit[-1][1])
        self.assertNotIn("fwd", hit[-1][1])
        self.assertLessEqual(3590, int(hit[-1][1]["ttl"]))
        self.assertIn("detail", hit[-1][1])
        if self.has_shield:
            self.assertEqual(["shield-test", "edge-test"], [name for name, _ in miss])

    def test_reasons_for_not_storing(self):
        for fields, reason in ((("Cache-Control: no-store",), "no-store"),
                               (("Cache-Control: private",), "private"),
                               ((FRESH, "Vary: *"), "vary-star")):
            path = self.serve(Answer(*fields))
            name, parameters = members(self.get(path))[-1]
            self.assertEqual(("edge-test", reason), (name, parameters["detail"]))
            self.assertNotIn("stored", parameters)

    def test_only_if_cached(self):
        path = self.serve(Answer(FRESH))
        response = self.get(path, "Cache-Control: only-if-cached")
        self.assertEqual((504, 0), (response.status, self.origin.count(path)))
        self.get(path)
        response = self.get(path, "Cache-Control: only-if-cached")
        self.assertEqual((200, "Hit from edge"), (response.status, response.x_cache))


class TwoEdgesTest(unittest.TestCase):
    """What only a second edge, which has nothing yet, can see of the shield."""

    @classmethod
    def setUpClass(cls):
        import tempfile

        from harness import Node, Stand
        cls.stand = Stand(Topology.EDGE_SHIELD)
        cls.folder = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        config = {"node": "edge-two", "sites": cls.stand.edge.config["sites"],
                  "upstreams": cls.stand.edge.config["upstreams"]}
        cls.second = Node("edge", config, cls.folder.name)
        cls.origin = cls.stand.origin

    @classmethod
    def tearDownClass(cls):
        cls.second.close()
        cls.stand.close()
        cls.folder.cleanup()

    def both(self, path, *answers):
        self.origin.serve(path, *answers)
        return get(self.stand.port, path), get(self.second.port, path)

    def test_hit_from_shield_with_its_age(self):
        first, second = self.both("/shield-hit", Answer(FRESH, "Age: 100"))
        self.assertEqual(("Miss", "Hit from shield"), (first.x_cache, second.x_cache))
        self.assertGreaterEqual(int(second.get("Age")), 100)
        self.assertEqual(["shield-test", "edge-two"], [n for n, _ in members(second)])
        third = get(self.second.port, "/shield-hit")
        self.assertEqual("Hit from edge", third.x_cache)
        self.assertGreaterEqual(int(third.get("Age")), 100)
        self.assertEqual(1, self.origin.count("/shield-hit"))

    def test_refresh_hit_from_shield(self):
        _, second = self.both("/shield-refresh", Answer(*old(5, ETAG)),
                              Answer(FRESH, ETAG, status=304))
        self.assertEqual(("RefreshHit from shield", b"body"), (second.x_cache, second.body))

    def test_stale_from_shield(self):
        _, second = self.both("/shield-stale", Answer(*old(5)), Drop())
        self.assertEqual(("Stale from shield", 200), (second.x_cache, second.status))
        self.assertGreaterEqual(int(second.get("Age")), 5)

    def test_what_a_shield_lost_is_stale_at_the_edge_while_the_origin_is_gone(self):
        for number, (failure, status) in enumerate(((Drop(), 200), (Answer(status=503), 503))):
            path = f"/shield-lost-{number}"
            self.origin.serve(path, Answer(*old(5), body=b"old"), failure)
            get(self.stand.port, path)
            self.assertEqual(200, ask(self.stand.shield.port, "PURGE", path).status)
            response = get(self.stand.port, path)
            self.assertEqual(status, response.status, failure)
            if status == 200:
                self.assertEqual((b"old", "Stale from edge"), (response.body, response.x_cache))

    def test_lifetime_is_not_started_again_at_the_edge(self):
        _, second = self.both("/shield-age", Answer("Cache-Control: max-age=102", "Age: 100"))
        self.assertEqual("Hit from shield", second.x_cache)
        time.sleep(3)
        self.assertNotEqual("Hit from edge", get(self.second.port, "/shield-age").x_cache)

    def test_edges_collapse_at_the_shield(self):
        self.origin.serve("/shield-collapse", Answer(FRESH, delay=0.4))
        ports = [self.stand.port, self.second.port] * 10
        got = together(20, lambda i: get(ports[i], "/shield-collapse"))
        self.assertEqual({(200, b"body")}, {(r.status, r.body) for r in got})
        self.assertEqual(1, self.origin.count("/shield-collapse"))

    def test_what_is_nobody_elses_is_waited_for_once_however_many_tiers(self):
        path, came = "/shield-own", []

        def answer(_):
            came.append(time.monotonic())
            return Answer("Cache-Control: no-store", body=str(len(came)).encode(), delay=1.5)
        self.origin.serve(path, answer)
        ports = [self.stand.port, self.second.port] * 10
        got = together(20, lambda i: get(ports[i], path))
        self.assertEqual({200}, {r.status for r in got})
        self.assertEqual(20, len({r.body for r in got}), "one answer for each")
        self.assertLess(max(came) - min(came), 2.5, "after the first answer all ask at once")
        self.assertEqual({"Miss"}, {r.x_cache for r in got})


@in_both
class CollapseScenario(Scenario):
    def test_fifty_concurrent_requests_are_one_at_the_origin(self):
        path = self.serve(Answer(FRESH, body=b"x" * 100000, delay=0.5))
        got = together(50, lambda _: self.get(path))
        self.assertEqual({(200, True, 100000)}, {(r.status, r.complete, len(r.body)) for r in got})
        self.assertEqual(1, self.origin.count(path))
        self.assertIn("collapsed", str([members(r) for r in got]))

    def test_followers_read_along_while_the_leader_fills(self):
        parts = [(0, b"a" * 1000)] + [(0.5, b"b" * 1500)] * 4
        path = self.serve(Answer(FRESH, parts=parts))

        def first_and_last(_):
            with Client(self.port) as client:
                client.send(request_bytes("GET", path))
                client.head()
                client.reader.exactly(1000)
                first = time.monotonic()
                rest = client.reader.exactly(6000)
                return first, time.monotonic(), rest == b"b" * 6000

        got = together(20, first_and_last)
        self.assertTrue(all(right for _, _, right in got))
        firsts = [first for first, _, _ in got]
        self.assertLess(max(firsts) - min(firsts), 1.0)
        self.assertLess(max(firsts) + 0.7, min(last for _, last, _ in got))
        self.assertEqual(1, self.origin.count(path))

    def test_late_follower_gets_the_beginning_too(self):
        path = self.serve(Answer(FRESH, parts=[(0, b"a" * 50000), (1, b"b" * 50000)]))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            leader = pool.submit(self.get, path)
            time.sleep(0.4)
            follower = self.get(path)
            self.assertEqual(leader.result().body, follower.body)
        self.assertEqual(b"a" * 50000 + b"b" * 50000, follower.body)
        self.assertEqual(1, self.origin.count(path))

    def test_leader_that_leaves_does_not_end_the_fill(self):
        path = self.serve(Answer(FRESH, parts=[(0, b"a" * 1000), (0.6, b"b" * 1000)]))
        leader = Client(self.port)
        leader.send(request_bytes("GET", path))
        leader.head()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            follower = pool.submit(self.get, path)
            time.sleep(0.2)
            leader.close()
            self.assertEqual((True, 2000), (lambda r: (r.complete, len(r.body)))(follower.result()))
        self.assertEqual(("Hit from edge", 1),
                         (self.get(path).x_cache, self.origin.count(path)))

    def test_slow_reader_does_not_hold_up_the_others(self):
        body = b"z" * 3_000_000
        path = self.serve(Answer(FRESH, body=body))
        slow = Client(self.port)
        slow.send(request_bytes("GET", path))
        slow.head()  # and reads no further
        begin = time.monotonic()
        self.assertEqual(len(body), len(self.get(path).body))
        self.assertLess(time.monotonic() - begin, 8)
        self.assertEqual(len(body), len(slow.reader.exactly(len(body))))
        slow.close()

    def test_uncacheable_answers_are_not_serialised(self):
        path = self.serve(Answer("Cache-Control: no-store", delay=0.5))
        begin = time.monotonic()
        got = together(10, lambda _: self.get(path))
        took = time.monotonic() - begin
        self.assertEqual({200}, {r.status for r in got})
        self.assertEqual(10, self.origin.count(path))
        self.assertLess(took, 3.5, "one after another would take 5 s")
        begin = time.monotonic()
        together(10, lambda _: self.get(path))
        self.assertLess(time.monotonic() - begin, 3, "the key is known to be uncacheable")

    def test_failed_fill_fails_all_and_is_not_remembered(self):
        path = self.serve(Drop(delay=0.4), Answer(FRESH))
        got = together(10, lambda _: self.get(path).status)
        self.assertLessEqual(set(got), {502, 200})
        self.assertIn(502, got)
        self.assertEqual(200, self.get(path).status)

    def test_requests_with_authorization_don_t_join(self):
        path = self.serve(Answer(FRESH, delay=0.3))
        got = together(4, lambda i: self.get(path, f"Authorization: Basic {i}"))
        self.assertEqual({200}, {r.status for r in got})
        self.assertEqual(4, self.origin.count(path))

    def test_followers_of_another_variant_leave(self):
        def answer(request):
            return Answer(FRESH, "Vary: X-Kind", body=(request.get("X-Kind") or "").encode(),
                          delay=0.3)
        path = self.serve(answer)
        got = together(12, lambda i: (i % 3, self.get(path, f"X-Kind: {i % 3}").body))
        self.assertEqual([], [pair for pair in got if str(pair[0]).encode() != pair[1]])
        self.assertLessEqual(self.origin.count(path), 9, "the leader's variant is shared")

    def test_truncated_fill_is_never_complete_for_anybody(self):
        path = self.serve(Answer(FRESH, body=b"x" * 5000, length=10000, delay=0.3, close=True),
                          Answer(FRESH, body=b"whole"))
        got = together(6, lambda _: self.get(path))
        for response in got:
            self.assertTrue(not response.complete or response.status == 502
                            or response.body == b"whole", response)
        self.assertEqual(b"whole", self.get(path).body)


@in_both
class StaleScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/grace", "stale": {"on_5xx": "1h"}},
        {"path": "*/none", "stale": {"on_unreachable": 0}},
        {"path": "*/forward", "range_on_miss": "forward"},
        {"path": "*/shared", "stale": {"allow_with_s_maxage": True}}, {"path": "*"}]}]}

    def test_while_revalidate_refreshes_once_in_the_background(self):
        path = self.serve(Answer("Cache-Control: max-age=1, stale-while-revalidate=600", "Age: 5",
                                 body=b"old"),
                          Answer(FRESH, body=b"new", delay=2))
        self.get(path)
        begin = time.monotonic()
        got = together(10, lambda _: self.get(path))
        self.assertLess(time.monotonic() - begin, 1.8, "nobody waits for the origin")
        self.assertEqual({b"old"}, {r.body for r in got})
        self.assertEqual({"Stale from edge"}, {r.x_cache for r in got})
        end = time.monotonic() + 8
        while time.monotonic() < end and self.get(path).body == b"old":
            time.sleep(0.1)
        self.assertEqual((b"new", "Hit from edge"),
                         (lambda r: (r.body, r.x_cache))(self.get(path)))
        self.assertEqual(2, self.origin.count(path))

    def test_failed_background_refresh_keeps_the_old_answer(self):
        path = self.serve(Answer("Cache-Control: max-age=1, stale-while-revalidate=600", "Age: 5",
                                 body=b"old"), Raw(b"nonsense\r\n\r\n"), Answer(FRESH, body=b"new"))
        self.get(path)
        self.assertEqual(b"old", self.get(path).body)
        self.assertEqual(2, len(self.origin.wait_for(path, 2)))
        time.sleep(0.2)
        self.assertEqual(b"old", self.get(path).body, "the failure took nothing away")
        end = time.monotonic() + 8  # the next one begins a second later at the earliest
        while time.monotonic() < end and self.get(path).body == b"old":
            time.sleep(0.1)
        self.assertEqual(b"new", self.get(path).body)
        self.assertEqual(3, self.origin.count(path))

    def test_head_and_ranges_get_what_is_stale_too(self):
        for name in ("x", "forward"):
            path = self.serve(Answer(*old(5), body=b"0123456789"), Drop(), name=name)
            self.get(path)
            head = self.ask("HEAD", path)
            self.assertEqual((200, "10"), (head.status, head.get("Content-Length")))
            self.assertRegex(head.x_cache, "^Stale from ")
            part = self.get(path, "Range: bytes=2-4")
            self.assertEqual((206, b"234"), (part.status, part.body))

    def test_if_error(self):
        for failure in (Answer(status=500), Answer(status=503), Drop()):
            path = self.serve(Answer("Cache-Control: max-age=1, stale-if-error=600", "Age: 5",
                                     body=b"old"), failure)
            self.get(path)
            response = self.get(path)
            self.assertEqual((200, b"old"), (response.status, response.body))
            self.assertRegex(response.x_cache, "^Stale from ")
            self.assertGreaterEqual(int(response.get("Age")), 5)

    def test_a_storable_error_does_not_replace_what_may_be_served_stale(self):
        path = self.serve(Answer("Cache-Control: max-age=1, stale-if-error=600", "Age: 5",
                                 body=b"old"),
                          Answer("Cache-Control: max-age=60", status=503, body=b"down"))
        self.get(path)
        for _ in range(3):
            self.assertEqual((200, b"old"), (lambda r: (r.status, r.body))(self.get(path)))
        self.assertEqual(4, self.origin.count(path), "the error is not kept")

    def test_a_request_with_authorization_takes_nothing_from_the_others(self):
        stale = ("Cache-Control: max-age=1, stale-while-revalidate=600", "Age: 5", ETAG)
        private = (Answer("Cache-Control: max-age=60", ETAG, status=304), Answer(status=403),
                   Answer("Cache-Control: max-age=60", body=b"mine"))
        for answer in private:
            with self.subTest(status=answer.status):
                path = self.serve(Answer(*stale, body=b"shared"), answer)
                self.get(path)
                self.get(path, "Authorization: Basic eA==")
                time.sleep(0.3)  # a refresh in the background would be done
                before = self.origin.count(path)
                response = self.get(path)
                self.assertEqual((b"shared", "Stale from edge"), (response.body, response.x_cache))
                self.assertLessEqual(before, 2)

    def test_grace_on_5xx_where_configured(self):
        path = self.serve(Answer(*old(5), body=b"old"), Answer(status=503), name="grace")
        self.get(path)
        self.assertEqual((200, b"old"), (lambda r: (r.status, r.body))(self.get(path)))
        path = self.serve(Answer(*old(5), body=b"old"), Answer(status=503))
        self.get(path)
        self.assertEqual(503, self.get(path).status)

    def test_no_grace_where_it_is_off(self):
        path = self.serve(Answer(*old(5), body=b"old"), Drop(), name="none")
        self.get(path)
        self.assertIn(self.get(path).status, (502, 504))

    def test_s_maxage_with_stale_while_revalidate_by_switch(self):
        fields = ("Cache-Control: s-maxage=1, stale-while-revalidate=600", "Age: 5")
        path = self.serve(Answer(*fields, body=b"old"), Answer(FRESH, body=b"new"), name="shared")
        self.get(path)
        self.assertEqual(b"old", self.get(path).body)
        for answers in ((Answer(FRESH, body=b"new"),),
                        (Answer(FRESH, ETAG, status=304), Answer(FRESH, body=b"new"))):
            path = self.serve(Answer(*fields, ETAG, body=b"old"), *answers)
            self.get(path)
            response = self.get(path)
            self.assertEqual(2, self.origin.count(path))
            self.assertRegex(response.fields.joined("Cache-Status"), "; detail=s-maxage$")

    def test_collapsed_validation(self):
        path = self.serve(Answer(*old(5, ETAG)), Answer(FRESH, ETAG, status=304, delay=0.4))
        self.get(path)
        got = together(20, lambda _: self.get(path))
        self.assertEqual({b"body"}, {r.body for r in got})
        self.assertEqual(2, self.origin.count(path))


@in_both
class VariantScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/lang", "vary": {"languages": ["en", "de"]}},
        {"path": "*/device", "vary": {"device_class": True}}, {"path": "*"}]}]}

    def test_accept_encoding_is_cut_to_the_configured_codings(self):
        def answer(request):
            return Answer(FRESH, "Vary: Accept-Encoding",
                          body=(request.get("Accept-Encoding") or "-").encode())
        path = self.serve(answer)
        for sent, seen, result in (("gzip, deflate, br", b"br, gzip", "Miss"),
                                   ("br;q=0.1,gzip;q=1", b"br, gzip", "Hit from edge"),
                                   ("gzip", b"gzip", "Miss"), ("x-gzip2, gzip", b"gzip",
                                                               "Hit from edge"),
                                   ("gzip;q=0", b"identity", "Miss"), (None, b"-", "Miss"),
                                   ("identity", b"identity", "Hit from edge")):
            with self.subTest(sent=sent):
                fields = [f"Accept-Encoding: {sent}"] if sent else []
                response = self.get(path, *fields)
                self.assertEqual((seen, result), (response.body, response.x_cache))

    def test_accept_language_becomes_the_best_match(self):
        path = self.serve(lambda r: Answer(FRESH, "Vary: Accept-Language",
                                           body=(r.get("Accept-Language") or "-").encode()),
                          name="lang")
        for sent, seen in (("de-CH, fr;q=0.5", b"de"), ("fr, de;q=0.3, en;q=0.2", b"de"),
                           ("en-US", b"en")):
            self.assertEqual(seen, self.get(path, f"Accept-Language: {sent}").body)
        self.assertEqual(2, self.origin.count(path))

    def test_device_class_stands_for_user_agent(self):
        path = self.serve(lambda r: Answer(FRESH, "Vary: User-Agent",
                                           body=(r.get("X-Device-Class") or "-").encode()),
                          name="device")
        phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari"
        other = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120 Mobile Safari/537.36"
        desktop = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
        self.assertEqual(b"mobile", self.get(path, f"User-Agent: {phone}").body)
        self.assertEqual("Hit from edge", self.get(path, f"User-Agent: {other}").x_cache)
        self.assertEqual(b"desktop", self.get(path, f"User-Agent: {desktop}").body)
        forged = self.get(path, f"User-Agent: {phone}", "X-Device-Class: bot")
        self.assertEqual((b"mobile", "Hit from edge"), (forged.body, forged.x_cache))

    def test_variants_are_bounded_the_oldest_goes(self):
        path = self.serve(lambda r: Answer(FRESH, "Vary: X-N", body=(r.get("X-N")).encode()))
        for n in range(20):
            self.assertEqual(f"{n}".encode(), self.get(path, f"X-N: {n}").body)
        self.assertEqual("Hit from edge", self.get(path, "X-N: 19").x_cache)
        self.assertNotEqual("Hit from edge", self.get(path, "X-N: 0").x_cache)


if __name__ == "__main__":
    unittest.main()
