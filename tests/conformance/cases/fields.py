"""Which fields are stored and come back (RFC 9111 §3.1), byte for byte and in order."""

from model import FRESH, STALE_PAUSE, From, Kind, info, must, reused, step

S = "9111 §3.1"

KEPT = [
    ("Test-Header", "a value"), ("X-Test-Header", "another, with a comma"),
    ("Content-Type", "text/plain"), ("X-Frame-Options", "deny"), ("X-XSS-Protection", "1"),
    ("Clear-Site-Data", "cookies"), ("Public-Key-Pins", "x"), ("Set-Cookie", "a=b"),
    ("Set-Cookie2", "a=b"), ("Strict-Transport-Security", "max-age=1"),
    ("WWW-Authenticate", "Basic realm=\"x\""), ("Content-Encoding", "x-test"),
    ("Content-Language", "de"), ("Link", "</a>; rel=preload, </b>; rel=preload"),
    ("Location", "/elsewhere"), ("Server", "an origin"), ("Retry-After", "7"),
    ("Empty", ""), ("Quoted", "\"a, b\"; c=\"d\\\"e\""),
]
DROPPED = [
    ("Connection", "x-foo"), ("Keep-Alive", "timeout=5"), ("Proxy-Authenticate", "Basic"),
    ("Proxy-Authentication-Info", "x=y"), ("Proxy-Connection", "keep-alive"), ("TE", "trailers"),
    ("Upgrade", "websocket"),
]


def kept(name, value):
    return must(f"fields-keeps-{name}", S, f"{name} is stored and comes back",
                step(FRESH, f"{name}: {value}", expect=From.ORIGIN),
                step(expect=From.STORE, want=(f"{name}: {value}",)))


def dropped(name, value):
    options = {"check": lambda r, _: None if r.get(name) != value else f"{name}: {value}"}
    return must(f"fields-drops-{name}", "9110 §7.6.1", f"{name} is neither forwarded nor stored",
                step(FRESH, f"{name}: {value}", expect=From.ORIGIN, **options),
                step(expect=From.STORE, **options))


def in_order(response, _):
    got = [(n, v) for n, v in response.fields if n.lower().startswith("x-o")]
    want = [("X-Ob", "1"), ("x-oA", "2"), ("X-OB", "3"), ("X-Oc", "")]
    return None if got == want else f"{got} instead of {want}"


CASES = [
    *[kept(name, value) for name, value in KEPT],
    *[dropped(name, value) for name, value in DROPPED],
    must("fields-connection-listed", "9110 §7.6.1", "what Connection names is not stored",
         step(FRESH, "Connection: a, b", "a: 1", "b: 2", "c: 3", expect=From.ORIGIN,
              lack=("a", "b"), want=("c: 3",)),
         step(expect=From.STORE, want=("c: 3",), lack=("a", "b"))),
    must("fields-order", S, "order, case of names and equal names stay as they are",
         step(FRESH, "X-Ob: 1", "x-oA: 2", "X-OB: 3", "X-Oc:", expect=From.ORIGIN, check=in_order),
         step(expect=From.STORE, check=in_order)),
    must("fields-obs-text", "9110 §5.5", "bytes above 0x7f stay as they are",
         step(FRESH, "X-Latin: caf\xe9", expect=From.ORIGIN, want=("X-Latin: caf\xe9",)),
         step(expect=From.STORE, want=("X-Latin: caf\xe9",))),
    must("fields-x-cache", S, "an upstream's X-Cache is not taken for ours",
         step(FRESH, "X-Cache: HIT from elsewhere", expect=From.ORIGIN,
              check=lambda r, _: None if r.fields.all("X-Cache") == ["Miss"]
              else f"X-Cache: {r.fields.all('X-Cache')}"),
         step(expect=From.STORE, check=lambda r, _: None
              if r.fields.all("X-Cache") == ["Hit from edge"]
              else f"X-Cache: {r.fields.all('X-Cache')}")),
    must("fields-cache-status", "9211 §2", "an upstream's Cache-Status stands before ours",
         step(FRESH, "Cache-Status: inner; hit", expect=From.ORIGIN,
              check=lambda r, _: None if (r.fields.joined("Cache-Status") or "").startswith(
                  "inner; hit, ") else f"Cache-Status: {r.fields.joined('Cache-Status')}")),
    must("fields-cache-status-one", "9211 §2", "hit and fwd never stand together",
         step(FRESH, expect=From.ORIGIN, pause=STALE_PAUSE,
              check=lambda r, _: hit_and_forward(r)),
         step(expect=From.STORE, check=lambda r, _: hit_and_forward(r))),
    must("fields-via", "9110 §7.6.3", "Via names each node once, on a hit too",
         step(FRESH, "Via: 1.1 inner", expect=From.ORIGIN, check=lambda r, _: via(r)),
         step(expect=From.STORE, check=lambda r, _: via(r))),
    must("fields-no-date", "9110 §6.6.1", "a Date is added where the origin sends none",
         step(FRESH, date=False, expect=From.ORIGIN, want=("Date",)),
         step(expect=From.STORE, want=("Date",))),
    info("fields-warning", "9111 §5.5", "a Warning of the origin comes back",
         step(FRESH, "Warning: 199 - \"x\"", expect=From.ORIGIN),
         step(expect=From.STORE, want=("Warning",))),
    reused("fields-long", S, "a field of 8000 bytes", FRESH, f"X-Long: {'x' * 8000}",
           kind=Kind.MUST),
]


def hit_and_forward(response):
    for member in response.fields.joined("Cache-Status").split(", "):
        items = [i.strip().split("=")[0] for i in member.split(";")]
        if "hit" in items and "fwd" in items:
            return member
    return None


def via(response):
    members = response.fields.joined("Via").split(", ")
    names = [m.split(" ")[1] for m in members]
    return None if names[0] == "inner" and len(set(names)) == len(names) else f"Via: {members}"
