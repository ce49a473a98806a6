"""Scenarios that wrk has no words for."""

import json
import threading
import time

from .load import client, start_client, wrk
from .scenario import Scenario, Unsupported, WrkScenario, with_cpu

ONE_KIB = "/size/1024/one"


class Conditional(WrkScenario):
    """Our own client: wrk waits for a body behind a 304 that has a Content-Length."""

    def measure(self, settings, server, round_number):
        server.between_runs()
        return with_cpu(settings, server, lambda: client(
            settings, "loop", server, path=self.mode[1], field=self.fields[0], connections=64,
            seconds=settings.seconds))


class Connect(Scenario):
    """A new connection for each request."""

    columns = (
        ("rps", "connections/s", "{:,.0f}", False),
        ("cpu_us", "CPU µs/connection", "{:,.1f}", True),
        ("p50_us", "p50 µs", "{:,.0f}", False),
        ("p99_us", "p99 µs", "{:,.0f}", False),
    )

    def __init__(self, name, title, resume, **options):
        super().__init__(name, title, **options)
        self.resume = resume

    def prepare(self, settings, server):
        server.probe(ONE_KIB)

    def measure(self, settings, server, round_number):
        server.between_runs()
        result = with_cpu(settings, server, lambda: client(
            settings, "connect", server, tls=self.tls, resume=self.resume, path=ONE_KIB,
            connections=32, seconds=settings.seconds))
        if self.resume and result["resumed"] < 0.9 * result["answers"] - 64:
            raise Unsupported(f"resumed {result['resumed']} of {result['answers']} sessions")
        return result


class Stampede(Scenario):
    """1,000 requests for one object that the origin takes 100 ms for, all at once."""

    columns = (
        ("last_ms", "all served after ms", "{:,.0f}", False),
        ("p50_ms", "half after ms", "{:,.0f}", False),
        ("origin", "requests to the origin", "{:,.0f}", False),
        ("errors", "errors", "{:,.0f}", False),
    )

    def measure(self, settings, server, round_number):
        path = f"/slow/stampede-{server.name}-{round_number}"
        result = client(settings, "stampede", server, path=path + "?ms=100&size=10240", count=1000)
        return {
            "last_ms": result["seconds"] * 1e3,
            "p50_ms": result["p50_us"] / 1e3,
            "origin": settings.origin_requests(path),
            "errors": result["errors"],
        }


class OpenLoop(Scenario):
    """A fixed rate, whatever the server does; latencies count from the scheduled moment."""

    columns = (
        ("rate", "requests/s asked", "{:,.0f}", False),
        ("p50_us", "p50 µs", "{:,.0f}", False),
        ("p99_us", "p99 µs", "{:,.0f}", False),
        ("max_us", "max µs", "{:,.0f}", False),
        ("cpu_us", "CPU µs/request", "{:.2f}", True),
    )

    def __init__(self, name, title, rate, large=None, **options):
        super().__init__(name, title, **options)
        self.rate = rate
        if large:  # the CPU time is mostly that of the large ones
            self.columns = self.columns[:-1]
        self.large = large  # a path of which four connections read all the time

    def prepare(self, settings, server):
        server.probe(ONE_KIB)
        if self.large:
            server.probe(self.large)

    def measure(self, settings, server, round_number):
        server.between_runs()
        background = None
        if self.large:
            background = threading.Thread(target=wrk, args=(
                settings, server.port, ("fixed", self.large), round(settings.seconds) + 1, 4))
            background.start()
            time.sleep(0.3)
        result = with_cpu(settings, server, lambda: client(
            settings, "rate", server, path=ONE_KIB, rate=self.rate, connections=64,
            seconds=settings.seconds))
        if background:
            background.join()
        result["rate"] = self.rate
        return result


