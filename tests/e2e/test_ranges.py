"""Ranges (RFC 9110 §14) of stored objects, of objects on their way in, and beyond max_object."""

import concurrent.futures
import random
import re
import threading
import time
import unittest

from harness import Answer, Client, Scenario, in_both, request_bytes
from http_text import Closed

FRESH = "Cache-Control: max-age=3600"
BODY = bytes(random.Random(7).randrange(256) for _ in range(200_000))
SIZE = len(BODY)


def parts_of(response):
    """(Content-Range, bytes) of a multipart/byteranges body."""
    kind = response.get("Content-Type")
    assert kind.startswith("multipart/byteranges; boundary="), kind
    mark = b"--" + kind.split("boundary=")[1].strip('"').encode()
    pieces = response.body.split(mark)
    assert pieces[-1].strip() == b"--", pieces[-1]
    out = []
    for piece in pieces[1:-1]:
        head, _, body = piece.partition(b"\r\n\r\n")
        lines = dict(line.split(b": ", 1) for line in head.strip().split(b"\r\n"))
        out.append((lines[b"Content-Range"].decode(), body[:-2]))
    return out


@in_both
class RangeScenario(Scenario):
    options = {"sites": [{"name": "all", "hosts": ["*"], "behaviors": [
        {"path": "*/forward", "range_on_miss": "forward"}, {"path": "*"}]}],
        "edge": {"cache": {"memory": "16MiB", "max_object": "1MiB"}},
        "shield": {"cache": {"memory": "16MiB", "max_object": "1MiB"}}}

    def stored(self, *fields, body=BODY, framing="length"):
        path = self.serve(Answer(FRESH, *fields, body=body, framing=framing))
        self.assertEqual(body, self.get(path).body)
        return path

    def test_single_ranges_of_a_stored_object(self):
        for framing in ("length", "chunked"):
            path = self.stored('ETag: "e"', framing=framing)
            for spec, first, last in (("0-0", 0, 0), ("0-99", 0, 99), ("100-", 100, SIZE - 1),
                                      ("-1", SIZE - 1, SIZE - 1),
                                      ("-70000", SIZE - 70000, SIZE - 1),
                                      (f"-{SIZE + 5}", 0, SIZE - 1), ("65530-65541", 65530, 65541),
                                      (f"199990-{SIZE + 100}", 199990, SIZE - 1)):
                with self.subTest(spec=spec, framing=framing):
                    response = self.get(path, f"Range: bytes={spec}")
                    self.assertEqual((206, f"bytes {first}-{last}/{SIZE}"),
                                     (response.status, response.get("Content-Range")))
                    self.assertEqual(BODY[first:last + 1], response.body)
                    self.assertEqual(str(last - first + 1), response.get("Content-Length"))
                    self.assertEqual(('"e"', "Hit from edge"),
                                     (response.get("ETag"), response.x_cache))
            self.assertEqual(1, self.origin.count(path))

    def test_several_ranges(self):
        path = self.stored("Content-Type: application/x-test")
        response = self.get(path, "Range: bytes=0-9, 1000-1999, -5")
        self.assertEqual(206, response.status)
        self.assertIsNone(response.get("Content-Range"))
        self.assertEqual([(f"bytes 0-9/{SIZE}", BODY[:10]),
                          (f"bytes 1000-1999/{SIZE}", BODY[1000:2000]),
                          (f"bytes {SIZE - 5}-{SIZE - 1}/{SIZE}", BODY[-5:])], parts_of(response))
        self.assertIn(b"application/x-test", response.body)

    def test_one_satisfiable_of_several_is_a_single_part(self):
        path = self.stored()
        response = self.get(path, f"Range: bytes=0-9, {SIZE}-")
        self.assertEqual((206, BODY[:10]), (response.status, response.body))

    def test_overlapping_ranges_are_merged_or_refused(self):
        path = self.stored()
        spec = ",".join(["0-"] * 20)
        response = self.get(path, f"Range: bytes={spec}")
        self.assertLess(len(response.body), 2 * SIZE, "no multiplication of the body")

    def test_too_many_ranges_get_the_whole(self):
        path = self.stored()
        spec = ",".join(f"{i * 10}-{i * 10}" for i in range(100))
        response = self.get(path, f"Range: bytes={spec}")
        self.assertEqual((200, SIZE), (response.status, len(response.body)))

    def test_unsatisfiable_416(self):
        path = self.stored()
        for spec in (f"{SIZE}-", f"{SIZE + 10}-{SIZE + 20}", "-0"):
            response = self.get(path, f"Range: bytes={spec}")
            self.assertEqual((416, f"bytes */{SIZE}"),
                             (response.status, response.get("Content-Range")))
        self.assertEqual(SIZE, len(self.get(path).body))

    def test_junk_is_ignored(self):
        path = self.stored()
        for value in ("bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes 0-1", "chars=0-1",
                      "bytes=0-1,x", "bytes=--1", "bytes=1-2-3", "bytes=0x0-1",
                      "bytes=99999999999999999999999-"):
            with self.subTest(value):
                response = self.get(path, f"Range: {value}")
                self.assertIn((response.status, len(response.body) == SIZE),
                              ((200, True), (416, False)))
                if "9999" not in value:
                    self.assertEqual(200, response.status)

    def test_if_range(self):
        path = self.stored('ETag: "e"', "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT")
        for value, status in (('"e"', 206), ('"f"', 200), ('W/"e"', 200),
                              ("Mon, 01 Jan 2024 00:00:00 GMT", 206),
                              ("Mon, 01 Jan 2024 00:00:01 GMT", 200), ("junk", 200)):
            with self.subTest(value):
                response = self.get(path, "Range: bytes=0-4", f"If-Range: {value}")
                self.assertEqual(status, response.status)
                self.assertEqual(BODY[:5] if status == 206 else BODY, response.body)

    def test_if_range_on_a_miss(self):
        for value, status in (('"e"', 206), ('"f"', 200)):
            path = self.serve(Answer(FRESH, 'ETag: "e"', body=BODY))
            response = self.get(path, "Range: bytes=0-4", f"If-Range: {value}")
            self.assertEqual(status, response.status)
            self.assertEqual("Hit from edge", self.get(path).x_cache)

    def test_miss_fetches_the_whole_and_answers_the_range_early(self):
        path = self.serve(Answer(FRESH, parts=[(0, BODY[:1000]), (3, BODY[1000:])]))
        with Client(self.port) as client:
            client.sock.settimeout(2.5)
            response = client.request("GET", path, "Range: bytes=10-19")
            self.assertEqual((206, BODY[10:20]), (response.status, response.body))
        self.assertIsNone(self.origin.requests(path)[0].get("Range"))
        self.assertEqual(BODY, self.get(path).body)
        self.assertEqual(1, self.origin.count(path))

    def test_miss_of_unknown_length(self):
        path = self.serve(Answer(FRESH, body=BODY, framing="chunked"))
        response = self.get(path, "Range: bytes=-10")
        if response.status == 206:
            self.assertEqual(BODY[-10:], response.body)
        else:
            self.assertEqual((200, BODY), (response.status, response.body))

    def test_who_reads_nothing_holds_up_the_others_for_a_while_only(self):
        size = 16_000_000  # more than sockets hold, and too large to be held here
        path = self.serve(Answer(FRESH, framing="chunked",
                                 parts=[(0, b"a" * 1000), (1, b"b" * (size - 1000))]))
        slow = Client(self.port)
        slow.send(request_bytes("GET", path))
        slow.head()  # and reads no further
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            got = list(pool.map(lambda _: self.get(path), range(4)))
        self.assertLess(time.monotonic() - begin, 22)
        self.assertEqual({(200, True, size)}, {(r.status, r.complete, len(r.body)) for r in got})
        self.assertEqual(1, self.origin.count(path))
        with self.assertRaises((Closed, OSError), msg="cut, and it shows"):
            slow.reader.exactly(size + 1)
        slow.close()

    def test_larger_than_max_object_is_right_too(self):
        body = BODY * 10
        path = self.serve(Answer(FRESH, body=body))
        response = self.get(path, "Range: bytes=1000000-1000009")
        self.assertEqual((206, body[1000000:1000010]), (response.status, response.body))
        self.assertEqual(body, self.get(path).body)

    def serve_huge(self, *fields, size=10**12):
        """An object of that size, of which the origin sends a part to who asks for no range."""
        def answer(request):
            found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.get("Range") or "")
            if request.get("Range") and not found:
                return Answer(FRESH, status=206, body=b"--b\r\n...",
                              *(*fields, "Content-Type: multipart/byteranges; boundary=b"))
            if not found or request.get("If-Range") not in (None, '"e"'):
                return Answer(FRESH, *fields, length=size, parts=[(0, bytes(500_000)), (8, b"x")],
                              close=True)
            first, last = found.groups()
            if not first:
                first, last = size - int(last), size - 1
            first, last = int(first), int(last)
            return Answer(FRESH, f"Content-Range: bytes {first}-{last}/{size}", *fields, status=206,
                          body=bytes(i % 251 for i in range(first, last + 1)))
        return self.serve(answer)

    def ranges_asked(self, path):
        return [r.get("Range") for r in self.origin.requests(path)]

    def test_range_of_what_can_not_be_held_is_forwarded(self):
        path, size = self.serve_huge('ETag: "e"'), 10**12
        with Client(self.port, 6) as client:  # sooner than the origin goes on with the whole
            for spec, first, last in (("-1000", size - 1000, size - 1), ("7-9", 7, 9),
                                      (f"{size // 2}-{size // 2 + 99}", size // 2, size // 2 + 99)):
                response = client.request("GET", path, f"Range: bytes={spec}")
                self.assertEqual((206, f"bytes {first}-{last}/{size}"),
                                 (response.status, response.get("Content-Range")))
                self.assertEqual(bytes(i % 251 for i in range(first, last + 1)), response.body)
                self.assertEqual("Miss", response.x_cache)
                self.assertIn("range-forwarded", response.fields.joined("Cache-Status"))
        self.assertEqual([None, "bytes=-1000", "bytes=7-9", f"bytes={size // 2}-{size // 2 + 99}"],
                         self.ranges_asked(path))

    def test_range_of_what_can_not_be_held_goes_with_its_conditions(self):
        path = self.serve_huge('ETag: "e"')
        response = self.get(path, "Range: bytes=0-4", 'If-Range: "e"', 'If-None-Match: "z"')
        self.assertEqual(206, response.status)
        last = self.origin.requests(path)[-1]
        self.assertEqual(("bytes=0-4", '"e"', '"z"'),
                         (last.get("Range"), last.get("If-Range"), last.get("If-None-Match")))
        with Client(self.port) as client:
            client.send(request_bytes("GET", path, "Range: bytes=0-4", 'If-Range: "other"'))
            status, _, fields = client.head()
            self.assertEqual((200, str(10**12)), (status, fields.get("Content-Length")))

    def test_several_ranges_of_what_can_not_be_held_are_forwarded(self):
        path = self.serve_huge()
        response = self.get(path, "Range: bytes=0-4,8-9")
        self.assertEqual((206, b"--b\r\n..."), (response.status, response.body))

    def test_whoever_waited_for_what_can_not_be_held_gets_his_own(self):
        path = self.serve_huge()
        answers = []

        def ask(number):
            spec = f"{number}-{number + 4}"
            answers.append((number, self.get(path, f"Range: bytes={spec}", timeout=6)))
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(8, len(answers))
        for number, response in answers:
            self.assertEqual((206, bytes(range(number, number + 5))),
                             (response.status, response.body))

    def test_origin_without_ranges_sends_the_whole_and_it_is_cut_here(self):
        body = BODY * 10
        for accepts, requests in (("none", 1), ("bytes", 2)):
            path = self.serve(Answer(FRESH, f"Accept-Ranges: {accepts}", body=body))
            for _ in range(2):
                response = self.get(path, "Range: bytes=1000000-1000009")
                self.assertEqual((206, body[1000000:1000010]), (response.status, response.body))
            self.assertEqual(requests + 1, self.origin.count(path))

    def test_several_ranges_of_what_is_not_stored_come_in_one_pass(self):
        body = BODY * 4
        for fields, framing in ((["Cache-Control: no-store"], "length"), ([FRESH], "chunked")):
            for spec in ("0-9,700000-700009,300000-300009", "700000-700009,0-9", "-5,0-4"):
                path = self.serve(Answer(*fields, body=body, framing=framing))
                response = self.get(path, f"Range: bytes={spec}")
                self.assertTrue(response.complete)
                if response.status == 200:
                    self.assertEqual(body, response.body)
                    continue
                self.assertEqual(206, response.status)
                parts = parts_of(response)
                self.assertEqual(spec.count(",") + 1, len(parts))
                for content_range, part in parts:
                    first = int(content_range.split(" ")[1].split("-")[0])
                    self.assertEqual(body[first:first + len(part)], part)

    def test_forwarded_where_the_behavior_says_so(self):
        def answer(request):
            if request.get("Range") == "bytes=5-9":
                return Answer(FRESH, f"Content-Range: bytes 5-9/{SIZE}", status=206,
                              body=BODY[5:10])
            return Answer(FRESH, body=BODY)
        path = self.serve(answer, name="forward")
        for _ in range(2):
            response = self.get(path, "Range: bytes=5-9")
            self.assertEqual((206, BODY[5:10], f"bytes 5-9/{SIZE}"),
                             (response.status, response.body, response.get("Content-Range")))
        self.assertEqual("bytes=5-9", self.origin.requests(path)[0].get("Range"))
        self.assertEqual(BODY, self.get(path).body)

    def test_head_and_conditions_come_first(self):
        path = self.stored('ETag: "e"')
        response = self.ask("HEAD", path, "Range: bytes=0-4")
        self.assertEqual((200, str(SIZE)), (response.status, response.get("Content-Length")))
        self.assertEqual(304, self.get(path, "Range: bytes=0-4", 'If-None-Match: "e"').status)

    def test_connection_goes_on_behind_partial_answers(self):
        path = self.stored()
        with Client(self.port) as client:
            specs = ("0-9", f"{SIZE}-", "0-1,5-6", "-3", "x")
            client.send(b"".join(request_bytes("GET", path, f"Range: bytes={s}") for s in specs))
            self.assertEqual([206, 416, 206, 206, 200], [client.response().status for _ in specs])


if __name__ == "__main__":
    unittest.main()
