#include "common/proxy/purge_request.h"

#include "catch.h"
#include "common/proxy/purge_desk.h"
#include "common/proxy/shield_order.h"
#include "tests/unit/proxy/scene.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::proxy {
namespace {

struct Done final : net::PostedTask {
  using PostedTask::PostedTask;
  void run() override { ++runs; }
  int runs = 0;
};

std::string acknowledgement(std::string_view objects) {
  std::string body = "part shield-1 shield 7 swept ";
  body.append(objects).append(" 100\nend\n");
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Takes the form from the tests: what JSON says is config's.
PurgeForm next_form;
std::optional<std::string> take_form(PurgeVerb, std::string_view body, PurgeForm& form) {
  if (body == "bad") return "line 1, column 1: bad";
  form = next_form;
  return std::nullopt;
}

struct Purging {
  explicit Purging(int shields)
      : resolver(scene.loop), done(scene.loop), desk(take_form, scene.log) {
    upstream::GroupConfig config;
    config.name = "shields";
    config.kind = upstream::GroupKind::kShield;
    for (int i = 0; i < shields; ++i) {
      upstream::ServerConfig server;
      server.host = "s" + std::to_string(i);
      server.port = 80;
      config.servers.push_back(server);
      resolver.names[server.host] = {"10.0.0." + std::to_string(i + 1)};
    }
    auto upstreams = std::make_shared<Upstreams>();
    upstreams->add(std::make_unique<upstream::Group>(scene.loop, resolver,
                                                     scene.worker.head_scratch(), config, nullptr));
    auto settings = std::make_shared<Settings>(*scene.worker.settings());
    std::vector<cache::Site> sites = settings->sites->sites();
    sites[0].upstream = "shields";
    cache::Site other = sites[0];
    other.name = "other";
    other.hosts = {"other.test", "*.other.test"};
    sites.push_back(std::move(other));
    settings->sites = std::make_shared<cache::SiteTable>(std::move(sites));
    settings->purge.tokens.push_back({"ci", crypto::sha256("secret"), {1, {"site"}}});
    scene.worker.apply(settings, upstreams);
    scene.worker.set_purge_desk(desk);
    scene.peer.may_purge = true;
    next_form = {};
  }
  std::unique_ptr<PurgeRequest> start(const TestHead& head, std::string_view body = {}) {
    auto request = std::make_unique<PurgeRequest>(scene.worker, scene.peer,
                                                  Ref<OwnedHead>(new OwnedHead(head)),
                                                  PurgeRequest::Door::kListener, done);
    if (request->take_body(body)) request->start();
    scene.loop.turn();
    return request;
  }
  std::unique_ptr<PurgeRequest> start(const std::string& target = "/a") {
    return start(TestHead("PURGE", target, {{"Host", "site.test"}}));
  }
  std::unique_ptr<PurgeRequest> post(PurgeForm form, std::string token = {},
                                     std::string host = "site.test") {
    next_form = std::move(form);
    std::vector<std::pair<std::string, std::string>> lines = {{"Host", std::move(host)}};
    if (!token.empty()) lines.emplace_back("Authorization", "Bearer " + token);
    return start(TestHead("POST", "/purge", std::move(lines)), "{}");
  }
  void put(std::string url = "http://site.test/a") {
    store::TestKey key(url);
    key.url_hash = purge::Target::url(url.substr(7), "").hash;
    REQUIRE(store::put(scene.store, key, "body"));
  }
  uint64_t stored() { return scene.store.stats().entries; }

  Scene scene;
  net::SimResolver resolver;
  Done done;
  PurgeDesk desk;
};

PurgeForm urls(std::vector<std::string> list) {
  PurgeForm form;
  form.urls = std::move(list);
  return form;
}

bool has(const LocalAnswer& answer, std::string_view text) {
  return answer.body.find(text) != std::string::npos;
}

TEST_CASE("a purge without shields takes effect here, and says whether there was something") {
  Purging p(0);
  auto purge = p.start();
  CHECK(p.done.runs == 1);
  REQUIRE(purge->finished());
  CHECK(purge->answer().status == 404);
  p.put();
  purge = p.start();
  const LocalAnswer answer = purge->answer();
  CHECK(answer.status == 200);
  CHECK(has(answer, "\"url\":\"site.test/a\""));
  CHECK(has(answer, "\"objects\":1"));
  CHECK(has(answer, "\"complete\":true"));
  CHECK(p.stored() == 0);
}

TEST_CASE("settings change while the body of a purge comes") {
  Purging p(0);
  Worker& worker = p.scene.worker;
  const auto begin = [&](const TestHead& head) {
    return std::make_unique<PurgeRequest>(worker, p.scene.peer, Ref<OwnedHead>(new OwnedHead(head)),
                                          PurgeRequest::Door::kListener, p.done);
  };
  const auto reload = [&](PurgeRules rules) {
    auto settings = std::make_shared<Settings>(*worker.settings());
    settings->sites = std::make_shared<cache::SiteTable>(settings->sites->sites());
    settings->purge = std::move(rules);
    const std::weak_ptr<const Settings> kept = settings;
    worker.apply(std::move(settings), worker.upstreams());
    return kept;
  };
  PurgeRules rules = worker.settings()->purge;

  const auto purge = begin(TestHead("PURGE", "/a", {{"Host", "site.test"}}));
  const std::weak_ptr<const Settings> routed_by = reload(rules);
  purge->start();
  reload(rules);
  REQUIRE(purge->site());
  CHECK(!routed_by.expired());  // its site is logged at the end

  p.scene.peer.may_purge = false;
  const TestHead form("POST", "/purge",
                      {{"Host", "site.test"}, {"Authorization", "Bearer secret"}});
  const auto revoked = begin(form);
  rules.tokens.clear();
  reload(rules);
  revoked->start();
  CHECK(revoked->answer().status == 403);

  p.scene.peer.may_purge = true;
  const std::string id(32, 'a');
  const auto receipt = begin(TestHead("GET", "/purge/" + id, {{"Host", "site.test"}}));
  const auto log = begin(TestHead("GET", "/purge?after=7", {{"Host", "site.test"}}));
  rules.path = "/" + std::string(100, 'p');
  reload(rules);
  receipt->start();
  p.scene.loop.turn();
  CHECK(receipt->answer().status == 404);
  log->start();
  CHECK(log->answer().status == 200);
}

TEST_CASE("shields are purged before this node is") {
  Purging p(2);
  p.put();
  const auto purge = p.start();
  REQUIRE(p.scene.loop.wires.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    net::Wire& wire = p.scene.loop.wire(i);
    wire.connected();
    CHECK(wire.written.starts_with("PURGE /.seawall/purge HTTP/1.1\r\n"));
    CHECK(wire.written.ends_with(" hard\nurl site.test/a\nend\n"));
  }
  p.scene.loop.wire(0).data(acknowledgement("0"));
  p.scene.loop.turn();
  CHECK_FALSE(purge->finished());
  CHECK(p.stored() == 1);
  p.scene.loop.wire(1).data(acknowledgement("4"));
  p.scene.loop.turn();
  REQUIRE(purge->finished());
  const LocalAnswer answer = purge->answer();
  CHECK(answer.status == 200);
  CHECK(has(answer, "\"role\":\"shield\",\"acknowledged\":true"));
  CHECK(has(answer, "\"objects\":4,\"bytes\":100,\"swept\":true"));
  CHECK(p.stored() == 0);
  CHECK(p.scene.worker.order_queue().size() == 0);
}

TEST_CASE("a shield that is away is owed its purge until it has acknowledged") {
  Purging p(1);
  auto purge = p.start();
  p.scene.loop.last().error(ErrorCode::kConnect);
  p.scene.loop.turn();
  REQUIRE(purge->finished());
  const LocalAnswer answer = purge->answer();
  CHECK(answer.status == 202);
  CHECK(has(answer, "\"complete\":false"));
  purge.reset();
  const purge::Debts& debts = p.scene.store.purges().debts();
  CHECK(debts.count() == 1);
  for (const std::string_view says :
       {"", "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nwho"}) {
    const size_t asked = p.scene.loop.wires.size();
    p.scene.loop.pass(Millis(1100));
    REQUIRE(p.scene.loop.wires.size() == asked + 1);
    if (says.empty()) {
      p.scene.loop.last().error(ErrorCode::kConnect);
    } else {
      p.scene.loop.last().connected();
      p.scene.loop.last().data(says);
    }
    p.scene.loop.turn();
    CHECK(p.scene.worker.order_queue().size() == 1);
    CHECK(debts.count() == 1);
  }
  p.scene.loop.pass(Millis(1100));
  const auto wire = p.scene.loop.wires.back();
  wire->connected();
  wire->data(acknowledgement("2"));
  p.scene.loop.turn();
  CHECK(p.scene.worker.order_queue().size() == 0);
  CHECK(debts.count() == 0);
}

TEST_CASE("an order on a reused connection that breaks is sent again at once") {
  Purging p(1);
  auto first = p.start();
  p.scene.loop.last().connected();
  p.scene.loop.last().data(acknowledgement("0"));
  p.scene.loop.turn();
  (void)first->answer();
  const auto reused = p.scene.loop.wires.back();
  reused->take();
  auto second = p.start();
  REQUIRE(p.scene.loop.wires.size() == 1);
  REQUIRE(reused->written.starts_with("PURGE "));
  reused->end();
  p.scene.loop.turn();
  REQUIRE(p.scene.loop.wires.size() == 2);
  CHECK_FALSE(second->finished());
  p.scene.loop.last().connected();
  p.scene.loop.last().data(acknowledgement("1"));
  p.scene.loop.turn();
  REQUIRE(second->finished());
  CHECK(second->answer().status == 200);
}

TEST_CASE("a shield that takes too long is waited for in the queue") {
  Purging p(1);
  p.put();
  PurgeForm form = urls({"/a"});
  form.timeout = Millis(300);
  auto purge = p.post(form);
  p.scene.loop.last().connected();
  p.scene.loop.pass(Millis(200));
  CHECK_FALSE(purge->finished());
  p.scene.loop.pass(Millis(200));
  REQUIRE(purge->finished());
  const LocalAnswer answer = purge->answer();
  CHECK(answer.status == 202);
  CHECK(p.stored() == 0);
  purge.reset();
  CHECK(p.scene.worker.order_queue().size() == 1);
  p.scene.loop.last().data(acknowledgement("3"));
  p.scene.loop.turn();
  CHECK(p.scene.worker.order_queue().size() == 0);
  CHECK(p.scene.loop.wires.size() == 1);
}

TEST_CASE("wait local answers at once, and the shield hears of it all the same") {
  Purging p(1);
  p.put();
  PurgeForm form = urls({"/a"});
  form.wait = PurgeForm::Wait::kLocal;
  auto purge = p.post(form);
  REQUIRE(purge->finished());
  CHECK(purge->answer().status == 202);
  CHECK(p.stored() == 0);
  CHECK(p.scene.store.purges().debts().count() == 1);
  p.scene.loop.last().connected();
  p.scene.loop.last().data(acknowledgement("0"));
  p.scene.loop.turn();
  CHECK(p.scene.store.purges().debts().count() == 0);
}

TEST_CASE("a purge whose viewer leaves takes effect") {
  Purging p(1);
  p.put();
  p.post(urls({"/a"})).reset();
  CHECK(p.stored() == 0);
  CHECK(p.scene.worker.order_queue().size() == 1);
}

TEST_CASE("a token's scopes and sites bound what it purges") {
  Purging p(0);
  PurgeForm tags, everything, pattern, hosts;
  tags.tags = {"t"};
  everything.everything = true;
  hosts.hosts = {"site.test"};
  const auto status = [&](PurgeForm form, std::string token = "secret",
                          std::string host = "site.test") {
    return p.post(std::move(form), std::move(token), std::move(host))->answer().status;
  };
  CHECK(status(urls({"/a", "/b*"})) == 200);
  CHECK(status(urls({"https://other.test/a"})) == 403);
  CHECK(status(urls({"/a"}), "secret", "other.test") == 403);
  CHECK(status(urls({"/*"})) == 403);
  CHECK(status(urls({"/**?"})) == 403);
  CHECK(status(tags) == 403);
  CHECK(status(hosts) == 403);
  CHECK(status(everything) == 403);
  CHECK(status(urls({"/a"}), "Secret") == 401);
  CHECK(status(tags, "") == 200);
  CHECK(status(everything, "") == 200);
  p.scene.peer.may_purge = false;
  CHECK(status(urls({"/a"}), "") == 401);
  CHECK(status(urls({"/a"})) == 200);
}

TEST_CASE("what names no site, no URL or nothing is refused with a reason") {
  Purging p(0);
  PurgeForm unknown_site = urls({"/a"}), bad_host, suffix_site = urls({"/a"});
  unknown_site.site = "nobody";
  bad_host.hosts = {"a b"};
  suffix_site.site = "other";
  const struct {
    PurgeForm form;
    std::string host;
    uint16_t status;
    std::string_view why;
  } kCases[] = {
      {{}, "site.test", 400, "nothing to purge"},
      {urls({"a"}), "site.test", 400, "\\\"/path\\\" or"},
      {urls({"/a"}), "nobody.test", 400, "has no host"},
      {urls({"/a#b"}), "site.test", 400, "is no URL"},
      {urls({"https://nobody.test/"}), "site.test", 400, "no site is configured"},
      {unknown_site, "site.test", 400, "no site is called"},
      {bad_host, "site.test", 400, "is no host name"},
      {suffix_site, "site.test", 400, "has all names below"},
  };
  for (const auto& c : kCases) {
    const LocalAnswer answer = p.post(c.form, "", c.host)->answer();
    INFO(answer.body);
    CHECK(answer.status == c.status);
    CHECK(has(answer, c.why));
  }
  CHECK(p.start(TestHead("POST", "/purge", {{"Host", "site.test"}}), "bad")->answer().status ==
        400);
  const std::string large((1 << 20) + 1, ' ');
  CHECK(p.start(TestHead("POST", "/purge", {{"Host", "site.test"}}), large)->answer().status ==
        413);
}

TEST_CASE("a soft purge can be taken back, a hard one can't") {
  Purging p(0);
  const auto undo = [&](std::string id) {
    next_form = {};
    next_form.id = std::move(id);
    return p.start(TestHead("POST", "/purge/undo", {{"Host", "site.test"}}), "{}")->answer();
  };
  const auto id_of = [](const LocalAnswer& answer) { return answer.body.substr(7, 32); };
  PurgeForm soft = urls({"/a*"});
  soft.soft = true;
  const std::string softly = id_of(p.post(soft)->answer());
  const std::string hardly = id_of(p.post(urls({"/a*"}))->answer());
  const LocalAnswer undone = undo(softly);
  CHECK(undone.status == 200);
  CHECK(has(undone, "\"undo_of\":\"" + softly + "\""));
  CHECK(undo(softly).status == 409);
  CHECK(undo(hardly).status == 409);
  CHECK(undo(id_of(undone)).status == 404);
  CHECK(undo("nothing").status == 404);
}

TEST_CASE("a star in path or query makes a pattern") {
  Purging p(0);
  (void)p.post(urls({"/a", "/a*", "/a?b=*", "https://www.other.test/%2A?x=1"}))->answer();
  const auto entry = p.scene.store.purges().after(0, 1).at(0);
  std::string kinds;
  for (const purge::Target& target : entry.purge.targets) {
    kinds.append(to_string(target.kind)).append(" ").append(target.text).append(", ");
  }
  CHECK(kinds == "url site.test/a, prefix /a, wildcard /a?b=*, url www.other.test/%2A?x=1, ");
}

TEST_CASE("a dry run counts and changes nothing") {
  Purging p(0);
  p.put("http://site.test/a");
  p.put("http://site.test/ab");
  p.put("http://site.test/b");
  PurgeForm form = urls({"/a*"});
  form.dry_run = true;
  auto request = p.post(form);
  p.scene.loop.pass(Millis(50));
  REQUIRE(request->finished());
  const LocalAnswer answer = request->answer();
  CHECK(answer.status == 200);
  CHECK(has(answer, "\"dry_run\":true"));
  CHECK(has(answer, "\"objects\":2"));
  CHECK(p.stored() == 3);
  CHECK(p.scene.store.purges().position() == 0);
}

TEST_CASE("the interface is the site's for those who may not purge, and behind an edge") {
  Purging p(0);
  const auto claims = [&](std::string method, std::string target,
                          std::vector<std::pair<std::string, std::string>> lines = {}) {
    const TestHead head(std::move(method), std::move(target), std::move(lines));
    return PurgeRequest::claims(p.scene.worker, p.scene.peer, head);
  };
  const std::string id(32, 'a');
  CHECK(claims("POST", "/purge"));
  CHECK(claims("POST", "/purge/undo"));
  CHECK(claims("GET", "/purge"));
  CHECK(claims("GET", "/purge?after=4"));
  CHECK(claims("GET", "/purge/" + id));
  CHECK_FALSE(claims("GET", "/purge/about"));
  CHECK_FALSE(claims("POST", "/purged"));
  CHECK_FALSE(claims("POST", "/purge/x"));
  CHECK_FALSE(claims("PUT", "/purge"));
  CHECK_FALSE(claims("POST", "/purge", {{"Seawall-Internal", "scheme=http"}}));
  p.scene.peer.may_purge = false;
  CHECK(claims("PURGE", "/"));
  CHECK_FALSE(claims("POST", "/purge"));
  CHECK_FALSE(claims("POST", "/purge", {{"Authorization", "Bearer x"}}));
  CHECK_FALSE(claims("POST", "/purge", {{"Authorization", "Basic secret"}}));
  CHECK(claims("POST", "/purge", {{"Authorization", "bearer secret"}}));
  CHECK_FALSE(claims("POST", "/purge",
                     {{"Authorization", "Bearer secret"}, {"Authorization", "Bearer secret"}}));
}

TEST_CASE("callers that purge faster than their rate are told to wait") {
  PurgeRates rates;
  MonoTime now{};
  for (int i = 0; i < 3; ++i) CHECK(rates.admit("a", 3, now));
  CHECK_FALSE(rates.admit("a", 3, now));
  CHECK(rates.admit("b", 3, now));
  CHECK(rates.admit("a", 0, now));
  now += Millis(400);
  CHECK(rates.admit("a", 3, now));
  CHECK_FALSE(rates.admit("a", 3, now));
  CHECK_FALSE(rates.admit("a", 3, now - Millis(300)));
}

}  // namespace
}  // namespace seawall::proxy
