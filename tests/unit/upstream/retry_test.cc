// What is sent again, where, and how often.
#include "catch.h"
#include "common/upstream/exchange.h"
#include "common/upstream/retry_budget.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using BodyKind = ExchangeRequest::BodyKind;
using http::Method;

constexpr MonoTime kNow{std::chrono::hours(1)};

TEST_CASE("retries are a share of the requests, and a few a second") {
  struct Row {
    double budget;
    int floor;
    int requests;
    int allowed;
  };
  const Row rows[] = {{0.2, 3, 0, 30}, {0.2, 3, 1000, 230}, {0.2, 0, 0, 0}, {0.2, 0, 4, 0},
                      {0.2, 0, 5, 1},  {0, 0, 1000, 0},     {1, 0, 7, 7},   {0, 1, 1000, 10}};
  for (const Row& row : rows) {
    RetryRules rules;
    rules.budget = row.budget;
    rules.floor = row.floor;
    RetryBudget budget(rules);
    for (int i = 0; i < row.requests; ++i) budget.note_request(kNow);
    int taken = 0;
    while (taken < 2000 && budget.take(kNow)) ++taken;
    CHECK(taken == row.allowed);
    taken = 0;
    while (taken < 2000 && budget.take(kNow + RetryBudget::kWindow)) ++taken;
    CHECK(taken == row.floor * 10);  // of the floor there is always more
  }
}

GroupConfig with_retry(uint8_t on) {
  GroupConfig config;
  config.retry.on = on;
  return config;
}

constexpr std::string_view k503 = "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno";

TEST_CASE("a fresh connection that is closed before the answer is retried where that is safe") {
  struct Row {
    const char* name;
    ExchangeRequest request;
    uint8_t on;
    bool retried;
  };
  const Row rows[] = {
      {"GET", get(), RetryRules::kReset, true},
      {"not wanted", get(), RetryRules::k503, false},
      {"DELETE", with_method(Method::kDelete, "DELETE", BodyKind::kNone), RetryRules::kReset,
       false},
      {"PUT", with_method(Method::kPut, "PUT", BodyKind::kLength), RetryRules::kReset, false},
      {"POST", with_method(Method::kPost, "POST", BodyKind::kNone), RetryRules::kReset, false}};
  for (const Row& row : rows) {
    for (const bool partial : {false, true}) {
      INFO(row.name << partial);
      Scene scene(2, with_retry(row.on));
      Heard heard;
      const auto exchange = scene.start(heard, row.request);
      scene.loop.last().connected();
      if (partial) scene.loop.last().data("HTTP/1.1 200 OK\r\nContent-");
      scene.loop.last().end();
      scene.loop.turn();
      if (!row.retried || partial) {  // once a byte has come, it is not
        CHECK(scene.loop.wires.size() == 1);
        CHECK(heard.all() == "failed");
        continue;
      }
      REQUIRE(scene.loop.wires.size() == 2);
      CHECK(exchange->facts().server == &scene.server(1));
      scene.loop.last().connected();
      scene.loop.last().data(kOk);
      CHECK(heard.all() == "head 200, complete");
      CHECK(heard.body == "ok");
      CHECK(exchange->facts().retries == 1);
    }
  }
}

TEST_CASE("a status is retried at another server, and the last one is passed on") {
  for (const int servers : {1, 2, 3}) {
    INFO(servers);
    Scene scene(servers, with_retry(RetryRules::k503));
    Heard heard;
    const auto exchange = scene.start(heard);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(scene.loop.wires.size() == static_cast<size_t>(i) + 1);
      CHECK(exchange->facts().server == &scene.server(static_cast<size_t>(i % servers)));
      CHECK(heard.events.empty());
      scene.loop.last().connected();
      scene.loop.last().data(k503);
      scene.loop.turn();
    }
    CHECK(heard.all() == "head 503, complete");
    CHECK(heard.body == "no");
    CHECK(exchange->facts().retries == 2);
  }
}

