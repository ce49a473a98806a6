"""The limit program and our edge."""

import json
import os
import signal
import urllib.request

from .server import CACHED_HOST, PASS_HOST, Server, free_port


class Limit(Server):
    """Takes its answer from the scenario: `arguments`, as for bench/limit."""

    name = "limit"

    def __init__(self, settings, workers=1, cpus=None, arguments=()):
        super().__init__(settings, workers, cpus)
        self.arguments = list(arguments)
        self.only_tls = "--tls" in self.arguments
        if self.only_tls:
            self.tls_port = self.port

    def command(self):
        command = [self.settings.program("bench/limit"), "--port", str(self.port), "--workers",
                   str(self.workers)]
        for argument in self.arguments:
            if argument == "--tls":
                command += ["--tls-cert", self.settings.certificate, "--tls-key", self.settings.key]
            else:
                command.append(argument.format(origin=self.settings.origin_port))
        return command

    @classmethod
    def version(cls, settings):
        return settings.commit


class Edge(Server):
    """Everything on, as it is by default: access log (to a file) and metrics included."""

    name = "edge"

    def __init__(self, settings, workers=1, cpus=None):
        super().__init__(settings, workers, cpus)
        self.admin_port = free_port()
        self.access_log = os.path.join(self.directory, "access.log")

    def configuration(self):
        settings = self.settings
        certificate = {"certificate": settings.certificate, "key": settings.key}
        return {
            "node": "bench",
            "workers": self.workers,
            "listen": [
                {"address": "127.0.0.1", "port": self.port},
                {"address": "127.0.0.1", "port": self.tls_port,
                 "tls": {"certificates": [certificate]}},
            ],
            "admin": {"address": "127.0.0.1", "port": self.admin_port},
            "cache": {"memory": f"{settings.memory_mib}MiB", **settings.edge_cache},
            "log": {"access": {"path": self.access_log},
                    "error": {"path": os.path.join(self.directory, "error.log")}},
            "limits": {"keep_alive_time": "1h", "requests_per_connection": 1000000000,
                       "connections_per_address": 0},
            "upstreams": {"origin": {"servers": [f"http://127.0.0.1:{settings.origin_port}"]}},
            "sites": [
                {"name": "cached", "hosts": [CACHED_HOST],
                 "behaviors": [{"path": "*", "cache": True}]},
                {"name": "passed", "hosts": [PASS_HOST],
                 "behaviors": [{"path": "*", "cache": False}]},
            ],
        }

    def command(self):
        path = self.path("edge.json", json.dumps(self.configuration(), indent=2))
        return [self.settings.program("edge/edge"), "--config", path]

    def between_runs(self):
        if os.path.exists(self.access_log):
            os.truncate(self.access_log, 0)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        return True

    def stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/stats", timeout=10) as f:
            return json.load(f)

    @classmethod
    def version(cls, settings):
        return settings.commit
