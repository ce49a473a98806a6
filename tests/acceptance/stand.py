"""The processes of an acceptance test: origin, shield, edge, with TLS between them, restartable."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

from viewer import Viewer

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SEAWALL_BIN_DIR") or ROOT / "build" / "release").resolve()
ASAN_BIN = pathlib.Path(os.environ.get("SEAWALL_ASAN_BIN_DIR") or ROOT / "build" / "asan").resolve()
START_SECONDS = 60
REPORTS = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|"
                     r"Assertion .* failed|terminate called")


def run_quietly(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr}")


class Certificates:
    """A throw-away CA in `folder`, and what it signs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ca = self.folder / "ca.pem"
        run_quietly("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "3", "-subj", "/CN=acceptance CA",
                    "-addext", "keyUsage=critical,keyCertSign",
                    "-keyout", self.folder / "ca.key", "-out", self.ca)

    def issue(self, name):
        """(certificate, key) for the host name."""
        pem, key, csr, ext = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        if not pem.exists():
            ext.write_text(f"subjectAltName=DNS:{name}\n")
            run_quietly("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                        "-keyout", key, "-out", csr)
            run_quietly("openssl", "x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey",
                        self.folder / "ca.key", "-days", "3", "-extfile", ext, "-out", pem)
        return str(pem), str(key)


class Process:
    """A program that says where it listens; may be killed and started again on the same port."""

    ports = {}  # attribute → pattern in its log
    prefix = ()  # what runs its command, as `ip netns exec NAME`

    def __init__(self, name, folder, binaries=BIN):
        self.name = name
        self.binaries = binaries
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.problems = []  # of ended lives
        self.lives = 0
        self.process = None
        self.starting = threading.Lock()  # a reload waits until it is over
        for attribute in self.ports:
            setattr(self, attribute, 0)

    def command(self):
        raise NotImplementedError

    def start(self):
        with self.starting:
            return self._start()

    def _start(self):
        self.lives += 1
        begin = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, *self.command()],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        end = time.monotonic() + START_SECONDS
        for attribute, pattern in self.ports.items():
            while not (found := re.search(pattern, self._text(begin), re.MULTILINE)):
                status = self.process.poll()
                if status is not None or time.monotonic() > end:
                    self.process.kill()
                    why = f"not in {START_SECONDS} s" if status is None else f"ended with {status}"
                    raise RuntimeError(f"{self.name} does not listen: {why}\n{self._text(begin)}")
                time.sleep(0.01)
            setattr(self, attribute, int(found.group(1)))
        return self

    def _text(self, begin=0):
        with open(self.log, "rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def kill(self):
        """kill -9; an earlier end of its own is a problem."""
        status = self.process.poll()
        if status is not None:
            self.problems.append(f"{self.name} had ended by itself with {status}: "
                                 f"{self._text()[-6000:]}")
        self.process.kill()
        self.process.wait()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=30):
        """SIGTERM; the problems of all its lives."""
        if self.process is None:
            return self.problems
        status = self.process.poll()
        if status is not None:
            self.problems.append(f"{self.name} had ended by itself with {status}")
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = f"still there {seconds} s after SIGTERM"
        self.process = None
        if status != 0:
            self.problems.append(f"{self.name} ended with {status}: {self._text()[-6000:]}")
        if report := REPORTS.search(self._text()):
            self.problems.append(f"{self.name}: {self._text()[report.start():][:6000]}")
        return self.problems

    def memory(self, row="VmRSS"):
        """Bytes, as /proc says: VmRSS now, VmHWM at most so far."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{row}:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024


class Origin(Process):
    ports = {"port": r"^listening \S+:(\d+)$"}

    def __init__(self, folder, certificate=None, workers=1, binaries=BIN):
        super().__init__("origin", folder, binaries)
        self.certificate = certificate
        self.workers = workers

    def command(self):
        tls = []
        if self.certificate:
            tls = ["--tls-cert", self.certificate[0], "--tls-key", self.certificate[1]]
        return [self.binaries / "tests" / "origin", "--print-port", "--workers", str(self.workers),
                "--listen", f"127.0.0.1:{self.port}", *tls]


class Node(Process):
    """An edge or a shield. `config` lacks only the listening address; `name` where there are more."""

    ports = {"port": r"(?<!admin )listening on https?://\S+?:(\d+)$",
             "admin": r"admin listening on http://\S+?:(\d+)$"}

    def __init__(self, role, folder, config, tls=None, binaries=BIN, name=None):
        super().__init__(name or role, folder, binaries)
        self.role, self.config, self.tls = role, config, tls
        self.file = pathlib.Path(folder) / f"{self.name}.json"

    def command(self):
        self.asked = self.port, self.admin  # 0 at first: a reload must not change it
        self._write()
        return [self.binaries / self.role / self.role, "--config", self.file]

    def reload(self, config):
        """Another configuration, now if it lives, else when it starts."""
        with self.starting:
            self.config = config
            self._write()
            if self.alive():
                self.process.send_signal(signal.SIGHUP)

    def _write(self):
        port, admin = self.asked
        listener = {"address": "127.0.0.1", "port": port}
        if self.tls:
            listener["tls"] = self.tls
        written = self.file.with_name(f"{self.name}-{threading.get_ident()}.json")
        written.write_text(json.dumps({
            "node": f"{self.name}-accept",
            "listen": [listener],
            "admin": {"address": "127.0.0.1", "port": admin},
            "log": {"access": False},
            **self.config,
        }, indent=1))
        written.rename(self.file)

    def stats(self):
        viewer = Viewer(self.admin, "localhost")
        try:
            return json.loads(viewer.fetch("GET", "/stats", "Connection: close").check.text)
        finally:
            viewer.close()


def merged(base, more):
    """`more` over `base`, objects joined key by key."""
    out = dict(base)
    for key, value in (more or {}).items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


SITES = [{"name": "all", "hosts": ["*"], "behaviors": [{"path": "*"}]}]


class Processes:
    """Base of what has `processes`, in the order of their start, and a `temporary` folder."""

    def stop(self):
        """Ends all, viewers' side first; what was wrong with any of them."""
        problems = []
        for process in reversed(self.processes):
            problems += process.stop()
        self.temporary.cleanup()
        return problems


