"""What passes a node and what does not: hop-by-hop, steering and internal fields, loops, keys."""

import unittest

from harness import Answer, Client, Scenario, in_both

FRESH = "Cache-Control: max-age=60"
STEERING = ["X-Forwarded-Host: evil", "X-Host: evil", "X-Original-URL: /admin",
            "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE",
            "X-Method-Override: DELETE", "X-Forwarded-Scheme: ftp", "X-Forwarded-Port: 1",
            "X-Forwarded-Prefix: /evil", "X-Forwarded-Server: evil", "Client-IP: 6.6.6.6",
            "True-Client-IP: 6.6.6.6", "X-Real-IP: 6.6.6.6", "X-Client-IP: 6.6.6.6",
            "X-Original-Host: evil", "CF-Connecting-IP: 6.6.6.6"]
SET_BY_US = ["Forwarded: for=6.6.6.6;host=evil", "X-Forwarded-For: 6.6.6.6",
             "X-Forwarded-Proto: gopher"]


@in_both
class RequestScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/pass", "cache": False},
        {"path": "*/allowed", "allow_fields": ["X-Forwarded-Host"]},
        {"path": "*"}]}]}

    def asked(self, *send, name="x", method="GET", body=None):
        path = self.serve(Answer(FRESH), name=name)
        response = self.ask(method, path, *send, body=body)
        self.assertEqual(200, response.status)
        return self.origin.requests(path)[0]

    def test_steering_fields_are_removed_on_every_way(self):
        for name, method, body in (("x", "GET", None), ("pass", "GET", None), ("x", "POST", b"x")):
            with self.subTest(name=name, method=method):
                request = self.asked(*STEERING, *SET_BY_US, "X-Fine: 1", name=name, method=method,
                                     body=body)
                for line in STEERING:
                    self.assertIsNone(request.get(line.split(":")[0]), line)
                self.assertNotIn("6.6.6.6", str(request.fields))
                self.assertNotIn("evil", str(request.fields))
                self.assertEqual("1", request.get("X-Fine"))
                self.assertEqual("http", request.get("X-Forwarded-Proto"))

    def test_named_steering_field_passes_and_joins_the_key(self):
        path = self.serve(Answer(FRESH), name="allowed")
        self.assertEqual("Miss", self.get(path, "X-Forwarded-Host: a").x_cache)
        self.assertEqual("a", self.origin.requests(path)[0].get("X-Forwarded-Host"))
        self.assertEqual("Miss", self.get(path, "X-Forwarded-Host: b").x_cache)
        self.assertEqual("Miss", self.get(path).x_cache)
        self.assertEqual("Hit from edge", self.get(path, "X-Forwarded-Host: a").x_cache)

    def test_forwarded_fields_name_the_viewer(self):
        request = self.asked()
        hops = 2 if self.has_shield else 1
        self.assertEqual(", ".join(["127.0.0.1"] * hops), request.get("X-Forwarded-For"))
        self.assertEqual(1, len(request.fields.all("X-Forwarded-Proto")))
        first = request.get("Forwarded").split(",")[0]
        self.assertIn("for=127.0.0.1", first)
        self.assertIn("proto=http", first)
        self.assertEqual("test.example", request.get("Host"))

    def test_via_and_cdn_loop_name_each_node_once(self):
        request = self.asked("Via: 1.0 somebody", "CDN-Loop: somebody; v=1")
        nodes = ["edge-test", "shield-test"] if self.has_shield else ["edge-test"]
        self.assertEqual(["1.0 somebody"] + [f"1.1 {n}" for n in nodes],
                         request.fields.joined("Via").split(", "))
        loop = request.fields.joined("CDN-Loop").split(", ")
        self.assertEqual("somebody; v=1", loop[0])
        self.assertEqual(len(nodes), len(loop) - 1)

    def test_own_id_in_cdn_loop_is_508(self):
        request = self.asked()
        own = request.fields.joined("CDN-Loop").split(", ")[0]
        path = self.serve(Answer(FRESH))
        for value in (own, f"other, {own}", f"{own}; v=2", f"x;y=\"a, b\", {own}"):
            response = self.get(path, f"CDN-Loop: {value}")
            self.assertEqual(508, response.status, value)
        self.assertEqual(0, self.origin.count(path))
        self.assertEqual(200, self.get(path, f"CDN-Loop: {own}x").status)

    def test_internal_fields_of_viewers_are_removed(self):
        request = self.asked("Seawall-Internal: revalidate, scheme=https, rules=0")
        self.assertIsNone(request.get("Seawall-Internal"))
        self.assertEqual("http", request.get("X-Forwarded-Proto"))

    def test_internal_fields_reach_neither_viewers_nor_origins(self):
        path = self.serve(Answer(FRESH))
        for _ in range(2):
            response = self.get(path)
            names = response.fields.names() | self.origin.requests(path)[0].fields.names()
            self.assertEqual([], [n for n in names if n.startswith("seawall")])

    def test_internal_field_of_an_origin_does_not_reach_viewers(self):
        path = self.serve(Answer(FRESH, "Seawall-Internal: x", "Seawall-Stamp: 1"))
        for _ in range(2):
            self.assertIsNone(self.get(path).get("Seawall-Internal"))

    def test_hop_by_hop_fields_end_here(self):
        request = self.asked("Connection: X-Hop, keep-alive", "X-Hop: 1", "Keep-Alive: timeout=5",
                             "Proxy-Connection: keep-alive", "TE: trailers, deflate",
                             "Proxy-Authorization: Basic x", "Upgrade: h2c", "HTTP2-Settings: AA",
                             "X-End: 2")
        for name in ("X-Hop", "Keep-Alive", "Proxy-Connection", "Upgrade", "Proxy-Authorization"):
            self.assertIsNone(request.get(name), name)
        self.assertNotIn("deflate", request.get("TE") or "")
        self.assertEqual("2", request.get("X-End"))

    def test_connection_can_not_remove_what_matters(self):
        request = self.asked("Connection: Host, X-Forwarded-For, Content-Length, Via")
        self.assertEqual("test.example", request.get("Host"))
        self.assertIsNotNone(request.get("X-Forwarded-For"))
        self.assertIsNotNone(request.get("Via"))

    def test_body_of_get_is_forwarded_on_pass_only(self):
        self.assertEqual(b"", self.asked(body=b"hello").body)
        self.assertEqual(b"hello", self.asked(body=b"hello", name="pass").body)

    def test_discarded_body_of_get_does_not_become_the_next_request(self):
        path = self.serve(Answer(FRESH, body=b"answer"))
        with Client(self.port) as client:
            smuggled = f"GET {path}?smuggled HTTP/1.1\r\nHost: a\r\n\r\n".encode()
            for body in (smuggled, smuggled, None):
                response = client.request("GET", path, body=body)
                self.assertEqual(b"answer", response.body)
                if response.get("Connection") == "close":  # as good
                    self.assertTrue(client.is_closed())
                    break
        self.assertEqual([path], [r.target for r in self.origin.requests(path)])


