// A second request beside one that is late.
#include "catch.h"
#include "common/upstream/hedged_exchange.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using BodyKind = ExchangeRequest::BodyKind;
using http::Method;

GroupConfig hedging() {
  GroupConfig config;
  config.retry.hedge = true;
  return config;
}

// A group whose answers of late took 100 ms, all on connections that are gone.
struct HedgeScene : Scene {
  explicit HedgeScene(int servers = 2, const GroupConfig& config = hedging(), int answers = 20)
      : Scene(servers, config) {
    for (int i = 0; i < answers; ++i) {
      Heard warm;
      const auto exchange = Scene::start(warm);
      const auto wire = loop.wires.back();
      if (wire->written.empty()) wire->connected();
      loop.pass(Millis(100));
      wire->data("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    }
    loop.wires.clear();
  }
  std::unique_ptr<HedgedExchange> begin(Heard& to, ExchangeRequest request = get()) {
    auto exchange = std::make_unique<HedgedExchange>(*group, std::move(request), to);
    exchange->start();
    loop.turn();
    if (!loop.wires.empty()) loop.wire(0).connected();
    return exchange;
  }
};

TEST_CASE("a late answer is asked for at another server as well, and the first good one counts") {
  for (const size_t winner : {0, 1}) {
    INFO(winner);
    HedgeScene scene;
    Heard heard;
    const auto exchange = scene.begin(heard);
    scene.loop.pass(Millis(90));
    CHECK(scene.loop.wires.size() == 1);
    scene.loop.pass(Millis(60));
    REQUIRE(scene.loop.wires.size() == 2);
    CHECK(scene.loop.wire(0).to.to_string() != scene.loop.wire(1).to.to_string());
    scene.loop.wire(1).connected();
    CHECK(scene.loop.wire(1).take() == scene.loop.wire(0).take());
    scene.loop.wire(winner).data("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok");
    const net::Wire& loser = scene.loop.wire(1 - winner);
    CHECK(loser.closed);
    CHECK(loser.reset);
    scene.loop.turn();
    exchange->pause();
    CHECK_FALSE(scene.loop.wire(winner).reading);
    exchange->resume();
    scene.loop.wire(winner).data("ok");
    CHECK(heard.all() == "head 200, complete");
    CHECK(heard.body == "okok");
    const HedgedExchange::Facts facts = exchange->facts();
    CHECK(facts.hedged);
    CHECK(facts.hedge_won == (winner == 1));
    CHECK(facts.connects == 2);
    CHECK(scene.server(0).in_use() + scene.server(1).in_use() == 0);
    scene.loop.pass(Seconds(60));
    CHECK(scene.loop.wires.size() == 2);
  }
}

TEST_CASE("an error is not told while another answer may still come") {
  constexpr std::string_view kError = "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno";
  struct Row {
    const char* name;
    std::string_view first, second;  // "" the connection breaks
    const char* heard;
    bool answered;  // by the one that is later
  };
  const Row rows[] = {{"error, good", kError, kOk, "head 200, complete", true},
                      {"error, error", kError, kError, "head 503, complete", true},
                      {"error, broken", kError, "", "failed", false},
                      {"broken, good", "", kOk, "head 200, complete", true},
                      {"broken, error", "", kError, "head 503, complete", true},
                      {"broken, broken", "", "", "failed", false}};
  for (const Row& row : rows) {
    for (const size_t early : {0, 1}) {
      INFO(row.name << " " << early);
      GroupConfig config = hedging();
      config.retry.on = 0;
      HedgeScene scene(2, config);
      Heard heard;
      const auto exchange = scene.begin(heard);
      scene.loop.pass(Millis(150));
      REQUIRE(scene.loop.wires.size() == 2);
      scene.loop.wire(1).connected();
      const auto say = [&](size_t wire, std::string_view text) {
        text.empty() ? scene.loop.wire(wire).end() : scene.loop.wire(wire).data(text);
        scene.loop.turn();
      };
      say(early, row.first);
      CHECK(heard.events.empty());
      CHECK_FALSE(exchange->facts().hedge_won);
      say(1 - early, row.second);
      CHECK(heard.all() == row.heard);
      CHECK(exchange->facts().hedge_won == (row.answered && early == 0));
      CHECK(scene.server(0).in_use() + scene.server(1).in_use() == 0);
    }
  }
}

TEST_CASE("what is not asked twice: unsafe, with a body, without rules, knowledge or budget") {
  struct Row {
    const char* name;
    ExchangeRequest request;
    bool hedged;
    bool hedge = true;
    int answers = 20;
    double budget = 0.2;
  };
  ExchangeRequest upgrade = get();
  upgrade.upgrade = true;
  ExchangeRequest one = get();
  one.server = 0;
  const Row rows[] = {
      {"GET", get(), true},
      {"HEAD", with_method(Method::kHead, "HEAD", BodyKind::kNone), true},
      {"POST", with_method(Method::kPost, "POST", BodyKind::kNone), false},
      {"PUT", with_method(Method::kPut, "PUT", BodyKind::kNone), false},
      {"GET with a body", with_method(Method::kGet, "GET", BodyKind::kChunked), false},
      {"upgrade", upgrade, false},
      {"one server", one, false},
      {"off", get(), false, false},
      {"too few answers", get(), false, true, 19},
      {"no budget", get(), false, true, 20, 0},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    GroupConfig config = hedging();
    config.retry.hedge = row.hedge;
    config.retry.budget = row.budget;
    config.retry.floor = 0;
    HedgeScene scene(2, config, row.answers);
    Heard heard;
    const auto exchange = scene.begin(heard, row.request);
    scene.loop.pass(Millis(500));
    CHECK(scene.loop.wires.size() == (row.hedged ? 2 : 1));
    CHECK(exchange->facts().hedged == row.hedged);
  }
}

TEST_CASE("with one server the same is asked again, over another connection") {
  HedgeScene scene(1);
  Heard heard;
  const auto exchange = scene.begin(heard);
  scene.loop.pass(Millis(150));
  REQUIRE(scene.loop.wires.size() == 2);
  scene.loop.wire(1).connected();
  scene.loop.wire(1).data(kOk);
  CHECK(heard.all() == "head 200, complete");
}

TEST_CASE("a full group is not asked twice, nor is what waits for it") {
  GroupConfig config = hedging();
  config.max_connections = 1;
  HedgeScene scene(1, config);
  Heard first, second;
  const auto busy = scene.begin(first);
  const auto waits = scene.begin(second);
  scene.loop.pass(Millis(500));
  CHECK(scene.loop.wires.size() == 1);
  CHECK_FALSE(busy->facts().hedged);
  CHECK_FALSE(waits->facts().hedged);
}

TEST_CASE("after an interim answer the rest of it is awaited") {
  HedgeScene scene;
  Heard heard;
  const auto exchange = scene.begin(heard);
  scene.loop.wire(0).data("HTTP/1.1 103 Early Hints\r\n\r\n");
  scene.loop.pass(Millis(500));
  CHECK(scene.loop.wires.size() == 1);
  CHECK(heard.all() == "interim 103");
}

TEST_CASE("who gives up closes both") {
  HedgeScene scene;
  Heard heard;
  auto exchange = scene.begin(heard);
  scene.loop.pass(Millis(150));
  REQUIRE(scene.loop.wires.size() == 2);
  exchange.reset();
  scene.loop.turn();
  CHECK(scene.loop.wire(0).closed);
  CHECK(scene.loop.wire(1).closed);
  CHECK(heard.events.empty());
  CHECK(scene.group->active == 0);
}

TEST_CASE("a hedge is no request of its own in the retry budget") {
  GroupConfig config = hedging();
  config.retry.budget = 0.1;  // of 21: two
  config.retry.floor = 0;
  HedgeScene scene(2, config);
  int hedged = 0;
  for (int i = 0; i < 4; ++i) {
    Heard heard;
    scene.loop.wires.clear();
    const auto exchange = scene.begin(heard);
    scene.loop.pass(Millis(200));
    hedged += exchange->facts().hedged;
  }
  CHECK(hedged == 2);
}

TEST_CASE("a server that is silent in every race it loses is ejected, one that answers is not") {
  struct Row {
    const char* name;
    int servers;
    int failures;  // that eject
    int losses;
    std::string_view piece;  // that comes of its late answers
    bool others;             // another request is answered by it meanwhile
    bool ejected;
  };
  const Row rows[] = {{"silent", 2, 3, 3, "", false, true},
                      {"silent, but not often enough", 2, 3, 2, "", false, false},
                      {"slow with the rest of it", 2, 1, 1, "HTTP/1.1 200 OK\r\n", false, false},
                      {"answers others", 2, 1, 1, "", true, false},
                      {"a single one, which answers the hedge", 1, 1, 1, "", false, false}};
  for (const Row& row : rows) {
    INFO(row.name);
    GroupConfig config = hedging();
    config.health.failures = row.failures;
    config.health.failure_ratio = 0;
    config.retry.floor = 100;
    HedgeScene scene(row.servers, config, 100);
    const auto is_late = [&](const net::Wire& wire) {
      return wire.to.to_string().starts_with("10.0.0.1:");
    };
    int lost = 0;
    for (int i = 0; lost < row.losses; ++i) {
      REQUIRE(i < 20);
      scene.loop.wires.clear();
      Heard heard, other;
      const auto exchange = scene.begin(heard);
      if (!is_late(scene.loop.wire(0))) continue;
      scene.loop.wire(0).data(row.piece);
      if (row.others) {
        scene.loop.pass(Millis(10));
        ExchangeRequest request = get();
        request.server = 0;
        const auto beside = scene.start(other, request);
        scene.loop.last().connected();
        scene.loop.last().data("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        REQUIRE(other.has("complete"));
      }
      scene.loop.pass(Millis(150));
      REQUIRE(exchange->facts().hedged);
      scene.loop.last().connected();
      scene.loop.last().data("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      REQUIRE(exchange->facts().hedge_won);
      ++lost;
    }
    CHECK(scene.server(0).health().usable(scene.loop.now()) == !row.ejected);
  }
}

TEST_CASE("what a lost race took at least is remembered, and not the winner's time instead") {
  HedgeScene scene;
  Latencies& latencies = scene.group->latencies();
  Heard heard;
  const auto exchange = scene.begin(heard);
  scene.loop.pass(Millis(160));
  REQUIRE(scene.loop.wires.size() == 2);
  scene.loop.wire(1).connected();
  scene.loop.wire(1).data(kOk);
  const MonoTime now = scene.loop.now();
  CHECK(latencies.count(now) == 21);
  CHECK(latencies.quantile(0.01, now) >= Millis(100));
  CHECK(latencies.quantile(1, now) >= Millis(160));
}

TEST_CASE("the time that connecting takes makes no answer late") {
  HedgeScene scene;
  Heard heard;
  HedgedExchange exchange(*scene.group, get(), heard);
  exchange.start();
  scene.loop.pass(Millis(500));
  REQUIRE(scene.loop.wires.size() == 1);
  scene.loop.wire(0).connected();
  scene.loop.pass(Millis(90));
  CHECK(scene.loop.wires.size() == 1);
  scene.loop.pass(Millis(60));
  CHECK(scene.loop.wires.size() == 2);
}

TEST_CASE("two together take no longer than the total that one may take") {
  GroupConfig config = hedging();
  config.timeouts.total = Millis(300);
  HedgeScene scene(2, config);
  Heard heard;
  const auto exchange = scene.begin(heard);
  scene.loop.pass(Millis(150));
  REQUIRE(scene.loop.wires.size() == 2);
  scene.loop.wire(1).connected();
  scene.loop.pass(Millis(100));
  CHECK(heard.events.empty());
  scene.loop.pass(Millis(70));
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kTotalTimeout);
}

TEST_CASE("a hedge goes to no backup, to no ejected server, and nowhere in a panic") {
  struct Row {
    const char* name;
    int servers;
    int ejected;  // of those that are not asked first
    bool backup;  // there is one besides
    bool hedged;
  };
  const Row rows[] = {{"two", 2, 0, false, true},
                      {"the other one is ejected", 2, 1, false, false},
                      {"one of two others", 3, 1, false, true},
                      {"panic", 3, 2, false, false},
                      {"a backup", 1, 0, true, false},
                      {"a backup and another", 2, 0, true, true}};
  for (const Row& row : rows) {
    INFO(row.name);
    GroupConfig config = hedging();
    if (row.backup) {
      ServerConfig backup;
      backup.host = "10.0.0.99";
      backup.port = 8080;
      backup.url = "http://10.0.0.99:8080";
      backup.backup = true;
      config.servers.push_back(backup);
    }
    HedgeScene scene(row.servers, config);
    Heard heard;
    const auto exchange = scene.begin(heard);
    const Server* asked = exchange->facts().server;
    int left = row.ejected;
    for (const auto& server : scene.group->servers()) {
      if (server.get() == asked || left == 0) continue;
      --left;
      for (int i = 0; i < 3; ++i) server->health().note(Outcome::kNoAnswer, scene.loop.now());
    }
    scene.loop.pass(Millis(150));
    CHECK(exchange->facts().hedged == row.hedged);
    if (row.hedged) CHECK(scene.loop.last().to.to_string() != "10.0.0.99:8080");
  }
}

TEST_CASE("a retry that the budget refused to either is told") {
  for (const size_t refused : {0, 1}) {
    INFO(refused);
    GroupConfig config = hedging();
    config.retry.on = RetryRules::k503;
    config.retry.budget = 0.05;  // of 21: the hedge
    config.retry.floor = 0;
    HedgeScene scene(2, config);
    Heard heard;
    const auto exchange = scene.begin(heard);
    scene.loop.pass(Millis(150));
    REQUIRE(scene.loop.wires.size() == 2);
    scene.loop.wire(1).connected();
    scene.loop.wire(refused).data("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    scene.loop.turn();
    CHECK(exchange->facts().retry_refused);
    CHECK(heard.events.empty());
    scene.loop.wire(1 - refused).data(kOk);
    CHECK(heard.all() == "head 200, complete");
  }
}

}  // namespace
}  // namespace seawall::upstream
