"""All scenarios, in the order in which they run and are reported."""

from .scenario import TwoWorkers, WrkScenario, pass_scenario
from .special import (Conditional, Connect, IdleMemory, ObjectMemory, OpenLoop, Reload, Stampede,
                      Start)

KIB = 1024


def entity_tag(path):
    """tests/origin's: FNV-1a of the path."""
    value = 0xCBF29CE484222325
    for byte in path.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f'"{value:x}"'


def hit(name, title, size, limit=(), kind=WrkScenario, **options):
    return kind(name, title, ("fixed", f"/size/{size}/one"), length=size,
                limit=("--body", str(size), *limit), **options)


def with_field(name, title, size, field, value, kind=WrkScenario, **options):
    return kind(name, title, ("field", f"/size/{size}/one", field, value),
                       fields=(f"{field}: {value}",), **options)


SCENARIOS = (
    hit("hit-1k", "Hit, one object of 1 KiB", KIB),
    hit("hit-10k", "Hit, 10 KiB", 10 * KIB, quick=False),
    hit("hit-100k", "Hit, 100 KiB (limit: writev)", 100 * KIB),
    hit("hit-100k-sendfile", "Hit, 100 KiB (limit: sendfile from a memfd)", 100 * KIB,
        limit=("--sendfile",), quick=False),
    hit("hit-1m", "Hit, 1 MiB", KIB * KIB),
    WrkScenario("browser", "Hit, browser-like request (11 fields)",
                ("browser", f"/size/{KIB}/one"), length=KIB),
    WrkScenario("zipf-10k", "Hits over 10,000 objects of 1 KiB, Zipf 0.9",
                ("zipf", f"/size/{KIB}/zipf", "{count}", "0.9", "7"),
                fill=(f"/size/{KIB}/zipf/{{}}", 10001, 10001), length=KIB),
    WrkScenario("zipf-1m", "Hits over 1,000,000 objects of 1 KiB, Zipf 0.9",
                ("zipf", f"/size/{KIB}/zipf", "{count}", "0.9", "7"),
                fill=(f"/size/{KIB}/zipf/{{}}", 1000001, 50001), length=KIB, quick=False),
    with_field("conditional", "Conditional hit (304)", KIB, "If-None-Match",
               entity_tag(f"/size/{KIB}/one"), status=304, limit=("--status", "304"),
               kind=Conditional),
    with_field("range", "Range hit, 1,000 bytes of 100 KiB", 100 * KIB, "Range",
               "bytes=1000-1999", status=206, length=1000,
               limit=("--status", "206", "--body", "1000")),
    WrkScenario("pipelined", "Hit, 16 requests pipelined", ("pipeline", f"/size/{KIB}/one", "16"),
                length=KIB),
    hit("tls-1k", "TLS 1.3, hit, 1 KiB", KIB, limit=("--tls",), tls=True),
    hit("tls-100k", "TLS 1.3, hit, 100 KiB", 100 * KIB, limit=("--tls",), tls=True),
    Connect("tls-connect", "TLS 1.3, a connection for each request, full handshakes", False,
            limit=("--tls",), tls=True),
    Connect("tls-resume", "TLS 1.3, a connection for each request, resumed", True,
            limit=("--tls",), tls=True),
    pass_scenario("pass", "Pass-through, 1 KiB, distinct URLs (limit: a bare relay)"),
    WrkScenario("miss", "Miss with store, 1 KiB, distinct URLs (limit: a bare relay)",
                ("distinct", f"/size/{KIB}/{{server}}-{{round}}"), limit=("--relay", "{origin}"),
                length=KIB),
    Stampede("stampede", "1,000 requests at once for one uncached object, origin 100 ms",
             limit=None),
    OpenLoop("open-loop", "Open loop, hits at 10,000 requests/s", 10000),
    OpenLoop("fairness", "Open loop, hits at 2,000 requests/s, while four read 64 MiB", 2000,
             large=f"/size/{64 * KIB * KIB}/large", limit=None, servers=("edge", "nginx", "varnish"),
             quick=False),
    ObjectMemory("memory-objects", "Memory per cached object of 1 KiB", limit=None),
    IdleMemory("memory-idle", "Memory per idle connection", 9000),
    IdleMemory("memory-idle-tls", "Memory per idle TLS connection", 4000, limit=("--tls",),
               tls=True),
    Start("start", "Start-up", quick=False),
    Reload("reload", "Reload with a full cache, 2,000 requests/s", limit=None, quick=False),
    hit("two-workers", "Hit, 1 KiB, two workers, load on the same CPUs", KIB, kind=TwoWorkers),
)
