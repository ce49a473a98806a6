"""What the documents say is there, and the example configurations are valid."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SEAWALL_BIN_DIR") or ROOT / "build" / "dev").resolve()
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# A path in backquotes, from the root: `conf/edge.json`, `tests/origin`, `./run`; not `build/…`.
NAMED = re.compile(r"`(?:\./)?((?:common|edge|shield|conf|tests|bench|docker|scripts|cmake)/[\w./-]*"
                   r"|\./(?:run|check))`")


def documents():
    for path in sorted(ROOT.rglob("*.md")):
        if "build" not in path.relative_to(ROOT).parts:
            yield path


def check(role, file):
    return subprocess.run([BIN / role / role, "check", file], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


class DocumentsTest(unittest.TestCase):
    def test_links_and_named_paths_exist(self):
        for document in documents():
            text = document.read_text()
            missing = [link for link in LINK.findall(text) if not (document.parent / link).exists()]
            missing += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
            with self.subTest(document=document.relative_to(ROOT)):
                self.assertEqual([], missing)

    def test_example_configurations_are_valid(self):
        for role in ("edge", "shield"):
            for folder in ("conf", "docker/conf"):
                with self.subTest(file=f"{folder}/{role}.json"):
                    done = check(role, ROOT / folder / f"{role}.json")
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_mistake_in_an_example_is_named_with_its_place(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "conf", folder, dirs_exist_ok=True)
            file = pathlib.Path(folder) / "edge.json"
            text = file.read_text().replace('"memory":', '"memroy":')
            file.write_text(text)
            line = text[:text.index('"memroy"')].count("\n") + 1
            done = check("edge", file)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout + done.stderr, rf"edge\.json:{line}:\d+: ")
        self.assertIn('"memory"', (done.stdout + done.stderr).replace("“", '"').replace("”", '"'))


if __name__ == "__main__":
    unittest.main()