class ObjectMemory(Scenario):
    """Growth of memory from 200,000 objects of 1 KiB, and what the store says that it holds."""

    columns = (
        ("bytes_per_object", "memory bytes/object", "{:,.0f}", False),
        ("store_bytes", "store's own bytes/object", "{:,.0f}", False),
        ("fill_rps", "misses stored/s", "{:,.0f}", False),
    )

    def rounds(self, settings):
        return 1

    def prepare(self, settings, server):
        server.probe(ONE_KIB)
        client(settings, "fill", server, path="/size/1024/warm/{}", count=2000, connections=64)

    def measure(self, settings, server, round_number):
        count = 20000 if settings.quick else 200000
        memory = server.cache_bytes()
        before = store_bytes(server)
        result = client(settings, "fill", server, path="/size/1024/many/{}", count=count,
                        connections=64)
        if result["errors"]:
            raise Unsupported(f"fill: {result}")
        numbers = {
            "bytes_per_object": (server.cache_bytes() - memory) / count,
            "fill_rps": result["answers"] / result["seconds"],
        }
        if before is not None:
            numbers["store_bytes"] = (store_bytes(server) - before) / count
        return numbers


def store_bytes(server):
    return server.stats()["store"]["bytes"] if hasattr(server, "stats") else None


class IdleMemory(Scenario):
    """Growth of memory from connections that each had one request and then say nothing."""

    columns = (
        ("bytes_per_connection", "memory bytes/connection", "{:,.0f}", False),
        ("open", "still open", "{:,.0f}", False),
    )

    def __init__(self, name, title, count, **options):
        super().__init__(name, title, **options)
        self.count = count

    def rounds(self, settings):
        return 1

    def prepare(self, settings, server):
        server.probe(ONE_KIB, tls=self.tls)
        # What a server allocates for its first requests (our access log's ring of 1 MiB, say) or
        # connections is not per connection.
        client(settings, "fill", server, tls=self.tls, path=ONE_KIB, count=20000, connections=64)
        self.hold(settings, server, 200, lambda: None)

    def hold(self, settings, server, count, look):
        holder = start_client(settings, "idle", server, tls=self.tls, path=ONE_KIB, count=count)
        ready = holder.stdout.readline().split()
        if ready != ["ready", str(count)]:
            holder.kill()
            holder.communicate()
            raise Unsupported(f"{ready} of {count} connections")
        time.sleep(0.5)
        found = look()
        out, _ = holder.communicate("")
        return found, out

    def measure(self, settings, server, round_number):
        count = self.count // 4 if settings.quick else self.count
        before = server.memory_bytes()
        after, out = self.hold(settings, server, count, server.memory_bytes)
        return {
            "bytes_per_connection": (after - before) / count,
            "open": int(out.split('"open": ')[1].split("}")[0]),
        }


class Start(Scenario):
    """From exec to the first answer."""

    columns = (("start_ms", "ms to the first answer", "{:,.0f}", False),)

    def measure(self, settings, server, round_number):
        server.stop()
        server.start()
        return {"start_ms": server.started_in * 1e3}


class Reload(Scenario):
    """A reload of the configuration with a full cache, under an open loop of 2,000 requests/s."""

    columns = (
        ("p99_us", "p99 µs", "{:,.0f}", False),
        ("max_us", "max µs", "{:,.0f}", False),
        ("errors", "failed requests", "{:,.0f}", False),
        ("kept", "cache kept", "{:.0f}", False),
    )

    def rounds(self, settings):
        return 1 if settings.quick else 3

    def prepare(self, settings, server):
        count = 5000 if settings.quick else 50000
        client(settings, "fill", server, path="/size/1024/reload/{}", count=count, connections=64)
        server.probe(ONE_KIB)

    def measure(self, settings, server, round_number):
        loop = start_client(settings, "rate", server, path=ONE_KIB, rate=2000, connections=32,
                            seconds=3)
        time.sleep(1)
        try:
            reloads = server.reload()
        finally:
            out, _ = loop.communicate()
        if not reloads:
            raise Unsupported("a reload loses the cache")
        result = json.loads(out.strip().split("\n")[-1])
        before = settings.origin_requests()
        client(settings, "fill", server, path="/size/1024/reload/{}", count=1000, connections=8)
        result["kept"] = 1 if settings.origin_requests() == before else 0
        return result
