"""scripts/packages.sh chooses names that the machine's apt knows, on Debian 12 and on 13."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMON = """build-essential cmake ninja-build pkg-config libuv1-dev libssl-dev nlohmann-json3-dev
    libc-ares-dev libxxhash-dev libcli11-dev libjemalloc-dev libhiredis-dev openssl curl ca-certificates
    catch2 clang ccache nginx python3 redis-server shellcheck valgrind clang-format""".split()
DEBIAN = {12: {*COMMON, "node-llhttp", "libclang-rt-14-dev", "clang-format-14"},
          13: {*COMMON, "libllhttp-dev", "libclang-rt-19-dev", "libclang-rt-dev",
               "clang-format-19"}}

# What apt says of a name is in $FAKES: known and installed, a name a line.
FAKES = {
    "apt-cache": """
        [ "$1" = policy ] || exit 1
        grep -qxF "$2" "$FAKES/known" || exit 0
        printf '%s:\\n  Installed: (none)\\n  Candidate: 1.0\\n' "$2" """,
    "dpkg-query": """
        for name; do :; done
        grep -qxF "$name" "$FAKES/installed" || exit 1
        printf 'install ok installed' """,
    "apt-get": """
        echo "$*" >>"$FAKES/asked"
        [ "$1" = install ] || exit 0
        for name; do
          case $name in install|-*) ;; *) grep -qxF "$name" "$FAKES/known" || exit 100 ;; esac
        done """,
    "sudo": 'exec "$@"',
}


class PackageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, text in FAKES.items():
            file = self.folder / name
            file.write_text("#!/bin/sh\n" + text + "\n")
            file.chmod(0o755)

    def install(self, known, installed=()):
        """Exit status, and the packages that apt-get was told to install (None: it was not asked)."""
        for name, packages in (("known", known), ("installed", installed)):
            (self.folder / name).write_text("".join(p + "\n" for p in packages))
        asked = self.folder / "asked"
        asked.unlink(missing_ok=True)
        environment = {**os.environ, "FAKES": str(self.folder),
                       "PATH": f"{self.folder}:{os.environ['PATH']}"}
        script = ('source scripts/packages.sh && install_packages "${BUILD_PACKAGES[@]}" '
                  '"${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}"')
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if not asked.exists():
            return done.returncode, None
        last = asked.read_text().splitlines()[-1].split()
        return done.returncode, {w for w in last[1:] if not w.startswith("-")}

    def test_every_name_is_one_of_the_machine(self):
        own = {12: {"node-llhttp", "libclang-rt-14-dev", "clang-format-14"},
               13: {"libllhttp-dev", "libclang-rt-dev", "clang-format"}}
        for debian, known in DEBIAN.items():
            with self.subTest(debian=debian):
                status, chosen = self.install(known)
                self.assertEqual((0, (set(COMMON) - {"clang-format"}) | own[debian]),
                                 (status, chosen))

    def test_only_what_is_missing_is_installed(self):
        for debian, llhttp in ((12, "node-llhttp"), (13, "libllhttp-dev")):
            with self.subTest(debian=debian):
                known = DEBIAN[debian]
                self.assertEqual((0, None), self.install(known, known))
                self.assertEqual((0, {llhttp}), self.install(known, known - {llhttp}))

    def test_what_apt_does_not_know_fails_by_its_name(self):
        status, chosen = self.install(DEBIAN[13] - {"libuv1-dev"})
        self.assertNotEqual(0, status)
        self.assertIn("libuv1-dev", chosen)


if __name__ == "__main__":
    unittest.main()
