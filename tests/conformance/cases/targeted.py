"""CDN-Cache-Control (RFC 9213) as a structured field (RFC 9651), and Surrogate-Control."""

from model import STALE_PAUSE, From, Kind, info, must, not_reused, optimal, reused, step

S = "9213 §2.1"
F = "9213 §2.2"


def cdn(value, *more):
    return (f"CDN-Cache-Control: {value}", *more)


REUSED = [
    ("max-age", cdn("max-age=3600"), "a positive max-age"),
    ("2^31", cdn("max-age=2147483648"), "a max-age of 2^31"),
    ("far-above", cdn("max-age=99999999999"), "a max-age far above 2^31"),
    ("unknown", cdn("foobar, max-age=3600"), "an unknown directive beside max-age"),
    ("past-expires", cdn("max-age=3600", "Expires: @-10000", "Date: @0"), "a past Expires"),
    ("junk-expires", cdn("max-age=3600", "Expires: 0"), "an invalid Expires"),
    ("longer", cdn("max-age=3600", "Cache-Control: max-age=1"), "longer than Cache-Control"),
    ("no-store", cdn("max-age=10000", "Cache-Control: no-store"), "in spite of no-store"),
    ("private", cdn("max-age=10000", "Cache-Control: private"), "in spite of private"),
    ("two-lines", cdn("public", "CDN-Cache-Control: max-age=3600"), "a dictionary on two lines"),
    ("parameters", cdn("max-age=3600;x=y, public"), "parameters are ignored"),
    ("s-maxage", cdn("s-maxage=3600, max-age=0"), "s-maxage before max-age"),
    ("last-wins", cdn("max-age=0, max-age=3600"), "of equal names the last (RFC 9651 §4.2.2)"),
    ("true", cdn("max-age=3600, must-revalidate=?1"), "a boolean written out"),
    ("false", cdn("max-age=3600, no-store=?0"), "no-store=?0 is no no-store"),
]

NOT_REUSED = [
    ("age", cdn("max-age=3600", "Age: 7200"), "an Age beyond the lifetime"),
    ("zero", cdn("max-age=0"), "max-age=0"),
    ("zero-expires", cdn("max-age=0", "Expires: @+10000", "Date: @0"), "max-age=0, future Expires"),
    ("zero-cc", cdn("max-age=0", "Cache-Control: max-age=3600"), "max-age=0, long Cache-Control"),
    ("shorter", cdn("max-age=1", "Cache-Control: max-age=3600"), "shorter than Cache-Control"),
    ("private", cdn("private", "Cache-Control: max-age=10000", "Expires: @+10000"), "private"),
    ("no-cache", cdn("no-cache", "Cache-Control: max-age=10000", "Expires: @+10000"), "no-cache"),
    ("no-store", cdn("no-store", "Cache-Control: max-age=10000", "Expires: @+10000"), "no-store"),
    ("no-store-max-age", cdn("no-store, max-age=3600"), "no-store beside max-age"),
]

# Invalid: ignored whole, so that Cache-Control decides.
INVALID = [
    ("type-unknown", "max-age=10000, &&&&&", "no structured field"),
    ("type-string", 'max-age="10000"', "a string in place of a number"),
    ("type-token", "max-age=abc", "a token in place of a number"),
    ("comma", "max-age=10000,", "a comma at the end"),
    ("space-before", "max-age =10000", "a blank before the equals sign"),
    ("space-after", "max-age= 10000", "a blank behind the equals sign"),
    ("capitals", "MAX-AGE=10000", "capitals in a key"),
    ("fraction", "max-age=10000.5", "a fraction"),
    ("empty", "", "nothing"),
]


def surrogate(value, *more):
    return (f"Surrogate-Control: {value}", *more)


CASES = [
    *[reused(f"cdn-{name}", S, f"reuses: {title}", *fields, pause=STALE_PAUSE)
      for name, fields, title in REUSED],
    *[not_reused(f"cdn-not-{name}", S, f"does not reuse: {title}", *fields, pause=STALE_PAUSE)
      for name, fields, title in NOT_REUSED],
    *[not_reused(f"cdn-invalid-{name}", F, f"ignored whole: {title}", f"CDN-Cache-Control: {value}",
                 "Cache-Control: no-store", pause=0) for name, value, title in INVALID],
    info("cdn-forwarded", "9213 §2.3", "the field is forwarded to the viewer",
         step(*cdn("foo", "Cache-Control: max-age=10000"), expect=From.ORIGIN,
              want=("CDN-Cache-Control: foo",))),
    not_reused("cdn-case", F, "a key in mixed case is no structured field", *cdn("MaX-aGe=3600"),
               kind=Kind.INFO),
    optimal("cdn-validated", S, "what is stale by it is validated",
            step(*cdn("max-age=1", "Cache-Control: max-age=3600", 'ETag: "a"'), expect=From.ORIGIN,
                 pause=STALE_PAUSE),
            step(*cdn("max-age=3600", "Cache-Control: max-age=1", 'ETag: "a"'), expect=From.ETAG),
            step(expect=From.STORE)),
    must("cdn-swr", "9213 §2.1", "Cache-Control's stale-while-revalidate does not count beside it",
         step(*cdn("max-age=1", "Cache-Control: max-age=1, stale-while-revalidate=600"),
              expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.ORIGIN)),
    reused("surrogate-max-age", "Edge Architecture §2", "Surrogate-Control: max-age is reused",
           *surrogate("max-age=3600"), pause=STALE_PAUSE),
    reused("surrogate-longer", "Edge Architecture §2", "it beats a short Cache-Control",
           *surrogate("max-age=3600", "Cache-Control: max-age=1"), pause=STALE_PAUSE),
    not_reused("surrogate-shorter", "Edge Architecture §2", "it beats a long Cache-Control",
               *surrogate("max-age=1", "Cache-Control: max-age=3600"), pause=STALE_PAUSE),
    not_reused("surrogate-zero", "Edge Architecture §2", "max-age=0 is not reused",
               *surrogate("max-age=0", "Expires: @+10000")),
    not_reused("surrogate-no-store", "Edge Architecture §2", "no-store is not stored",
               *surrogate("no-store", "Cache-Control: max-age=10000")),
    not_reused("surrogate-age", "Edge Architecture §2", "Age counts against it",
               *surrogate("max-age=3600", "Age: 12000")),
    must("surrogate-removed", "Edge Architecture §2", "it does not reach the viewer",
         step(*surrogate("max-age=3600"), expect=From.ORIGIN, lack=("Surrogate-Control",)),
         step(expect=From.STORE, lack=("Surrogate-Control",))),
]
