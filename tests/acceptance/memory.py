"""A store of 64 MiB through which 10 GB of distinct objects are pushed: what the process takes."""

import itertools
import math
import random
import threading
import time

from stand import Report, Stand
from viewer import Malformed, PatternCheck, Viewer

LIMIT = 64 * 2**20
ALLOWED = LIMIT + 40 * 2**20
TOTAL = 10 * 10**9
SMALLEST, LARGEST = 1000, 20 * 10**6
FILLS = 16
SLOW_READERS = 8
SLOW_LEAST = 4 * 10**6  # their objects are large ones
SLOW_RATES = [2**16 << (i % 5) for i in range(SLOW_READERS)]  # bytes a second: 64 KiB … 1 MiB


def log_uniform(rng, low, high):
    return int(math.exp(rng.uniform(math.log(low), math.log(high))))


class Pusher:
    """FILLS viewers at full speed until `total` bytes have come, SLOW_READERS beside them."""

    def __init__(self, port, total):
        self.port, self.total = port, total
        self.lock = threading.Lock()
        self.numbers = itertools.count()
        self.rng = random.Random(64)
        self.bytes = self.objects = self.slow_bytes = self.slow_objects = 0
        self.x_cache = {}
        self.problems = []
        self.over = threading.Event()

    def _next(self, least):
        with self.lock:
            size = log_uniform(self.rng, least, LARGEST)
            return f"/size/{size}/{next(self.numbers)}", size

    def _get(self, viewer, least, after_read=None):
        path, size = self._next(least)
        try:
            answer = viewer.fetch("GET", path, check_for=lambda a: self._check(a, path, size),
                                  bound=1800, after_read=after_read)
            with self.lock:
                self.x_cache[answer.x_cache] = self.x_cache.get(answer.x_cache, 0) + 1
            return answer.received
        except Exception as problem:
            with self.lock:
                self.problems.append(f"{path}: {type(problem).__name__} {problem}")
            viewer.close()
            return 0

    @staticmethod
    def _check(answer, path, size):
        if answer.status != 200:
            raise Malformed(f"status {answer.status}")
        return PatternCheck(path, size)

    def _fill(self):
        viewer = Viewer(self.port)
        while not self.over.is_set():
            count = self._get(viewer, SMALLEST)
            with self.lock:
                self.bytes += count
                self.objects += 1
                if self.bytes >= self.total or len(self.problems) > 100:
                    self.over.set()
        viewer.close()

    def _read_slowly(self, rate):
        viewer = Viewer(self.port, receive_buffer=32 * 1024, read_bytes=16 * 1024)
        while not self.over.is_set():
            count = self._get(viewer, SLOW_LEAST, lambda read: self.over.wait(read / rate))
            with self.lock:
                self.slow_bytes += count
                self.slow_objects += 1
        viewer.close()

    def run(self):
        threads = [threading.Thread(target=self._fill) for _ in range(FILLS)]
        threads += [threading.Thread(target=self._read_slowly, args=(r,)) for r in SLOW_RATES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Sampler(threading.Thread):
    """The largest VmRSS seen, every 20 ms, and the store's own account, every second."""

    def __init__(self, node):
        super().__init__()
        self.node = node
        self.samples = self.largest = self.largest_store = 0
        self.most_fills = 0
        self.over = threading.Event()

    def run(self):
        next_stats = 0
        while not self.over.wait(0.02):
            self.largest = max(self.largest, self.node.memory())
            self.samples += 1
            if time.monotonic() >= next_stats:
                store = self.node.stats()["store"]
                self.largest_store = max(self.largest_store, store["bytes"])
                self.most_fills = max(self.most_fills, store["fills_open"])
                next_stats = time.monotonic() + 1


def mib(count):
    return f"{count / 2**20:.1f} MiB"


def run(options):
    report = Report("memory")
    total = TOTAL // 20 if options.quick else TOTAL
    stand = Stand(shield=False, tls=False, both={"cache": {"memory": f"{LIMIT // 2**20}MiB"}})
    try:
        at_start = stand.edge.memory()
        sampler = Sampler(stand.edge)
        sampler.start()
        pusher = Pusher(stand.edge.port, total)
        begin = time.monotonic()
        pusher.run()
        seconds = time.monotonic() - begin
        sampler.over.set()
        sampler.join()
        peak = stand.edge.memory("VmHWM")
        at_end = stand.edge.memory()
        stats = stand.edge.stats()
    finally:
        problems = stand.stop()
    all_bytes = pusher.bytes + pusher.slow_bytes
    report.add("pushed through",
               f"{all_bytes / 1e9:.2f} GB, {pusher.objects + pusher.slow_objects} objects in "
               f"{seconds:.0f} s; {pusher.slow_objects} of them read slowly", f"≥ {total / 1e9:g} GB",
               pusher.bytes >= total)
    report.add("resident, largest of all samples",
               f"{mib(sampler.largest)} ({sampler.samples} samples; at start {mib(at_start)}, at "
               f"the end {mib(at_end)})", f"< {mib(ALLOWED)}", sampler.largest < ALLOWED)
    report.add("resident, the kernel's high-water mark", mib(peak), f"< {mib(ALLOWED)}",
               peak < ALLOWED)
    report.add("store's own account", f"at most {mib(sampler.largest_store)}, "
               f"{stats['store']['evictions']} evictions, at most {sampler.most_fills} fills",
               f"≤ {mib(LIMIT)}", sampler.largest_store <= LIMIT)
    hits = {word: n for word, n in pusher.x_cache.items() if word != "Miss"}
    report.add("all distinct", f"{pusher.x_cache}", "only misses", not hits)
    report.problems("errors", pusher.problems)
    report.problems("processes", problems)
    return report.rows
