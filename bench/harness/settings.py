"""One run's settings: folders, ports, CPUs, certificate, and the origin, which all servers share."""

import json
import os
import shutil
import subprocess
import tempfile

from . import machine
from .server import Probe, free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Settings:
    def __init__(self, arguments):
        self.build = os.path.abspath(arguments.build)
        self.server_cpus = arguments.server_cpus
        self.load_cpus = arguments.load_cpus
        self.memory_mib = arguments.memory
        self.edge_cache = {"eviction": arguments.eviction} if arguments.eviction else {}
        self.quick = arguments.quick
        self.rounds = arguments.rounds or (2 if arguments.quick else 5)
        self.seconds = arguments.seconds or (1.0 if arguments.quick else 4.0)
        # In memory, for the caches of those that keep theirs in files.
        base = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.directory = tempfile.mkdtemp(prefix="seawall-bench-", dir=base)
        os.chmod(self.directory, 0o755)  # servers that drop root read it
        self.commit = machine.first_line(["git", "-C", ROOT, "describe", "--always", "--dirty"])
        self.origin = None
        self.origin_port = free_port()
        self.certificate = os.path.join(self.directory, "certificate.pem")
        self.key = os.path.join(self.directory, "key.pem")
        self.pem = os.path.join(self.directory, "both.pem")

    def program(self, path):
        return os.path.join(self.build, path)

    def load(self, *arguments):
        """Command line of our own client."""
        return [self.program("bench/load"), *map(str, arguments)]

    def prepare(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "30", "-subj", "/CN=bench.test", "-keyout", self.key, "-out",
             self.certificate], check=True, stderr=subprocess.DEVNULL)
        with open(self.pem, "w", encoding="ascii") as out:
            for path in (self.certificate, self.key):
                with open(path, encoding="ascii") as part:
                    out.write(part.read())
        self.start_origin()

    def start_origin(self):
        """A new one for each scenario: it counts every path it was ever asked for."""
        self.stop_origin()
        self.origin = subprocess.Popen(
            [self.program("tests/origin"), "--listen", f"127.0.0.1:{self.origin_port}",
             "--print-port"], stdout=subprocess.PIPE, start_new_session=True,
            preexec_fn=machine.pinned(self.load_cpus))
        if not self.origin.stdout.readline():
            raise RuntimeError("the origin does not start")

    def stop_origin(self):
        if self.origin:
            self.origin.terminate()
            self.origin.wait()
            self.origin = None

    def origin_requests(self, path=None):
        """How often the origin was asked for one path, or for all."""
        if path is not None:
            return int(Probe(self.origin_port, f"/count?path={path}").body)
        counted = json.loads(Probe(self.origin_port, "/stats", timeout=60).body)
        return counted["requests"]

    def close(self):
        self.stop_origin()
        shutil.rmtree(self.directory, ignore_errors=True)
