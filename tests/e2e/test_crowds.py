"""Crowds: what is asked for anew before it expires, jitter, errors that many wait for."""

import itertools
import threading
import time
import unittest

from harness import Answer, Client, Scenario, in_both, request_bytes

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


@in_both
class ErrorScenario(Scenario):
    CROWD = 50
    SECONDS = 0.3  # that the origin takes

    def crowd(self, path, *fields):
        """All ask at once, and the origin fails, each time in other words: their answers."""
        sent, number = threading.Event(), itertools.count(1)

        def fail(_request):
            sent.wait(10)
            time.sleep(self.SECONDS)
            return Answer(*fields, status=500, body=b"error %d" % next(number))

        self.before = self.origin.count(path)
        self.origin.serve(path, fail)
        clients = [Client(self.port) for _ in range(self.CROWD)]
        try:
            for client in clients:
                client.send(request_bytes("GET", path))
            sent.set()
            begin = time.monotonic()
            answers = [client.response() for client in clients]
            self.assertLess(time.monotonic() - begin, 2 * self.SECONDS + 4)  # one by one: 15 s
            return answers
        finally:
            for client in clients:
                client.close()

    def asked(self, path):
        return self.origin.count(path) - self.before

    def test_an_error_is_handed_to_all_who_waited_for_it(self):
        path = self.url()
        answers = self.crowd(path)
        self.assertEqual({500}, {a.status for a in answers})
        self.assertLessEqual(self.asked(path), 3)

    def test_one_that_must_not_be_shared_is_not_and_the_origin_is_asked_once_more(self):
        path = self.url()
        answers = self.crowd(path, "Cache-Control: no-store")
        self.assertLessEqual(self.asked(path), 3)
        own = [a.body for a in answers if a.status == 500]
        self.assertEqual(len(set(own)), len(own))
        self.assertEqual({500, 502}, {a.status for a in answers})

    def test_who_has_something_stale_gets_it(self):
        path = self.serve(Answer("Cache-Control: max-age=1, stale-if-error=600", body=b"old"),
                          Answer(status=500))
        self.get(path)
        end = time.monotonic() + 10
        while self.get(path).x_cache == HIT and time.monotonic() < end:
            time.sleep(0.05)
        self.assertIn("Stale from", self.get(path).x_cache)
        answers = self.crowd(path)
        self.assertEqual({(200, b"old")}, {(a.status, a.body) for a in answers})
        self.assertLessEqual(self.asked(path), 3)


if __name__ == "__main__":
    unittest.main()
