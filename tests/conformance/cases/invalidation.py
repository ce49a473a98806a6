"""Invalidation by unsafe methods (RFC 9111 §4.4), and POST's own answers (RFC 9110 §9.3.3)."""

from model import FRESH, From, Kind, must, optimal, reused, step

S = "9111 §4.4"
METHODS = ("POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "FOO")


def by(method, status=200, expect=From.ORIGIN, make=must, title="", fields=(), id=""):
    return make(f"invalidate-{method}-{id or status}", S, title,
                step(FRESH, "Last-Modified: @0", expect=From.ORIGIN),
                step(*fields, status=status, method=method, content=b"abc", expect=From.ORIGIN,
                     asked_method=method),
                step(FRESH, expect=expect))


def location(method, name, value, path, expect=From.ORIGIN, make=must, title=""):
    """A stored answer under another path, then an unsafe request that names it."""
    return make(f"invalidate-{method}-{name}-{title.split(' ')[0].lower()}", S,
                f"{method}: {title}",
                step(FRESH, path=path, expect=From.ORIGIN),
                step(f"{name}: {value}", status=200, method=method, content=b"abc",
                     expect=From.ORIGIN),
                step(FRESH, path=path, expect=expect))


CASES = [
    *[by(m, title=f"{m} answered 200 invalidates its target") for m in METHODS],
    *[by(m, 500, From.STORE, optimal, f"{m} answered 500 does not") for m in METHODS],
    by("POST", 201, title="201 invalidates"),
    by("POST", 204, title="204 invalidates"),
    by("DELETE", 302, title="302 invalidates"),
    by("POST", 404, From.STORE, optimal, "404 does not"),
    by("OPTIONS", 200, From.STORE, optimal, "a safe method does not"),
    *[location(m, "Location", "@@/loc", "/loc", title="relative Location invalidated")
      for m in METHODS[:3] + ("M-SEARCH",)],
    *[location(m, "Content-Location", "@@/loc", "/loc", title="relative Content-Location too")
      for m in METHODS[:3] + ("M-SEARCH",)],
    location("POST", "Location", "http://conformance.example@@/loc", "/loc",
             title="absolute Location of the same origin"),
    location("POST", "Content-Location", "//conformance.example@@/loc", "/loc",
             title="network-path reference to the same host"),
    location("POST", "Location", "http://other.example@@/loc", "/loc", From.STORE, must,
             "other hosts' Location must not"),
    location("POST", "Location", "http://conformance.example:81@@/loc", "/loc", From.STORE, must,
             "ports differ: must not"),
    must("invalidate-location-failed", S, "a Location of a failed request does not",
         step(FRESH, path="/loc", expect=From.ORIGIN),
         step("Location: @@/loc", status=500, method="POST", content=b"x", expect=From.ORIGIN),
         step(path="/loc", expect=From.STORE)),
    must("invalidate-variants", S, "all variants go",
         step(FRESH, "Vary: Foo", send=("Foo: 1",), expect=From.ORIGIN),
         step(FRESH, "Vary: Foo", send=("Foo: 2",), expect=From.ORIGIN),
         step(method="POST", content=b"x", send=("Foo: 1",), expect=From.ORIGIN),
         step(FRESH, "Vary: Foo", send=("Foo: 1",), expect=From.ORIGIN),
         step(FRESH, "Vary: Foo", send=("Foo: 2",), expect=From.ORIGIN)),
    must("invalidate-query", S, "the query belongs to the target",
         step(FRESH, path="?a=1", expect=From.ORIGIN),
         step(FRESH, path="?a=2", expect=From.ORIGIN),
         step(method="PUT", path="?a=1", content=b"x", expect=From.ORIGIN),
         step(FRESH, path="?a=1", expect=From.ORIGIN), step(path="?a=2", expect=From.STORE)),
    must("invalidate-not-stored", "9110 §9.3.4", "an answer to PUT does not serve GET",
         step(FRESH, method="PUT", content=b"x", expect=From.ORIGIN),
         step(FRESH, expect=From.ORIGIN)),
    must("post-not-stored", "9110 §9.3.3", "an answer to POST without Content-Location neither",
         step(FRESH, method="POST", content=b"x", expect=From.ORIGIN),
         step(FRESH, expect=From.ORIGIN)),
    must("post-not-reused", "9110 §9.3.3", "POST is always forwarded",
         step(FRESH, "Content-Location: @@", method="POST", content=b"x", expect=From.ORIGIN),
         step(FRESH, method="POST", content=b"x", expect=From.ORIGIN)),
    optimal("post-stored", "9110 §9.3.3",
            "a POST's answer with explicit freshness and its own Content-Location serves GET",
            step("Expires: @+2592000", "Content-Location: @@", "Date: @0", method="POST",
                 content=b"12345", send=("Content-Type: text/plain",), expect=From.ORIGIN,
                 pause=0.3),
            step(expect=From.STORE)),
    must("post-other-location", "9110 §9.3.3", "with another Content-Location it does not",
         step("Expires: @+2592000", "Content-Location: @@/x", method="POST", content=b"1",
              expect=From.ORIGIN),
         step(FRESH, expect=From.ORIGIN)),
    reused("method-case", "9110 §9.1", "methods are compared with their case: get is not GET",
           FRESH, kind=Kind.INFO, method="GET"),
]
