"""The load of chaos.py, a process that may be killed: random requests, every answer checked.

Prints JSON lines: {"problem": …} as soon as there is one, {"counts": …} every half second and at
the end. An error answer (502, 503, 504) or a cut connection is right while nodes die; wrong content,
an answer that is complete but should not be, no answer at all, or one after its time is not.
"""

import argparse
import collections
import json
import random
import sys
import threading
import time

from viewer import (Cut, KeepText, Malformed, NoAnswer, PatternCheck, TookTooLong, Viewer, fnv1a64)

ERRORS = (502, 503, 504)


class GivesUp(Exception):
    """This viewer leaves in the middle of the answer."""


class Load:
    def __init__(self, port, seed, seconds, bound):
        self.port, self.seed, self.bound = port, seed, bound
        self.end = time.monotonic() + seconds
        self.counts = collections.Counter()
        self.slowest = 0.0
        self.lock = threading.Lock()

    def tell(self, **what):
        with self.lock:
            print(json.dumps(what), flush=True)

    def tell_counts(self):
        self.tell(counts=dict(self.counts), slowest=round(self.slowest, 2))

    def viewer(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        viewer = Viewer(self.port, read_bytes=64 * 1024)
        kinds = [one_object] * 6 + [chunked, slow, slow, ranged, head, upload, passed, cut_by_origin,
                                    revalidated, gives_up]
        while time.monotonic() < self.end:
            kind = rng.choice(kinds)
            begin = time.monotonic()
            try:
                word = kind(viewer, rng, self.bound)
            except Cut:
                word = "cut" if kind is not cut_by_origin else "cut by origin"
            except GivesUp:
                viewer.close()
                word = "given up"
            except (Malformed, NoAnswer, TookTooLong, OSError) as problem:
                viewer.close()
                word = "problem"
                self.tell(problem=f"{kind.__name__}: {type(problem).__name__} {problem}")
            took = time.monotonic() - begin
            with self.lock:
                self.counts[word] += 1
                self.slowest = max(self.slowest, took)
            if word in ("cut", "problem") or word.startswith("5"):
                time.sleep(0.2)  # one that retries at once would do nothing else
        viewer.close()


def expect(path, length, first=0, good=200):
    """A check by status: the content, or an error's small page."""
    def check_for(answer):
        if answer.status == good:
            return PatternCheck(path, length, first)
        if answer.status not in ERRORS:
            raise Malformed(f"{path}: status {answer.status}")
        return KeepText()
    return check_for


def word_for(answer, path):
    if answer.status in ERRORS:
        return str(answer.status)
    if answer.status >= 300:
        raise Malformed(f"{path}: status {answer.status}")
    return "ok"


def get(viewer, bound, path, query, length, **more):
    answer = viewer.fetch("GET", f"{path}?{query}", check_for=expect(path, length), bound=bound,
                          **more)
    return word_for(answer, path), answer


def shared_object(rng):
    """One of a few hundred, so that viewers meet in fills; small and large."""
    number = rng.randrange(300)
    size = random.Random(number).choice([0, 1, 700, 4000, 30_000, 120_000, 500_000, 2_000_000])
    return f"/size/{size}/{number}", size


def one_object(viewer, rng, bound):
    path, size = shared_object(rng)
    return get(viewer, bound, path, "max-age=2", size)[0]


def passed(viewer, rng, bound):
    path, size = shared_object(rng)
    return get(viewer, bound, f"{path}/pass", "cc=no-store", size)[0]


def chunked(viewer, rng, bound):
    chunks, size = rng.randrange(1, 60), rng.choice([10, 1000, 20_000])
    path = f"/chunked/{chunks}/{size}/{rng.randrange(20)}"
    word, answer = get(viewer, bound, path, f"n={chunks}&size={size}&trailers=1&body_ms=300",
                       chunks * size)
    if word == "ok" and answer.trailers not in ([], [f"X-Body-Bytes: {chunks * size}"]):
        raise Malformed(f"trailers {answer.trailers}")
    return word


def slow(viewer, rng, bound):
    size = rng.choice([100_000, 1_000_000])
    path = f"/slow/{size}/{rng.randrange(8)}-{int(time.time()) // 3}"
    return get(viewer, bound, path, f"body_ms={rng.choice([500, 2500])}&size={size}", size)[0]


def revalidated(viewer, rng, bound):
    path = f"/size/50000/r{rng.randrange(4)}"
    return get(viewer, bound, path, "max-age=0", 50_000)[0]


def ranged(viewer, rng, bound):
    path, size = shared_object(rng)
    if size < 2:
        return one_object(viewer, rng, bound)
    first = rng.randrange(size - 1)
    last = rng.randrange(first, size)

    def check_for(answer):
        if answer.status == 206:
            due = f"bytes {first}-{last}/{size}"
            if answer.get("content-range") != due:
                raise Malformed(f"{path}: {answer.get('content-range')} is not {due}")
            return PatternCheck(path, last - first + 1, first)
        return expect(path, size)(answer)

    answer = viewer.fetch("GET", f"{path}?max-age=2", f"Range: bytes={first}-{last}",
                          check_for=check_for, bound=bound)
    return word_for(answer, path)


def head(viewer, rng, bound):
    path, size = shared_object(rng)
    answer = viewer.fetch("HEAD", f"{path}?max-age=2", bound=bound)
    word = word_for(answer, path)
    if word == "ok" and answer.get("content-length") not in (None, str(size)):
        raise Malformed(f"HEAD {path}: Content-Length {answer.get('content-length')}")
    return word


def upload(viewer, rng, bound):
    body = rng.randbytes(rng.choice([0, 10, 5000, 60_000]))
    try:
        answer = viewer.fetch("POST", "/upload", body=body, bound=bound)
    except NoAnswer:
        return "upload refused"  # RST while we still sent: it may overtake the answer
    word = word_for(answer, "/upload")
    if word == "ok":
        told = json.loads(answer.check.text)
        if told != {"bytes": len(body), "fnv1a64": fnv1a64(body)}:
            raise Malformed(f"POST of {len(body)} bytes: {told}")
    return word


def cut_by_origin(viewer, rng, bound):
    """The origin sends half of what it promised: this must never look complete."""
    path = f"/fail/{rng.randrange(10**9)}"
    query = "close=body&size=" + rng.choice(["200", "40000", "900000"])
    query += rng.choice(["", "&chunked=1", "&reset=1", "&chunked=1&reset=1"])
    answer = viewer.fetch("GET", f"{path}?{query}", check_for=expect(path, None), bound=bound)
    if answer.status not in ERRORS:
        raise Malformed(f"{path}?{query}: complete with {answer.received} bytes")
    return "cut by origin"


def gives_up(viewer, rng, bound):
    path, size = shared_object(rng)
    left = rng.randrange(1, max(2, size))

    def after_read(count):
        nonlocal left
        left -= count
        if left <= 0:
            raise GivesUp

    return get(viewer, bound, path, "max-age=2", size, after_read=after_read)[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--bound", type=float, required=True)
    parser.add_argument("--viewers", type=int, required=True)
    options = parser.parse_args()
    load = Load(options.port, options.seed, options.seconds, options.bound)
    threads = [threading.Thread(target=load.viewer, args=(n,)) for n in range(options.viewers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.5)
        load.tell_counts()
    load.tell_counts()


if __name__ == "__main__":
    sys.exit(main())
