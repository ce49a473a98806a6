"""Stale answers (RFC 9111 §4.2.4, RFC 5861), with the default grace of 1 h on a dead origin."""

import harness

from model import STALE_PAUSE, From, Kind, Case, info, must, optimal, step

S = "9111 §4.2.4"
DEAD = harness.Drop()


def cc(value):
    return f"Cache-Control: {value}"


def forbidden(id, value, section, *more):
    return must(f"stale-forbidden-{id}", section, f"{value}: 504, not stale, if the origin closes",
                step(cc(value), *more, expect=From.ORIGIN, pause=STALE_PAUSE),
                step(answer=DEAD, expect=From.NOWHERE, sees=504, text=None,
                     check=lambda r, _: None if r.status == 504 and "Etag" not in r.fields.names()
                     else f"{r.status}"))


def kept(id, title, fields, answer, kind=Kind.INFO, section=S):
    """Stale, and used instead of a failure."""
    return Case(f"stale-{id}", kind, section, title,
                [step(*fields, body=b"kept", expect=From.ORIGIN, pause=STALE_PAUSE),
                 step(answer=answer, sees=200, text=b"kept",
                      check=lambda r, _: None if r.x_cache == "Stale from edge"
                      or r.x_cache == "Stale from shield" else f"X-Cache: {r.x_cache}")])


def error(status):
    return harness.Answer(status=status, body=b"broken")


SIE = (cc("max-age=1, stale-if-error=60"),)

CASES = [
    kept("close", "used when the origin closes", (cc("max-age=1"),), DEAD),
    kept("close-expires", "used when the origin closes, with Expires",
         ("Expires: @+1", "Date: @0"), DEAD),
    kept("close-etag", "used when a validation fails", (cc("max-age=1"), 'ETag: "a"'), DEAD),
    kept("reset", "used when the origin resets", (cc("max-age=1"),), harness.Drop(reset=True)),
    kept("junk", "used when the origin talks nonsense", (cc("max-age=1"),),
         harness.Raw(b"nonsense\r\n\r\n")),
    kept("sie-close", "stale-if-error: when the origin closes", SIE, DEAD, Kind.OPTIMAL,
         "5861 §4"),
    *[kept(f"sie-{n}", f"stale-if-error: when it answers {n}", SIE, error(n), Kind.OPTIMAL,
           "5861 §4") for n in (500, 502, 503, 504)],
    must("stale-sie-404", "5861 §4", "stale-if-error: not when it answers 404",
         step(*SIE, expect=From.ORIGIN, pause=STALE_PAUSE), step(status=404, expect=From.ORIGIN)),
    must("stale-sie-501", "5861 §4", "stale-if-error: not when it answers 501",
         step(*SIE, expect=From.ORIGIN, pause=STALE_PAUSE), step(status=501, expect=From.ORIGIN)),
    must("stale-sie-over", "5861 §4", "stale-if-error: not when its window is over",
         step(cc("max-age=1, stale-if-error=2"), "Age: 20", expect=From.ORIGIN),
         step(status=503, expect=From.ORIGIN)),
    must("stale-503", "5861 §4", "without it a 503 reaches the viewer",
         step(cc("max-age=1"), expect=From.ORIGIN, pause=STALE_PAUSE),
         step(status=503, expect=From.ORIGIN)),
    forbidden("must-revalidate", "max-age=1, must-revalidate", "9111 §5.2.2.2"),
    forbidden("must-revalidate-etag", "max-age=1, must-revalidate", "9111 §5.2.2.2", 'ETag: "a"'),
    forbidden("proxy-revalidate", "max-age=1, proxy-revalidate", "9111 §5.2.2.8"),
    forbidden("no-cache", "max-age=1, no-cache", "9111 §5.2.2.4", 'ETag: "a"'),
    forbidden("s-maxage", "s-maxage=1", "9111 §5.2.2.10", 'ETag: "a"'),
    forbidden("must-revalidate-sie", "max-age=1, must-revalidate, stale-if-error=60",
              "9111 §5.2.2.2", 'ETag: "a"'),
    must("stale-must-revalidate-swr", "9111 §5.2.2.2",
         "must-revalidate beats stale-while-revalidate",
         step(cc("max-age=1, must-revalidate, stale-while-revalidate=60"), expect=From.ORIGIN,
              pause=STALE_PAUSE),
         step(expect=From.ORIGIN)),
    must("stale-s-maxage-swr", "9111 §5.2.2.10", "s-maxage beats stale-while-revalidate",
         step(cc("s-maxage=1, stale-while-revalidate=60"), expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.ORIGIN)),
    optimal("swr", "5861 §3", "stale-while-revalidate: the stale one at once, then the new one",
            step(cc("max-age=1, stale-while-revalidate=60"), body=b"old", expect=From.ORIGIN,
                 pause=STALE_PAUSE),
            step(cc("max-age=3600"), body=b"new", sees=200, text=b"old", settle=2, pause=0.3),
            step(text=b"new", expect=From.STORE)),
    optimal("swr-304", "5861 §3", "stale-while-revalidate: refreshed by a 304",
            step(cc("max-age=1, stale-while-revalidate=60"), 'ETag: "a"', body=b"old",
                 expect=From.ORIGIN, pause=STALE_PAUSE),
            step(answer=harness.Answer(cc("max-age=3600"), 'ETag: "a"', status=304), sees=200,
                 text=b"old", settle=2, pause=0.3),
            step(text=b"old", expect=From.STORE, age=(0, 3))),
    must("swr-over", "5861 §3", "stale-while-revalidate: not when its window is over",
         step(cc("max-age=1, stale-while-revalidate=2"), "Age: 20", expect=From.ORIGIN),
         step(expect=From.ORIGIN)),
    must("swr-replaced", "5861 §3", "the background answer replaces the old one, whatever it is",
         step(cc("max-age=1, stale-while-revalidate=60"), body=b"old", expect=From.ORIGIN,
              pause=STALE_PAUSE),
         step(cc("max-age=3600"), status=404, body=b"gone", sees=200, text=b"old", settle=2,
              pause=0.3),
         step(sees=404, text=b"gone", expect=From.STORE)),
    must("stale-age", "9111 §5.1", "a stale answer has its true Age",
         step(cc("max-age=1"), "Age: 100", body=b"kept", expect=From.ORIGIN),
         step(answer=DEAD, sees=200, text=b"kept", age=(100, 104))),
    info("stale-no-freshness", S, "what never had a lifetime is not used stale",
         step('ETag: "a"', expect=From.ORIGIN), step(answer=DEAD, sees=504, text=None)),
    info("stale-warning", "9111 §5.5", "a stale answer has no Warning (it is obsolete)",
         step(cc("max-age=1"), body=b"kept", expect=From.ORIGIN, pause=STALE_PAUSE),
         step(answer=DEAD, sees=200, text=b"kept", lack=("Warning",))),
    must("stale-miss-close", "9110 §15.6.3", "nothing stored and a dead origin: 502",
         step(answer=DEAD, sees=502, expect=From.NOWHERE)),
]
