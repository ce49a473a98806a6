"""The viewer of the acceptance tests notices what it is there to notice.

    python3 -m unittest discover -s tests/acceptance
"""

import unittest

from viewer import Answer, BytesCheck, Malformed, PatternCheck, pattern

HEAD = b"HTTP/1.1 200 OK\r\n"
LENGTH = HEAD + b"Content-Length: 5\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = [
    LENGTH + b"hello",
    CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH + b"hello",
]
WRONG = [
    (LENGTH + b"hellO", "wrong content"),
    (HEAD + b"Content-Length: 4\r\n\r\nhell", "complete with 4 of 5"),
    (CHUNKED + b"4\r\nhell\r\n0\r\n\r\n", "complete with 4 of 5"),
    (CHUNKED + b"0\r\n\r\n", "complete with 0 of 5"),
    (HEAD + b"Content-Length: 0\r\n\r\n", "complete with 0 of 5"),
    (LENGTH + b"hello!", "behind the answer"),
    (CHUNKED + b"5\r\nhelloX\r\n0\r\n\r\n", "behind a chunk"),
    (CHUNKED + b"5\nhello\r\n0\r\n\r\n", "without CR"),
    (CHUNKED + b"five\r\n", "not a chunk size"),
    (HEAD + b"\r\nhello", "only the end of the connection"),
    (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "ambiguous"),
    (HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "ambiguous"),
    (HEAD + b"Content-Length: +5\r\n\r\nhello", "Content-Length: +5"),
    (b"HTTP/1.0 200 OK\r\n\r\n", "not a status line"),
    (HEAD + b"no colon\r\n\r\n", "not a field line"),
]


def answer():
    return Answer("GET", lambda _: BytesCheck(b"hello"))


class AnswerTest(unittest.TestCase):
    def test_whole_answers_are_complete_however_they_are_split(self):
        for data in WHOLE:
            for at in range(len(data) + 1):
                with self.subTest(data=data, at=at):
                    got = answer()
                    got.feed(data[:at])
                    self.assertEqual(got.complete, at == len(data))
                    got.feed(data[at:])
                    self.assertTrue(got.complete)
                    self.assertEqual(got.received, 5)

    def test_wrong_answers_are_malformed_however_they_are_split(self):
        for data, why in WRONG:
            for at in range(len(data)):
                with self.subTest(data=data, at=at), self.assertRaises(Malformed) as raised:
                    got = answer()
                    got.feed(data[:at])
                    got.feed(data[at:])
                self.assertIn(why, str(raised.exception))

    def test_pattern_is_checked_over_its_end(self):
        for shift in (0, 1):
            check = PatternCheck("/size/3000000", 3_000_000)
            data = (pattern()[check.start + shift:] + pattern() * 2)[:3_000_000]
            if shift:
                self.assertRaises(Malformed, check.feed, memoryview(data))
            else:
                for at in range(0, len(data), 70_001):
                    check.feed(memoryview(data)[at:at + 70_001])
                check.end()


if __name__ == "__main__":
    unittest.main()
