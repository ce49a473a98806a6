"""What a 304 of the origin does to the stored answer (RFC 9111 §3.2, §4.3.4)."""

import harness

from model import FRESH, STALE_PAUSE, From, must, optimal, step

S = "9111 §3.2"
SHORT = "Cache-Control: max-age=1"

# name, value when stored, value in the 304
FIELDS = [
    ("Test-Header", "A", "B"), ("X-Test-Header", "A", "B"), ("Content-Foo", "A", "B"),
    ("X-Content-Foo", "A", "B"), ("Content-Type", "text/plain", "text/plain;charset=utf-8"),
    ("Content-MD5", "rL0Y20zC+Fzt72VPzMSk2A==", "N7UdGUp1E+RbVvZSTy1R8g=="),
    ("Content-Location", "/foo", "/bar"),
    ("Content-Security-Policy", "default-src 'self'", "default-src 'self' cdn.example.com"),
    ("X-Frame-Options", "deny", "sameorigin"), ("X-XSS-Protection", "1", "1; mode=block"),
    ("Clear-Site-Data", "cache", "cookies"), ("Public-Key-Pins", "A", "B"),
    ("Set-Cookie", "a=b", "a=c"), ("Set-Cookie2", "a=b", "a=c"),
    ("Expires", "Fri, 01 Jan 2038 01:01:01 GMT", "Mon, 11 Jan 2038 11:11:11 GMT"),
]


def updates(name, a, b, validator, expect):
    """Two rows: what the validating viewer gets, and what is stored from then on."""
    kind = "ETag" if expect is From.ETAG else "Last-Modified"
    first = step(SHORT, validator, f"{name}: {a}", "Age: 5", expect=From.ORIGIN)
    second = step(FRESH, validator, f"{name}: {b}", expect=expect, want=(f"{name}: {b}",))
    return [
        must(f"update-{kind}-{name}", S, f"a 304 by {kind} updates {name} for its viewer", first,
             second),
        must(f"update-{kind}-{name}-stored", S, f"and as it is stored ({name}, {kind})", first,
             second, step(expect=From.STORE, want=(f"{name}: {b}",))),
    ]


def other_etag(request):
    if request.get("If-None-Match"):
        return harness.Answer(FRESH, 'ETag: "f"', status=304)
    return harness.Answer(FRESH, 'ETag: "f"', body=b"two")


CASES = [
    *[row for name, a, b in FIELDS for row in updates(name, a, b, 'ETag: "e"', From.ETAG)],
    *[row for name, a, b in FIELDS
      for row in updates(name, a, b, "Last-Modified: @-86400", From.DATE)],
    must("update-keeps", "9111 §4.3.4", "fields that the 304 does not have are kept",
         step(SHORT, "Last-Modified: @-86400", "Test-Header: A", "Age: 5", expect=From.ORIGIN),
         step(FRESH, "Last-Modified: @-86400", expect=From.DATE, want=("Test-Header: A",)),
         step(expect=From.STORE, want=("Test-Header: A",))),
    must("update-lifetime", "9111 §4.3.4", "the lifetime is that of the 304, from now",
         step(SHORT, 'ETag: "e"', "Age: 5", expect=From.ORIGIN),
         step("Cache-Control: max-age=5", 'ETag: "e"', expect=From.ETAG, pause=0.3),
         step(expect=From.STORE, age=(0, 2), pause=5.5),
         step("Cache-Control: max-age=5", 'ETag: "e"', expect=From.ETAG)),
    must("update-age", "9111 §4.2.3", "the Age of before is gone",
         step("Cache-Control: max-age=1", 'ETag: "e"', "Age: 500", expect=From.ORIGIN),
         step(FRESH, 'ETag: "e"', expect=From.ETAG, pause=0.1),
         step(expect=From.STORE, age=(0, 2))),
    must("update-age-received", "9111 §4.2.3", "an Age of the 304 counts",
         step("Cache-Control: max-age=1", 'ETag: "e"', "Age: 5", expect=From.ORIGIN),
         step(FRESH, 'ETag: "e"', "Age: 100", expect=From.ETAG),
         step(expect=From.STORE, age=(100, 102))),
    must("update-date", "9111 §3.2", "Date is that of the 304",
         step(SHORT, 'ETag: "e"', "Date: @-50", expect=From.ORIGIN),
         step(FRESH, 'ETag: "e"', "Date: @0", expect=From.ETAG),
         step(expect=From.STORE, age=(0, 3))),
    must("update-length", S, "a Content-Length in a 304 changes nothing",
         step(SHORT, 'ETag: "e"', "Age: 5", body=b"0123456789", expect=From.ORIGIN),
         step(FRESH, 'ETag: "e"', "Content-Length: 3", expect=From.ETAG, text=b"0123456789"),
         step(expect=From.STORE, text=b"0123456789", want=("Content-Length: 10",))),
    must("update-hop-by-hop", S, "hop-by-hop fields of a 304 are not stored",
         step(SHORT, 'ETag: "e"', "Age: 5", expect=From.ORIGIN),
         step(FRESH, 'ETag: "e"', "Connection: X-Hop", "X-Hop: 1", "Proxy-Connection: x",
              expect=From.ETAG, lack=("X-Hop", "Proxy-Connection")),
         step(expect=From.STORE, lack=("X-Hop", "Proxy-Connection"))),
    must("update-lines", S, "all lines of a field are replaced",
         step(SHORT, 'ETag: "e"', "X-A: 1", "X-A: 2", "Age: 5", expect=From.ORIGIN),
         step(FRESH, 'ETag: "e"', "X-A: 3", expect=From.ETAG),
         step(expect=From.STORE, want=("X-A: 3",))),
    must("update-no-store", "9111 §4.3.4", "a 304 with no-store ends the reuse",
         step(SHORT, 'ETag: "e"', "Age: 5", expect=From.ORIGIN),
         step("Cache-Control: no-store", 'ETag: "e"', expect=From.ETAG),
         step(expect=From.ORIGIN)),
    must("update-other-etag", "9111 §4.3.4", "a 304 that matches none of ours: fetched whole",
         step(SHORT, 'ETag: "e"', "Age: 5", body=b"one", expect=From.ORIGIN),
         step(answer=other_etag, text=b"two", sees=200, settle=3),
         step(text=b"two", expect=From.STORE)),
    optimal("update-weak", "9111 §4.3.4", "a 304 with the same weak ETag",
            step(SHORT, 'ETag: W/"e"', "Age: 5", expect=From.ORIGIN),
            step(FRESH, 'ETag: W/"e"', expect=From.ETAG), step(expect=From.STORE)),
    optimal("update-silent", "9111 §4.3.4", "a 304 without any validator confirms the only one",
            step(SHORT, 'ETag: "e"', "Age: 5", expect=From.ORIGIN),
            step(FRESH, expect=From.ETAG), step(expect=From.STORE, want=('ETag: "e"',))),
    optimal("update-twice", "9111 §4.3.4", "one 304 after another",
            step(SHORT, 'ETag: "e"', "Age: 5", expect=From.ORIGIN),
            step(SHORT, 'ETag: "e"', expect=From.ETAG, pause=STALE_PAUSE),
            step(FRESH, 'ETag: "e"', expect=From.ETAG), step(expect=From.STORE)),
]
