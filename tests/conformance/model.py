"""How a conformance test is written down: a row with its RFC section and the steps of a dialogue.

A step is one viewer request: what the origin would answer if it were asked now, what the viewer
sends, and what must be seen on both sides. The rows are in cases/; engine.py runs them.

Field lines may hold times: `@+60` is 60 s after now (in Last-Modified and the If- fields: after the
start of the test, so that they stay equal); `@-60rfc850` and `@-60asctime` are other forms.
"""

import dataclasses
import enum
import typing


class Kind(enum.Enum):
    MUST = "requirement"
    OPTIMAL = "optimisation"
    INFO = "behaviour"


class From(enum.Enum):
    """Where the answer to a step came from."""

    STORE = "the store, without asking the origin"
    ORIGIN = "the origin, asked exactly once, with its whole answer"
    ETAG = "the store, validated by If-None-Match"
    DATE = "the store, validated by If-Modified-Since"
    NOWHERE = "an error of the cache's own"


@dataclasses.dataclass
class Step:
    fields: tuple = ()  # of the origin's answer
    expect: typing.Optional[From] = None
    status: int = 200  # of the origin's answer
    body: typing.Optional[bytes] = None  # of the origin's answer; None: one that names the step
    answer: typing.Any = None  # in place of all this: a Raw, Drop or Answer of the fake origin
    interim: tuple = ()
    framing: str = "length"
    trailers: tuple = ()
    date: bool = True  # the origin sends a Date

    method: str = "GET"
    send: tuple = ()  # fields of the viewer's request
    content: typing.Optional[bytes] = None  # of the viewer's request
    path: str = ""  # behind the test's own
    http: str = "1.1"

    sees: typing.Optional[int] = None  # the viewer's status; None: that of the answer
    text: typing.Optional[bytes] = None  # the viewer's body; None: that of the answer
    any_text: bool = False  # the viewer's body is not looked at
    want: tuple = ()  # field lines of the viewer's answer; a bare name: it is there
    lack: tuple = ()  # names that the viewer must not get
    asked: tuple = ()  # field lines of the origin's request; a bare name: it is there
    unasked: tuple = ()  # field lines or names that the origin's request must not have
    asked_method: typing.Optional[str] = None
    age: typing.Optional[tuple] = None  # least and most
    complete: bool = True  # the viewer's message
    fails: bool = False  # the viewer gets an incomplete message, or a 502 or 504
    interims: typing.Optional[tuple] = None  # statuses of 1xx that the viewer must see
    ended: tuple = ()  # trailers of the viewer's answer
    check: typing.Optional[typing.Callable] = None  # (response, origin's requests) → a complaint
    pause: float = 0  # seconds behind the step
    settle: int = 0  # waits until the origin has been asked so often in all


@dataclasses.dataclass
class Case:
    id: str
    kind: Kind
    section: str
    title: str
    steps: list


def step(*fields, **more):
    return Step(fields=fields, **more)


def must(id, section, title, *steps):
    return Case(id, Kind.MUST, section, title, list(steps))


def optimal(id, section, title, *steps):
    return Case(id, Kind.OPTIMAL, section, title, list(steps))


def info(id, section, title, *steps):
    return Case(id, Kind.INFO, section, title, list(steps))


# So long that a lifetime of 1 s is over, and Age has grown by 1.
STALE_PAUSE = 2.1
# What makes an answer fresh for the whole test.
FRESH = "Cache-Control: max-age=3600"
# What is stored and stale at once, and has a validator.
STALE = ("Cache-Control: max-age=1", "Age: 5")


def reused(id, section, title, *fields, kind=Kind.OPTIMAL, pause=0, **more):
    """The same request twice: the second is answered from the store."""
    return Case(id, kind, section, title,
                [step(*fields, expect=From.ORIGIN, pause=pause, **more),
                 step(expect=From.STORE, sees=more.get("status", 200), **viewer_side(more))])


def not_reused(id, section, title, *fields, kind=Kind.MUST, pause=0, **more):
    """The same request twice: the origin is asked again."""
    return Case(id, kind, section, title,
                [step(*fields, expect=From.ORIGIN, pause=pause, **more),
                 step(expect=From.ORIGIN, **viewer_side(more))])


def viewer_side(more):
    return {k: v for k, v in more.items() if k in ("method", "send", "content", "path")}
