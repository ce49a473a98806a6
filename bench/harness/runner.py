"""Runs scenarios: all servers started, one at a time awake."""

import statistics
import sys

from .ours import Limit
from .scenario import Unsupported

# A measurement is noisy when the rounds' CPU time per request spreads wider than this, or when
# more than this of the server's CPUs went elsewhere.
MOST_SPREAD = 0.10
MOST_FOREIGN = 0.05


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    def __init__(self, settings, classes):
        self.settings = settings
        self.classes = classes

    def scenario(self, scenario):
        """{server: {"rounds": [...], "median": {...}, "noise": [...]} or {"unsupported": why}}"""
        say(f"{scenario.name}: {scenario.title}")
        self.settings.start_origin()
        results, servers = {}, []
        try:
            for server_class in self.classes:
                if scenario.takes(server_class):
                    self.bring_up(scenario, server_class, servers, results)
            for number in range(scenario.rounds(self.settings)):
                turn = number % max(1, len(servers))
                for server in servers[turn:] + servers[:turn]:
                    self.measure(scenario, server, number, results)
            for server in servers:
                self.close(scenario, server, results)
        finally:
            for server in servers:
                server.stop()
        return results

    def bring_up(self, scenario, server_class, servers, results):
        options = {"workers": scenario.workers(), "cpus": scenario.server_cpus(self.settings)}
        if server_class is Limit:
            options["arguments"] = scenario.limit
        server = server_class(self.settings, **options)
        try:
            server.start()
            scenario.prepare(self.settings, server)
        except (Unsupported, RuntimeError, OSError) as error:
            say(f"  {server.name}: {error}")
            results[server.name] = {"unsupported": str(error)}
            server.stop()
            return
        server.freeze()
        results[server.name] = {"rounds": []}
        servers.append(server)

    def measure(self, scenario, server, number, results):
        result = results[server.name]
        if "unsupported" in result:
            return
        server.thaw()
        try:
            measured = scenario.measure(self.settings, server, number)
            result["rounds"].append(measured)
            shown = ", ".join(f"{key} {measured[key]:.4g}" for key, *_ in scenario.columns
                              if key in measured)
            say(f"  {server.name:8} {shown}")
        except (Unsupported, RuntimeError, OSError) as error:
            say(f"  {server.name}: {error}")
            result["unsupported"] = str(error)
            if not server.alive():
                say(f"  {server.name} has died: {server.output()}")
                result["unsupported"] += " (died)"
                return
        server.freeze()

    def close(self, scenario, server, results):
        result = results[server.name]
        if not result.get("rounds"):
            return
        result["median"] = medians(result["rounds"])
        result["noise"] = noise(result["rounds"])


def medians(rounds):
    keys = {key for measured in rounds for key, value in measured.items()
            if isinstance(value, (int, float))}
    return {key: statistics.median(measured[key] for measured in rounds if key in measured)
            for key in sorted(keys)}


def noise(rounds):
    """Why not to trust these rounds; empty when there is no reason."""
    reasons = []
    costs = [measured["cpu_us"] for measured in rounds if "cpu_us" in measured]
    if len(costs) > 1:
        spread = (max(costs) - min(costs)) / statistics.median(costs)
        if spread > MOST_SPREAD:
            reasons.append(f"CPU per request spreads by {spread:.0%}")
    for key, what in (("foreign", "used by others"), ("stolen", "stolen by the hypervisor")):
        shares = [measured[key] for measured in rounds if key in measured]
        if shares and statistics.median(shares) > MOST_FOREIGN:
            reasons.append(f"{statistics.median(shares):.0%} of the CPU {what}")
    errors = sum(measured.get("errors", 0) for measured in rounds)
    if errors:
        reasons.append(f"{errors:.0f} errors")
    return reasons