@in_both
class KeyScenario(Scenario):
    options = {"sites": [
        {"name": "keys", "hosts": ["keys.example"], "behaviors": [
            {"path": "*/none", "key": {"query": "none"}},
            {"path": "*/only", "key": {"query": {"only": ["id", "p*"]}}},
            {"path": "*/fold", "key": {"fold_path_case": True}},
            {"path": "*/tier", "key": {"cookies": [{"name": "tier", "map": {"pro": "pro"},
                                                    "default": "free"}]}},
            {"path": "*"}]},
        {"name": "rest", "hosts": ["*"], "behaviors": [{"path": "*"}]}]}

    def same(self, path, first, second, *fields, host="keys.example"):
        """Whether the second request is answered by what the first stored."""
        bare = path.split("?")[0]
        self.origin.serve(bare, Answer(FRESH))
        self.get(first, host=host)
        return self.get(second, *fields, host=host).x_cache == "Hit from edge"

    def test_marketing_parameters_don_t_count_and_are_not_forwarded(self):
        path = self.url()
        self.assertTrue(self.same(path, path + "?a=1", path + "?utm_source=x&a=1&fbclid=y&gclid=z"))
        other = self.serve(Answer(FRESH))
        self.get(other + "?utm_medium=x&b=2")
        self.assertEqual(other + "?b=2", self.origin.requests(other)[0].target)

    def test_parameters_are_sorted_by_name_and_keep_their_order_within(self):
        path = self.url()
        self.assertTrue(self.same(path, path + "?b=2&a=1", path + "?a=1&b=2"))
        path = self.url()
        self.assertFalse(self.same(path, path + "?a=1&a=2", path + "?a=2&a=1"))
        path = self.url()
        self.assertFalse(self.same(path, path + "?a", path + "?a="))
        path = self.url()
        self.assertFalse(self.same(path, path + "?a=+", path + "?a=%20"))

    def test_configured_parameters(self):
        path = self.url("none")
        self.assertTrue(self.same(path, path + "?a=1", path + "?b=2"))
        path = self.url("only")
        self.assertTrue(self.same(path, path + "?id=1&x=2", path + "?y=3&id=1"))
        path = self.url("only")
        self.assertFalse(self.same(path, path + "?page=1", path + "?page=2"))

    def test_urls_are_normalised_without_a_change_of_meaning(self):
        for first, second, equal in (("/%7euser", "/~user", True), ("/a/./b/../c", "/a/c", True),
                                     ("/%e4", "/%E4", True), ("/a%2fb", "/a/b", False),
                                     ("/a%2Fb", "/a%2fb", True), ("/A", "/a", False),
                                     ("/a//b", "/a/b", False), ("/a%3Fb", "/a?b", False),
                                     ("/a;x", "/a", False), ("/%41", "/A", True)):
            with self.subTest(first=first, second=second):
                base = self.url("")[:-1]
                for path in (first, second):
                    self.origin.serve(base + path.split("?")[0], Answer(FRESH))
                one = self.get(base + first, host="keys.example")
                two = self.get(base + second, host="keys.example")
                self.assertIn(one.x_cache, ("Miss", "Hit from edge"))
                self.assertEqual(equal, two.x_cache == "Hit from edge")

    def test_what_is_forwarded_is_what_was_keyed(self):
        base = self.url("")[:-1]
        self.get(base + "/a/../%7eb/%c3?x=%7e", host="keys.example")
        self.assertEqual(1, len([r for r in self.origin.requests(base + "/~b/%C3")]))

    def test_dot_segments_can_not_climb_out(self):
        base = self.url("")[:-1]
        self.get("/../.." + base + "/x", host="keys.example")
        self.assertEqual(1, self.origin.count(base + "/x"))

    def test_folded_paths(self):
        base = self.url("")[:-1]
        for path in ("/Ab/fold", "/aB/fold", "/ab/fold"):
            self.origin.serve(base.lower() + path, Answer(FRESH))
            self.origin.serve(base.lower() + path.lower(), Answer(FRESH))
        first = self.get(base + "/Ab/fold", host="keys.example")
        self.assertEqual(200 if base.islower() else first.status, first.status)
        self.assertEqual("Hit from edge", self.get(base + "/aB/fold", host="keys.example").x_cache)

    def test_hosts_differ_and_their_case_and_default_port_don_t(self):
        path = self.serve(Answer(FRESH))
        self.assertEqual("Miss", self.get(path, host="keys.example").x_cache)
        self.assertEqual("Hit from edge", self.get(path, host="KEYS.Example:80").x_cache)
        self.assertEqual("Miss", self.get(path, host="other.example").x_cache)
        self.assertEqual("Miss", self.get(path, host="keys.example:81").x_cache)

    def test_cookie_joins_through_its_map(self):
        path = self.serve(Answer(FRESH), name="tier")
        for cookie, expected in (("tier=pro", "Miss"), ("a=b; tier=pro", "Hit from edge"),
                                 ("tier=free", "Miss"), ("tier=gold", "Hit from edge"),
                                 (None, "Hit from edge")):
            with self.subTest(cookie=cookie):
                fields = [f"Cookie: {cookie}"] if cookie else []
                self.assertEqual(expected, self.get(path, *fields, host="keys.example").x_cache)

    def test_query_of_a_pass_is_as_received(self):
        path = self.serve(Answer())
        self.ask("POST", path + "?b=%7e&utm_source=1&a=1", body=b"x", host="keys.example")
        self.assertEqual(path + "?b=%7e&utm_source=1&a=1", self.origin.requests(path)[0].target)

    def test_unsafe_request_invalidates_by_the_normalised_key(self):
        path = self.serve(Answer(FRESH))
        self.get(path + "?a=1&b=2")
        self.ask("POST", path + "?b=2&utm_source=x&a=1", body=b"x")
        self.assertEqual("Miss", self.get(path + "?a=1&b=2").x_cache)


if __name__ == "__main__":
    unittest.main()
