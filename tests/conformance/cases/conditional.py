"""Conditional requests of viewers (RFC 9111 §4.3.2) and our own (§4.3.1)."""

from model import FRESH, STALE, From, info, must, optimal, step

R = "9111 §4.3.2"
O = "9111 §4.3.1"
OLD = ("Last-Modified: @-3000", "Date: @0")


def answered(id, title, stored, send, status=304, make=optimal, **more):
    """A fresh stored answer, a conditional request, an answer from the store."""
    text = None if status == 304 else b"text"
    return make(f"conditional-{id}", R, title,
                step(FRESH, *stored, body=b"text", expect=From.ORIGIN),
                step(send=send, sees=status, text=text, expect=From.STORE, **more))


def tag(value, *more):
    return (f"ETag: {value}", *more)


def inm(value, *more):
    return (f"If-None-Match: {value}", *more)


def validates(id, title, stored, expect, *asked, make=optimal, send=()):
    """A stale stored answer is validated, and its body used."""
    return make(f"conditional-{id}", O, title, step(*STALE, *stored, expect=From.ORIGIN),
                step(FRESH, *stored, expect=expect, asked=asked, send=send))


CASES = [
    answered("etag", "If-None-Match with the stored ETag: 304", tag('"abcdef"'), inm('"abcdef"')),
    answered("etag-sent", "a 304 has the ETag", tag('"abcdef"'), inm('"abcdef"'), make=must,
             want=('ETag: "abcdef"',)),
    answered("304-fields", "a 304 has what RFC 9110 §15.4.5 asks for",
             tag('"abcdef"', "Content-Location: /cl", "Vary: Foo", "Expires: @+9000"),
             inm('"abcdef"'), make=must, lack=("Content-Range",),
             want=("Date", "Cache-Control: max-age=3600", "Vary: Foo", "Content-Location: /cl",
                   "Expires", 'ETag: "abcdef"')),
    answered("etag-other", "another ETag: 200", tag('"abcdef"'), inm('"abcxyz"'), 200, must),
    answered("etag-none", "no ETag stored: 200", (), inm('"abcdef"'), 200, must),
    answered("etag-case", "ETags are compared with their case", tag('"abcdef"'), inm('"ABCDEF"'),
             200, must),
    answered("precedence", "If-None-Match before If-Modified-Since: 304",
             tag('"abcdef"', "Last-Modified: @-5000"),
             inm('"abcdef"', "If-Modified-Since: @-9000"), make=must),
    answered("precedence-other", "If-None-Match before If-Modified-Since: 200",
             tag('"abcdef"', "Last-Modified: @-5000"), inm('"x"', "If-Modified-Since: @-1"), 200,
             must),
    answered("obs-text", "an ETag with obs-text", tag('"abcdef\xfc"'), inm('"abcdef\xfc"'),
             make=info),
    answered("weak", "a weak ETag matches itself", tag('W/"abcdef"'), inm('W/"abcdef"')),
    answered("weak-strong", "weak comparison: W/ in the request", tag('"abcdef"'),
             inm('W/"abcdef"')),
    answered("strong-weak", "weak comparison: W/ in the store", tag('W/"abcdef"'),
             inm('"abcdef"')),
    answered("list-first", "the first of a list", tag('"abcdef"'), inm('"abcdef", "1", "2"')),
    answered("list-middle", "the middle of a list", tag('"abcdef"'), inm('"1", "abcdef", "2"')),
    answered("list-last", "the last of a list", tag('"abcdef"'), inm('"1", "2", "abcdef"')),
    answered("list-lines", "a list on two lines", tag('"abcdef"'),
             inm('"1"', 'If-None-Match: "abcdef"')),
    answered("list-comma", "a comma within an ETag", tag('"a,b"'), inm('"x", "a,b"')),
    answered("list-comma-not", "a comma within an ETag does not split it", tag('"a"'),
             inm('"x,"a",y"'), 200, info),
    answered("star", "the star matches whatever is stored", tag('"abcdef"'), inm("*")),
    answered("star-no-etag", "without an ETag, too", (), inm("*")),
    answered("quoted-unquoted", "an unquoted value for a quoted ETag: 200", tag('"abcdef"'),
             inm("abcdef"), 200, info),
    answered("unquoted-unquoted", "an unquoted value for an unquoted ETag: 200", tag("abcdef"),
             inm("abcdef"), 200, info),
    answered("lm", "If-Modified-Since with the stored date: 304", OLD,
             ("If-Modified-Since: @-3000",)),
    answered("lm-later", "a later date: 304", OLD, ("If-Modified-Since: @-2000",)),
    answered("lm-earlier", "an earlier date: 200", OLD, ("If-Modified-Since: @-4000",), 200, must),
    answered("lm-none", "no Last-Modified: compared with Date", ("Date: @-100",),
             ("If-Modified-Since: @-50",)),
    answered("lm-none-earlier", "no Last-Modified, a date before Date: 200", ("Date: @-100",),
             ("If-Modified-Since: @-3000",), 200, must),
    answered("lm-rfc850", "the rfc850 form", OLD, ("If-Modified-Since: @-3000rfc850",)),
    answered("lm-asctime", "the asctime form", OLD, ("If-Modified-Since: @-3000asctime",)),
    answered("lm-junk", "what is no date is ignored: 200", OLD, ("If-Modified-Since: yesterday",),
             200, must),
    answered("head", "HEAD with If-None-Match: 304", tag('"abcdef"'), inm('"abcdef"'),
             method="HEAD"),
    answered("404", "a stored 404 is not subject to conditions", tag('"abcdef"'), (), 200, info),
    must("conditional-lm-stale", R, "a stale answer is validated before a 304",
         step(*STALE, *OLD, expect=From.ORIGIN),
         step(FRESH, *OLD, send=("If-Modified-Since: @-3000",), sees=304, expect=From.DATE),
         step(expect=From.STORE)),
    must("conditional-etag-stale", R, "the same with an ETag",
         step(*STALE, *tag('"a"'), expect=From.ORIGIN),
         step(FRESH, *tag('"a"'), send=inm('"a"'), sees=304, expect=From.ETAG)),
    must("conditional-etag-stale-changed", R, "the same, but changed: the viewer gets the new one",
         step(*STALE, *tag('"a"'), body=b"one", expect=From.ORIGIN),
         step(FRESH, *tag('"b"'), send=inm('"a"'), body=b"two", expect=From.ORIGIN),
         step(text=b"two", expect=From.STORE)),
    optimal("conditional-viewer-has-newer", R, "a viewer with another ETag gets 200 after our 304",
            step(*STALE, *tag('"a"'), body=b"one", expect=From.ORIGIN),
            step(FRESH, *tag('"a"'), send=inm('"b"'), text=b"one", sees=200, expect=From.ETAG)),
    validates("generates", "a stale answer is validated by its ETag", tag('"abcdef"'), From.ETAG,
              'If-None-Match: "abcdef"'),
    validates("generates-weak", "by a weak ETag, too", tag('W/"abcdef"'), From.ETAG,
              'If-None-Match: W/"abcdef"'),
    validates("generates-date", "by Last-Modified", OLD, From.DATE, "If-Modified-Since: @-3000"),
    validates("generates-both", "by both where there are both", tag('"abcdef"', *OLD), From.ETAG,
              'If-None-Match: "abcdef"', "If-Modified-Since: @-3000"),
    validates("generates-own", "with our validator, not the viewer's", tag('"abcdef"'), From.ETAG,
              'If-None-Match: "abcdef"', make=must, send=inm('"other"')),
    must("conditional-unasked", O, "a validation has no range and no foreign condition",
         step(*STALE, *tag('"a"'), expect=From.ORIGIN),
         step(FRESH, *tag('"a"'), expect=From.ETAG, unasked=("If-Match", "If-Range", "Range"))),
    must("conditional-changed", "9111 §4.3.3", "a full answer replaces what is stored",
         step(*STALE, *tag('"a"'), body=b"one", expect=From.ORIGIN),
         step(FRESH, *tag('"b"'), body=b"two", expect=From.ORIGIN),
         step(text=b"two", expect=From.STORE, want=('ETag: "b"',))),
    must("conditional-error-passes", "9111 §4.3.3", "a 5xx to a validation reaches the viewer",
         step(*STALE, *tag('"a"'), expect=From.ORIGIN),
         step(status=500, expect=From.ORIGIN)),
    info("conditional-forwarded", "9111 §4.3.2",
         "If-None-Match is not forwarded where nothing is stored: the whole is fetched for all",
         step(FRESH, *tag('"abcdef"'), send=inm('"abcdef"'), unasked=("If-None-Match",), sees=304),
         step(text=b"conditional-forwarded 0", expect=From.STORE)),
    must("conditional-miss-304", "9111 §4.3.2", "a miss with a matching condition: 304",
         step(FRESH, *tag('"a"'), send=inm('"a"'), body=b"one", sees=304,
              check=lambda r, asked: None if len(asked) == 1 else f"{len(asked)} requests")),
    must("conditional-if-match", "9110 §13.1.1", "If-Match reaches the origin, which decides",
         step(status=412, send=('If-Match: "x"',), asked=('If-Match: "x"',), expect=From.ORIGIN)),
    must("conditional-variant-only", O, "another variant's ETag does not validate this one",
         step(*STALE, *tag('"a"'), "Vary: Foo", send=("Foo: 1",), body=b"one", expect=From.ORIGIN),
         step(FRESH, *tag('"b"'), "Vary: Foo", send=("Foo: 2",), body=b"two", expect=From.ORIGIN),
         step(FRESH, *tag('"a"'), "Vary: Foo", send=("Foo: 1",), text=b"one", expect=From.ETAG)),
]
