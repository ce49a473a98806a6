"""What a behavior can say: TTLs, Set-Cookie, methods, fields, redirects, armour, directives."""

import unittest

from harness import Answer, Scenario, in_both

FRESH = "Cache-Control: max-age=3600"


@in_both
class BehaviorScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/override", "ttl": {"override": "1h"}},
        {"path": "*/min", "ttl": {"min": "1h"}},
        {"path": "*/max", "ttl": {"max": "1s"}},
        {"path": "*/default", "ttl": {"default": "1h"}},
        {"path": "*/status", "ttl": {"status": {"404": "1h", "5xx": "30m"}}},
        {"path": "*/everything", "ttl": {"override": "1h", "status": {"4xx": "1h"}}},
        {"path": "*/flat", "ttl": {"heuristic": False}},
        {"path": "*/refuse", "set_cookie": "refuse"},
        {"path": "*/strip", "set_cookie": "strip"},
        {"path": "*/methods", "methods": ["GET", "HEAD"]},
        {"path": "*/https", "redirect_to_https": True},
        {"path": "*/armour/*", "refuse_html_on_static": True},
        {"path": "*/obey", "request_directives": "obey"},
        {"path": "*/targets", "targets": ["example-cache-control", "cdn-cache-control"]},
        {"path": "*/fields", "headers": {
            "to_viewer": {"remove": ["X-Powered-By"], "set": {"X-A": "set"},
                          "add": {"X-B": ["1", "2"]}},
            "to_origin": {"remove": ["X-Secret"], "set": {"X-C": "origin"}}}},
        {"path": "*"}]}]}

    def second(self, name, *fields, status=200, **more):
        """X-Cache of the second of two requests."""
        path = self.serve(Answer(*fields, status=status), name=name)
        self.get(path, **more)
        return self.get(path, **more).x_cache

    def test_lifetimes(self):
        hit = "Hit from edge"
        for name, fields, status, reused in (
                ("override", ("Cache-Control: max-age=0",), 200, True),
                ("override", (), 200, True),
                ("override", ("Cache-Control: no-store",), 200, False),
                ("override", ("Cache-Control: private",), 200, False),
                ("min", ("Cache-Control: max-age=1", "Age: 5"), 200, True),
                ("min", ("Cache-Control: no-store",), 200, False),
                ("min", ("Cache-Control: private, max-age=1",), 200, False),
                ("max", (FRESH, "Age: 5"), 200, False),
                ("default", (), 200, True),
                ("default", ("Cache-Control: max-age=1", "Age: 5"), 200, False),
                ("status", (), 404, True), ("status", (), 503, True), ("status", (), 200, False),
                ("flat", ("Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT",), 200, False),
                ("x", ("Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT",), 200, True)):
            with self.subTest(name=name, fields=fields, status=status):
                self.assertEqual(reused, self.second(name, *fields, status=status) == hit)

    def test_what_is_not_there_is_remembered_briefly(self):
        for name, fields, status, reused in (
                ("x", (), 404, True), ("x", (), 410, True), ("x", (), 403, False),
                ("x", (), 500, False), ("x", ("Cache-Control: max-age=0, must-revalidate",), 404, False),
                ("everything", (), 503, False), ("everything", (), 403, True)):
            with self.subTest(name=name, fields=fields, status=status):
                path = self.serve(Answer(*fields, status=status), name=name)
                self.get(path)
                second = self.get(path)
                self.assertEqual((status, reused), (second.status, second.x_cache == "Hit from edge"))

    def test_what_a_request_provokes_is_stored_for_nobody(self):
        for status in (400, 413, 417, 425, 429, 431):
            with self.subTest(status):
                path = self.serve(Answer(FRESH, status=status), Answer(FRESH, body=b"good"),
                                  name="everything")
                self.assertEqual(status, self.get(path).status)
                response = self.get(path)
                self.assertEqual((200, b"good", "Miss"),
                                 (response.status, response.body, response.x_cache))
                self.assertEqual("Hit from edge", self.get(path).x_cache)

    def test_set_cookie(self):
        cookie = "Set-Cookie: sid=1; HttpOnly"
        self.assertEqual("Hit from edge", self.second("x", FRESH, cookie))
        self.assertEqual("Miss", self.second("refuse", FRESH, cookie))
        path = self.serve(Answer(FRESH, cookie), name="strip")
        for _ in range(2):
            response = self.get(path)
            self.assertIsNone(response.get("Set-Cookie"))
        self.assertEqual("Hit from edge", response.x_cache)

    def test_set_cookie_without_explicit_freshness_is_not_shared(self):
        modified = "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"
        self.assertNotEqual("Hit from edge", self.second("x", modified, "Set-Cookie: sid=1"))

    def test_methods(self):
        path = self.serve(Answer(), name="methods")
        response = self.ask("POST", path, body=b"x")
        self.assertEqual((405, "GET, HEAD"), (response.status, response.get("Allow")))
        self.assertEqual(0, self.origin.count(path))
        self.assertEqual(200, self.ask("HEAD", path).status)

    def test_redirect_to_https(self):
        path = self.serve(Answer(), name="https")
        response = self.get(path + "?a=1&b=%7e")
        self.assertIn(response.status, (301, 308))
        self.assertRegex(response.get("Location"),
                         rf"^https://test\.example{path}\?a=1&b=(%7[eE]|~)$")
        self.assertEqual(308, self.ask("POST", path, body=b"x").status)
        self.assertEqual(0, self.origin.count(path))

    def test_cache_deception_armour(self):
        html = "Content-Type: text/html; charset=utf-8"
        self.assertNotEqual("Hit from edge", self.second("armour/account.css", FRESH, html))
        self.assertEqual("Hit from edge",
                         self.second("armour/site.css", FRESH, "Content-Type: text/css"))
        self.assertEqual("Hit from edge", self.second("armour/page", FRESH, html))

    def test_request_directives_where_they_are_obeyed(self):
        path = self.serve(Answer(FRESH, "Age: 100", 'ETag: "a"'), name="obey")
        self.get(path)
        for directive, asked in (("no-cache", True), ("max-age=50", True), ("max-age=3000", False),
                                 ("min-fresh=3550", True), ("min-fresh=10", False),
                                 ("no-store", None), ("junk, max-age=x", False)):
            with self.subTest(directive):
                before = self.origin.count(path)
                self.assertEqual(200, self.get(path, f"Cache-Control: {directive}").status)
                if asked is not None:
                    self.assertEqual(asked, self.origin.count(path) > before)
        before = self.origin.count(path)
        self.get(path, "Pragma: no-cache")
        self.assertEqual(before + 1, self.origin.count(path))
        self.get(path, "Pragma: no-cache", "Cache-Control: max-age=3000")
        self.assertEqual(before + 1, self.origin.count(path))
        stale = self.serve(Answer("Cache-Control: max-age=1", "Age: 5"), name="obey")
        self.get(stale)
        self.get(stale, "Cache-Control: max-stale=100")
        self.assertEqual(1, self.origin.count(stale))
        self.get(stale, "Cache-Control: max-stale=1")
        self.assertEqual(2, self.origin.count(stale))

    def test_first_present_target_decides(self):
        both = ("Example-Cache-Control: max-age=0", "CDN-Cache-Control: max-age=3600")
        self.assertNotEqual("Hit from edge", self.second("targets", *both))
        self.assertEqual("Hit from edge", self.second("targets", both[1]))
        self.assertEqual("Hit from edge", self.second("x", *both))

    def test_fields_toward_viewer_and_origin(self):
        path = self.serve(Answer(FRESH, "X-Powered-By: y", "X-A: theirs", "X-B: 0"), name="fields")
        for _ in range(2):
            response = self.get(path, "X-Secret: 1", "X-C: viewer")
            self.assertEqual((None, ["set"], ["0", "1", "2"]),
                             (response.get("X-Powered-By"), response.fields.all("X-A"),
                              response.fields.all("X-B")))
        request = self.origin.requests(path)[0]
        self.assertEqual((None, ["origin"]), (request.get("X-Secret"), request.fields.all("X-C")))

    def test_fields_of_a_304(self):
        path = self.serve(Answer(FRESH, 'ETag: "a"', "X-Powered-By: y"), name="fields")
        self.get(path)
        response = self.get(path, 'If-None-Match: "a"')
        self.assertEqual((304, "set", None), (response.status, response.get("X-A"),
                                              response.get("X-Powered-By")))


