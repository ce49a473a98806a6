"""Viewers that ask in a loop, and what became of each request."""

import dataclasses
import threading
import time

from viewer import Cut, Malformed, NoAnswer, TookTooLong, Viewer

BOUND = 60  # seconds; what takes longer is stuck


@dataclasses.dataclass
class Record:
    kind: str
    begin: float  # monotonic seconds
    end: float
    status: int  # 0: no whole answer
    x_cache: str
    cache_status: str


class Load:
    """`kinds`: name → (viewers, function of a number that gives a path). Each viewer asks, then
    rests for `pause` seconds. `check(path)` gives the `check_for` of an answer."""

    def __init__(self, port, kinds, pause=0.0, check=lambda path: None):
        self.port, self.pause, self.check = port, pause, check
        self.records = []
        self.problems = []
        self.going = True
        self.threads = [threading.Thread(target=self._view, args=(kind, path, n, viewers))
                        for kind, (viewers, path) in kinds.items() for n in range(viewers)]
        for thread in self.threads:
            thread.start()

    def _view(self, kind, path, number, step):
        viewer = Viewer(self.port)
        while self.going:
            begin = time.monotonic()
            status, x_cache, cache_status = 0, "", ""
            try:
                answer = viewer.fetch("GET", path(number), bound=BOUND,
                                      check_for=self.check(path(number)))
                status, x_cache = answer.status, answer.get("x-cache") or ""
                cache_status = answer.get("cache-status") or ""
            except (Cut, Malformed, NoAnswer, TookTooLong, OSError) as problem:
                self.problems.append(f"{path(number)}: {type(problem).__name__} {problem}")
                viewer.close()
            self.records.append(Record(kind, begin, time.monotonic(), status, x_cache,
                                       cache_status))
            number += step
            time.sleep(self.pause)
        viewer.close()

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join()
        return self.records


def percentile(records, share):
    """Of their durations, in milliseconds."""
    times = sorted(r.end - r.begin for r in records)
    return 1000 * times[min(len(times) - 1, int(share * len(times)))] if times else 0.0
