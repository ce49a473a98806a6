"""Runs the rows of cases/ against a stand, many at a time, each under a URL of its own."""

import concurrent.futures
import dataclasses
import re
import threading
import time

import harness
from http_text import http_date
from model import From, Kind

HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer",
              "upgrade", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization",
              "surrogate-control", "via", "cache-status", "x-cache", "age", "content-length"}
TIME = re.compile(r"@([+-]\d+|0)(rfc850|asctime)?")


@dataclasses.dataclass
class Result:
    case: object
    passed: bool
    complaint: str = ""


class Failed(Exception):
    pass


class Run:
    """One case against one stand."""

    def __init__(self, stand, case):
        self.stand, self.case = stand, case
        self.begin = time.time()
        self.base = "/" + re.sub(r"[^a-z0-9]+", "-", case.id.lower())
        self.bodies = []  # of the origin's answers so far
        self.lock = threading.Lock()
        self.answer = None
        self.requests = []
        for suffix in {s.path.split("?")[0] for s in case.steps} | {""}:
            stand.origin.serve(self.base + suffix, self._answer)

    def _answer(self, request):
        with self.lock:
            self.requests.append(request)
            return self.answer(request)

    def dated(self, line):
        name = line.split(":")[0].lower()
        fixed = name.startswith("if-") or name == "last-modified"
        shift = self.begin - time.time() if fixed else 0
        line = line.replace("@@", self.base)
        return TIME.sub(lambda m: http_date(int(m[1]) + shift, m[2] or "imf"), line)

    def execute(self):
        for number, step in enumerate(self.case.steps):
            try:
                self._step(number, step)
            except Failed as failed:
                return Result(self.case, False, f"step {number + 1}: {failed}")
            except (harness.NoResponse, OSError, ValueError) as problem:
                return Result(self.case, False,
                              f"step {number + 1}: {type(problem).__name__} {problem}")
        return Result(self.case, True)

    def _origin_says(self, number, step):
        body = step.body
        if body is None:
            body = b"" if step.status in (204, 304) else f"{self.case.id} {number}".encode()
        fields = [self.dated(f) for f in step.fields]

        def answer(request):
            if step.answer is not None:
                return step.answer(request) if callable(step.answer) else step.answer
            conditional = {"if-none-match", "if-modified-since"} & request.fields.names()
            validated = step.expect in (From.ETAG, From.DATE)
            if validated and conditional:
                return harness.Answer(*fields, status=304, reason="Not Modified", date=step.date,
                                      interim=step.interim)
            return harness.Answer(*fields, status=step.status, body=body, framing=step.framing,
                                  trailers=step.trailers, interim=step.interim, date=step.date)

        with self.lock:
            self.answer = answer
        return fields, body

    def _step(self, number, step):
        fields, body = self._origin_says(number, step)
        before = len(self.requests)
        with harness.Client(self.stand.port, timeout=15) as client:
            response = client.request(step.method, self.base + step.path,
                                      *[self.dated(f) for f in step.send], body=step.content,
                                      version=step.http, host="conformance.example")
        asked = self.requests[before:]
        self._provenance(step, response, asked, body)
        self._viewer_side(step, response)
        if step.expect is From.ORIGIN and step.answer is None:
            self._untouched(response, fields)
        self._origin_side(step, asked)
        if step.check:
            complaint = step.check(response, asked)
            if complaint:
                raise Failed(complaint)
        self.bodies.append(body)
        time.sleep(step.pause)
        end = time.monotonic() + 5
        while len(self.requests) < step.settle:
            if time.monotonic() > end:
                raise Failed(f"the origin was asked {len(self.requests)} times, not {step.settle}")
            time.sleep(0.01)

    def _provenance(self, step, response, asked, body):
        """From where the answer came, by what the origin saw and by the body."""
        known = [step.text] if step.text is not None else self.bodies
        count = {From.STORE: 0, From.NOWHERE: None, None: None}.get(step.expect, 1)
        if count is not None and len(asked) != count:
            raise Failed(f"the origin was asked {len(asked)} times instead of {count}: "
                         f"{response.status} {response.fields}")
        if step.fails:
            if response.status not in (502, 504) and response.complete:
                raise Failed(f"a whole {response.status}: {response.body!r}")
            return
        status = step.sees if step.sees is not None else step.status
        if response.status != status:
            raise Failed(f"status {response.status} instead of {status}: {response.fields}")
        if response.complete != step.complete:
            raise Failed(f"the message is {'' if response.complete else 'not '}complete")
        if step.method == "HEAD" or response.status in (204, 304):
            if response.body:
                raise Failed(f"a body: {response.body!r}")
            return
        if step.text is not None and response.body != step.text:
            raise Failed(f"body {response.body!r} instead of {step.text!r}")
        if step.text is not None or step.expect in (None, From.NOWHERE) or step.any_text:
            return
        if step.expect is From.ORIGIN and step.answer is None and response.body != body:
            raise Failed(f"body {response.body!r} instead of {body!r}")
        if step.expect in (From.STORE, From.ETAG, From.DATE) and response.body not in known:
            raise Failed(f"body {response.body!r} is not a stored one")

    def _viewer_side(self, step, response):
        for line in step.want:
            self._has(response.fields, self.dated(line), "answer")
        for name in step.lack:
            if response.get(name) is not None:
                raise Failed(f"the answer has {name}: {response.get(name)}")
        if step.age is not None:
            least, most = step.age
            age = response.get("Age")
            if age is None or not age.isdigit() or not least <= int(age) <= most:
                raise Failed(f"Age is {age}, not from {least} to {most}")
        if step.interims is not None:
            seen = tuple(status for status, _ in response.interim)
            if seen != step.interims:
                raise Failed(f"interim answers {seen} instead of {step.interims}")
            for (_, got), (_, sent) in zip(response.interim, step.interim):
                for line in sent:
                    self._has(got, line, "interim answer")
        for line in step.ended:
            self._has(response.trailers, line, "trailer section")

    def _origin_side(self, step, asked):
        wanted = list(step.asked)
        if step.expect is From.ETAG:
            wanted.append("If-None-Match")
        if step.expect is From.DATE:
            wanted.append("If-Modified-Since")
        if (wanted or step.unasked or step.asked_method) and not asked:
            raise Failed("the origin was not asked")
        for line in wanted:
            self._has(asked[0].fields, self.dated(line), "request to the origin")
        for line in step.unasked:
            name, _, value = line.partition(": ")
            got = asked[0].fields.joined(name)
            if got is not None and (not value or got == value):
                raise Failed(f"the request to the origin has {name}: {got}")
        if step.asked_method and asked[0].method != step.asked_method:
            raise Failed(f"the origin was asked by {asked[0].method}")

    @staticmethod
    def _has(fields, line, where):
        name, colon, value = line.partition(":")
        got = fields.joined(name)
        if got is None or (colon and got != value.strip()):
            raise Failed(f"the {where} has {name}: {got}, not {value.strip() or 'any'}")

    @staticmethod
    def _untouched(response, fields):
        """Every end-to-end field of the origin's answer arrives, byte for byte and in order."""
        named = {n.strip().lower() for f in fields if f.lower().startswith("connection:")
                 for n in f.split(":", 1)[1].split(",")}
        for name in {f.split(":")[0] for f in fields}:
            if name.lower() in HOP_BY_HOP | named:
                continue
            sent = [f.split(":", 1)[1].strip() for f in fields
                    if f.split(":")[0].lower() == name.lower()]
            if response.fields.all(name) != sent:
                raise Failed(f"{name} is {response.fields.all(name)} instead of {sent}")


def run_all(stand, cases, threads=48):
    """Results in the order of the cases."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda case: Run(stand, case).execute(), cases))


def count(results, kind):
    """(passed, all) of that kind."""
    of_kind = [r for r in results if r.case.kind is kind]
    return sum(r.passed for r in of_kind), len(of_kind)


def failures(results):
    return [r for r in results if not r.passed and r.case.kind is Kind.MUST]


def run_on_own_stand(topology, cases, threads=48):
    stand = harness.Stand(topology)
    try:
        return run_all(stand, cases, threads)
    finally:
        stand.close()
