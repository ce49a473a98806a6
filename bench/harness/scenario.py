"""What a scenario is: how servers are prepared, what is measured, how it is told.

Every scenario: start all servers; prepare each (fill, check that it does what is measured); freeze
all; then rounds, in each of which every server runs alone, in an order that turns from round to
round. A measurement is a dictionary of numbers; the report takes medians of each.
"""

from . import machine
from .load import client, wrk, wrk_whole_seconds
from .server import CACHED_HOST, PASS_HOST


class Unsupported(Exception):
    """This server can't do what the scenario measures; says why."""


class Scenario:
    quick = True  # part of --quick
    # Columns of the report: (key, heading, format, whether ratios to limit and nginx are shown).
    columns = ()

    def __init__(self, name, title, limit=(), tls=False, servers=None, quick=True):
        self.name = name
        self.title = title
        self.limit = limit  # arguments of bench/limit; None: it has no part in it
        self.tls = tls
        self.only = servers  # names, or None for all
        self.quick = quick

    def takes(self, server_class):
        if server_class.name == "limit" and self.limit is None:
            return False
        if self.tls and not server_class.has_tls:
            return False
        return self.only is None or server_class.name in self.only

    def workers(self):
        return 1

    def server_cpus(self, settings):
        return settings.server_cpus

    def load_cpus(self, settings):
        return settings.load_cpus

    def rounds(self, settings):
        return settings.rounds

    def prepare(self, settings, server):
        """Fills and checks; raises Unsupported."""

    def measure(self, settings, server, round_number):
        raise NotImplementedError

    def finish(self, settings, server):
        """After the last round: more numbers, measured once."""
        return {}


LOAD_COLUMNS = (
    ("rps", "requests/s", "{:,.0f}", False),
    ("cpu_us", "CPU µs/request", "{:.2f}", True),
    ("p50_us", "p50 µs", "{:,.0f}", False),
    ("p99_us", "p99 µs", "{:,.0f}", False),
    ("memory_mib", "memory MiB", "{:,.1f}", False),
)


def with_cpu(settings, server, run, cpus=None):
    """Runs `run()`, a load generator, and adds what it cost the server, and the noise meanwhile."""
    cpus = cpus or server.cpus
    watch = machine.CpuWatch(cpus)
    before = server.cpu_seconds()
    result = run()
    used = server.cpu_seconds() - before
    noise = watch.read()
    answers = max(1, result["answers"])
    result.update(
        rps=result["answers"] / result["seconds"],
        cpu_us=used * 1e6 / answers,
        cpu_share=used / noise["seconds"] / len(cpus),
        # Of the time on the server's CPUs: stolen by the hypervisor, used by others.
        stolen=noise["stolen"] / noise["seconds"] / len(cpus),
        foreign=max(0.0, noise["busy"] - used) / noise["seconds"] / len(cpus),
        memory_mib=server.memory_bytes() / 2**20)
    if settings.load_cpus & cpus:  # the load generator is one of the others there
        result["foreign"] = 0.0
    return result


class WrkScenario(Scenario):
    """wrk with one mode of requests.lua."""

    columns = LOAD_COLUMNS

    def __init__(self, name, title, mode, limit=(), status=200, length=None, fields=(),
                 host=CACHED_HOST, fill=None, connections=64, **options):
        super().__init__(name, title, limit, **options)
        if mode[0] == "pipeline":  # wrk's latencies are then of whole batches, some of them lost
            self.columns = tuple(c for c in LOAD_COLUMNS if c[0] not in ("p50_us", "p99_us"))
        self.mode = mode  # "{round}" and "{server}" in it are filled in
        self.status = status
        self.length = length
        self.fields = fields
        self.host = host
        self.fill = fill  # (path with {}, how many, how many with --quick)
        self.connections = connections

    def probe_path(self):
        """Any path that the mode asks for."""
        path = self.mode[1]
        return path + "/1" if self.mode[0] in ("zipf", "distinct") else path

    def prepare(self, settings, server):
        path = self.probe_path().format(round="probe", server=server.name)
        if server.name != "limit":
            server.probe(path, self.host)  # stores the whole object
        answer = server.probe(path, self.host, self.fields, self.tls)
        if answer.status != self.status:
            raise Unsupported(f"answers {answer.status}, not {self.status}")
        if self.length is not None and len(answer.body) != self.length:
            raise Unsupported(f"answers {len(answer.body)} bytes, not {self.length}")
        if server.name != "limit":
            self.check_cached(settings, server, path)
            if self.fill:
                self.fill_store(settings, server)

    def check_cached(self, settings, server, path):
        before = settings.origin_requests(path)
        for _ in range(3):
            server.probe(path, self.host, self.fields, self.tls)
        asked = settings.origin_requests(path) - before
        expected = 0 if self.host == CACHED_HOST else 3
        if asked != expected:
            raise Unsupported(f"asked the origin {asked} times for three requests, not {expected}")

    def fill_store(self, settings, server):
        path, count, quick = self.fill
        count = quick if settings.quick else count
        result = client(settings, "fill", server, path=path, count=count, connections=32)
        if result["errors"] or result["answers"] != count:
            raise Unsupported(f"fill: {result}")

    def arguments(self, settings, server, round_number):
        count = None
        if self.fill:
            count = self.fill[2] if settings.quick else self.fill[1]
        return [str(part).format(round=round_number, server=server.name, count=count)
                for part in self.mode]

    def measure(self, settings, server, round_number):
        port = server.tls_port if self.tls else server.port
        options = dict(connections=self.connections, threads=len(self.load_cpus(settings)),
                       tls=self.tls, host=self.host, cpus=self.load_cpus(settings))
        wrk(settings, port, self.arguments(settings, server, f"{round_number}-warm"), 1, **options)
        server.between_runs()
        mode = self.arguments(settings, server, round_number)
        result = with_cpu(settings, server, lambda: wrk(
            settings, port, mode, wrk_whole_seconds(settings.seconds), **options))
        if result["bad_statuses"]:
            result["errors"] += result["bad_statuses"]
        return result


class TwoWorkers(WrkScenario):
    """Server and load generator on all CPUs together: on a machine of two there are no others."""

    def workers(self):
        return 2

    def server_cpus(self, settings):
        return settings.server_cpus | settings.load_cpus

    def load_cpus(self, settings):
        return settings.server_cpus | settings.load_cpus


def pass_scenario(name, title, **options):
    return WrkScenario(name, title, ("distinct", "/size/1024/{server}-{round}"),
                       limit=("--relay", "{origin}"), length=1024, host=PASS_HOST, **options)