@in_both
class SiteScenario(Scenario):
    options = {"sites": [
        {"name": "one", "hosts": ["one.example", "*.one.example"], "behaviors": [
            {"path": "*", "headers": {"to_viewer": {"set": {"X-Site": "one"}}}}]},
        {"name": "deep", "hosts": ["*.deep.one.example"], "behaviors": [
            {"path": "*/api/v?/*", "headers": {"to_viewer": {"set": {"X-Site": "api"}}}},
            {"path": "*", "headers": {"to_viewer": {"set": {"X-Site": "deep"}}}}]}]}

    def test_hosts_and_paths_choose(self):
        path = self.serve(Answer(FRESH), name="api/v2/x")
        for host, site in (("one.example", "one"), ("a.one.example", "one"),
                           ("A.B.One.Example:80", "one"), ("x.deep.one.example", "api")):
            with self.subTest(host):
                self.assertEqual(site, self.get(path, host=host).get("X-Site"))
        other = self.serve(Answer(FRESH), name="api/v22/x")
        self.assertEqual("deep", self.get(other, host="x.deep.one.example").get("X-Site"))

    def test_unknown_hosts_are_misdirected(self):
        path = self.serve(Answer(FRESH))
        for host in ("two.example", "one.example.evil", "xone.example"):
            self.assertEqual(421, self.get(path, host=host).status)
        self.assertEqual(0, self.origin.count(path))


if __name__ == "__main__":
    unittest.main()
