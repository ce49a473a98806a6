"""PURGE of a URL: all its variants, the shield first, from allowed addresses only."""

import json
import unittest

from harness import Answer, Client, Scenario, in_both

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


class ShieldDownTest(unittest.TestCase):
    def test_takes_effect_here_and_says_that_it_is_not_complete(self):
        from harness import Stand, Topology, ask, get
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
