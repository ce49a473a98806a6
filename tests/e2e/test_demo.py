"""./run: the demo shows what it promises, and leaves nothing behind."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = [str(ROOT / "run")]
ENVIRONMENT = {"SEAWALL_BIN_DIR": str(ROOT / "build" / "dev"), **os.environ}


def run(*options, **more):
    return subprocess.run(RUN + list(options), env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, **more)


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def processes_in(folder):
    """Those whose command line names `folder`."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class DemoTest(unittest.TestCase):
    def test_every_answer_is_the_expected_one(self):
        done = run("--check")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        seen = re.findall(r"^  → X-Cache: (.*)$", done.stdout, re.MULTILINE)
        self.assertEqual(["Miss", "Hit from shield", "Hit from edge", "RefreshHit from edge", "Miss"],
                         seen)
        self.assertEqual(5, len(re.findall(r"^curl ", done.stdout, re.MULTILINE)))

    def test_a_cluster_shares_a_purge(self):
        done = run("--cluster", "--check")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        receipt = done.stdout.split("# A purge by tag")[1]
        self.assertEqual(3, receipt.count('"acknowledged":true'), done.stdout)
        self.assertIn('"complete":true', receipt)

    def test_wrong_options_are_refused(self):
        for options in (["--nonsense"], ["--origin"], ["--origin", "www.example.com"],
                        ["--origin", "https://www.example.com/path"]):
            with self.subTest(options=options):
                done = run(*options)
                self.assertEqual((2, ""), (done.returncode, done.stdout))

    def test_interrupt_ends_every_process_and_removes_the_folder(self):
        child = subprocess.Popen(RUN, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 start_new_session=True,
                                 # A shell's background job, as which tests may run, ignores it.
                                 preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(child.stdout.close)
        guard = threading.Timer(180, os.killpg, (child.pid, signal.SIGTERM))
        guard.start()
        self.addCleanup(guard.cancel)
        printed = ""
        for line in child.stdout:
            printed += line
            if "until Ctrl-C" in line:
                break
        folder = re.search(r"configurations: (\S+)", printed)
        self.assertIsNotNone(folder, printed)
        pids = processes_in(folder.group(1))
        self.assertEqual(4, len(pids), "origin, shield, two edges")
        os.killpg(child.pid, signal.SIGINT)
        begin = time.monotonic()
        self.assertEqual(130, child.wait(timeout=90))
        self.assertLess(time.monotonic() - begin, 60)
        self.assertEqual([], [pid for pid in pids if is_alive(pid)])
        self.assertFalse(os.path.exists(folder.group(1)), folder.group(1))


if __name__ == "__main__":
    unittest.main()