class Stand(Processes):
    """Origin (ours, or the one given: an object with `port` and `stop()`), shield if wanted, edge."""

    def __init__(self, shield=True, origin=None, both=None, edge=None, tls=True,
                 timeouts=None, host="viewer", binaries=BIN):
        self.binaries = binaries
        self.temporary = tempfile.TemporaryDirectory(prefix="seawall-accept-")
        folder = self.folder = pathlib.Path(self.temporary.name)
        folder.chmod(0o755)  # nginx's workers have a user of their own
        self.certificates = Certificates(folder)
        self.shield = None
        origin_tls = self.certificates.issue("origin.test") if tls else None
        self.processes = []
        try:
            self.origin = origin(self) if origin else Origin(folder, origin_tls,
                                                                    binaries=binaries)
            self.processes.append(self.origin)
            self.origin.start()
            scheme = "https" if tls else "http"
            common = merged({"limits": {"drain_time": "2s"}, "sites": SITES}, both)
            group = {"origin": {
                "servers": [f"{scheme}://127.0.0.1:{self.origin.port}"],
                **({"tls": {"ca": str(self.certificates.ca), "sni": "origin.test"}} if tls else {}),
                "host": host, "timeouts": timeouts or {}}}
            if shield:
                self.shield = self._shield(merged(common, {"upstreams": group}))
                group = {"shield": self._shield_group(timeouts or {})}
            self.edge = Node("edge", folder, merged(merged(common, {"upstreams": group}), edge),
                             binaries=binaries)
            self.processes.append(self.edge)
            self.edge.start()
        except BaseException:
            self.stop()
            raise

    def _shield(self, config):
        pem, key = self.certificates.issue("shield.test")
        node = Node("shield", self.folder, {"trusted_edges": ["client-certificate"], **config},
                    {"certificates": [{"certificate": pem, "key": key}],
                     "client_ca": str(self.certificates.ca)}, self.binaries)
        self.processes.append(node)
        return node.start()

    def _shield_group(self, timeouts):
        pem, key = self.certificates.issue("edge.test")
        return {"kind": "shield", "servers": [f"https://127.0.0.1:{self.shield.port}"],
                "tls": {"ca": str(self.certificates.ca), "sni": "shield.test", "certificate": pem,
                        "key": key},
                "timeouts": timeouts}

    @property
    def nodes(self):
        return [p for p in self.processes if isinstance(p, Node)]


class Report:
    """Rows of (what, measured, required, passed) of one item."""

    def __init__(self, item):
        self.item = item
        self.rows = []

    def add(self, what, measured, required, passed):
        self.rows.append({"item": self.item, "what": what, "measured": measured,
                          "required": required, "passed": bool(passed)})

    def problems(self, what, problems):
        self.add(what, f"{len(problems)} problems" if problems else "none", "none", not problems)
        for problem in problems[:20]:
            print(f"--- {self.item}: {problem}", flush=True)
