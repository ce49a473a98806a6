#!/usr/bin/env python3
"""Checks who includes whom, and how long files are.

The levels are those of CMakeLists.txt: `seawall_library(NAME DEPENDS ...)` names all that a folder
of common/ may include, with what these depend on. `--self-test` plants violations in a copy of a
small tree and shows that each is found.
"""

import pathlib
import re
import sys
import tempfile

SOURCES = (".cc", ".h")
# The first that matches says in which folders, and in which files there, it may be included.
LIBRARIES = (
    (re.compile(r"uv\.h|uv/"), {"common/net": SOURCES}),
    (re.compile(r"ares(_\w+)?\.h"), {"common/net": SOURCES}),
    (re.compile(r"openssl/(ssl|tls1|bio)\.h"), {"common/tls": SOURCES}),
    # tls/ has ticket keys to encrypt with.
    (re.compile(r"openssl/"), {"common/crypto": SOURCES, "common/tls": SOURCES}),
    (re.compile(r"nlohmann/"), {"common/config": (".cc",)}),
    (re.compile(r"llhttp\.h"), {"common/h1": SOURCES}),
    (re.compile(r"hiredis/"), {"common/cluster": (".cc",)}),
    (re.compile(r"CLI/"), {"edge": SOURCES, "shield": SOURCES, "common/server": (".cc",)}),
)
# Folders whose code is pure: they read no clock and do no I/O.
PURE = ("http", "crypto", "h1", "h2", "cache", "body", "purge")
IMPURE = re.compile(
    r"\b(?:system_clock|steady_clock|high_resolution_clock)\b|\b(?:clock_gettime|gettimeofday)\s*\("
    r"|#\s*include\s*<(?:sys/socket\.h|sys/epoll\.h|fstream|iostream|thread)>")
# All of proxy/transaction*.cc together (STYLE: every proxy rots in one file, its transaction).
TRANSACTION_LINES = 700
EXPLAIN_LINES = 500
WARN_LINES = 300
EXPLAINS = re.compile(r"\blong\b[^.]*\bbecause\b|\bone file\b[^.]*\bbecause\b", re.IGNORECASE)

LIBRARY = re.compile(r"^\s*seawall_library\(\s*(\w+)([^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_levels(cmake):
    """Folder → the set of folders that it may include, itself among them."""
    direct = {}
    for name, rest in LIBRARY.findall(cmake):
        words, depends, keyword = rest.split(), [], None
        for word in words:
            if word in ("DEPENDS", "PUBLIC", "PRIVATE"):
                keyword = word
            elif keyword == "DEPENDS":
                depends.append(word)
        direct[name] = depends
    closures = {}

    def closure(name, path=()):
        if name in path:
            raise SystemExit(f"CMakeLists.txt: a circle: {' → '.join(path + (name,))}")
        if name not in closures:
            found = {name}
            for other in direct.get(name, ()):
                found |= closure(other, path + (name,))
            closures[name] = found
        return closures[name]

    for name in direct:
        closure(name)
    return closures


def first_comment(text):
    lines = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.lstrip("/ "))
    return " ".join(lines)


def check_include(path, owner, target, levels):
    """What is wrong with `target` being included by the file `path` of folder `owner`, or None."""
    if target.startswith("common/"):
        folder = target.split("/")[1]
        if not owner.startswith("common/"):
            return None
        name = owner.split("/")[1]
        if folder not in levels.get(name, set()):
            allowed = ", ".join(sorted(levels.get(name, set()) - {name})) or "nothing"
            return f"{owner} may not include {target} (it may: {allowed})"
        return None
    top = target.split("/")[0]
    if top in ("edge", "shield", "tests", "bench") and top != owner:
        return f"{owner} may not include {target}"
    for library, places in LIBRARIES:
        if library.match(target):
            if path.suffix in places.get(owner, ()):
                return None
            allowed = ", ".join(f"{place} ({' '.join(ends)})" for place, ends in places.items())
            return f"<{target}> belongs in {allowed} only"
    return None


def check_file(root, path, levels):
    relative = path.relative_to(root)
    owner = "/".join(relative.parts[:2]) if relative.parts[0] == "common" else relative.parts[0]
    text = path.read_text()
    errors, warnings = [], []
    for match in INCLUDE.finditer(text):
        wrong = check_include(path, owner, match.group(2), levels)
        if wrong is None and match.group(1) == '"' and not (root / match.group(2)).is_file():
            wrong = f'"{match.group(2)}" is not a path from the repository\'s root'
        if wrong is not None:
            line = text.count("\n", 0, match.start(2)) + 1
            errors.append(f"{relative}:{line}: {wrong}")
    if owner.split("/")[-1] in PURE and owner.startswith("common/"):
        for match in IMPURE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            errors.append(f"{relative}:{line}: {owner} is pure: no {match.group(0)}")
    if path.suffix == ".h" and "#pragma once" not in text:
        errors.append(f"{relative}:1: no #pragma once")
    for match in re.finditer(r"\b(?:TODO|FIXME|XXX)\b", text):
        line = text.count("\n", 0, match.start()) + 1
        errors.append(f"{relative}:{line}: {match.group(0)}")
    lines = text.count("\n")
    if lines > EXPLAIN_LINES and not EXPLAINS.search(first_comment(text)):
        errors.append(f"{relative}:1: {lines} lines, and its first comment doesn't say "
                      f"'Long, because …'")
    elif lines > WARN_LINES:
        warnings.append(f"{relative}: {lines} lines")
    return errors, warnings


