"""A server under test: started in a session of its own, pinned, probed, frozen while others run."""

import os
import signal
import socket
import ssl
import subprocess
import time

from . import machine

CACHED_HOST = "bench.test"  # what a server caches
PASS_HOST = "pass.test"  # what it relays only


# The benchmark's certificate is its own.
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname = False
TRUSTING.verify_mode = ssl.CERT_NONE


_given_ports = set()


def free_port():
    """One that nobody listens on, and that was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


class Probe:
    """One request on a fresh connection: status, fields and length of the answer."""

    def __init__(self, port, path="/", host=CACHED_HOST, fields=(), timeout=10, tls=False):
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]
        connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        if tls:
            connection = TRUSTING.wrap_socket(connection)
        with connection:
            connection.sendall("\r\n".join(lines).encode())
            answer = bytearray()
            while chunk := connection.recv(1 << 20):
                answer += chunk
                if self._complete(answer):
                    break
        head, _, self.body = bytes(answer).partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.fields = {}
        for line in rest:
            name, _, value = line.partition(":")
            self.fields[name.lower()] = value.strip()

    @staticmethod
    def _complete(answer):
        """The limit program keeps the connection open, whatever it is asked."""
        head, found, body = bytes(answer[:8192]).partition(b"\r\n\r\n")
        if not found:
            return False
        if b" 304 " in head.split(b"\r\n")[0]:
            return True
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
                return len(answer) >= len(head) + 4 + length
        return False


class Server:
    """Subclasses say how one is configured; `settings` are the run's (settings.py)."""

    name = ""
    programs = ()  # what must be installed
    has_tls = True
    only_tls = False
    patience = 30  # seconds to the first answer
    version_command = ()

    def __init__(self, settings, workers=1, cpus=None):
        self.settings = settings
        self.workers = workers
        self.cpus = cpus or settings.server_cpus
        self.port = free_port()
        self.directory = os.path.join(settings.directory, f"{self.name}-{self.port}")
        os.makedirs(self.directory)
        self.tls_port = free_port()
        self.process = None
        self.started_in = None  # seconds to the first answer

    def command(self):
        """Writes the configuration, returns the command line."""
        raise NotImplementedError

    def reload(self):
        """Asks for a reload of the configuration; False where that loses the cache."""
        return False

    def cache_bytes(self):
        """Memory that grows with the cache: that of the processes, files in memory included."""
        return self.memory_bytes()

    def between_runs(self):
        """Called before each measured run."""

    def path(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self):
        command = self.command()
        log = open(os.path.join(self.directory, "output"), "wb")
        before = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
            start_new_session=True, preexec_fn=machine.pinned(self.cpus))
        log.close()
        while True:
            try:
                self.probe("/size/1/start")
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - before > self.patience:
                    self.stop()
                    raise RuntimeError(f"{self.name} does not start: {self.output()}") from None
                time.sleep(0.002)
        self.started_in = time.monotonic() - before
        return self

    def probe(self, path, host=CACHED_HOST, fields=(), tls=False):
        tls = tls or self.only_tls
        return Probe(self.tls_port if tls else self.port, path, host, fields, tls=tls)

    def output(self):
        with open(os.path.join(self.directory, "output"), encoding="utf-8", errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        if self.process is None:
            return
        pids = machine.tree(self.process.pid)
        self.thaw()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                pass
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def freeze(self):
        machine.freeze(self.process.pid)

    def thaw(self):
        machine.thaw(self.process.pid)

    def cpu_seconds(self):
        return machine.cpu_seconds(self.process.pid)

    def memory_bytes(self):
        return machine.memory_bytes(self.process.pid)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    @classmethod
    def version(cls, _settings):
        return machine.first_line(cls.version_command)
