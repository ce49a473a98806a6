"""TLS to upstreams: who is believed, who is not, and what the log and the viewer are told."""

import ssl
import tempfile
import time
import unittest

from certificates import Authority, pin, server_context
from harness import ANY_HOST, Answer, Node, Origin, get, merged

NO_STORE = "Cache-Control: no-store"
LONG_AGO = "20210101000000Z"


class PlainHttp:
    """In place of a context: a server that does not understand what a TLS client says."""

    @staticmethod
    def wrap_socket(connection, server_side):
        assert server_side
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return connection


class UpstreamTlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.authority = Authority(cls.temporary.name)
        cls.stranger = Authority(cls.temporary.name, "Stranger")
        cls.good = cls.authority.issue("origin.test")

    def start(self, files, tls=None, context=None, **more):
        """An origin that shows those files, and an edge that is to trust the authority."""
        folder = tempfile.TemporaryDirectory(prefix="seawall-e2e-")
        self.addCleanup(folder.cleanup)
        self.origin = Origin(tls=context or server_context(files, **more))
        self.addCleanup(self.origin.close)
        self.origin.serve("/a", Answer(NO_STORE, body=b"good"))
        self.server = f"https://127.0.0.1:{self.origin.port}"
        self.edge = Node("edge", {
            "workers": 1, "sites": ANY_HOST, "limits": {"drain_time": "1s"},
            "upstreams": {"origin": {"servers": [self.server], "tls": merged(
                {"ca": str(self.authority.ca), "sni": "origin.test"}, tls or {})}}}, folder.name)
        self.addCleanup(self.edge.close)

    def check_good(self):
        response = get(self.edge.port, "/a")
        self.assertEqual((200, b"good"), (response.status, response.body))

    def check_refused(self, words):
        response = get(self.edge.port, "/a")
        self.assertEqual(502, response.status)
        self.assertIn("detail=upstream-tls", response.fields.joined("Cache-Status"))
        self.assertTrue(self.edge.logged(f"upstream origin: {self.server}: TLS fails: "))
        self.assertTrue(self.edge.logged(words), f"no {words!r} in:\n{self.edge.text()}")
        return response

    def test_what_is_refused_and_what_the_log_says(self):
        expired = self.authority.issue("origin.test", "20200101000000Z", LONG_AGO)
        early = self.authority.issue("origin.test", "20400101000000Z")
        other = self.authority.issue("other.test")
        unknown = self.stranger.issue("origin.test")
        pins = [pin(other[0]), pin(unknown[0])]
        old = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        cases = {
            "expired": (expired, {}, {}, "CN = origin.test expired on Jan  1 00:00:00 2021 GMT; "
                                         "it has to be renewed on the server"),
            "too early": (early, {}, {}, "is valid from Jan  1 00:00:00 2040 GMT only"),
            "wrong name": (other, {}, {}, "is for other.test, not for origin.test; "),
            "unknown CA": (unknown, {}, {}, "is signed by CN = Stranger, whom nobody here trusts"),
            "wrong pin": (self.good, {"pins": pins}, {},
                          f"the key of its certificate is {pin(self.good[0])}; "),
            "old TLS": (self.good, {"min_version": "1.3"}, old, "speaks no TLS that is new enough"),
            "no TLS": (None, {}, {"context": PlainHttp()}, "is no TLS; the URL may have to begin with http://"),
        }
        for name, (files, tls, more, words) in cases.items():
            with self.subTest(name):
                self.start(files, tls, **more)
                self.check_refused(words)

    def test_what_is_accepted(self):
        other = self.authority.issue("other.test")
        unknown = self.stranger.issue("origin.test")
        mine = pin(self.good[0])
        old = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        cases = {
            "good": (self.good, {}, {}),
            "TLS 1.2 by default": (self.good, {}, old),
            "another name": (other, {"verify_name": "other.test"}, {}),
            "one of several pins": (self.good, {"pins": [pin(unknown[0]), mine]}, {}),
            "a pinned authority": (self.good, {"pins": [pin(self.authority.ca)]}, {}),
            "a pin and nothing else": (unknown, {"verify": False, "pins": [pin(unknown[0])]}, {}),
            "anybody": (unknown, {"verify": False}, {}),
        }
        for name, (files, tls, more) in cases.items():
            with self.subTest(name):
                self.start(files, tls, **more)
                for _ in range(3):
                    self.check_good()
                self.origin.drop_idle()  # the next connection resumes a session
                time.sleep(0.05)
                self.check_good()

    def test_only_the_systems_authorities_are_trusted_by_default(self):
        self.start(self.good, {"ca": str(self.stranger.ca)})
        self.check_refused("whom nobody here trusts")
        config = self.edge.config
        del config["upstreams"]["origin"]["tls"]["ca"]
        self.edge.close()
        self.edge = Node("edge", config, self.edge.folder)
        self.addCleanup(self.edge.close)
        self.check_refused("whom nobody here trusts")

    def test_the_name_of_sni_is_the_configured_one(self):
        asked = []
        context = server_context(self.good)
        context.sni_callback = lambda _socket, name, _context: asked.append(name)
        self.start(None, {"sni": "front.test", "verify_name": "origin.test"}, context)
        self.check_good()
        self.assertEqual(["front.test"], asked)

    def test_client_certificates(self):
        pem, key = self.authority.issue("edge.test")
        self.start(self.good, {"certificate": pem, "key": key}, authority=self.authority)
        self.check_good()
        self.start(self.good, authority=self.authority)
        self.assertEqual(502, get(self.edge.port, "/a").status)
        self.assertTrue(self.edge.logged("certificate required"))
        self.assertTrue(self.edge.logged("the server wants a client certificate"))

    def test_a_new_certificate_is_all_that_it_takes_to_recover_and_stale_bridges_the_time(self):
        self.start(self.good)
        self.origin.serve("/kept", Answer("Cache-Control: max-age=1", "Age: 5", body=b"kept"))
        self.assertEqual(200, get(self.edge.port, "/kept").status)
        self.origin.tls = server_context(
            self.authority.issue("origin.test", "20200101000000Z", LONG_AGO))
        self.origin.drop_idle()
        time.sleep(0.1)
        for _ in range(4):  # it may be ejected meanwhile
            self.check_refused("expired on")
        response = get(self.edge.port, "/kept")
        self.assertEqual((b"kept", "Stale from edge"), (response.body, response.x_cache))
        self.origin.tls = server_context(self.authority.issue("origin.test"))
        self.check_good()
