"""Real input: /usr/share/doc from Debian's nginx, over TLS, through shield and edge, twice."""

import pathlib
import queue
import random
import socket
import subprocess
import threading
import time
import urllib.parse

from stand import Process, Report, Stand
from viewer import BytesCheck, Malformed, Viewer

DOC = pathlib.Path("/usr/share/doc")
THREADS = 8
LEAST_FILES = 1000

CONFIG = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{}}
http {{
  access_log off;
  {paths}
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {pem};
    ssl_certificate_key {key};
    root {root};
  }}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx(Process):
    """Serves DOC as it is."""

    def __init__(self, stand):
        super().__init__("nginx", stand.folder)
        pem, key = stand.certificates.issue("origin.test")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.file = stand.folder / "nginx.conf"
        paths = "\n  ".join(f"{t}_temp_path {stand.folder}/nginx-{t};" for t in TEMPORARY)
        user = "user root;" if pathlib.Path("/root").owner() == "root" and _is_root() else ""
        self.file.write_text(CONFIG.format(folder=stand.folder, port=self.port, pem=pem, key=key,
                                           root=DOC, paths=paths, user=user))

    def command(self):
        return ["nginx", "-c", self.file, "-p", self.file.parent]

    def start(self):
        super().start()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise RuntimeError(f"nginx does not listen:\n{self._text()}")


def _is_root():
    return subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() == "0"


def files(quick):
    """All that `find -type f` names; in the quick form a fair sample of LEAST_FILES."""
    found = subprocess.run(["find", DOC, "-type", "f", "-readable"], capture_output=True,
                           text=True, check=True).stdout.splitlines()
    found.sort()
    return random.Random(1).sample(found, LEAST_FILES) if quick else found


class Pass:
    """Every file once, by THREADS viewers."""

    def __init__(self, port, names):
        self.port = port
        self.todo = queue.SimpleQueue()
        for name in names:
            self.todo.put(name)
        self.lock = threading.Lock()
        self.x_cache = {}
        self.problems = []
        self.bytes = 0
        begin = time.monotonic()
        threads = [threading.Thread(target=self._work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.seconds = time.monotonic() - begin

    def _work(self):
        viewer = Viewer(self.port)
        while True:
            try:
                name = self.todo.get_nowait()
            except queue.Empty:
                return viewer.close()
            try:
                self._fetch(viewer, name)
            except Exception as problem:
                with self.lock:
                    self.problems.append(f"{name}: {type(problem).__name__} {problem}")
                viewer.close()

    def _fetch(self, viewer, name):
        data = pathlib.Path(name).read_bytes()
        path = urllib.parse.quote("/" + str(pathlib.Path(name).relative_to(DOC)))
        answer = viewer.fetch("GET", path, check_for=lambda _: BytesCheck(data))
        if answer.status != 200:
            raise Malformed(f"status {answer.status}")
        with self.lock:
            self.bytes += answer.received
            self.x_cache[answer.x_cache] = self.x_cache.get(answer.x_cache, 0) + 1


def run(options):
    report = Report("documents")
    names = files(options.quick)
    total = sum(pathlib.Path(name).stat().st_size for name in names)
    memory = f"{max(256, 2 * total // 2**20)}MiB"
    stand = Stand(origin=Nginx, both={"cache": {"memory": memory}}, host="server")
    try:
        first, second = (Pass(stand.edge.port, names) for _ in range(2))
    finally:
        problems = stand.stop()
    report.add("files", f"{len(names)}, {total / 1e6:.0f} MB", f"≥ {LEAST_FILES}",
               len(names) >= LEAST_FILES)
    for which, one in (("first", first), ("second", second)):
        counts = ", ".join(f"{n} {word}" for word, n in sorted(one.x_cache.items()))
        report.add(f"{which} pass, as on disk",
                   f"{sum(one.x_cache.values())} of {len(names)} in {one.seconds:.1f} s ({counts})",
                   "every byte equal", not one.problems and one.bytes == total)
        report.problems(f"{which} pass, problems", one.problems)
    share = second.x_cache.get("Hit from edge", 0) / len(names)
    report.add("second pass, Hit from edge", f"{100 * share:.2f}%", "≥ 99%", share >= 0.99)
    report.problems("processes", problems)
    return report.rows
