"""Ranges and partial content (RFC 9110 §14, RFC 9111 §3.3, §3.4)."""

import harness

from model import FRESH, From, info, must, optimal, step

S = "9110 §14.2"
TEXT = b"0123456789A"


def served(id, title, spec, text, content_range=None, make=optimal, fields=(), sees=206, send=(),
           **more):
    """A whole stored answer, then a range of it."""
    want = (f"Content-Range: {content_range}",) if content_range else ()
    return make(f"range-{id}", S, title,
                step(FRESH, *fields, body=TEXT, expect=From.ORIGIN),
                step(send=(f"Range: {spec}", *send), sees=sees, text=text, want=want,
                     any_text=text is None, expect=From.STORE, **more))


def multipart(response, _):
    kind = response.get("Content-Type") or ""
    if not kind.startswith("multipart/byteranges; boundary="):
        return f"Content-Type: {kind}"
    boundary = kind.split("boundary=")[1].strip('"').encode()
    parts = response.body.split(b"--" + boundary)
    if len(parts) != 4 or parts[3].strip() != b"--":
        return f"{len(parts)} parts: {response.body!r}"
    for part, text, place in ((parts[1], b"01", b"0-1"), (parts[2], b"56", b"5-6")):
        head, _, body = part.partition(b"\r\n\r\n")
        if b"Content-Range: bytes " + place + b"/11" not in head or body[:-2] != text:
            return f"part {part!r}"
    return None


def partial(id, title, later, text, content_range, later_sees=206, make=optimal):
    """A 206 of the origin is stored, and part of it served."""
    return make(f"partial-{id}", "9111 §3.3", title,
                step(FRESH, 'ETag: "p"', "Content-Range: bytes 5-9/10", status=206, body=b"56789",
                     send=("Range: bytes=-5",), text=b"56789",
                     want=("Content-Range: bytes 5-9/10",)),
                step(send=(f"Range: {later}",), sees=later_sees, text=text,
                     want=(f"Content-Range: {content_range}",), expect=From.STORE))


