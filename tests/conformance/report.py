"""The results as a table, as JSON, and as the README's page by RFC section."""

import collections
import re

import engine
from model import Kind


def short(topology):
    return topology.value


def by_group(rows, results):
    """group → topology → kind → (passed, all)"""
    groups = collections.OrderedDict()
    for index, (group, case) in enumerate(rows):
        for topology, list_ in results.items():
            kinds = groups.setdefault(group, {}).setdefault(topology, {})
            passed, count = kinds.get(case.kind, (0, 0))
            kinds[case.kind] = (passed + list_[index].passed, count + 1)
    return groups


def cells(kinds):
    return ["{}/{}".format(*kinds[kind]) if kind in kinds else "–" for kind in Kind]


def totals(results):
    return {t: {k: engine.count(r, k) for k in Kind} for t, r in results.items()}


def table(rows, results):
    out = []
    for topology, list_ in results.items():
        out.append(f"{short(topology):<24} {'requirements':>13} {'optimisations':>14} "
                   f"{'behaviours':>11}")
        for group, per in by_group(rows, results).items():
            out.append("  {:<22} {:>13} {:>14} {:>11}".format(group, *cells(per[topology])))
        out.append("  {:<22} {:>13} {:>14} {:>11}\n".format("all", *cells(
            {k: engine.count(list_, k) for k in Kind})))
    return "\n".join(out)


def complaints(results):
    out = []
    for topology, list_ in results.items():
        for result in list_:
            if not result.passed:
                word = {"requirement": "FAILED", "optimisation": "missed"}.get(
                    result.case.kind.value, "differs")
                out.append(f"{word} {result.case.id} ({short(topology)}; {result.case.section}): "
                           f"{result.case.title}: {result.complaint[:400]}")
    return "\n".join(out)


def as_json(rows, results):
    return {"totals": {short(t): {k.value: {"passed": p, "all": n} for k, (p, n) in kinds.items()}
                       for t, kinds in totals(results).items()},
            "tests": [{"id": case.id, "group": group, "kind": case.kind.value,
                       "section": case.section, "title": case.title,
                       "results": {short(t): {"passed": r[i].passed, "complaint": r[i].complaint}
                                   for t, r in results.items()}}
                      for i, (group, case) in enumerate(rows)]}


def section_order(section):
    document, _, number = section.partition(" §")
    return (document, [int(n) for n in re.findall(r"\d+", number)])


INTRODUCTION = """# Conformance

What RFC 9110, 9111, 9112, 5861, 8246, 9211 and 9213 ask of a shared cache, row by row, checked on
the real binaries with their default configuration: an origin and a viewer of our own around an edge
alone, and around an edge before a shield. *Requirements* must all pass (`./check` runs them);
*optimisations* are what a good cache does beyond that; *behaviours* are choices that the RFCs leave
open, written as what we chose.

The rows are data: `tests/conformance/cases`, in words explained in `tests/conformance/model.py`.
This page is made by `tests/conformance/run --write-readme`.
"""


def readme(rows, results):
    out = [INTRODUCTION, "| | requirements | optimisations | behaviours |", "|---|---|---|---|"]
    for topology, kinds in totals(results).items():
        out.append(f"| {short(topology)} | " + " | ".join(cells(kinds)) + " |")
    sections = collections.defaultdict(list)
    for index, (_, case) in enumerate(rows):
        sections[case.section].append((case, [r[index] for r in results.values()]))
    heads = " | ".join(short(t) for t in results)
    for section in sorted(sections, key=section_order):
        out.append(f"\n## {'RFC ' if section[0].isdigit() else ''}{section}\n")
        out.append(f"| test | | what | {heads} |\n|---|---|---|" + "---|" * len(results))
        for case, list_ in sections[section]:
            marks = " | ".join(mark(case, r.passed) for r in list_)
            title = case.title.replace("|", "\\|")
            out.append(f"| `{case.id}` | {case.kind.value} | {title} | {marks} |")
    return "\n".join(out) + "\n"


def mark(case, passed):
    if passed:
        return "yes"
    return "**no**" if case.kind is Kind.MUST else "no"
