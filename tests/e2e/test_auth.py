"""X-Seawall-Auth between tiers and toward origins, a shared secret, and S3's signatures: judged by
implementations that share nothing with ours."""

import hashlib
import hmac
import pathlib
import signal
import tempfile
import time
import unittest
import urllib.parse

from harness import ANY_HOST, Answer, Client, Node, Origin, ask, get

SECRETS = {"one": "first-secret-of-the-tests", "two": "second-secret-of-the-tests"}
FRESH = "Cache-Control: max-age=3600"


def auth(key, method, target, *, host="test.example", at=None, nonce=1):
    """The field as README.md describes it."""
    at = int(time.time()) if at is None else at
    lines = ["seawall-auth-1", key, method, host, target, str(at), f"{nonce:016x}"]
    text = "".join(f"{line}\n" for line in lines)
    mac = hmac.new(SECRETS[key].encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"X-Seawall-Auth: v=1, key={key}, time={at}, nonce={nonce:016x}, mac={mac}"


def verifies(request, key):
    """Whether the one X-Seawall-Auth of a request is ours, and made just now."""
    values = request.fields.all("X-Seawall-Auth")
    if len(values) != 1:
        return False
    parts = dict(part.split("=", 1) for part in values[0].split(", "))
    again = auth(key, request.method, request.target, host=request.get("Host"),
                 at=int(parts["time"]), nonce=int(parts["nonce"], 16))
    return values[0] == again.split(": ", 1)[1] and abs(time.time() - int(parts["time"])) < 30


def reload(node, config):
    node.write(config)
    count = node.text().count("reloaded")
    node.signal(signal.SIGHUP)
    end = time.monotonic() + 5
    while node.text().count("reloaded") == count and time.monotonic() < end:
        time.sleep(0.01)


class AuthScenario(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        for name, secret in SECRETS.items():
            (self.folder / name).write_text(secret + "\n")
        self.origin = Origin()
        self.addCleanup(self.origin.close)

    def key(self, name):
        return {"id": name, "secret_file": str(self.folder / name)}

    def node(self, role, name, **config):
        path = self.folder / name
        path.mkdir()
        node = Node(role, {"sites": ANY_HOST, "workers": 2, "limits": {"drain_time": "1s"}, **config},
                    path)
        self.addCleanup(node.close)
        return node

    def before_origin(self, role="edge", **group):
        servers = [f"http://127.0.0.1:{self.origin.port}"]
        return self.node(role, role, upstreams={"origin": {"servers": servers, **group}})

    def tiers(self, keys=("one",), sends="one", **shield):
        origin = {"origin": {"servers": [f"http://127.0.0.1:{self.origin.port}"]}}
        self.shield = self.node("shield", "shield", trusted_edges=["127.0.0.1"], upstreams=origin,
                                auth={"keys": [self.key(k) for k in keys]}, **shield)
        servers = [f"http://127.0.0.1:{self.shield.port}"]
        self.edge = self.node("edge", "edge", upstreams={
            "shield": {"kind": "shield", "servers": servers, "auth": self.key(sends)}})

    def counted(self, name):
        return self.shield.stats()["counters"][name]


class BetweenTiers(AuthScenario):
    def test_a_shield_answers_its_edges_and_nobody_else(self):
        self.tiers()
        self.origin.serve("/a", Answer(FRESH))
        self.assertEqual(get(self.edge.port, "/a").status, 200)
        self.assertEqual(get(self.edge.port, "/a").x_cache, "Hit from edge")
        refused = get(self.shield.port, "/a")
        self.assertEqual(refused.status, 403)
        self.assertTrue(self.shield.logged("X-Seawall-Auth is missing"))
        self.assertEqual(self.counted("auth_missing"), 1)
        self.assertEqual(ask(self.shield.port, "PURGE", "/a").status, 403)
        self.assertEqual(ask(self.edge.port, "PURGE", "/a").status, 200)  # an order is signed, too
        self.assertEqual(get(self.edge.port, "/a").x_cache, "Miss")
        self.assertEqual(get(self.shield.admin, "/healthz").status, 200)

    def test_a_signature_opens_once_for_one_request_and_a_minute(self):
        self.tiers(keys=("one", "two"))
        self.origin.serve("/a", Answer(FRESH))
        now = int(time.time())

        def status(field, method="GET", target="/a"):
            return ask(self.shield.port, method, target, field).status
        good = auth("one", "GET", "/a", nonce=5)
        self.assertEqual(status(good), 200)
        for _ in range(8):  # on whatever loop
            self.assertEqual(status(good), 403)
        self.assertEqual(self.counted("auth_replayed"), 8)
        self.assertEqual(status(auth("two", "GET", "/a", nonce=5)), 200)
        self.assertEqual(status(auth("one", "GET", "/a", nonce=6, at=now - 50)), 200)
        for at in (now - 70, now + 70):
            self.assertEqual(status(auth("one", "GET", "/a", at=at)), 503)
        self.assertEqual(self.counted("auth_expired"), 2)
        wrong = [auth("one", "GET", "/b", nonce=7), auth("one", "HEAD", "/a", nonce=8),
                 auth("one", "GET", "/a", nonce=9, host="other.example"),
                 auth("one", "GET", "/a", nonce=10)[:-1] + "g",
                 auth("one", "GET", "/a", nonce=11).replace("key=one", "key=two"),
                 auth("one", "GET", "/a", nonce=12).replace("key=one", "key=six")]
        for field in wrong:
            self.assertEqual(status(field), 503 if "key=six" in field else 403, field)
        self.assertEqual(self.counted("auth_invalid"), len(wrong))

    def test_keys_change_without_a_refused_request(self):
        self.tiers(keys=("one",))

        def ask_some(name):
            for n in range(5):
                self.origin.serve(f"/{name}/{n}", Answer(FRESH))
                self.assertEqual(get(self.edge.port, f"/{name}/{n}").status, 200)
        ask_some("old")
        reload(self.shield, {**self.shield.config, "auth": {"keys": [self.key("two"),
                                                                   self.key("one")]}})
        ask_some("both")
        group = {**self.edge.config["upstreams"]["shield"], "auth": self.key("two")}
        reload(self.edge, {**self.edge.config, "upstreams": {"shield": group}})
        ask_some("new")
        reload(self.shield, {**self.shield.config, "auth": {"keys": [self.key("two")]}})
        ask_some("only")
        self.assertEqual(ask(self.shield.port, "GET", "/x", auth("one", "GET", "/x")).status, 503)

    def test_an_edge_that_its_shield_does_not_know_goes_on_without_it(self):
        self.tiers()
        old = Answer("Cache-Control: max-age=60", "Age: 65", body=b"old")
        self.origin.serve("/a", old)
        self.assertEqual(get(self.edge.port, "/a").x_cache, "Miss")
        reload(self.shield, {**self.shield.config, "auth": {"keys": [self.key("two")]}})
        stale = get(self.edge.port, "/a")
        self.assertEqual((stale.status, stale.x_cache), (200, "Stale from edge"))
        self.origin.serve("/b", Answer(FRESH))
        self.assertEqual(get(self.edge.port, "/b").status, 502)
        self.assertEqual(self.origin.requests("/b"), [])
        self.assertTrue(self.edge.logged("the shield refuses our X-Seawall-Auth"))
        group = {**self.edge.config["upstreams"]["shield"], "fallback": "origin"}
        reload(self.edge, {**self.edge.config, "upstreams": {
            "shield": group, "origin": self.shield.config["upstreams"]["origin"]}})
        self.assertEqual(get(self.edge.port, "/b").status, 200)

    def test_a_reload_holds_for_the_next_request_of_each_connection(self):
        listener = {"address": "127.0.0.1", "port": 0}
        keys = {name: {"keys": [self.key(name)]} for name in ("one", "two")}
        signed = [auth("one", "GET", "/a", nonce=n) for n in range(2)]
        plain = self.before_origin("shield").config
        self.origin.serve("/a", Answer(FRESH))
        cases = [  # what was, what is then; what the second request brings, what it gets
            ("keys are new", {}, {"auth": keys["one"]}, None, 403),
            ("keys are new", {}, {"auth": keys["one"]}, signed[0], 200),
            ("keys are others", {"auth": keys["one"]}, {"auth": keys["two"]}, signed[1], 503),
            ("keys are gone", {"auth": keys["one"]}, {}, None, 200),
            ("a listener was open", {"auth": keys["one"], "listen": [{**listener, "auth": False}]},
             {"auth": keys["one"], "listen": [listener]}, None, 403),
            ("a listener is open", {"auth": keys["one"], "listen": [listener]},
             {"auth": keys["one"], "listen": [{**listener, "auth": False}]}, None, 200),
        ]
        for number, (name, before, after, field, status) in enumerate(cases):
            with self.subTest(name, status=status):
                path = self.folder / str(number)
                path.mkdir()
                node = Node("shield", {"sites": ANY_HOST, "workers": 1, "listen": [listener],
                                       "upstreams": plain["upstreams"], **before}, path)
                self.addCleanup(node.close)
                with Client(node.port) as client:
                    first = auth("one", "GET", "/a", nonce=100)  # needed or not
                    self.assertEqual(client.request("GET", "/a", first).status, 200)
                    kept = {key: value for key, value in node.config.items() if key != "auth"}
                    reload(node, {**kept, **after})
                    second = client.request("GET", "/a", *([field] if field else []))
                    self.assertEqual(second.status, status)

    def test_a_listener_may_be_left_open(self):
        self.tiers(listen=[{"address": "127.0.0.1", "port": 0, "auth": False}])
        self.origin.serve("/a", Answer(FRESH))
        self.assertEqual(get(self.shield.port, "/a").status, 200)


class TowardOrigins(AuthScenario):
    def test_every_attempt_is_signed_anew_and_viewers_can_add_nothing(self):
        edge = self.before_origin(auth=self.key("one"), retry={"on": ["503"], "max": 2})
        self.origin.serve("/a", Answer(status=503), Answer(FRESH))
        self.assertEqual(get(edge.port, "/a?x=1", "X-Seawall-Auth: mine").status, 200)
        requests = self.origin.requests("/a")
        self.assertEqual(len(requests), 2)
        for request in requests:
            self.assertTrue(verifies(request, "one"), request.fields)
        self.assertNotEqual(requests[0].get("X-Seawall-Auth"), requests[1].get("X-Seawall-Auth"))
        self.origin.serve("/b", Answer())
        self.assertEqual(ask(edge.port, "POST", "/b?y=%20z", body=b"12345").status, 200)
        self.assertTrue(verifies(self.origin.requests("/b")[0], "one"))

    def test_without_auth_nothing_of_it_goes_to_an_origin(self):
        edge = self.before_origin()
        self.origin.serve("/a", Answer())
        get(edge.port, "/a", "X-Seawall-Auth: mine")
        self.assertIsNone(self.origin.requests("/a")[0].get("X-Seawall-Auth"))

    def test_a_field_with_the_secret_itself_stands_there_once(self):
        edge = self.before_origin(auth={"field": "X-Origin-Secret",
                                        "secret_file": str(self.folder / "one")})
        self.origin.serve("/a", Answer())
        get(edge.port, "/a", "x-origin-secret: guess")
        self.assertEqual(self.origin.requests("/a")[0].fields.all("X-Origin-Secret"),
                         [SECRETS["one"]])

    def test_a_trace_brings_no_secret_back(self):
        def echo(request):
            return Answer(body=repr(list(request.fields)).encode())
        edge = self.before_origin(auth={"field": "X-Origin-Secret",
                                        "secret_file": str(self.folder / "one")})
        self.origin.serve("/a", echo)
        self.assertIn(SECRETS["one"].encode(), get(edge.port, "/a").body)
        self.assertNotIn(SECRETS["one"].encode(), ask(edge.port, "TRACE", "/a").body)

    def test_a_trace_brings_no_signature_back(self):
        def echo(request):
            return Answer(body=repr(list(request.fields)).lower().encode())
        self.tiers()
        self.origin.serve("/a", echo)
        answer = ask(self.edge.port, "TRACE", "/a")
        self.assertEqual(200, answer.status)
        self.assertNotIn(b"x-seawall-auth", answer.body)


def s3_signature(request, secret, region):
    """The signature that S3 expects of a request (docs: sig-v4-header-based-auth)."""
    authorization = request.get("Authorization")
    names = authorization.split("SignedHeaders=")[1].split(",")[0]
    path, _, query = request.target.partition("?")
    pairs = sorted((urllib.parse.quote(n, safe="-_.~"), urllib.parse.quote(v, safe="-_.~"))
                   for n, v in urllib.parse.parse_qsl(query, keep_blank_values=True))
    headers = "".join(f"{n}:{request.get(n).strip()}\n" for n in names.split(";"))
    key = urllib.parse.unquote(path)
    canonical = "\n".join([request.method, urllib.parse.quote(key, safe="/-_.~"),
                           "&".join(f"{n}={v}" for n, v in pairs), headers, names,
                           request.get("x-amz-content-sha256")])
    day = request.get("x-amz-date")[:8]
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", request.get("x-amz-date"), scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    mac = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request", text):
        mac = hmac.new(mac, part.encode(), hashlib.sha256).digest()
    return mac.hex()


class PrivateBucket(AuthScenario):
    SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    def bucket(self, request):
        """S3, as far as access goes."""
        value = request.get("Authorization") or ""
        if len(request.fields.all("Authorization")) != 1 or "Signature=" not in value:
            return Answer(status=403, reason="AccessDenied")
        if request.body or request.get("x-amz-content-sha256") != hashlib.sha256().hexdigest():
            return Answer(status=400, reason="XAmzContentSHA256Mismatch")
        signed = value.split("SignedHeaders=")[1].split(",")[0].split(";")
        unsigned = [n for n, _ in request.fields if n.lower().startswith("x-amz-")
                    and n.lower() not in signed]
        if unsigned or "host" not in signed:
            return Answer(status=403, reason="AccessDenied: headers not signed")
        if value.split("Signature=")[1] != s3_signature(request, self.SECRET, "eu-central-1"):
            return Answer(status=403, reason="SignatureDoesNotMatch")
        if request.get("Range"):
            return Answer("Content-Range: bytes 0-3/10", status=206, body=b"0123")
        if request.get("If-None-Match") == '"e"':
            return Answer('ETag: "e"', "Cache-Control: max-age=0", status=304)
        return Answer('ETag: "e"', "Cache-Control: max-age=0", body=b"0123456789")

    def start(self, **more):
        (self.folder / "aws").write_text(self.SECRET)
        return self.before_origin(s3={"region": "eu-central-1", "access_key": "AKIAIOSFODNN7EXAMPLE",
                                      "secret_key_file": str(self.folder / "aws"), **more})

    def test_every_read_is_signed_whatever_its_url(self):
        edge = self.start()
        targets = ["/test.txt", "/a%20b", "/a+b", "/%C3%A4/x", "/a,b;c=d&e'(f)*!$:@", "/a%2Fb",
                   "/x?versionId=a%2Bb%20c", "/x?b=2&a=1&b=1", "/x?response-content-type=a/b", "/%25",
                   "/a%2520b", "/x?acl"]
        for target in targets:
            path = target.split("?")[0].replace("%2F", "%252F")  # no slash for us: none for S3
            path = urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~")
            self.origin.serve(path, self.bucket)
            answer = get(edge.port, target)
            self.assertEqual(answer.status, 200, (target, answer.reason))
        self.assertEqual(ask(edge.port, "HEAD", "/test.txt").status, 200)

    def test_conditions_and_ranges_are_sent_and_need_no_signature(self):
        edge = self.start()
        self.origin.serve("/a", self.bucket)
        self.assertEqual(get(edge.port, "/a").status, 200)
        again = get(edge.port, "/a")
        self.assertEqual((again.status, again.x_cache, again.body),
                         (200, "RefreshHit from edge", b"0123456789"))
        self.assertEqual(get(edge.port, "/a", "Range: bytes=0-3").status, 206)

    def test_a_viewer_gets_no_rights_by_its_own_fields_or_methods(self):
        edge = self.start()
        self.origin.serve("/a", self.bucket)
        fields = ("Authorization: Basic eDp5", "X-Amz-Acl: public-read", "x-amz-date: 20200101")
        self.assertEqual(get(edge.port, "/a", *fields).status, 200)
        for method in ("PUT", "DELETE", "POST"):
            self.assertEqual(ask(edge.port, method, "/a", body=b"x").status, 403, method)

    def test_what_a_bucket_says_of_itself_with_an_error_goes_to_nobody(self):
        edge = self.start()
        xml = ("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Key>secret/key</Key>"
               "<BucketName>our-bucket</BucketName><RequestId>REQ1</RequestId>"
               "<HostId>HOST1</HostId></Error>").encode()
        own = ("x-amz-request-id: REQ1", "x-amz-id-2: HOST1", "x-amz-bucket-region: eu-central-1",
               "Server: AmazonS3", "Content-Type: application/xml",
               "Access-Control-Allow-Origin: *")
        for status, framing in ((403, "chunked"), (404, "chunked"), (412, "length"),
                                (500, "length"), (503, "close"), (404, "length")):
            with self.subTest((status, framing)):
                path = f"/error-{status}-{framing}"
                self.origin.serve(path, Answer(*own, status=status, framing=framing, body=xml))
                for method in ("GET", "HEAD", "GET"):
                    answer = ask(edge.port, method, path)
                    self.assertEqual(status, answer.status)
                    text = repr(list(answer.fields)).encode() + answer.body
                    for word in (b"REQ1", b"HOST1", b"secret", b"our-bucket", b"eu-central",
                                 b"AmazonS3", b"xml"):
                        self.assertNotIn(word, text)
                    self.assertTrue(answer.complete)
                    self.assertEqual("*", answer.get("Access-Control-Allow-Origin"))
                    self.assertTrue(answer.get("Content-Type").startswith("text/html"))
                    page = b"<title>%d " % status
                    self.assertEqual(method == "GET", page in answer.body)
        self.assertEqual("Hit from edge", get(edge.port, "/error-404-length").x_cache)

    def test_a_range_that_a_bucket_does_not_have_is_416_with_its_size(self):
        edge = self.start()
        self.origin.serve("/r", Answer("Content-Range: bytes */10", status=416, body=b"<Error/>"))
        answer = get(edge.port, "/r", "Range: bytes=20-30")
        self.assertEqual((416, "bytes */10"), (answer.status, answer.get("Content-Range")))
        self.assertNotIn(b"<Error/>", answer.body)

    def test_a_temporary_key_sends_its_token(self):
        (self.folder / "token").write_text("Token/With+Signs==\n")
        edge = self.start(session_token_file=str(self.folder / "token"))
        self.origin.serve("/a", self.bucket)
        self.assertEqual(get(edge.port, "/a").status, 200)
        self.assertEqual(self.origin.requests("/a")[0].get("x-amz-security-token"),
                         "Token/With+Signs==")


if __name__ == "__main__":
    unittest.main()
