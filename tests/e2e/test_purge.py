"""PURGE of a URL: all its variants, the shield first, from allowed addresses only."""

import json
import signal
import time
import unittest

from harness import Answer, Client, Drop, Scenario, Stand, Topology, ask, get, in_both

ORDER = "/.seawall/purge"  # where an edge tells its shield
FRESH = "Cache-Control: max-age=3600"


@in_both
class PurgeScenario(Scenario):
    def purge(self, path, **more):
        response = self.ask("PURGE", path, **more)
        self.assertTrue(response.get("Content-Type").startswith("application/json"))
        self.assertIn("no-store", response.get("Cache-Control"))
        return response.status, json.loads(response.body)

    def test_removes_the_object_everywhere(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        status, report = self.purge(path)
        self.assertEqual((200, True), (status, report["complete"]))
        self.assertEqual("Miss", self.get(path).x_cache)
        self.assertEqual(2, self.origin.count(path), "the shield had to go first")

    def test_removes_all_variants(self):
        path = self.serve(lambda r: Answer(FRESH, "Vary: X-A", body=(r.get("X-A") or "-").encode()))
        for value in "123":
            self.get(path, f"X-A: {value}")
        self.assertEqual(200, self.purge(path)[0])
        self.assertEqual(["Miss"] * 3, [self.get(path, f"X-A: {v}").x_cache for v in "123"])

    def test_nothing_there_404(self):
        status, report = self.purge(self.url())
        self.assertEqual((404, True), (status, report["complete"]))

    def test_normalises_its_url(self):
        path = self.serve(Answer(FRESH))
        self.get(path + "?b=2&a=1")
        self.assertEqual(200, self.purge(path + "?a=1&utm_source=x&b=2")[0])
        self.assertEqual("Miss", self.get(path + "?a=1&b=2").x_cache)

    def test_leaves_others_alone(self):
        path, other = self.serve(Answer(FRESH)), self.serve(Answer(FRESH))
        for target in (path, other, path + "?q"):
            self.get(target)
        self.get(path, host="other.example")
        self.purge(path)
        self.assertEqual(["Hit from edge"] * 2, [self.get(t).x_cache for t in (other, path + "?q")])
        self.assertEqual("Hit from edge", self.get(path, host="other.example").x_cache)

    def test_during_a_fill_is_not_undone_by_it(self):
        path = self.serve(Answer(FRESH, parts=[(0, b"old" * 100), (0.8, b"old")]),
                          Answer(FRESH, body=b"new"))
        with Client(self.port) as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: test.example\r\n\r\n".encode())
            client.head()
            self.assertIn(self.purge(path)[0], (200, 404))
            self.assertEqual(b"old" * 101, client.reader.exactly(303))
        self.assertEqual(b"new", self.get(path).body)

    def test_never_reaches_the_origin(self):
        path = self.serve(Answer(FRESH))
        self.purge(path)
        self.assertEqual(0, self.origin.count(path))


@in_both
class ForbiddenScenario(Scenario):
    options = {"edge": {"purge": {"allow": ["192.0.2.0/24"]}}}

    def test_others_are_forbidden(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        response = self.ask("PURGE", path)
        self.assertEqual(403, response.status)
        self.assertIsInstance(json.loads(response.body), dict)
        self.assertEqual("Hit from edge", self.get(path).x_cache)


@in_both
class LogScenario(Scenario):
    """Purges by pattern and tag, hard and soft, each through the numbered log."""

    def purge(self, path, *fields, **more):
        response = self.ask("PURGE", path, *fields, **more)
        self.assertEqual(200, response.status, response.body)
        return json.loads(response.body)

    def numbered(self, *fields, name="x"):
        """A path whose answers are numbered by their body."""
        return self.serve(lambda r: Answer(FRESH, *fields, body=b"%d" % r.number), name=name)

    def tag(self):
        return self.url().strip("/").replace("/", "-")

    def test_pattern_reaches_what_it_matches_and_nothing_else(self):
        inside, outside = self.numbered(name="in.css"), self.numbered(name="in.js")
        folder = inside.rsplit("/", 1)[0]
        for path in (inside, outside, inside + "?q"):
            self.get(path)
        report = self.purge(folder + "/*.css")
        self.assertIsNone(report["nodes"][0]["objects"])
        self.assertFalse(report["nodes"][0]["swept"])
        self.assertEqual("Miss", self.get(inside).x_cache)
        self.assertEqual("Miss", self.get(inside + "?q").x_cache)
        self.assertEqual("Hit from edge", self.get(outside).x_cache)

    def test_prefix_and_whole_host(self):
        path = self.numbered()
        for pattern in (path.rsplit("/", 1)[0] + "/*", "/*"):
            self.get(path)
            self.get(path, host="other.example")
            self.purge(pattern)
            self.assertEqual("Miss", self.get(path).x_cache, pattern)
            self.assertEqual("Hit from edge", self.get(path, host="other.example").x_cache)

    def test_tags_by_field_and_by_path(self):
        tag = self.tag()
        carriers = [self.numbered(f"Surrogate-Key: x {tag}"), self.numbered(f"Cache-Tag: a b,{tag}"),
                    self.numbered(f"xkey: {tag}"), self.numbered(f'Cache-Groups: "{tag}"')]
        other = self.numbered(f"Surrogate-Key: {tag}2")
        for target, *fields in (("/", f"Surrogate-Key: none {tag}"), ("/", f"Cache-Tag: {tag}"),
                                (f"/purge/{tag}",)):
            for path in (*carriers, other):
                self.get(path)
            self.purge(target, *fields)
            self.assertEqual(["Miss"] * 4, [self.get(p).x_cache for p in carriers])
            self.assertEqual("Hit from edge", self.get(other).x_cache)

    def test_tags_are_not_shown_to_viewers(self):
        path = self.numbered("Surrogate-Key: a", "Cache-Tag: b", "xkey: c", 'Cache-Groups: "d"')
        for _ in range(2):
            answer = self.get(path)
            for name in ("Surrogate-Key", "Cache-Tag", "xkey", "Cache-Groups"):
                self.assertIsNone(answer.get(name))

    def test_soft_is_revalidated_at_once(self):
        path = self.serve(lambda r: Answer('ETag: "1"', FRESH) if not r.get("If-None-Match")
                          else Answer('ETag: "1"', FRESH, status=304))
        self.get(path)
        report = self.purge(path, "Soft-Purge: 1")
        self.assertTrue(report["soft"])
        self.assertEqual(1, report["nodes"][0]["objects"])
        answer = self.get(path)
        self.assertEqual("RefreshHit from edge", answer.x_cache)
        self.assertIn("fwd=stale", answer.fields.all("Cache-Status")[-1])
        self.assertEqual("Hit from edge", self.get(path).x_cache)

    def test_soft_stays_usable_while_revalidating(self):
        tag = self.tag()
        path = self.numbered("Cache-Control: stale-while-revalidate=60", f"xkey: {tag}")
        self.get(path)
        self.purge(f"/purge/{tag}", "Fastly-Soft-Purge: 1")
        stale = self.get(path)
        self.assertEqual(("Stale from edge", b"0"), (stale.x_cache, stale.body))
        self.assertIn("stale-while-revalidate", stale.fields.all("Cache-Status")[-1])
        self.until(lambda: self.get(path).body == b"1")

    def test_soft_serves_on_error_and_hard_does_not(self):
        for fields, status in ((["Soft-Purge: 1"], 200), ([], 502)):
            path = self.serve(Answer(FRESH, "Cache-Control: stale-if-error=60"), Drop())
            self.get(path)
            self.purge(path, *fields)
            self.assertEqual(status, self.get(path).status)
        soft_then_hard = self.serve(Answer(FRESH, "Cache-Control: stale-if-error=60"), Drop())
        self.get(soft_then_hard)
        self.purge(soft_then_hard, "Soft-Purge: 1")
        self.purge(soft_then_hard)
        self.assertEqual(502, self.get(soft_then_hard).status)

    def test_304_for_what_was_purged_meanwhile_becomes_a_full_fetch(self):
        def answer(r):
            if r.number == 0:
                return Answer('ETag: "1"', "Cache-Control: max-age=0", body=b"old")
            if r.get("If-None-Match"):
                return Answer('ETag: "1"', FRESH, status=304, delay=0.8)
            return Answer('ETag: "2"', FRESH, body=b"new")
        path = self.serve(answer)
        self.get(path)
        with Client(self.port) as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: test.example\r\n\r\n".encode())
            self.until(lambda: self.origin.count(path) == 2)
            self.ask("PURGE", path)
            self.assertEqual(b"new", client.response().body)
        self.assertEqual(b"new", self.get(path).body)

    def test_background_refresh_from_before_does_not_bring_the_old_back(self):
        swr = "Cache-Control: max-age=0, stale-while-revalidate=60"
        path = self.serve(Answer(swr, body=b"old"), Answer(FRESH, body=b"old", delay=0.8),
                          Answer(FRESH, body=b"new"))
        self.get(path)
        self.assertEqual(b"old", self.get(path).body)
        self.until(lambda: self.origin.count(path) == 2)
        self.ask("PURGE", path)
        self.assertEqual(b"new", self.get(path).body)
        time.sleep(1)
        self.assertEqual(b"new", self.get(path).body)

    def test_follower_of_a_tag_purged_fill_gets_the_new_one(self):
        tag = self.tag()
        path = self.serve(Answer(FRESH, f"xkey: {tag}", body=b"old", delay=0.8),
                          Answer(FRESH, f"xkey: {tag}", body=b"new"))
        with Client(self.port) as early, Client(self.port) as late:
            early.send(f"GET {path} HTTP/1.1\r\nHost: test.example\r\n\r\n".encode())
            self.until(lambda: self.origin.count(path) == 1)
            self.purge(f"/purge/{tag}")
            late.send(f"GET {path} HTTP/1.1\r\nHost: test.example\r\n\r\n".encode())
            self.assertEqual(b"old", early.response().body)
            self.assertEqual(b"new", late.response().body)
        self.assertEqual(b"new", self.get(path).body)

    def test_groups_are_invalidated_by_an_unsafe_request(self):
        group = self.tag()
        member, other = self.numbered(f'Cache-Groups: "{group}"'), self.numbered()
        for path in (member, other):
            self.get(path)
            self.get(path, host="other.example")
        self.ask("POST", self.serve(Answer(f'Cache-Group-Invalidation: "{group}"')))
        self.assertEqual(b"2", self.get(member).body)
        self.assertEqual("Hit from edge", self.get(other).x_cache)
        self.assertEqual("Hit from edge", self.get(member, host="other.example").x_cache)

    def test_what_is_no_pattern_or_tag_is_400(self):
        for path in ("/purge/", "/purge/%0D", "/purge/%00"):
            self.assertEqual(400, self.ask("PURGE", path).status, path)

    def test_pattern_may_have_its_star_in_the_query(self):
        path = self.numbered()
        for query in ("", "?a=1", "?b=1"):
            self.get(path + query)
        self.purge(path + "?a=*")
        self.assertEqual("Miss", self.get(path + "?a=1").x_cache)
        self.assertEqual("Hit from edge", self.get(path + "?b=1").x_cache)
        self.assertEqual("Hit from edge", self.get(path).x_cache)

    def test_too_many_tags_by_a_304_leave_nothing_stored(self):
        many = ["xkey: " + "t%d " * 60 % tuple(range(i, i + 60)) for i in range(0, 4200, 60)]
        path = self.serve(lambda r: Answer('ETag: "1"', FRESH, *many, status=304)
                          if r.get("If-None-Match")
                          else Answer('ETag: "1"', "Cache-Control: max-age=0", "xkey: old"))
        self.get(path)
        for _ in range(3):
            self.assertNotIn(self.get(path).x_cache, ("Hit from edge", "Hit from shield"))

    def test_too_many_tags_are_not_stored(self):
        path = self.serve(Answer(FRESH, *("xkey: " + "t%d " * 60 % tuple(range(i, i + 60))
                                          for i in range(0, 4200, 60))))
        self.get(path)
        answer = self.get(path)
        self.assertIn("detail=too-many-tags", answer.get("Cache-Status"))

    def test_the_sweep_frees_and_the_log_tells(self):
        path = self.numbered()
        self.get(path)
        before = self.stand.edge.stats()
        self.purge(path.rsplit("/", 1)[0] + "/*")
        self.until(lambda: self.stand.edge.stats()["store"]["entries"]
                   < before["store"]["entries"])
        log = self.stand.edge.stats()["purge_log"]
        self.assertEqual(before["purge_log"]["position"] + 1, log["position"])

    def until(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)


class LackingShieldTest(unittest.TestCase):
    """The race in which an edge refills from a shield that has not applied a purge."""

    def setUp(self):
        self.stand = Stand(Topology.EDGE, edge={"upstreams": {"origin": {"kind": "shield"}}})
        self.addCleanup(self.stand.close)
        self.shield = self.stand.origin  # plays one whose copies are older than the purge

    def answer(self, request):
        if request.method == "PURGE":
            return Answer(status=503)
        fresh = "refetch" in request.get("Seawall-Internal")
        tags = ["xkey: t"] if request.target == "/a" else []
        return Answer(FRESH, *tags, body=b"new" if fresh else b"old")

    def test_edge_takes_nothing_old_from_a_shield_that_lacks_its_purge(self):
        for purge, path in (("/purge/t", "/a"), ("/b", "/b"), ("/*", "/c")):
            with self.subTest(purge):
                for target in (ORDER, path):
                    self.shield.serve(target, self.answer)
                self.assertEqual(b"old", get(self.stand.port, path).body)
                report = ask(self.stand.port, "PURGE", purge)
                self.assertEqual(202, report.status)
                for _ in range(2):
                    self.assertEqual(b"new", get(self.stand.port, path).body)
                asked = [r for r in self.shield.requests(path) if r.method == "GET"]
                self.assertEqual(3, len(asked))
        self.assertEqual(3, self.stand.edge.stats()["purge_log"]["owed"])

    def test_a_soft_purge_is_not_undone_by_a_shield_that_lacks_it(self):
        def answer(request):
            if "refetch" in request.get("Seawall-Internal"):
                return Answer(FRESH, 'ETag: "2"', body=b"new")
            known = '"1"' in (request.get("If-None-Match") or "")
            return Answer(FRESH, 'ETag: "1"', body=b"old", status=304 if known else 200)

        self.shield.serve(ORDER, self.answer)
        self.shield.serve("/s", answer)
        self.assertEqual(b"old", get(self.stand.port, "/s").body)
        self.assertEqual(202, ask(self.stand.port, "PURGE", "/s", "Soft-Purge: 1").status)
        for _ in range(2):
            self.assertEqual(b"new", get(self.stand.port, "/s").body)

    def test_what_a_shield_serves_stale_after_a_soft_purge_is_not_fresh_at_an_edge(self):
        self.shield.serve("/w", Answer(FRESH, "X-Cache: Stale from shield", body=b"old"),
                          Answer(FRESH, "X-Cache: Hit from shield", body=b"new"))
        got = [get(self.stand.port, "/w") for _ in range(3)]
        self.assertEqual([(b"old", "Stale from shield"), (b"new", "Hit from shield"),
                          (b"new", "Hit from edge")], [(r.body, r.x_cache) for r in got])

    def test_what_a_shield_confirms_stale_after_a_soft_purge_is_not_fresh_at_an_edge(self):
        tag = 'ETag: "1"'
        self.shield.serve(ORDER, Answer(body=b"end\n"))
        self.shield.serve("/v", Answer(FRESH, tag, "X-Cache: Hit from shield", body=b"old"),
                          Answer(FRESH, tag, "X-Cache: Stale from shield", status=304),
                          Answer(FRESH, "X-Cache: Hit from shield", body=b"new"))
        self.assertEqual(b"old", get(self.stand.port, "/v").body)
        self.assertEqual(200, ask(self.stand.port, "PURGE", "/v", "Soft-Purge: 1").status)
        got = [get(self.stand.port, "/v") for _ in range(3)]
        self.assertEqual([(b"old", "Stale from shield"), (b"new", "Hit from shield"),
                          (b"new", "Hit from edge")], [(r.body, r.x_cache) for r in got])

    def test_what_its_purge_does_not_name_is_taken(self):
        self.shield.serve(ORDER, self.answer)
        self.shield.serve("/d", self.answer)
        ask(self.stand.port, "PURGE", "/purge/other")
        self.assertEqual(b"old", get(self.stand.port, "/d").body)
        self.assertEqual(1, self.shield.count("/d"))

    def test_when_it_has_acknowledged_nothing_is_owed(self):
        self.shield.serve(ORDER, Answer(status=503), Answer(body=b"end\n"))
        self.shield.serve("/e", self.answer)
        ask(self.stand.port, "PURGE", "/purge/t")
        end = time.monotonic() + 10
        while self.stand.edge.stats()["purge_log"]["owed"] and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(b"old", get(self.stand.port, "/e").body)

    def test_what_was_asked_for_before_it_acknowledged_is_asked_for_again(self):
        owed = lambda: self.stand.edge.stats()["purge_log"]["owed"]

        def late(request):
            if "refetch" in request.get("Seawall-Internal"):
                return Answer(FRESH, "xkey: t", body=b"new")
            end = time.monotonic() + 10
            while owed() and time.monotonic() < end:
                time.sleep(0.05)
            return Answer(FRESH, "xkey: t", body=b"old")

        self.shield.serve(ORDER, Answer(status=503), Answer(body=b"end\n"))
        self.shield.serve("/h", late)
        self.assertEqual(202, ask(self.stand.port, "PURGE", "/purge/t").status)
        self.assertEqual(1, owed())
        for _ in range(2):
            self.assertEqual(b"new", get(self.stand.port, "/h").body)
        self.assertEqual((0, 2), (owed(), self.shield.count("/h")))

    def test_one_purge_has_one_id_in_all_forms_on_both(self):
        self.shield.serve(ORDER, Answer(body=b"end\n"))
        for target, field, order in (
                ("/purge/t", "Soft-Purge: 1", "purge {} soft\ntag t *\nend\n"),
                ("/f", "Surrogate-Key: a b", "purge {} hard\ntag a *\ntag b *\nend\n"),
                ("/f?x", "X: y", "purge {} hard\nurl test.example/f?x\nend\n"),
                ("/f/*", "X: y", "purge {} hard\nprefix /f/ test.example\nend\n")):
            report = json.loads(ask(self.stand.port, "PURGE", target, field).body)
            sent = self.shield.requests(ORDER)[-1].body.decode()
            self.assertEqual(order.format(report["id"]), sent)

    def test_shield_answers_a_refetch_from_the_origin(self):
        self.shield.serve("/g", self.answer)
        get(self.stand.port, "/g")
        internal = self.shield.requests("/g")[0].get("Seawall-Internal")
        both = Stand(Topology.EDGE_SHIELD)
        self.addCleanup(both.close)
        both.origin.serve("/g", lambda r: Answer(FRESH, body=b"%d" % r.number))
        port = both.shield.port
        said = f"Seawall-Internal: {internal}"
        self.assertEqual([b"0", b"0"], [get(port, "/g", said).body for _ in range(2)])
        self.assertEqual(b"1", get(port, "/g", said + ", refetch").body)
        self.assertEqual(b"1", get(port, "/g", said).body)


class ShieldDownTest(unittest.TestCase):
    def test_takes_effect_here_and_says_that_it_is_not_complete(self):
        stand = Stand(Topology.EDGE_SHIELD)
        self.addCleanup(stand.close)
        stand.origin.serve("/down", Answer(FRESH))
        get(stand.port, "/down")
        stand.shield.close()
        response = ask(stand.port, "PURGE", "/down")
        self.assertEqual((202, False), (response.status, json.loads(response.body)["complete"]))
        self.assertNotEqual("Hit from edge", get(stand.port, "/down").x_cache)


if __name__ == "__main__":
    unittest.main()
