"""Freshness lifetime from Cache-Control (RFC 9111 §4.2.1), and how it is parsed (§5.2)."""

from model import FRESH, STALE_PAUSE, From, Kind, info, must, not_reused, optimal, reused, step

S = "9111 §4.2.1"
P = "9111 §5.2"


def cc(value, *more):
    return (f"Cache-Control: {value}", *more)


# name, Cache-Control (and more fields), what it shows; reused although some time has passed.
REUSED = [
    ("max-age", cc("max-age=3600"), "a positive max-age"),
    ("2^31", cc("max-age=2147483648"), "a max-age of 2^31"),
    ("far-above", cc("max-age=99999999999"), "a max-age far above 2^31"),
    ("2^64", cc("max-age=18446744073709551617"), "a max-age above 2^64"),
    ("past-expires", cc("max-age=3600", "Expires: @-10000", "Date: @0"), "max-age before Expires"),
    ("junk-expires", cc("max-age=3600", "Expires: 0"), "max-age before an invalid Expires"),
    ("unknown", cc("foobar, max-age=3600"), "a directive that nobody knows beside max-age"),
    ("unknown-value", cc("foobar=\"x, y\", max-age=3600"), "an unknown directive with a list"),
    ("case", cc("MaX-aGe=3600"), "a directive's name in any case"),
    ("s-maxage", cc("s-maxage=3600"), "s-maxage alone"),
    ("s-maxage-longer", cc("max-age=1, s-maxage=3600"), "s-maxage longer than max-age"),
    ("s-maxage-expires", cc("s-maxage=3600", "Expires: @-60"), "s-maxage before Expires"),
    ("s-maxage-2^31", cc("s-maxage=2147483648"), "an s-maxage of 2^31"),
    ("zeros", cc("max-age=003600"), "leading zeros"),
    ("two-lines", cc("public", "Cache-Control: max-age=3600"), "directives on two lines"),
    ("tab", cc("public,\tmax-age=3600"), "a tab in the list"),
    ("empty", cc(",, max-age=3600,"), "empty members of the list"),
    ("no-date", cc("max-age=3600"), "max-age without a Date"),
    ("quoted-ext-zero", cc("ext=\"max-age=0\", max-age=3600"), "max-age=0 in a quoted string"),
    ("quoted-ext-no-store", cc("ext=\"no-store\", max-age=3600"), "no-store in a quoted string"),
    ("prefix-name", cc("xno-store, no-storex, max-age=3600"), "names that only contain no-store"),
]

# These must not be reused after STALE_PAUSE.
NOT_REUSED = [
    ("zero", S, cc("max-age=0"), "max-age=0"),
    ("zero-expires", S, cc("max-age=0", "Expires: @+10000", "Date: @0"),
     "max-age=0 before a future Expires"),
    ("over", S, cc("max-age=1"), "max-age that is over"),
    ("over-s-maxage", S, cc("s-maxage=1"), "s-maxage that is over"),
    ("s-maxage-shorter", S, cc("max-age=3600, s-maxage=1"), "s-maxage shorter than max-age"),
    ("s-maxage-shorter-rev", S, cc("s-maxage=1, max-age=3600"), "the same in the other order"),
    ("s-maxage-shorter-lines", S, cc("max-age=3600", "Cache-Control: s-maxage=1"),
     "the same on two lines"),
    ("s-maxage-zero", S, cc("s-maxage=0, max-age=3600"), "s-maxage=0 beside a long max-age"),
    ("s-maxage-expires", S, cc("s-maxage=1", "Expires: @+3600"), "s-maxage before a long Expires"),
    ("age", S, cc("max-age=3600", "Age: 7200"), "an Age beyond the lifetime"),
    ("single-quotes", P, cc("max-age='3600'"), "a value in single quotes"),
    ("negative", P, cc("max-age=-3600"), "a negative value"),
    ("quoted-ext", P, cc("ext=\"max-age=3600\", max-age=1"), "max-age in a quoted string before"),
    ("quoted-ext-rev", P, cc("max-age=1, ext=\"max-age=3600\""), "the same behind"),
    ("quoted-ext-escape", P, cc("ext=\"\\\", max-age=3600, \\\"\", max-age=1"),
     "max-age behind an escaped quote"),
    ("prefix", P, cc("xmax-age=3600, max-age=1"), "a longer name that ends like max-age"),
]

