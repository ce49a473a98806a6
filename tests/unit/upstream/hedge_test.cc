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
  };
  const Row rows[] = {{"error, good", kError, kOk, "head 200, complete"},
                      {"error, error", kError, kError, "head 503, complete"},
                      {"error, broken", kError, "", "failed"},
                      {"broken, good", "", kOk, "head 200, complete"},
                      {"broken, error", "", kError, "head 503, complete"},
                      {"broken, broken", "", "", "failed"}};
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
      say(1 - early, row.second);
      CHECK(heard.all() == row.heard);
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

}  // namespace
}  // namespace seawall::upstream
