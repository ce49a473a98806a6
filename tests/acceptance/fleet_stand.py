"""A shield and edges before it, with a Redis if they share one purge log; the checker before them."""

import json
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time

from stand import BIN, SITES, Node, Process, Processes, merged
from viewer import Viewer

CHECKER = BIN / "tests" / "purge_checker"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Redis(Process):
    """Keeps what it has acknowledged, whatever happens to it."""

    def __init__(self, folder):
        super().__init__("redis", folder)
        self.port = free_port()
        self.folder = pathlib.Path(folder) / "redis-data"
        self.folder.mkdir()

    def command(self):
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir",
                self.folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""]

    def start(self):
        begin = self.log.stat().st_size if self.log.exists() else 0
        super().start()
        end = time.monotonic() + 30
        while "Ready to accept connections" not in self._text(begin):
            if not self.alive() or time.monotonic() > end:
                raise RuntimeError(f"redis does not start:\n{self._text(begin)}")
            time.sleep(0.01)
        return self


class Checker:
    """purge_checker: the origin of the nodes from the start, writers and readers after begin()."""

    def __init__(self, *options):
        self.process = subprocess.Popen([CHECKER, *map(str, options)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.enough = threading.Event()  # nobody is killed from then on
        self.result = None

    def begin(self, edges, accept=()):
        self._say(f"edges {' '.join(map(str, edges))} accept {' '.join(map(str, accept or edges))}")
        self.reader = threading.Thread(target=self._listen)
        self.reader.start()

    def _listen(self):
        for line in self.process.stdout:
            if line.startswith("enough"):
                self.enough.set()
            elif line.startswith("{"):
                self.result = json.loads(line)
        self.enough.set()  # at the latest

    def _say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def finish(self):
        """What it counted, when it has looked at every object once more."""
        self.enough.wait()
        self._say("calm")
        status = self.process.wait(timeout=120)
        self.reader.join()
        if self.result is None:
            raise RuntimeError(f"the checker ended with {status}")
        return self.result

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()


class FleetStand(Processes):
    """`origin`: its port. `fleets`: the name of the fleet of shield, first edge, second edge …; None: of none.

    `through(port)` gives the port to connect to in its place: a relay's.
    """

    def __init__(self, origin, fleets=("accept",) * 3, through=lambda port: port, both=None):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-fleet-")
        folder = pathlib.Path(self.temporary.name)
        self.redis = Redis(folder) if any(fleets) else None
        self.processes = [self.redis] if self.redis else []
        self.edges = []
        common = merged({"limits": {"drain_time": "2s"}, "sites": SITES, "workers": 1,
                         "cache": {"memory": "64MiB"}, "purge": {"rate": 0}}, both)
        try:
            if self.redis:
                self.redis.start()
            self.shield = self._node("shield", "shield", merged(common, {
                "trusted_edges": ["127.0.0.1"],
                "upstreams": {"origin": {"servers": [f"http://127.0.0.1:{origin}"]}}}),
                fleets[0], through)
            for number, fleet in enumerate(fleets[1:], 1):
                server = f"http://127.0.0.1:{through(self.shield.port)}"
                self.edges.append(self._node("edge", f"edge-{number}", merged(common, {
                    "upstreams": {"shield": {"kind": "shield", "servers": [server]}}}),
                    fleet, through))
        except BaseException:
            self.stop()
            raise

    def _node(self, role, name, config, fleet, through):
        if fleet:
            redis = f"redis://127.0.0.1:{through(self.redis.port)}"
            config = merged(config, {"fleet": {"redis": redis, "name": fleet}})
        node = Node(role, self.temporary.name, config, name=name)
        self.processes.append(node)
        return node.start()

    def know_each_other(self, seconds=30):
        """Waits until each edge's receipts name all nodes."""
        end = time.monotonic() + seconds
        for edge in self.edges:
            viewer = Viewer(edge.port, "stand.test")
            receipt = {}
            while len(receipt.get("nodes", ())) < len(self.edges) + 1 or not receipt["complete"]:
                if time.monotonic() > end:
                    raise RuntimeError(f"{edge.name} does not know all nodes: {receipt}")
                time.sleep(0.02)
                answer = viewer.fetch("POST", "/purge", body=b'{"urls": ["/nothing"]}')
                receipt = json.loads(answer.check.text)
            viewer.close()