# What RFC 9111 §4.2.1 encourages to take as stale: issue 3's own rule.
INVALID = [
    ("fraction", cc("max-age=3600.5"), "a fraction"),
    ("fraction-zero", cc("max-age=3600.0"), "a whole number with a decimal point"),
    ("alpha", cc("max-age=a3600"), "a letter before the number"),
    ("alpha-behind", cc("max-age=3600a"), "a letter behind the number"),
    ("empty", cc("max-age="), "no value"),
    ("bare", cc("max-age"), "no argument"),
    ("plus", cc("max-age=+3600"), "a sign"),
    ("hex", cc("max-age=0x3600"), "a hexadecimal number"),
    ("s-maxage", cc("max-age=3600, s-maxage=abc"), "an s-maxage that is none"),
    ("two", cc("max-age=3600, max-age=1"), "two values: the shorter (same line)"),
    ("two-rev", cc("max-age=1, max-age=3600"), "two values: the shorter (other order)"),
    ("two-lines", cc("max-age=3600", "Cache-Control: max-age=1"), "two values on two lines"),
    ("two-lines-rev", cc("max-age=1", "Cache-Control: max-age=3600"), "the same, other order"),
]

CASES = [
    not_reused("lifetime-none", "9111 §4.2", "neither freshness nor validator date: not reused",
               kind=Kind.INFO),
    *[reused(f"lifetime-{name}", S, f"reuses: {title}", *fields, date=name != "no-date",
             pause=0 if name != "max-age" else STALE_PAUSE) for name, fields, title in REUSED],
    *[not_reused(f"lifetime-not-{name}", section, f"does not reuse: {title}", *fields,
                 pause=STALE_PAUSE) for name, section, fields, title in NOT_REUSED],
    *[not_reused(f"lifetime-invalid-{name}", S, f"takes as stale: {title}", *fields,
                 pause=STALE_PAUSE) for name, fields, title in INVALID],
    reused("lifetime-quoted", P, "reuses: a max-age in double quotes", *cc('max-age="3600"')),
    reused("lifetime-quoted-s-maxage", P, "reuses: an s-maxage in double quotes",
           *cc('s-maxage="3600", max-age=0')),
    not_reused("lifetime-space-before", P, "a space before the equals sign: not reused",
               *cc("max-age =3600"), kind=Kind.INFO),
    not_reused("lifetime-space-after", P, "a space behind the equals sign: not reused",
               *cc("max-age= 3600"), kind=Kind.INFO),
    must("lifetime-long-then-short", S, "a fresh answer becomes stale in time",
         step("Cache-Control: max-age=5", expect=From.ORIGIN, pause=0.2),
         step(expect=From.STORE, pause=5.5),
         step(expect=From.ORIGIN)),
    optimal("lifetime-short", S, "a lifetime of 2 s without a validator is stored, too",
            step("Cache-Control: max-age=2", expect=From.ORIGIN), step(expect=From.STORE)),
    must("lifetime-query", "9111 §2", "another query is another key",
         step(FRESH, path="?a=1", expect=From.ORIGIN), step(path="?a=2", expect=From.ORIGIN),
         step(path="?a=1", expect=From.STORE)),
    optimal("lifetime-query-same", "9111 §2", "a query does not prevent reuse",
            step(FRESH, path="?a=1&b=2", expect=From.ORIGIN),
            step(path="?a=1&b=2", expect=From.STORE)),
    optimal("lifetime-cookie", "9111 §3", "a Cookie does not prevent reuse",
            step(FRESH, expect=From.ORIGIN), step(send=("Cookie: a=b",), expect=From.STORE)),
    info("lifetime-attachment", "9111 §3", "an attachment is reused",
         step(FRESH, "Content-Disposition: attachment; filename=x.txt", expect=From.ORIGIN),
         step(expect=From.STORE)),
]