def check_tree(root):
    levels = read_levels((root / "CMakeLists.txt").read_text())
    errors, warnings = [], []
    files = [path for top in ("common", "edge", "shield") for path in sorted((root / top).rglob("*"))
             if path.suffix in SOURCES and path.is_file()]
    for path in files:
        relative = path.relative_to(root)
        if relative.parts[0] == "common" and relative.parts[1] not in levels:
            errors.append(f"{relative}:1: CMakeLists.txt has no seawall_library({relative.parts[1]})")
        found, noted = check_file(root, path, levels)
        errors += found
        warnings += noted
    transaction = sum(path.read_text().count("\n")
                      for path in (root / "common" / "proxy").glob("transaction*.cc"))
    if transaction > TRANSACTION_LINES:
        errors.append(f"common/proxy/transaction*.cc: {transaction} lines together, "
                      f"{TRANSACTION_LINES} are the limit")
    return files, errors, warnings


def self_test():
    """Each planted line must be found, and the tree without it must be clean."""
    cmake = ("seawall_library(base)\nseawall_library(http DEPENDS base)\n"
             "seawall_library(cache DEPENDS http)\nseawall_library(proxy DEPENDS cache)\n"
             "seawall_library(net DEPENDS base PUBLIC PkgConfig::UV)\n"
             "seawall_library(config DEPENDS proxy PRIVATE nlohmann_json::nlohmann_json)\n")
    clean = {
        "common/base/a.h": "#pragma once\n#include <vector>\n",
        "common/http/b.h": '#pragma once\n#include "common/base/a.h"\n',
        "common/cache/c.cc": '#include "common/base/a.h"\n#include "common/http/b.h"\n',
        "common/net/d.cc": "#include <uv.h>\n",
        "common/config/e.cc": "#include <nlohmann/json.hpp>\n",
        "common/proxy/f.cc": "// Long, because a table is one thing.\n" + "int x;\n" * 501,
        "edge/g.h": '#pragma once\n#include "common/base/a.h"\n',
        "shield/h.cc": "#include <CLI/CLI.hpp>\n",
    }
    planted = {
        "upward": ("common/http/p.cc", '#include "common/cache/c.cc"\n'),
        "sideways": ("common/cache/p.cc", '  #  include "common/net/d.cc"\n'),
        "uv outside net": ("common/proxy/p.cc", "#include <uv.h>\n"),
        "evp outside crypto": ("common/http/p.cc", "#include <openssl/evp.h>\n"),
        "ssl outside tls": ("common/proxy/p.h", "#pragma once\n#include <openssl/ssl.h>\n"),
        "nlohmann in a header": ("common/config/p.h", "#pragma once\n#include <nlohmann/json.hpp>\n"),
        "shield includes edge": ("shield/p.cc", '#include "edge/g.h"\n'),
        "common includes edge": ("common/proxy/p.cc", '#include "edge/g.h"\n'),
        "unknown folder": ("common/new/p.h", "#pragma once\n"),
        "relative path": ("common/base/p.cc", '#include "a.h"\n'),
        "clock in a pure folder": ("common/cache/p.cc", "auto t = steady_clock::now();\n"),
        "unexplained length": ("common/proxy/p.cc", "int x;\n" * 501),
        "long transaction": ("common/proxy/transaction_p.cc", "// Long, because.\n" * 701),
        "no pragma": ("common/base/p.h", "int x;\n"),
        "left for later": ("common/base/p.cc", "// TO" + "DO\n"),
    }
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "CMakeLists.txt").write_text(cmake)
        for name, text in clean.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        if check_tree(root)[1]:
            missed.append(f"the clean tree is refused: {check_tree(root)[1]}")
        for what, (name, text) in planted.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
            if len(check_tree(root)[1]) != 1:
                missed.append(f"planted '{what}', found {check_tree(root)[1]}")
            (root / name).unlink()
    for line in missed:
        print(line)
    print(f"self-test: {len(planted)} planted violations, {len(missed)} not found")
    return 1 if missed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(__file__).resolve().parents[2]
    files, errors, warnings = check_tree(root)
    for line in warnings:
        print(f"note: {line}")
    for line in errors:
        print(f"error: {line}")
    print(f"{len(files)} files, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