CASES = [
    served("first", "first bytes from a stored answer", "bytes=0-1", b"01", "bytes 0-1/11"),
    served("open", "an open range", "bytes=1-", b"123456789A", "bytes 1-10/11"),
    served("suffix", "a suffix", "bytes=-1", b"A", "bytes 10-10/11"),
    served("suffix-long", "a suffix longer than the whole", "bytes=-100", TEXT, "bytes 0-10/11"),
    served("beyond-end", "a last byte beyond the end", "bytes=5-100", b"56789A", "bytes 5-10/11"),
    served("case", "the unit in any case", "BYTES=0-1", b"01", "bytes 0-1/11", info),
    served("multiple", "several ranges: multipart/byteranges", "bytes=0-1, 5-6", None,
           check=multipart, fields=("Content-Type: text/plain",)),
    served("unknown-unit", "another unit is ignored", "lines=0-1", TEXT, make=must, sees=200),
    served("junk", "an invalid range is ignored", "bytes=x-y", TEXT, make=must, sees=200),
    served("reversed", "a reversed range is ignored", "bytes=5-2", TEXT, make=must, sees=200),
    served("unsatisfiable", "beyond the end: 416 with the length", "bytes=11-", None,
           "bytes */11", must, sees=416),
    served("suffix-zero", "a suffix of 0 bytes: 416", "bytes=-0", None, "bytes */11", must,
           sees=416),
    served("if-range", "If-Range with the stored ETag", "bytes=0-1", b"01", "bytes 0-1/11",
           fields=('ETag: "a"',), send=('If-Range: "a"',)),
    served("if-range-other", "If-Range with another: the whole", "bytes=0-1", TEXT, make=must,
           fields=('ETag: "a"',), send=('If-Range: "b"',), sees=200),
    served("if-range-weak", "If-Range is compared strongly", "bytes=0-1", TEXT, make=must,
           fields=('ETag: W/"a"',), send=('If-Range: W/"a"',), sees=200),
    served("if-range-date", "If-Range with the stored date", "bytes=0-1", b"01", "bytes 0-1/11",
           fields=("Last-Modified: @-86400",), send=("If-Range: @-86400",)),
    served("if-range-date-other", "If-Range with another date", "bytes=0-1", TEXT, make=must,
           fields=("Last-Modified: @-86400",), send=("If-Range: @-80000",), sees=200),
    served("if-none-match", "If-None-Match comes before Range: 304", "bytes=0-1", None, make=must,
           fields=('ETag: "a"',), send=('If-None-Match: "a"',), sees=304),
    served("head", "HEAD ignores Range", "bytes=0-1", None, make=must, sees=200, method="HEAD"),
    must("range-fields", S, "a 206 has the stored fields",
         step(FRESH, 'ETag: "a"', "X-A: 1", "Content-Location: /c", body=TEXT, expect=From.ORIGIN),
         step(send=("Range: bytes=0-1",), sees=206, text=b"01", expect=From.STORE,
              want=('ETag: "a"', "Date", "Cache-Control", "Content-Location", "X-A: 1",
                    "Content-Length: 2", "Content-Range: bytes 0-1/11"))),
    must("range-post", S, "Range means nothing with POST",
         step(body=TEXT, method="POST", content=b"x", send=("Range: bytes=0-1",), sees=200,
              text=TEXT, expect=From.ORIGIN)),
    must("range-404", S, "a stored 404 is not cut",
         step(FRESH, status=404, body=TEXT, expect=From.ORIGIN),
         step(send=("Range: bytes=0-1",), sees=404, text=TEXT, expect=From.STORE)),
    must("range-miss", S, "a range on a miss is answered rightly",
         step(FRESH, body=TEXT, send=("Range: bytes=0-1",), sees=206, text=b"01",
              want=("Content-Range: bytes 0-1/11",))),
    optimal("range-miss-whole", S, "and the whole is stored",
            step(FRESH, body=TEXT, send=("Range: bytes=0-1",), sees=206, text=b"01"),
            step(send=("Range: bytes=2-3",), sees=206, text=b"23", expect=From.STORE),
            step(text=TEXT, sees=200, expect=From.STORE)),
    must("partial-not-whole", "9111 §3.3", "a stored part does not answer for the whole",
         step(FRESH, 'ETag: "p"', "Content-Range: bytes 0-4/10", status=206, body=b"01234",
              send=("Range: bytes=0-4",)),
         step(FRESH, 'ETag: "p"', body=b"0123456789", sees=200, text=b"0123456789")),
    must("partial-not-other", "9111 §3.3", "nor for another part",
         step(FRESH, 'ETag: "p"', "Content-Range: bytes 0-4/10", status=206, body=b"01234",
              send=("Range: bytes=0-4",)),
         step(FRESH, 'ETag: "p"', "Content-Range: bytes 5-9/10", status=206, body=b"56789",
              send=("Range: bytes=5-9",), sees=206, text=b"56789")),
    partial("same", "a 206 is stored, and the same range served", "bytes=-5", b"56789",
            "bytes 5-9/10"),
    partial("inner", "a part of a stored part", "bytes=6-8", b"678", "bytes 6-8/10"),
    partial("open", "an open range within a stored part", "bytes=6-", b"6789", "bytes 6-9/10"),
    partial("suffix", "a suffix within a stored part", "bytes=-1", b"9", "bytes 9-9/10"),
    optimal("partial-forwarded", "9110 §14.2", "a Range is forwarded where nothing is stored",
            step(FRESH, "Content-Range: bytes 5-9/10", status=206, body=b"56789",
                 send=("Range: bytes=-5",), asked=("Range: bytes=-5",), text=b"56789")),
    optimal("partial-completed", "9111 §3.4", "a stored part is completed by the rest",
            step(FRESH, 'ETag: "p"', "Content-Range: bytes 0-4/10", status=206, body=b"01234",
                 send=("Range: bytes=0-4",)),
            step(answer=harness.Answer(FRESH, 'ETag: "p"', "Content-Range: bytes 5-9/10",
                                       status=206, body=b"56789"),
                 asked=("Range: bytes=5-",), sees=200, text=b"0123456789")),
    must("partial-lies", "9110 §14.4", "a Content-Range that does not fit the bytes is not stored",
         step(FRESH, "Content-Range: bytes 4-9/10", status=206, body=b"01234",
              send=("Range: bytes=-5",), sees=206, text=b"01234"),
         step(FRESH, "Content-Range: bytes 5-9/10", status=206, body=b"56789",
              send=("Range: bytes=-5",), sees=206, text=b"56789")),
]
