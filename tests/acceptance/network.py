"""A network of its own for a test: a namespace for the edge and the viewers, and one for each far
host, joined to it by a wire (veth) of which packets can be dropped, refused or held up.

Who enters it, threads and children included, lives in the edge's namespace from then on; processes
of a far host are started with `prefix(host)`. Nothing of the machine's own network is touched, so
addresses and interfaces have plain names; the namespaces' have the process id in them.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
HERE = pathlib.Path("/proc/thread-self/ns/net")
NAMED = pathlib.Path("/run/netns")


class Unable(Exception):
    """This machine, or this user, can't have such a network."""


def run(*command, text=None):
    done = subprocess.run(command, input=text or "", capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr}")
    return done.stdout


def enter(namespace):
    """Of the calling thread, by an open file."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Network:
    """A context: entered, it is there; left, it is gone, whatever has failed."""

    def __init__(self, hosts):
        self.hosts = {host: number for number, host in enumerate(hosts)}
        self.names = {}  # host → its namespace; a host that is replaced gets another
        self.made = []
        self.home = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise Unable("network namespaces need root")
        if missing := [tool for tool in ("ip", "nft", "tc") if not shutil.which(tool)]:
            raise Unable(f"no {', '.join(missing)} here: apt install iproute2 nftables")
        self.home = HERE.open("rb")
        try:
            self.edge = self._make("edge")
            for host in self.hosts:
                self._join(host)
            with (NAMED / self.edge).open("rb") as namespace:
                enter(namespace)
            pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        enter(self.home)
        self.home.close()
        for name in self.made:
            with contextlib.suppress(RuntimeError):
                run("ip", "netns", "del", name)

    def address(self, host):
        return f"10.0.{self.hosts[host]}.2"

    def prefix(self, host):
        return ["ip", "netns", "exec", self.names[host]]

    def replace(self, host):
        """As a power loss and a start of the whole host: nobody is told of any connection. Its
        processes must have been killed while it was cut off."""
        run("ip", "-n", self.edge, "link", "del", host)
        self._join(host)

    def fault(self, host, verdict, everyone=False):
        """What becomes of packets between the edge, or everyone, and the host, at their arrival."""
        sender = "" if everyone else f"ip saddr 10.0.{self.hosts[host]}.1"
        self._rules(self.names[host], host, {"input": f"{sender} {verdict}"})
        wire = f'iifname "{host}" {verdict}'
        self._rules(self.edge, host, {"input": wire, **({"forward": wire} if everyone else {})})

    def heal(self, host):
        for name in (self.edge, self.names[host]):
            self._rules(name, host, {})

    def narrow(self, host, rate):
        """What the host sends, by a token bucket; None: as wide as ever."""
        wire = ("dev", "edge", "root")
        if rate:
            run("tc", "-n", self.names[host], "qdisc", "add", *wire, "tbf", "rate", rate, "burst",
                "16kb", "latency", "200ms")
        else:
            run("tc", "-n", self.names[host], "qdisc", "del", *wire)

    def dropped(self, host):
        """Packets that rules of now have met, at both ends."""
        found = [run("ip", "netns", "exec", name, "nft", "list", "table", "ip", host)
                 for name in (self.edge, self.names[host])]
        words = " ".join(found).split()
        return sum(int(words[n + 1]) for n, word in enumerate(words) if word == "packets")

    def _make(self, what):
        name = f"seawall-{os.getpid()}-{len(self.made)}-{what}"
        run("ip", "netns", "add", name)
        self.made.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def _join(self, host):
        name = self.names[host] = self._make(host)
        near, far = (f"10.0.{self.hosts[host]}.{end}" for end in (1, 2))
        run("ip", "-n", self.edge, "link", "add", host, "type", "veth", "peer", "name", "edge",
            "netns", name)
        for place, wire, address in ((self.edge, host, near), (name, "edge", far)):
            run("ip", "-n", place, "address", "add", f"{address}/30", "dev", wire)
            run("ip", "-n", place, "link", "set", wire, "up")
        run("ip", "-n", name, "route", "add", "default", "via", near)

    def _rules(self, name, table, rules):
        text = f"add table ip {table}\ndelete table ip {table}\n"
        for hook, rule in rules.items():
            text += (f"add table ip {table}\n"
                     f"add chain ip {table} {hook} {{ type filter hook {hook} priority 0; }}\n"
                     f"add rule ip {table} {hook} {rule}\n")
        run("ip", "netns", "exec", name, "nft", "-f", "-", text=text)
