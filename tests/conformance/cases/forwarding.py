"""Interim answers, trailers, framing and methods on their way through (RFC 9110, RFC 9112)."""

import harness

from model import FRESH, From, Kind, must, not_reused, optimal, reused, step

HINTS = (103, ("link: </styles.css>; rel=preload; as=style", "x-my-header: test"))


def interim(id, title, *heads, make=optimal):
    statuses = tuple(status for status, _ in heads)
    return make(f"interim-{id}", "9110 §15.2", title,
                step(FRESH, interim=heads, interims=statuses, expect=From.ORIGIN),
                step(interims=(), expect=From.STORE, lack=("link", "x-my-header")))


def broken(id, title, answer, later=None, **first):
    """An answer that is not whole is never taken for a whole one, and not stored."""
    return must(f"broken-{id}", "9112 §8", title,
                step(answer=answer, **first),
                step(FRESH, body=b"whole", text=b"whole", sees=200))


def length(head_length, body, *fields):
    head = "\r\n".join(("HTTP/1.1 200 OK", FRESH, f"Content-Length: {head_length}", *fields))
    return harness.Raw(head.encode() + b"\r\n\r\n" + body)


def chunked(body):
    return harness.Raw(b"HTTP/1.1 200 OK\r\n" + FRESH.encode() +
                       b"\r\nTransfer-Encoding: chunked\r\n\r\n" + body)


CASES = [
    interim("102", "102 passes, and the final answer is stored", (102, ())),
    interim("103", "103 passes with its fields", HINTS),
    interim("several", "several of them, in order", (102, ()), HINTS, HINTS),
    interim("unknown", "an unknown 1xx passes", (199, ("X-A: b",)), make=must),
    must("interim-http10", "9110 §15.2", "not to an HTTP/1.0 viewer",
         step(FRESH, interim=(HINTS,), interims=(), http="1.0", expect=From.ORIGIN)),
    must("trailers", "9110 §6.5", "trailers pass to the viewer",
         step("Cache-Control: no-store", "Trailer: X-Sum", framing="chunked",
              trailers=("X-Sum: 42",), send=("TE: trailers",), expect=From.ORIGIN,
              check=lambda r, _: None if r.trailers.get("X-Sum") == "42"
              or r.framing == "length" else f"{r.framing} {r.trailers}")),
    must("trailers-stored", "9110 §6.5.1", "trailers are not merged into the head",
         step(FRESH, "Trailer: X-Sum", framing="chunked", trailers=("X-Sum: 42",), lack=("X-Sum",),
              expect=From.ORIGIN),
         step(expect=From.STORE, lack=("X-Sum",))),
    reused("chunked", "9112 §7.1", "a chunked answer is reused", FRESH, framing="chunked"),
    reused("until-close", "9112 §6.3", "an answer that ends with the connection is reused", FRESH,
           framing="close"),
    reused("empty", "9112 §6.3", "an empty answer is reused", FRESH, body=b""),
    broken("short", "fewer bytes than Content-Length: incomplete", length(10, b"01234"),
           fails=True),
    broken("short-chunk", "a chunk that ends early: incomplete", chunked(b"a\r\n01234"),
           fails=True),
    broken("no-last-chunk", "no last chunk: incomplete", chunked(b"5\r\n01234\r\n"),
           fails=True),
    broken("bad-chunk", "a chunk size that is none: incomplete", chunked(b"5\r\n01234\r\nxyz\r\n"),
           fails=True),
    must("broken-long", "9112 §6.3", "more bytes than Content-Length: the declared ones",
         step(answer=length(5, b"01234567"), sees=200, text=b"01234"),
         step(sees=200)),
    broken("two-lengths", "two lengths that differ: 502", length(5, b"01234", "Content-Length: 6"),
           sees=502),
    broken("length-junk", "a length that is none: 502", length("5x", b"01234"), sees=502),
    broken("no-http", "no HTTP at all: 502", harness.Raw(b"220 mail.example ESMTP\r\n"), sees=502),
    broken("empty", "nothing at all: 502", harness.Drop(), sees=502),
    broken("half-head", "half a head: 502", harness.Raw(b"HTTP/1.1 200 OK\r\nCache-Co"), sees=502),
    must("method-unknown", "9110 §9.1", "an unknown method reaches the origin",
         step(method="BREW", asked_method="BREW", expect=From.ORIGIN)),
    must("method-options", "9110 §9.3.7", "OPTIONS reaches the origin and is not stored",
         step(FRESH, method="OPTIONS", asked_method="OPTIONS", expect=From.ORIGIN),
         step(FRESH, method="OPTIONS", asked_method="OPTIONS", expect=From.ORIGIN)),
    must("via-request", "9110 §7.6.3", "Via is added to the request",
         step(asked=("Via",), send=("Via: 1.0 before",), expect=From.ORIGIN,
              check=lambda _, asked: None if asked[0].fields.joined("Via").startswith(
                  "1.0 before, 1.1 ") else asked[0].fields.joined("Via"))),
    must("via-response", "9110 §7.6.3", "and to the answer", step(want=("Via",),
                                                                  expect=From.ORIGIN)),
    must("hop-by-hop", "9110 §7.6.1", "hop-by-hop fields of a request end here",
         step(send=("Connection: x-hop", "X-Hop: 1", "Keep-Alive: 5", "Proxy-Connection: x",
                    "X-End: 2"),
              asked=("X-End: 2",), expect=From.ORIGIN,
              unasked=("X-Hop", "Keep-Alive", "Proxy-Connection"))),
    must("body-length", "9112 §6.2", "a request's body reaches the origin",
         step(method="POST", content=b"x" * 70000, expect=From.ORIGIN,
              check=lambda _, asked: None if asked[0].body == b"x" * 70000 else "another body")),
    not_reused("put-get", "9111 §3", "an answer to a method of one's own is not stored", FRESH,
               kind=Kind.MUST, method="REPORT"),
    must("http10-viewer", "9112 §2.3", "an HTTP/1.0 viewer gets no chunks",
         step(FRESH, framing="chunked", http="1.0", expect=From.ORIGIN,
              check=lambda r, _: None if r.framing != "chunked" else "chunked")),
]