TEST_CASE("no answer in time is retried only if that is asked for") {
  for (const bool asked : {false, true}) {
    Scene scene(2, with_retry(asked ? RetryRules::kTimeout : RetryRules::kReset));
    Heard heard;
    const auto exchange = scene.start(heard);
    scene.loop.last().connected();
    scene.loop.pass(Millis(30100));
    CHECK(scene.loop.wires.size() == (asked ? 2 : 1));
    CHECK(heard.all() == (asked ? "" : "failed"));
  }
}

TEST_CASE("a shield that says no-retry is believed, and 1xx that went on are not taken back") {
  struct Row {
    const char* answer;
    bool retried;
  };
  const Row rows[] = {
      {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 503 No\r\nSeawall-Internal: a, no-retry\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", false}};
  for (const Row& row : rows) {
    INFO(row.answer);
    GroupConfig config = with_retry(RetryRules::k503);
    config.kind = GroupKind::kShield;
    Scene scene(2, config);
    Heard heard;
    const auto exchange = scene.start(heard);
    scene.loop.last().connected();
    scene.loop.last().data(row.answer);
    scene.loop.turn();
    CHECK(scene.loop.wires.size() == (row.retried ? 2 : 1));
    CHECK(heard.has("complete") == !row.retried);
  }
}

TEST_CASE("when the budget is used up failures are passed on") {
  GroupConfig config = with_retry(RetryRules::k503);
  config.retry.floor = 0;
  config.retry.budget = 0.2;
  config.health.failure_ratio = 0;
  Scene scene(2, config);
  int asked = 0;
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    Heard heard;
    const auto exchange = scene.start(heard);
    while (heard.events.empty()) {
      ++asked;
      scene.loop.last().connected();
      scene.loop.last().data(k503);
      scene.loop.turn();
    }
    CHECK(heard.all() == "head 503, complete");
    if (exchange->facts().retry_refused) ++refused;
    scene.server(0).take_idle(nullptr);  // so that each is a new wire
    scene.server(1).take_idle(nullptr);
  }
  CHECK(asked == 120);
  CHECK(refused > 80);
}

TEST_CASE("an answer counts once, whether it is retried, refused a retry or passed on") {
  struct Row {
    uint8_t on;
    int floor;
    uint64_t asked;
  };
  const Row rows[] = {{0, 0, 1}, {RetryRules::k503, 0, 1}, {RetryRules::k503, 3, 3}};
  for (const Row& row : rows) {
    GroupConfig config = with_retry(row.on);
    config.retry.floor = row.floor;
    config.retry.budget = 0;
    config.health.failure_ratio = 1;
    config.health.min_requests = static_cast<int>(row.asked) + 1;
    Scene scene(1, config);
    const auto usable = [&] { return scene.server(0).health().usable(scene.loop.now()); };
    Heard heard;
    const auto exchange = scene.start(heard);
    for (uint64_t i = 0; i < row.asked; ++i) {
      scene.loop.last().connected();
      scene.loop.last().data(k503);
      scene.loop.turn();
    }
    REQUIRE(heard.all() == "head 503, complete");
    CHECK(usable());
    scene.server(0).health().note(Outcome::kBadAnswer, scene.loop.now());
    CHECK_FALSE(usable());
  }
}

TEST_CASE("waiting for a connection has a time of its own") {
  GroupConfig config;
  config.max_connections = 1;
  config.pending_time = Millis(300);
  Scene scene(1, config);
  Heard first, second;
  const auto holder = scene.start(first);
  const auto waiter = scene.start(second);
  scene.loop.last().connected();
  CHECK(scene.group->pending() == 1);
  scene.loop.pass(Millis(250));
  CHECK(second.events.empty());
  scene.loop.pass(Millis(100));
  CHECK(second.all() == "failed");
  CHECK(second.error.code == ErrorCode::kOverload);
  CHECK(scene.group->pending() == 0);
}

}  // namespace
}  // namespace seawall::upstream
