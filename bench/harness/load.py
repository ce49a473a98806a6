"""Load generators on their own CPUs: wrk with wrk/requests.lua, and bench/load."""

import json
import os
import re
import subprocess

from . import machine
from .server import CACHED_HOST
from .settings import ROOT

SCRIPT = os.path.join(ROOT, "bench", "wrk", "requests.lua")


def wrk(settings, port, mode, seconds, connections=64, threads=1, tls=False, host=CACHED_HOST,
        cpus=None):
    """`mode`: the arguments of requests.lua. What it prints as a dictionary."""
    scheme = "https" if tls else "http"
    command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds:g}s",
               "--timeout", "20s", "-s", SCRIPT, f"{scheme}://127.0.0.1:{port}/", "--",
               *map(str, mode)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=dict(os.environ, BENCH_HOST=host), check=False,
                            start_new_session=True,
                            preexec_fn=machine.pinned(cpus or settings.load_cpus))
    found = re.search(r"^RESULT (.*)$", result.stdout, re.MULTILINE)
    if not found:
        raise RuntimeError(f"wrk failed: {result.stdout[-500:]}")
    return json.loads(found.group(1))


def wrk_whole_seconds(seconds):
    """wrk takes whole seconds only."""
    return max(1, round(seconds))


def client(settings, command, server, **options):
    """Runs bench/load; options as keywords, `tls` and `resume` as flags."""
    process = start_client(settings, command, server, **options)
    out, _ = process.communicate()
    try:
        return json.loads(out.strip().split("\n")[-1])
    except ValueError:
        raise RuntimeError(f"load {command} failed: {out!r}") from None


def start_client(settings, command, server, **options):
    tls = options.pop("tls", False)
    arguments = [command, "--port", server.tls_port if tls else server.port]
    if tls:
        arguments.append("--tls")
    if options.pop("resume", False):
        arguments.append("--resume")
    for name, value in options.items():
        arguments += [f"--{name}", value]
    return subprocess.Popen(settings.load(*arguments), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, start_new_session=True,
                            preexec_fn=machine.pinned(settings.load_cpus))
