"""Results as tables for the terminal and for results.md."""

import statistics


def ratio(results, name, base, key):
    """The median of the rounds' own ratios: what disturbs the machine for seconds hits both sides."""
    pairs = zip(results.get(name, {}).get("rounds", []), results.get(base, {}).get("rounds", []))
    ratios = [own[key] / other[key] for own, other in pairs if own.get(key) and other.get(key)]
    return statistics.median(ratios) if ratios else None


def rows(scenario, results):
    """Heading and one row for each server, as text."""
    heading = ["server"]
    keys = [column for column in scenario.columns
            if any(column[0] in result.get("median", {}) for result in results.values())]
    for key, title, _, with_ratio in keys:
        heading.append(title)
        if with_ratio:
            heading += ["× limit", "× nginx"]
    heading.append("")
    table = [heading]
    for name, result in results.items():
        if "median" not in result:
            reason = result.get("unsupported", "no result").split("\n")[0]
            table.append([name] + ["–"] * (len(heading) - 2) + [reason[:80]])
            continue
        row = [name]
        for key, _, form, with_ratio in keys:
            value = result["median"].get(key)
            row.append("–" if value is None else form.format(value))
            if with_ratio:
                for base in ("limit", "nginx"):
                    share = ratio(results, name, base, key)
                    row.append("–" if share is None else f"{share:.2f}")
        row.append("noisy: " + "; ".join(result["noise"]) if result["noise"] else "")
        table.append(row)
    return table


def text(scenario, results):
    table = rows(scenario, results)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [scenario.title]
    for row in table:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1])]
        lines.append("  " + "  ".join(cells + [row[-1]]).rstrip())
    return "\n".join(lines) + "\n"


def best_peer(results, key):
    peers = {name: result["median"][key] for name, result in results.items()
             if name not in ("limit", "edge") and key in result.get("median", {})}
    return min(peers, key=peers.get) if peers else None


def markdown(scenario, results):
    """Our row and the best peer's in bold."""
    table = rows(scenario, results)
    best = best_peer(results, scenario.columns[1 if len(scenario.columns) > 1 else 0][0])
    lines = [f"### {scenario.title}", "", "| " + " | ".join(table[0]) + " |",
             "|---" + "|---:" * (len(table[0]) - 2) + "|---|"]
    for row in table[1:]:
        if row[0] in ("edge", best):
            row = [f"**{cell}**" if cell and cell != "–" else cell for cell in row[:-1]] + row[-1:]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def preamble(facts):
    machine = facts["machine"]
    lines = [
        f"Measured {facts['date']} on {machine['cpu']}, {machine['cpus']} CPUs, "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}, {machine['system']}.",
        f"Commit {facts['commit']}; `{facts['command']}`; {facts['rounds']} rounds of "
        f"{facts['seconds']:g} s, medians; server on CPU {facts['server_cpus']}, load and origin on "
        f"CPU {facts['load_cpus']}.",
    ]
    for name, version in facts["versions"].items():
        if version and name not in ("edge", "limit"):
            lines.append(f"{name}: {version}.")
    return "\n".join(lines) + "\n"
