"""Debian packages that the benchmark needs, by the program each brings."""

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "wrk": "wrk",
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "varnishd": "varnish",
    "openssl": "openssl",
    "valgrind": "valgrind",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "g++": "g++",
}


def missing(programs):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return [name for name in programs if shutil.which(name, path=path) is None]


def ensure(programs):
    """Installs what is missing; the services that Debian then starts are stopped again."""
    packages = sorted({PACKAGES[name] for name in missing(programs)})
    if not packages:
        return
    print("installing", *packages, file=sys.stderr)
    root = [] if os.geteuid() == 0 else ["sudo"]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(root + ["apt-get", "update", "-q"], check=True, env=environment)
    subprocess.run(root + ["apt-get", "install", "-q", "-y", "--no-install-recommends"] + packages,
                   check=True, env=environment)
    for service in ("nginx", "haproxy", "varnish"):
        if any(package.startswith(service) for package in packages) and shutil.which("systemctl"):
            subprocess.run(root + ["systemctl", "disable", "--now", service], check=False)
