"""Response directives other than lifetimes (RFC 9111 §5.2.2, RFC 8246)."""

from model import (FRESH, STALE_PAUSE, From, Kind, info, must, not_reused, optimal, reused, step)

LONG = ("Expires: @+10000", "Date: @0")


def cc(value):
    return f"Cache-Control: {value}"


CASES = [
    not_reused("no-store", "9111 §5.2.2.5", "no-store is not stored", cc("no-store")),
    not_reused("no-store-case", "9111 §5.2.2.5", "No-StOrE neither", cc("No-StOrE")),
    not_reused("no-store-fresh", "9111 §5.2.2.5", "nor no-store with max-age and Expires",
               cc("max-age=10000, no-store"), *LONG),
    not_reused("no-store-lines", "9111 §5.2.2.5", "nor no-store on a line of its own",
               cc("max-age=10000"), cc("no-store"), *LONG),
    not_reused("no-store-value", "9111 §5.2.2.5", "nor no-store with a value", cc(
        "max-age=10000, no-store=1")),
    not_reused("private", "9111 §5.2.2.7", "private is not stored", cc("private, max-age=3600")),
    not_reused("private-case", "9111 §5.2.2.7", "PrIvAtE neither", cc("PrIvAtE, max-age=3600")),
    not_reused("private-public", "9111 §5.2.2.7", "nor private beside public",
               cc("public, private, max-age=3600")),
    must("private-fields", "9111 §5.2.2.7", "private with a list: not without asking with them",
         step(cc('private="X-Secret", max-age=3600'), "X-Secret: a", expect=From.ORIGIN),
         step(lack=("X-Secret",), check=lambda r, _: None)),
    not_reused("no-cache", "9111 §5.2.2.4", "no-cache is not reused without validation",
               cc("max-age=10000, no-cache"), *LONG),
    not_reused("no-cache-case", "9111 §5.2.2.4", "No-CaChE neither", cc("max-age=10000, No-CaChE"),
               *LONG),
    must("no-cache-stale-ok", "9111 §5.2.2.4", "nor with stale-while-revalidate",
         step(cc("max-age=10000, no-cache, stale-while-revalidate=1000"), expect=From.ORIGIN),
         step(expect=From.ORIGIN)),
    optimal("no-cache-validated", "9111 §5.2.2.4", "no-cache is stored, and validated by ETag",
            step(cc("no-cache"), 'ETag: "abcd"', expect=From.ORIGIN),
            step(cc("no-cache"), 'ETag: "abcd"', expect=From.ETAG)),
    optimal("no-cache-validated-fresh", "9111 §5.2.2.4", "the same with max-age and Expires",
            step(cc("max-age=10000, no-cache"), *LONG, 'ETag: "abcd"', expect=From.ORIGIN),
            step(cc("max-age=10000, no-cache"), 'ETag: "abcd"', expect=From.ETAG)),
    optimal("no-cache-validated-date", "9111 §5.2.2.4", "no-cache is validated by Last-Modified",
            step(cc("no-cache"), "Last-Modified: @-1000", expect=From.ORIGIN),
            step(cc("no-cache"), "Last-Modified: @-1000", expect=From.DATE)),
    must("no-cache-fields", "9111 §5.2.2.4", "no-cache with a list: its fields are not reused",
         step(cc('no-cache="a"'), "a: 1", "b: 2", cc("max-age=3600"), expect=From.ORIGIN),
         step(lack=("a",))),
    info("no-cache-fields-kept", "9111 §5.2.2.4", "no-cache with a list: the rest is reused",
         step(cc('no-cache="a, b"'), "a: 1", "b: 2", "c: 3", cc("max-age=3600"),
              expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.STORE, want=("c: 3",), lack=("a", "b"))),
    reused("must-revalidate-fresh", "9111 §5.2.2.2", "must-revalidate is reused while fresh",
           cc("max-age=10000, must-revalidate"), 'ETag: "abcd"'),
    must("must-revalidate-stale", "9111 §5.2.2.2", "must-revalidate is validated when stale",
         step(cc("max-age=5, must-revalidate"), 'ETag: "abcd"', expect=From.ORIGIN),
         step(expect=From.STORE, pause=5.5),
         step(cc("max-age=5, must-revalidate"), 'ETag: "abcd"', expect=From.ETAG)),
    reused("proxy-revalidate-fresh", "9111 §5.2.2.8", "proxy-revalidate is reused while fresh",
           cc("max-age=10000, proxy-revalidate")),
    must("proxy-revalidate-stale", "9111 §5.2.2.8", "proxy-revalidate is validated when stale",
         step(cc("max-age=1, proxy-revalidate"), 'ETag: "abcd"', expect=From.ORIGIN,
              pause=STALE_PAUSE),
         step(cc("max-age=1, proxy-revalidate"), 'ETag: "abcd"', expect=From.ETAG)),
    reused("public", "9111 §5.2.2.9", "public is reused", cc("public, max-age=3600")),
    reused("no-transform", "9111 §5.2.2.6", "no-transform does not matter",
           cc("no-transform, max-age=3600")),
    reused("immutable-fresh", "8246 §2", "immutable is reused without validation",
           cc("max-age=10000, immutable"), 'ETag: "abcd"'),
    must("immutable-stale", "8246 §2", "a stale immutable answer is validated",
         step(cc("max-age=1, immutable"), 'ETag: "abcd"', expect=From.ORIGIN, pause=STALE_PAUSE),
         step(cc("max-age=1, immutable"), 'ETag: "abcd"', expect=From.ETAG)),
    reused("set-cookie", "9111 §7.3", "Set-Cookie with explicit freshness is stored whole", FRESH,
           "Set-Cookie: a=b"),
    must("set-cookie-lines", "6265 §3", "several Set-Cookie lines stay apart",
         step(FRESH, "Set-Cookie: a=b; path=/", "Set-Cookie: c=d", expect=From.ORIGIN),
         step(expect=From.STORE, check=lambda r, _: None
              if r.fields.all("Set-Cookie") == ["a=b; path=/", "c=d"]
              else f"Set-Cookie: {r.fields.all('Set-Cookie')}")),
    info("no-store-newer", "9111 §5.2.2.5", "what was stored before is kept when no-store comes",
         step(cc("max-age=1, stale-if-error=600"), 'ETag: "a"', expect=From.ORIGIN,
              pause=STALE_PAUSE),
         step(cc("no-store"), expect=From.ORIGIN), step(expect=From.ORIGIN)),
    reused("pragma-response", "9111 §5.4", "a Pragma in an answer with max-age means nothing",
           FRESH, "Pragma: no-cache", kind=Kind.INFO),
]
