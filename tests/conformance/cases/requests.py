"""Request directives (RFC 9111 §5.2.1): by default only only-if-cached is obeyed."""

from model import FRESH, STALE_PAUSE, From, info, must, optimal, step

S = "9111 §5.2.1"


def ignored(id, title, *send, stored=(FRESH,), pause=0):
    return info(f"request-{id}", S, f"{title} is ignored",
                step(*stored, expect=From.ORIGIN, pause=pause),
                step(send=send, expect=From.STORE))


def cc(value):
    return f"Cache-Control: {value}"


CASES = [
    ignored("max-age-0", "max-age=0", cc("max-age=0")),
    ignored("max-age-1", "max-age=1", cc("max-age=1"), pause=STALE_PAUSE),
    ignored("max-age-age", "max-age below Age", cc("max-age=600"), stored=(FRESH, "Age: 1800")),
    ignored("min-fresh", "min-fresh", cc("min-fresh=2000"), stored=(cc("max-age=1500"),)),
    ignored("no-cache", "no-cache", cc("no-cache")),
    ignored("no-cache-etag", "no-cache with a stored ETag", cc("no-cache"),
            stored=(FRESH, 'ETag: "a"')),
    ignored("no-store", "no-store", cc("no-store")),
    ignored("pragma", "Pragma: no-cache", "Pragma: no-cache"),
    ignored("pragma-other", "another Pragma", "Pragma: foo"),
    ignored("junk", "junk", cc("foo=bar, max-age=abc, \"")),
    info("request-max-stale", S, "max-stale is ignored: a stale answer is not used",
         step(cc("max-age=1"), "Age: 5", expect=From.ORIGIN),
         step(send=(cc("max-stale=1000"),), expect=From.ORIGIN)),
    must("request-only-if-cached", "9111 §5.2.1.7", "only-if-cached where nothing is stored: 504",
         step(FRESH, send=(cc("only-if-cached"),), sees=504, expect=From.NOWHERE,
              check=lambda _, asked: "the origin was asked" if asked else None)),
    optimal("request-only-if-cached-hit", "9111 §5.2.1.7", "only-if-cached where it is stored",
            step(FRESH, expect=From.ORIGIN),
            step(send=(cc("only-if-cached"),), expect=From.STORE)),
    must("request-only-if-cached-stale", "9111 §5.2.1.7", "only-if-cached where it is stale: 504",
         step(cc("max-age=1"), "Age: 5", expect=From.ORIGIN),
         step(send=(cc("only-if-cached"),), sees=504, expect=From.NOWHERE,
              check=lambda _, asked: "the origin was asked" if asked else None)),
]
