"""System calls of a process that fail, by strace, and viewers who come with new connections."""

import signal
import subprocess
import tempfile
import time

from viewer import Cut, Malformed, NoAnswer, TookTooLong, Viewer

# What strace injects into an edge, and whether viewers lose connections by it. Neither read nor
# write: libuv wakes its loops with them.
INJECTED = {
    "no descriptors": ("accept4,socket:error=EMFILE:when=1+2", False),
    "sockets that are full": ("writev:error=EAGAIN:when=2+3", False),
    "no buffers": ("writev:error=ENOBUFS:when=2+3", False),
    "connections that break": ("writev,recvfrom:error=ECONNRESET:when=20+20", True),
}


class Injection:
    """A context: within it calls of the process fail. Then `failed` says how many, or `refused` why
    strace could not attach."""

    def __init__(self, pid, injection):
        self.command = ["strace", "-f", "-qq", "-e", f"trace={injection.partition(':')[0]}",
                        "-e", f"inject={injection}", "-p", str(pid)]
        self.failed, self.refused = 0, ""

    def __enter__(self):
        self.calls = tempfile.TemporaryFile()
        self.strace = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=self.calls)
        return self

    def __exit__(self, *_):
        ended = self.strace.poll() is not None
        self.strace.send_signal(signal.SIGTERM)
        self.strace.wait(timeout=10)
        self.calls.seek(0)
        text = self.calls.read().decode(errors="replace")
        self.calls.close()
        self.failed = text.count("(INJECTED)")
        self.refused = text.strip()[-100:] or "no word" if ended else ""


def fresh_connections(port, seconds):
    """(answered, not answered), one request for a hit on each."""
    counts = [0, 0]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        viewer = Viewer(port)
        try:
            answer = viewer.fetch("GET", "/size/1000/hit/0?cc=max-age=3600", "Connection: close",
                                  bound=5)
            counts[answer.status != 200] += 1
        except (Cut, Malformed, NoAnswer, TookTooLong, OSError):
            counts[1] += 1
        viewer.close()
        time.sleep(0.02)
    return counts
