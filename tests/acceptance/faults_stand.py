"""An edge, three shields and an origin on a network of their own, and the viewers of the faults."""

import pathlib
import tempfile
import time

from load import Load
from stand import SITES, Node, Origin, Processes
from viewer import KeepText, PatternCheck

SHIELDS = ("shield-0", "shield-1", "shield-2")
ORIGIN = "origin"
HOSTS = (*SHIELDS, ORIGIN)
PORT = 8080  # of each far host, which is alone in its namespace
CONNECT, FIRST_BYTE, BETWEEN = 1, 2.5, 3  # seconds, of the edge; a shield gives up earlier
SHIELD_CONNECT, SHIELD_FIRST_BYTE = 0.6, 1.5
OBJECTS = 50  # of the classes that repeat

# name: (viewers, bytes, Cache-Control, how many objects)
CLASSES = {
    "hit": (2, 1000, "max-age=3600", OBJECTS),
    "expired": (2, 1000, "max-age=1, stale-if-error=600", OBJECTS),
    "miss": (3, 1000, "max-age=3600", None),
}
LARGE = {"large": (3, 100 * 1024, "max-age=3600", None)}


class FarOrigin(Origin):
    def command(self):
        return [self.binaries / "tests" / "origin", "--print-port", "--workers", "1", "--listen",
                f"0.0.0.0:{PORT}"]


class FaultsStand(Processes):
    """`network` is entered already."""

    def __init__(self, network):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-accept-")
        self.network = network
        self.processes = []
        self.shields = {}
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        origin = FarOrigin(self._folder(ORIGIN))
        self._start_at(ORIGIN, origin)
        group = {"servers": [f"http://{self.network.address(ORIGIN)}:{PORT}"],
                 "timeouts": timeouts(SHIELD_CONNECT, SHIELD_FIRST_BYTE)}
        for host in SHIELDS:
            address = self.network.address(host)
            self.shields[host] = Node("shield", self._folder(host), {
                "node": host, "workers": 1, "sites": SITES, "trusted_edges": ["10.0.0.0/16"],
                "listen": [{"address": address, "port": PORT}],
                "limits": {"drain_time": "1s"}, "upstreams": {"origin": group}})
            self._start_at(host, self.shields[host])
        servers = [f"http://{self.network.address(host)}:{PORT}" for host in SHIELDS]
        self.edge = Node("edge", self._folder("edge"), {
            "workers": 1, "sites": SITES, "limits": {"drain_time": "1s"},
            "upstreams": {"shields": {
                "kind": "shield", "servers": servers, "retry": {"on": ["reset", "timeout"]},
                "timeouts": timeouts(CONNECT, FIRST_BYTE)}}})
        self.processes.append(self.edge.start())

    def _folder(self, name):
        path = pathlib.Path(self.temporary.name) / name
        path.mkdir()
        return path

    def _start_at(self, host, process):
        process.prefix = self.network.prefix(host)
        self.processes.append(process)
        process.start()

    def lose_power(self, host):
        """The host and its process are new; the edge was told of nothing."""
        shield = self.shields[host]
        self.network.fault(host, "drop", everyone=True)
        shield.kill()
        self.network.replace(host)
        self.network.heal(host)
        shield.prefix = self.network.prefix(host)
        shield.start()

    def server(self, host):
        """What the edge thinks of it."""
        url = f"http://{self.network.address(host)}:{PORT}"
        return next(s for s in self.edge.stats()["upstream_servers"] if s["server"] == url)

    def connections(self, host):
        """How many the edge's system has to it, established as it believes."""
        octets = self.network.address(host).split(".")
        remote = "".join(f"{int(octet):02X}" for octet in reversed(octets)) + f":{PORT:04X}"
        lines = pathlib.Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
        return sum(line.split()[2:4] == [remote, "01"] for line in lines)

    def load(self, classes=None, series=""):
        """The bytes of each answer are compared; `series` makes misses misses again."""
        kinds = {kind: (viewers, path_of(kind, series, *rest))
                 for kind, (viewers, *rest) in (classes or CLASSES).items()}
        return Load(self.edge.port, kinds, pause=0.02, check=check)


def path_of(kind, series, size, control, objects):
    control = control.replace(" ", "%20")
    if objects:
        return lambda n: f"/size/{size}/{kind}/{n % objects}?cc={control}"
    return lambda n: f"/size/{size}/{kind}{series}/{n}?cc={control}"


def check(path):
    plain = path.partition("?")[0]
    size = int(plain.split("/")[2])
    return lambda answer: PatternCheck(plain, size) if answer.status == 200 else KeepText()


def timeouts(connect, first_byte):
    times = {"connect": connect, "first_byte": first_byte, "between_bytes": BETWEEN}
    return {name: f"{1000 * seconds:.0f}ms" for name, seconds in times.items()}


def until(condition, seconds):
    """How long it took; None: it did not come."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        if condition():
            return time.monotonic() - begin
        time.sleep(0.05)
    return None
