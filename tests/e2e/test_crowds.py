"""Crowds: what is asked for anew before it expires, jitter."""

import time
import unittest

from harness import Answer, Scenario, in_both

FRESH = "Cache-Control: max-age=3600"
HIT = "Hit from edge"


@in_both
class EarlyRefreshScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/ahead", "refresh": {"ahead": 40, "hot": 0}},
        {"path": "*/cold", "refresh": {"ahead": 40}},
        {"path": "*/chance", "refresh": {"beta": 20}},
        {"path": "*/jitter*", "ttl": {"jitter": 50}},
        {"path": "*"}]}]}

    def refreshed(self, path, seconds=5):
        """Waits until the origin was asked twice."""
        end = time.monotonic() + seconds
        while self.origin.count(path) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        return self.origin.count(path) == 2

    def test_a_hot_object_is_renewed_before_it_expires_and_nobody_waits(self):
        path = self.serve(Answer("Cache-Control: max-age=10", 'ETag: "1"', body=b"old"),
                          Answer(FRESH, 'ETag: "2"', body=b"new", delay=0.3), name="ahead")
        self.get(path)
        self.assertEqual((HIT, 1), (self.get(path).x_cache, self.origin.count(path)))
        time.sleep(4.2)
        begin = time.monotonic()
        answers = [self.get(path) for _ in range(5)]
        if time.monotonic() - begin < 0.3:
            self.assertEqual({(b"old", HIT)}, {(a.body, a.x_cache) for a in answers})
        self.assertTrue(self.refreshed(path))
        end = time.monotonic() + 5
        while self.get(path).body != b"new" and time.monotonic() < end:
            time.sleep(0.01)
        answer = self.get(path)
        self.assertEqual((b"new", HIT, 2), (answer.body, answer.x_cache, self.origin.count(path)))
        self.assertEqual('"1"', self.origin.requests(path)[1].get("If-None-Match"))

    def test_one_that_is_not_hot_is_not(self):
        path = self.serve(Answer("Cache-Control: max-age=10", "Age: 5"), name="cold")
        self.get(path)
        time.sleep(2.2)
        self.assertEqual(HIT, self.get(path).x_cache)
        time.sleep(0.2)
        self.assertEqual(1, self.origin.count(path))

    def test_many_hits_on_what_took_long_renew_it_by_chance(self):
        # A fetch took 0.3 s: with beta 20, a hit with 9 s left renews it with a chance of 22%.
        path = self.serve(Answer("Cache-Control: max-age=10", body=b"old", delay=0.3),
                          Answer("Cache-Control: max-age=3600", body=b"new"), name="chance")
        self.get(path)
        for _ in range(200):
            self.assertEqual(HIT, self.get(path).x_cache)
        self.assertTrue(self.refreshed(path))

    def test_jitter_spreads_what_was_stored_at_once_and_tells_nobody(self):
        paths = [self.serve(Answer("Cache-Control: max-age=6", 'ETag: "1"'), name=f"jitter{i}")
                 for i in range(40)]
        for path in paths:
            self.get(path)
        time.sleep(4.4)
        answers = [self.get(path) for path in paths]
        self.assertEqual({"max-age=6"}, {a.get("Cache-Control") for a in answers})
        hits = [a for a in answers if a.x_cache == HIT]
        self.assertTrue(all(int(a.get("Age")) >= 4 for a in hits))
        self.assertGreater(len(hits), 3)
        self.assertLess(len(hits), 37)


if __name__ == "__main__":
    unittest.main()
