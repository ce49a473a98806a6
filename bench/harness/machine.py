"""What /proc says: CPU time and memory of process trees, and how quiet the machine was meanwhile."""

import os
import re
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def _stat_fields(pid):
    """Fields of /proc/PID/stat from the third on (state), or None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2:].split()


def tree(root):
    """The process `root` and all its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat_fields(name)
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue.extend(parents.get(pid, ()))
    return [pid for pid in found if os.path.exists(f"/proc/{pid}")]


def cpu_seconds(root):
    """utime + stime of a tree; of children that were waited for, too."""
    ticks = 0
    for pid in tree(root):
        fields = _stat_fields(pid)
        if fields:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def memory_bytes(root):
    """Proportional set size of a tree: shared memory counts once. RSS where the kernel has no PSS."""
    total = 0
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                match = re.search(r"^Pss:\s+(\d+) kB", file.read(), re.MULTILINE)
                total += int(match.group(1)) * 1024 if match else 0
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            fields = _stat_fields(pid)
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") if fields else 0
    return total


def freeze(root):
    for pid in tree(root):
        os.kill(pid, signal.SIGSTOP)


def thaw(root):
    for pid in tree(root):
        os.kill(pid, signal.SIGCONT)


class CpuWatch:
    """Busy and stolen time of some CPUs between construction and read()."""

    def __init__(self, cpus):
        self.cpus = cpus
        self.start = self._sample()
        self.started = time.monotonic()

    def _sample(self):
        busy = stolen = 0
        with open("/proc/stat", encoding="ascii") as file:
            for line in file:
                fields = line.split()
                if fields[0].startswith("cpu") and fields[0][3:].isdigit():
                    if int(fields[0][3:]) in self.cpus:
                        user, nice, system, _, _, irq, softirq, steal = map(int, fields[1:9])
                        busy += user + nice + system + irq + softirq
                        stolen += steal
        return busy / TICKS, stolen / TICKS

    def read(self):
        busy, stolen = self._sample()
        return {
            "seconds": time.monotonic() - self.started,
            "busy": busy - self.start[0],
            "stolen": stolen - self.start[1],
        }


def pinned(cpus):
    """A preexec_fn: on those CPUs."""

    def before_exec():
        os.sched_setaffinity(0, cpus)

    return before_exec


def directory_bytes(path):
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def describe():
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search(r'^PRETTY_NAME="(.*)"', file.read(), re.MULTILINE).group(1)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": os.uname().release,
        "system": system,
    }


def first_line(command):
    """First line that a program prints, for its version; '' when it isn't there."""
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False)
    except FileNotFoundError:
        return ""
    return result.stdout.strip().split("\n")[0]
