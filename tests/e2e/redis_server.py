"""A throw-away redis-server for scenarios, on a port of its own that it keeps over restarts."""

import pathlib
import socket
import subprocess
import tempfile
import time

REDIS = "/usr/bin/redis-server"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Redis:
    def __init__(self, *options, scheme="redis"):
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-redis-")
        self.folder = pathlib.Path(self.temporary.name)
        self.port = free_port()
        self.options = options
        self.scheme = scheme
        self.process = None
        self.start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [REDIS, "--port" if self.scheme == "redis" else "--tls-port", str(self.port),
                 "--bind", "127.0.0.1", "--dir", self.folder,
                 "--save", "", "--appendonly", "yes", "--appendfsync", "always", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self.scheme != "redis":
                    ready = "Ready to accept" in (self.folder / "log").read_text()
                else:
                    ready = self.command("PING") in ("PONG", None)
                if ready:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def command(self, *words):
        """A reply: text, number, list, or None; of an error, its exception (None: not admitted)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"*%d\r\n" % len(words) + b"".join(
                b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in map(str, words)))
            return self._reply(connection.makefile("rb"))

    def _reply(self, file):
        line = file.readline()
        if not line:
            raise ConnectionError("no reply")
        kind, rest = line[:1], line[1:].strip().decode()
        if kind == b"+":
            return rest
        if kind == b"-":
            if rest.startswith("NOAUTH"):
                return None
            raise OSError(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else file.read(int(rest) + 2)[:-2].decode()
        return [self._reply(file) for _ in range(int(rest))]

    def close(self):
        self.kill()
        self.temporary.cleanup()
