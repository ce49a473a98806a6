"""POST /purge and its kin: receipts, dry runs, undo, tokens, scopes, the audit log, `edge purge`."""

import hashlib
import json
import re
import subprocess
import time
import unittest

from harness import BIN, Answer, Node, Scenario, Stand, Topology, ask, get, in_both

FRESH = "Cache-Control: max-age=3600"


def token(name, secret, **grant):
    return {"name": name, "sha256": hashlib.sha256(secret.encode()).hexdigest(), **grant}


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("that did not come true in time")
        time.sleep(0.02)


def sent(port, method, path, body=None, *fields, **more):
    """Status and JSON of one request to the interface."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    response = ask(port, method, path, *fields, body=body, **more)
    if not response.get("Content-Type").startswith("application/json"):
        raise AssertionError(f"{response.status} {response.body[:200]}")
    return response, json.loads(response.body)


class Api(Scenario):
    def post(self, body, *fields, path="/purge", **more):
        response, told = sent(self.port, "POST", path, body, *fields, **more)
        return response.status, told

    def ask_about(self, receipt):
        return sent(self.port, "GET", "/purge/" + receipt["id"])[1]

    def tagged(self, *tags):
        return self.serve(lambda r: Answer(FRESH, "Surrogate-Key: " + " ".join(tags),
                                           body=b"%d" % r.number))

    def nodes(self, receipt):
        return [n["role"] for n in receipt["nodes"]]

    def assert_gone(self, *paths):
        for path in paths:
            self.assertEqual("Miss", self.get(path).x_cache, path)

    def assert_kept(self, *paths):
        for path in paths:
            self.assertEqual("Hit from edge", self.get(path).x_cache, path)


@in_both
class PostScenario(Api):
    def test_urls_are_counted_at_once(self):
        paths = [self.serve(Answer(FRESH)) for _ in range(3)]
        for path in paths:
            self.get(path)
        status, receipt = self.post({"urls": [paths[0], "https://test.example" + paths[1]]})
        self.assertEqual((200, True), (status, receipt["complete"]))
        self.assertEqual(["edge", "shield"] if self.has_shield else ["edge"], self.nodes(receipt))
        for node in receipt["nodes"]:
            self.assertEqual((2, True), (node["objects"], node["swept"]), node)
            self.assertGreater(node["bytes"], 0)
        self.assert_gone(*paths[:2])
        self.assert_kept(paths[2])

    def test_tags_and_patterns_are_counted_by_the_sweep(self):
        tag = self.url().replace("/", "-")
        tagged, other = self.tagged("x", tag), self.tagged("x")
        below = self.serve(Answer(FRESH))
        for path in (tagged, other, below):
            self.get(path)
        status, receipt = self.post({"tags": [tag], "urls": [below.rsplit("/", 1)[0] + "/*"]})
        self.assertEqual(200, status)
        for node in receipt["nodes"]:
            self.assertEqual((None, None, False),
                             (node["objects"], node["bytes"], node["swept"]))
        until(lambda: all(n["swept"] for n in self.ask_about(receipt)["nodes"]))
        for node in self.ask_about(receipt)["nodes"]:
            self.assertEqual(2, node["objects"], node)
        self.assert_gone(tagged, below)
        self.assert_kept(other)

    def test_hosts_and_everything(self):
        path = self.serve(Answer(FRESH))
        for order, here, there in (({"hosts": ["other.example"]}, True, False),
                                   ({"everything": True, "site": "all"}, False, False)):
            self.get(path)
            self.get(path, host="other.example")
            self.assertEqual(200, self.post(order)[0])
            for host, kept in (("test.example", here), ("other.example", there)):
                self.assertEqual("Hit from edge" if kept else "Miss",
                                 self.get(path, host=host).x_cache, (order, host))

    def test_the_log_lists_it(self):
        _, before = sent(self.port, "GET", "/purge")
        _, receipt = self.post({"tags": ["logged"], "soft": True})
        _, after = sent(self.port, "GET", f"/purge?after={before['position']}")
        entry = next(p for p in after["purges"] if p["id"] == receipt["id"])
        self.assertEqual((True, receipt["number"]), (entry["soft"], entry["number"]))
        self.assertEqual([{"kind": "tag", "text": "logged", "hosts": ["*"]}], entry["targets"])
        self.assertEqual(400, sent(self.port, "GET", "/purge?after=x")[0].status)

    def test_what_is_wrong_is_said_with_its_place(self):
        for body, place in ((b"{\"urls\": [1]}", "line 1, column 11: urls[0]: a number"),
                            (b"{\n \"url\": []}", "line 2, column 2: unknown key \"url\"; did you"),
                            (b"{\"urls\": ", "line 1"),
                            (b"", "line 1"),
                            (b"[]", "expected an object"),
                            (b"{}", "nothing to purge"),
                            (b"{\"wait\": \"some\", \"tags\": [\"a\"]}", "\"all\" or \"local\""),
                            (b"{\"timeout\": \"1d\", \"tags\": [\"a\"]}", "out of range"),
                            (b"{\"urls\": [\"a\"]}", "is no URL"),
                            (b"{\"urls\": [\"/a\"], \"site\": \"sop\"}", "no site is called")):
            with self.subTest(body):
                status, told = self.post(body)
                self.assertEqual(400, status)
                self.assertIn(place, told["error"])

    def test_large_bodies_413(self):
        for more in ((), ("Expect: 100-continue",)):
            response = ask(self.port, "POST", "/purge", *more, body=b" " * ((1 << 20) + 1))
            self.assertEqual(413, response.status)
        self.assertEqual(400, self.post(b" " * (1 << 20))[0])

    def test_unknown_ids_404(self):
        self.assertEqual(404, sent(self.port, "GET", "/purge/" + "0" * 32)[0].status)
        self.assertEqual(404, self.post({"id": "0" * 32}, path="/purge/undo")[0])

    def test_soft_is_taken_back_everywhere(self):
        path, tag = None, self.url().replace("/", "-")
        path = self.tagged(tag)
        self.get(path)
        _, receipt = self.post({"tags": [tag], "soft": True})
        # Not asked for while it is soft, since that would validate it.
        status, undone = self.post({"id": receipt["id"]}, path="/purge/undo")
        self.assertEqual((200, True), (status, undone["complete"]))
        self.assertEqual(receipt["id"], undone["undo_of"])
        self.assert_kept(path)
        self.assertEqual(409, self.post({"id": receipt["id"]}, path="/purge/undo")[0])

    def test_undo_says_how_many_came_back(self):
        tag = self.url().replace("/", "-")
        paths = [self.tagged(tag) for _ in range(3)]
        for path in paths:
            self.get(path)
        _, receipt = self.post({"tags": [tag], "soft": True})
        until(lambda: all(n["swept"] for n in self.ask_about(receipt)["nodes"]))
        self.assertEqual([3] * len(receipt["nodes"]),
                         [n["objects"] for n in self.ask_about(receipt)["nodes"]])
        _, undone = self.post({"id": receipt["id"]}, path="/purge/undo")
        until(lambda: all(n["swept"] for n in self.ask_about(undone)["nodes"]))
        self.assertEqual([3] * len(receipt["nodes"]),
                         [n["objects"] for n in self.ask_about(undone)["nodes"]])
        self.assert_kept(*paths)

    def test_hard_can_not_be_taken_back(self):
        _, receipt = self.post({"tags": ["hard"]})
        status, told = self.post({"id": receipt["id"]}, path="/purge/undo")
        self.assertEqual((409, "a hard purge can't be taken back"), (status, told["error"]))

    def test_a_dry_run_counts_and_leaves_all(self):
        tag = self.url().replace("/", "-")
        paths = [self.tagged(tag) for _ in range(5)]
        for path in paths:
            self.get(path)
        for _ in range(640):
            self.get(paths[0])
        position = sent(self.port, "GET", "/purge")[1]["position"]
        status, told = self.post({"tags": [tag], "dry_run": True})
        self.assertEqual((200, True), (status, told["dry_run"]))
        # One of 16 is counted: 40 of 640, give or take four times the standard deviation.
        self.assertTrue(16 * 16 / 60 <= told["requests_per_second"] <= 64 * 16 / 60, told)
        self.assertEqual([5] * (2 if self.has_shield else 1),
                         [n["objects"] for n in told["nodes"]])
        self.assertEqual(position, sent(self.port, "GET", "/purge")[1]["position"])
        self.assert_kept(*paths)

    def test_admin_listener_takes_it_too(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        admin = self.stand.edge.admin
        status = sent(admin, "POST", "/purge", {"urls": [path]}, host="127.0.0.1")[0].status
        self.assertEqual(400, status, "a path without a host or a site")
        response, receipt = sent(admin, "POST", "/purge",
                                 {"urls": ["http://test.example" + path]}, host="127.0.0.1")
        self.assertEqual((200, 1), (response.status, receipt["nodes"][0]["objects"]))
        self.assert_gone(path)
        again = sent(admin, "GET", "/purge/" + receipt["id"])[1]
        self.assertEqual(receipt["number"], again["number"])

    def test_the_command_prints_a_table(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        node = f"http://127.0.0.1:{self.stand.edge.admin}"
        done = subprocess.run([BIN / "edge" / "edge", "purge", f"http://test.example{path}",
                               "--node", node], capture_output=True, text=True)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertRegex(done.stdout, r"NODE +ROLE +ACKNOWLEDGED +MS +OBJECTS +BYTES +SWEPT\n"
                                      r"edge-test +edge +true +[\d.]+ +1 +\d+ +true\n")
        self.assertRegex(done.stdout, r"id [0-9a-f]{32}, number \d+, complete: true\n$")
        self.assert_gone(path)
        done = subprocess.run([BIN / "edge" / "edge", "purge", "--tag", "a", "--tag", "b", "--soft",
                               "--config", self.stand.edge.file, "--node", node, "--json"],
                              capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(json.loads(done.stdout)["soft"])
        for wrong in (["x", "--node", node], ["/x", "--node", "http://127.0.0.1:1"],
                      ["/x", "--node", "nonsense"], ["/x", "--token-file", "/nonexistent"]):
            done = subprocess.run([BIN / "edge" / "edge", "purge", *wrong], capture_output=True,
                                  text=True)
            self.assertEqual((1, ""), (done.returncode, done.stdout), wrong)
            self.assertIn("purge: ", done.stderr)


SITES = [{"name": "shop", "hosts": ["test.example"], "behaviors": [{"path": "*"}]},
         {"name": "blog", "hosts": ["blog.example", "*.blog.example"], "behaviors": [{"path": "*"}]}]


@in_both
class TokenScenario(Api):
    options = {"sites": SITES, "edge": {"purge": {"allow": [], "rate": 1000, "tokens": [
        token("all", "s-all"), token("urls", "s-url", scopes=["url"]),
        token("shop", "s-shop", sites=["shop"]), token("slow", "s-slow")]}}}

    def by(self, secret, body, **more):
        status, told = self.post(body, f"Authorization: Bearer {secret}", **more)
        return status, told.get("error", "")

    def test_a_token_is_enough(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        self.assertEqual((200, ""), self.by("s-all", {"urls": [path]}))
        self.assert_gone(path)
        self.get(path)
        self.assertEqual(200, self.ask("PURGE", path, "Authorization: Bearer s-all").status)
        self.assert_gone(path)

    def test_purge_without_one_is_401(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        for fields in ((), ("Authorization: Bearer wrong",), ("Authorization: Basic s-all",)):
            response = self.ask("PURGE", path, *fields)
            self.assertEqual(401, response.status)
            self.assertTrue(response.get("WWW-Authenticate").startswith("Bearer "))
            self.assertIn("error", json.loads(response.body))
        self.assert_kept(path)

    def test_post_without_one_is_the_sites(self):
        self.origin.serve("/purge", Answer(body=b"the shop's own"))
        for fields in ((), ("Authorization: Bearer wrong",)):
            response = self.ask("POST", "/purge", *fields, body=b"{\"everything\": true}")
            self.assertEqual((200, b"the shop's own"), (response.status, response.body))
        self.assertEqual(b"the shop's own", self.get("/purge?after=0").body)

    def test_admin_without_one_is_401(self):
        self.assertEqual(401, sent(self.stand.edge.admin, "POST", "/purge", {})[0].status)

    def test_scopes(self):
        for order, allowed in (({"urls": ["/a", "/a/*", "/a*?b"]}, True), ({"tags": ["t"]}, False),
                               ({"urls": ["/*"]}, False), ({"hosts": ["test.example"]}, False),
                               ({"everything": True}, False)):
            status, why = self.by("s-url", order)
            self.assertEqual(200 if allowed else 403, status, (order, why))
            if not allowed:
                self.assertIn("scopes do not include", why)
        response = self.ask("PURGE", "/purge/t", "Authorization: Bearer s-url")
        self.assertEqual(403, response.status)

    def test_sites(self):
        path = self.serve(Answer(FRESH))
        self.get(path)
        self.get(path, host="blog.example")
        for order in ({"urls": ["http://blog.example" + path]}, {"everything": True},
                      {"site": "blog", "tags": ["t"]}, {"hosts": ["blog.example"]},
                      {"hosts": ["*.example"]}):
            self.assertEqual(403, self.by("s-shop", order)[0], order)
        self.assertEqual(200, self.by("s-shop", {"everything": True, "site": "shop"})[0])
        self.assert_gone(path)
        self.assertEqual("Hit from edge", self.get(path, host="blog.example").x_cache)

    def test_a_path_of_a_site_with_wildcard_names_needs_a_host(self):
        self.assertEqual((200, ""), self.by("s-all", {"site": "shop", "urls": ["/a"]}))
        status, why = self.by("s-all", {"site": "blog", "urls": ["/a"]})
        self.assertEqual(400, status)
        self.assertIn('site "blog" has all names below "*.blog.example"', why)
        self.assertEqual((200, ""), self.by("s-all", {"urls": ["http://x.blog.example/a"]}))

    def test_one_sites_token_sees_nothing_of_others(self):
        _, receipt = self.post({"tags": ["secret"], "site": "blog", "soft": True},
                               "Authorization: Bearer s-all")
        who = "Authorization: Bearer s-shop"
        told = sent(self.port, "GET", "/purge", None, who)[1]
        self.assertNotIn(receipt["id"], [p["id"] for p in told["purges"]])
        self.assertEqual(404, sent(self.port, "GET", "/purge/" + receipt["id"], None, who)[0].status)
        self.assertEqual(403, self.by("s-shop", {"id": receipt["id"]}, path="/purge/undo")[0])

    def test_every_purge_is_in_the_audit_log(self):
        _, receipt = self.post({"tags": ["audited"], "soft": True}, "Authorization: Bearer s-all")
        self.by("s-url", {"tags": ["forbidden"]})
        until(lambda: "scopes do not include" in self.stand.edge.text())
        line = next(l for l in self.stand.edge.text().split("\n") if receipt["id"] in l)
        self.assertRegex(line, r' audit purge by="token all" id=\w{32} mode="soft" '
                               r'what="tag audited on test.example" status=200 number=\d+$')
        if self.has_shield:
            until(lambda: receipt["id"] in self.stand.shield.text())

    def test_secrets_are_in_no_log(self):
        self.by("s-all", {"tags": ["t"]})
        self.ask("PURGE", "/x", "Authorization: Bearer s-wrong")
        self.assertNotRegex(self.stand.edge.text(), "s-all|s-wrong")


class RateTest(unittest.TestCase):
    def test_the_third_at_once_has_to_wait(self):
        stand = Stand(Topology.EDGE, edge={"purge": {"rate": 2}})
        self.addCleanup(stand.close)
        answers = [sent(stand.port, "POST", "/purge", {"tags": ["t"]})[0] for _ in range(30)]
        self.assertEqual(200, answers[0].status)
        late = [a for a in answers if a.status == 429]
        self.assertTrue(late)
        self.assertEqual("1", late[0].get("Retry-After"))


class AuditFileTest(unittest.TestCase):
    def test_more_than_the_error_log_would_take(self):
        stand = Stand(Topology.EDGE, edge={"log": {"audit": {"path": "audit.log"}}})
        self.addCleanup(stand.close)
        ids = [sent(stand.port, "POST", "/purge", {"tags": ["t"]})[1]["id"] for _ in range(50)]
        text = (stand.edge.folder / "audit.log").read_text()
        self.assertEqual(ids, re.findall(r" id=(\w{32}) ", text))


class HashTokenTest(unittest.TestCase):
    def test_prints_what_the_configuration_takes(self):
        done = subprocess.run([BIN / "edge" / "edge", "hash-token"], input="s-all\n", text=True,
                              capture_output=True)
        self.assertEqual(hashlib.sha256(b"s-all").hexdigest() + "\n", done.stdout)


class ShieldAwayTest(unittest.TestCase):
    def test_it_is_not_complete_and_the_shield_catches_up(self):
        stand = Stand(Topology.EDGE_SHIELD)
        self.addCleanup(stand.close)
        stand.origin.serve("/a", lambda r: Answer(FRESH, "xkey: t", body=b"%d" % r.number))
        self.assertEqual(b"0", get(stand.port, "/a").body)
        port = stand.shield.port
        stand.shield.close()
        response, receipt = sent(stand.port, "POST", "/purge", {"tags": ["t"]})
        self.assertEqual((202, False), (response.status, receipt["complete"]))
        away = receipt["nodes"][1]
        self.assertEqual(("shield", False, None), (away["role"], away["acknowledged"], away["ms"]))
        command = [BIN / "edge" / "edge", "purge", "--tag", "t", "--node",
                   f"http://127.0.0.1:{stand.edge.admin}"]
        self.assertEqual(1, subprocess.run(command, capture_output=True).returncode)
        config = {**stand.shield.config, "listen": [{"address": "127.0.0.1", "port": port}]}
        stand.shield = Node("shield", config, stand.shield.folder)

        def caught_up():
            told = sent(stand.port, "GET", "/purge/" + receipt["id"])[1]
            return told["complete"] and told["nodes"][1]["node"] == "shield-test"
        until(caught_up, 60)
        until(lambda: subprocess.run(command, capture_output=True).returncode == 0, 60)
        # A command that came too early is owed, too, until it is repeated.
        until(lambda: stand.edge.stats()["purge_log"]["owed"] == 0, 60)


class BehindAnEdgeTest(unittest.TestCase):
    def test_the_edges_own_rights_are_not_its_viewers(self):
        """An edge that allows nobody, and a shield on the same machine that allows loopback."""
        stand = Stand(Topology.EDGE_SHIELD, edge={"purge": {"allow": []}})
        self.addCleanup(stand.close)
        stand.origin.serve("/purge", Answer(body=b"the site's"))
        stand.origin.serve("/a", Answer(FRESH))
        get(stand.port, "/a")
        response = ask(stand.port, "POST", "/purge", body=b"{\"everything\": true}")
        self.assertEqual(b"the site's", response.body)
        self.assertEqual(403, ask(stand.port, "PURGE", "/a").status)
        forged = ("Content-Type: application/vnd.seawall.purge", "Seawall-Internal: scheme=http")
        order = b"purge x hard\nall %\nend\n"
        self.assertEqual(403, ask(stand.port, "PURGE", "/.seawall/purge", *forged,
                                  body=order).status)
        self.assertEqual([], sent(stand.shield.port, "GET", "/purge")[1]["purges"])


if __name__ == "__main__":
    unittest.main()
