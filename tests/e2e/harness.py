"""Starts the real binaries for scenarios: an edge, or an edge before a shield, and a fake origin.

A module of scenarios derives its cases from Scenario and marks them with @in_both, so that each
runs in both topologies; one pair of nodes serves a module (and each set of options it asks for).
Every test uses URLs of its own: self.url("what").
"""

import enum
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from fake_origin import Answer, Drop, Origin, Raw, Takeover  # noqa: F401 (for the scenarios)
from http_text import Fields, http_date  # noqa: F401
from raw_client import Client, NoResponse, ask, get, request_bytes  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SEAWALL_BIN_DIR") or ROOT / "build" / "dev").resolve()
QUICK = bool(os.environ.get("SEAWALL_QUICK"))
START_SECONDS = 30
ANY_HOST = [{"name": "all", "hosts": ["*"], "behaviors": [{"path": "*"}]}]


class Topology(enum.Enum):
    EDGE = "edge"
    EDGE_SHIELD = "edge and shield"


class Node:
    """A running edge or shield, from construction until close()."""

    def __init__(self, role, config, folder):
        self.role, self.folder = role, pathlib.Path(folder)
        self.file = self.folder / f"{role}.json"
        self.log = self.folder / f"{role}.log"
        self.access_log = self.folder / f"{role}-access.log"
        self.config = merged({
            "node": f"{role}-test",
            "listen": [{"address": "127.0.0.1", "port": 0}],
            "admin": {"address": "127.0.0.1", "port": 0},
            "log": {"access": {"path": str(self.access_log)}},
        }, config)
        self.write(self.config)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BIN / role / role, "--config", self.file],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        self.port = self._port(r"(?<!admin )listening on http://\S+?:(\d+)$")
        self.admin = self._port(r"admin listening on http://\S+?:(\d+)$")

    def write(self, config):
        self.file.write_text(json.dumps(config, indent=1))

    def text(self):
        return self.log.read_text(errors="replace")

    def _port(self, pattern):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            ended = self.process.poll() is not None
            found = re.search(pattern, self.text(), re.MULTILINE)
            if found:
                return int(found.group(1))
            if ended:
                break
            time.sleep(0.01)
        self.process.kill()
        raise RuntimeError(f"{self.role} does not listen:\n{self.text()}")

    def signal(self, number):
        self.process.send_signal(number)

    def logged(self, text, seconds=5):
        """Waits until the error log has this text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if text in self.text():
                return True
            time.sleep(0.01)
        return False

    def access(self, target, count=1, seconds=5):
        """The access records of a target, as soon as there are `count`."""
        end = time.monotonic() + seconds
        while True:
            records = []
            if self.access_log.exists():
                lines = self.access_log.read_text().split("\n")[:-1]
                records = [r for r in map(json.loads, lines) if r.get("target") == target]
            if len(records) >= count or time.monotonic() > end:
                return records
            time.sleep(0.02)

    def stats(self):
        return json.loads(get(self.admin, "/stats").body)

    def close(self):
        """Ends it; complains if it had crashed, or does not end."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "still running 20 s after SIGTERM"
        if status != 0:
            raise AssertionError(f"{self.role} ended with {status}:\n{self.text()[-8000:]}")


class Stand:
    """Origin, shield if there is one, edge. `edge` and `shield`: keys for their configurations."""

    def __init__(self, topology, sites=None, edge=None, shield=None, origin_options=None):
        self.topology = topology
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        folder = self.temporary.name
        self.origin = Origin()
        self.shield = None
        limits = {"drain_time": "2s"}
        sites = sites or ANY_HOST
        upstreams = {"origin": {"servers": [f"http://127.0.0.1:{self.origin.port}"],
                                **(origin_options or {})}}
        try:
            if topology is Topology.EDGE_SHIELD:
                self.shield = Node("shield", merged({"trusted_edges": ["127.0.0.1"],
                                                     "upstreams": upstreams, "sites": sites,
                                                     "limits": limits}, shield or {}), folder)
                upstreams = {"shield": {"kind": "shield",
                                        "servers": [f"http://127.0.0.1:{self.shield.port}"]}}
            self.edge = Node("edge", merged({"upstreams": upstreams, "sites": sites,
                                             "limits": limits}, edge or {}), folder)
        except BaseException:
            self.origin.close()
            if self.shield:
                self.shield.process.kill()
            raise
        self.port = self.edge.port

    @property
    def nodes(self):
        return [n for n in (self.edge, self.shield) if n]

    def close(self):
        problems = []
        for node in self.nodes:
            try:
                node.close()
            except AssertionError as problem:
                problems.append(str(problem))
        self.origin.close()
        self.temporary.cleanup()
        if problems:
            raise AssertionError("\n".join(problems))


def merged(base, more):
    """`more` over `base`, objects joined key by key."""
    out = dict(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


_names = itertools.count(1)


class Scenario:
    """Mixed into the cases that in_both() makes. Class attributes are options of the Stand."""

    topology = Topology.EDGE
    options = {}
    maxDiff = 4000
    stands = {}  # (module, topology, options) → Stand

    @classmethod
    def setUpClass(cls):
        key = (cls.__module__, cls.topology, json.dumps(cls.options, sort_keys=True))
        if key not in Scenario.stands:
            stand = Scenario.stands[key] = Stand(cls.topology, **cls.options)
            unittest.addModuleCleanup(stand.close)
        cls.stand = Scenario.stands[key]
        cls.origin = cls.stand.origin
        cls.port = cls.stand.port

    @property
    def has_shield(self):
        return self.topology is Topology.EDGE_SHIELD

    def url(self, name="x"):
        """A path that no other test uses."""
        return f"/{self._testMethodName}/{next(_names)}/{name}"

    def serve(self, *answers, name="x"):
        """A new path that the origin answers so."""
        path = self.url(name)
        self.origin.serve(path, *answers)
        return path

    def get(self, target, *fields, **more):
        return get(self.port, target, *fields, **more)

    def ask(self, method, target, *fields, **more):
        return ask(self.port, method, target, *fields, **more)


def in_both(case):
    """Makes a TestCase of `case` for each topology, in its module."""
    module = sys.modules[case.__module__]
    for topology, suffix in ((Topology.EDGE, "Edge"), (Topology.EDGE_SHIELD, "EdgeShield")):
        name = f"{case.__name__}{suffix}"
        setattr(module, name, type(name, (case, unittest.TestCase),
                                   {"topology": topology, "__module__": case.__module__,
                                    "__doc__": case.__doc__}))
    return case
