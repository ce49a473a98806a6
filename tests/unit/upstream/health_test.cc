#include "common/upstream/health.h"

#include "catch.h"
#include "common/upstream/health_board.h"
#include "common/upstream/prober.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using State = Health::State;
constexpr MonoTime kNow{std::chrono::hours(1)};

TEST_CASE("counts of a window go with the tenth that they fell into") {
  SlidingCounts counts(Millis(1000));
  for (int i = 0; i < 10; ++i) counts.add(kNow + Millis(100 * i), 2, 1);
  CHECK(counts.sums(kNow + Millis(999)).all == 20);
  CHECK(counts.sums(kNow + Millis(999)).marked == 10);
  CHECK(counts.sums(kNow + Millis(1000)).all == 18);
  CHECK(counts.sums(kNow + Millis(1500)).all == 8);
  CHECK(counts.sums(kNow + Millis(1000)).all == 8);  // time does not go back
  CHECK(counts.sums(kNow + Seconds(1000)).all == 0);
  SlidingCounts none(Millis(0));
  none.add(kNow, 1, 1);
  CHECK(none.sums(kNow + Seconds(1)).all == 0);
}

TEST_CASE("requests in a row without an answer eject for a while that doubles") {
  Health health({});
  const auto fail = [&](MonoTime now) { return health.note(Outcome::kNoAnswer, now).has_value(); };
  CHECK_FALSE(fail(kNow));
  CHECK_FALSE(fail(kNow));
  CHECK_FALSE(health.note(Outcome::kGood, kNow));  // not in a row
  CHECK_FALSE(fail(kNow));
  CHECK_FALSE(fail(kNow));
  CHECK(health.state(kNow) == State::kUp);
  CHECK(fail(kNow));
  MonoTime now = kNow;
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30}) {
    INFO(seconds);
    CHECK(health.state(now) == State::kEjected);
    for (int i = 0; i < 20; ++i) CHECK_FALSE(fail(now));  // what was under way
    CHECK(health.usable_from() == now + Seconds(seconds));
    now += Seconds(seconds);
    CHECK(health.state(now) == State::kUp);
    CHECK(fail(now));  // one is enough now
  }
  CHECK(health.ejections() == 8);
  const auto change = health.note(Outcome::kBadAnswer, now);  // an answer all the same
  REQUIRE(change);
  CHECK(change->state == State::kUp);
  CHECK(health.state(now) == State::kUp);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(fail(now));
  CHECK(fail(now));
  CHECK(health.usable_from() == now + Seconds(1));
}

TEST_CASE("a share of bad answers ejects, whatever comes in between") {
  struct Row {
    int bad, good;
    double ratio;
    bool ejected;
  };
  const Row rows[] = {{10, 10, 0.5, true}, {9, 11, 0.5, false},   {15, 4, 0.5, false},
                      {20, 0, 0.5, true},  {20, 20, 0.75, false}, {30, 10, 0.75, true},
                      {40, 0, 0, false}};
  for (const Row& row : rows) {
    HealthRules rules;
    rules.failure_ratio = row.ratio;
    Health health(rules);
    bool ejected = false;
    for (int i = 0; i < row.good; ++i) CHECK_FALSE(health.note(Outcome::kGood, kNow));
    for (int i = 0; i < row.bad; ++i) {
      ejected = ejected || health.note(Outcome::kBadAnswer, kNow).has_value();
    }
    INFO(row.bad << " of " << row.bad + row.good);
    CHECK(ejected == row.ejected);
    if (!ejected) continue;
    CHECK_FALSE(health.note(Outcome::kGood, kNow));  // one good answer proves nothing
    CHECK(health.state(kNow) == State::kEjected);
    const auto change = health.note(Outcome::kGood, kNow + Seconds(2));
    REQUIRE(change);
    CHECK(change->state == State::kUp);
  }
}

TEST_CASE("probes take a server out and bring it back") {
  HealthRules rules;
  rules.probe.path = "/";
  Health health(rules);
  CHECK_FALSE(health.note_probe(false, kNow));
  CHECK_FALSE(health.note_probe(false, kNow));
  CHECK_FALSE(health.note_probe(true, kNow));
  for (int i = 0; i < 2; ++i) CHECK_FALSE(health.note_probe(false, kNow));
  CHECK(health.note_probe(false, kNow)->state == State::kDown);
  CHECK(health.state(kNow + Seconds(100000)) == State::kDown);
  CHECK_FALSE(health.note(Outcome::kGood, kNow));  // probes decide
  CHECK_FALSE(health.note_probe(true, kNow));
  CHECK_FALSE(health.note_probe(false, kNow));
  CHECK_FALSE(health.note_probe(true, kNow));
  CHECK(health.note_probe(true, kNow)->state == State::kUp);
  CHECK(health.usable_from() == kNow);

  for (int i = 0; i < 3; ++i) (void)health.note(Outcome::kNoAnswer, kNow);
  CHECK(health.state(kNow) == State::kEjected);
  for (int i = 0; i < 2; ++i) (void)health.note_probe(true, kNow);
  CHECK(health.state(kNow) == State::kUp);  // they end an ejection, too

  for (int i = 0; i < 3; ++i) (void)health.note_probe(false, kNow);
  health.configure({});  // nobody would ever bring it back
  CHECK(health.state(kNow) == State::kUp);
}

TEST_CASE("a server that is back starts slowly") {
  struct Row {
    MonoTime usable_from;
    Millis slow_start;
    Millis later;
    double share;
  };
  const Row rows[] = {
      {MonoTime{}, Millis(10000), Millis(0), 1}, {kNow, Millis(10000), Millis(0), 0.1},
      {kNow, Millis(10000), Millis(500), 0.1},   {kNow, Millis(10000), Millis(5000), 0.5},
      {kNow, Millis(10000), Millis(10000), 1},   {kNow, Millis(0), Millis(0), 1},
      {kNow, Millis(10000), Seconds(100), 1}};
  for (const Row& row : rows) {
    CHECK(slow_start_share(row.usable_from, row.slow_start, kNow + row.later) == Approx(row.share));
  }
}

TEST_CASE("all loops see one state, it stays over a reload, and each change is told") {
  std::vector<std::string> lines;
  HealthBoard board([&](const std::string& line) { lines.push_back(line); });
  ServerConfig a, b;
  a.url = "http://a";
  b.url = "http://b";
  GroupConfig g, h;
  g.name = "g";
  h.name = "h";
  const auto first = board.find(g, a);
  const auto second = board.find(g, a);
  const auto other = board.find(h, a);
  CHECK(first == second);
  CHECK(first != other);
  for (int i = 0; i < 3; ++i) first->note(Outcome::kNoAnswer, kNow);
  CHECK_FALSE(second->usable(kNow));
  CHECK(other->usable(kNow));
  CHECK(lines == std::vector<std::string>{"g: http://a is ejected for 1000 ms: failures in a row"});
  board.find(g, b);
  CHECK_FALSE(board.find(g, a)->usable(kNow));
  const auto facts = board.facts(kNow);
  REQUIRE(facts.size() == 2);  // nobody holds b
  CHECK(facts[0].group == "g");
  CHECK(facts[0].state == State::kEjected);
  CHECK(facts[0].requests == 3);
  CHECK(facts[0].failures == 3);
  CHECK(facts[1].group == "h");
  first->note(Outcome::kGood, kNow);
  CHECK(lines.back() == "g: http://a is up: it answers");
  CHECK(facts[0].zone.empty());
  a.zone = "fra";
  board.find(g, a);
  CHECK(board.facts(kNow)[0].zone == "fra");
}

TEST_CASE("an interval varies by its jitter and no more") {
  CHECK(with_jitter(Millis(1000), 0, 12345) == Millis(1000));
  CHECK(with_jitter(Millis(1000), 0.2, 0) == Millis(800));
  CHECK(with_jitter(Millis(1000), 0.2, UINT64_MAX) <= Millis(1200));
  CHECK(with_jitter(Millis(1000), 1, 0) == Millis(0));
}

TEST_CASE("what a probe must get") {
  struct Row {
    int expected;
    const char* text;
    int status;
    const char* body;
    bool good;
  };
  const Row rows[] = {{0, "", 200, "", true},
                      {0, "", 302, "", true},
                      {0, "", 404, "", false},
                      {0, "", 199, "", false},
                      {404, "", 404, "", true},
                      {404, "", 200, "", false},
                      {0, "fine", 200, "i am fine", true},
                      {0, "fine", 200, "Fine", false}};
  for (const Row& row : rows) {
    ProbeRules rules;
    rules.status = row.expected;
    rules.body = row.text;
    CHECK(is_good_answer(rules, row.status, row.body) == row.good);
  }
}

TEST_CASE(
    "a server is probed at its interval, and taken out while its answers are wrong or missing") {
  GroupConfig config;
  config.health.probe.path = "/up";
  config.health.probe.jitter = 0;
  config.health.probe.interval = Millis(1000);
  config.health.probe.timeout = Millis(500);
  Scene scene(1, config);
  Prober prober(*scene.group, 1);
  const auto usable = [&] { return scene.server(0).health().usable(scene.loop.now()); };
  const auto wait_for_probe = [&] {
    for (int i = 0; i < 300 && scene.loop.wires.empty(); ++i) scene.loop.pass(Millis(10));
    REQUIRE_FALSE(scene.loop.wires.empty());
    return scene.loop.wires.back();
  };
  auto wire = wait_for_probe();
  wire->connected();
  CHECK(wire->take().starts_with("GET /up HTTP/1.1\r\nHost: a:8080\r\n"));
  wire->data(kOk);
  for (int i = 0; i < 3; ++i) {  // silence
    CHECK(usable());
    scene.loop.wires.clear();
    scene.loop.pass(Millis(1050));
    if (i == 0) {
      CHECK(wire->take().starts_with("GET /up "));  // on the pooled connection
    } else {
      REQUIRE(scene.loop.wires.size() == 1);
      scene.loop.last().connected();
    }
    scene.loop.pass(Millis(510));
  }
  CHECK_FALSE(usable());
  for (int i = 0; i < 2; ++i) {
    if (i == 0) scene.loop.wires.clear();
    scene.loop.pass(Millis(1050));
    if (i == 0) wire = wait_for_probe();
    if (i == 0) wire->connected();
    wire->data(kOk);
  }
  CHECK(usable());
}

TEST_CASE("a probe goes beside what fills the breaker, and finds out that all of it hangs") {
  GroupConfig config;
  config.max_connections = 1;
  config.timeouts.first_byte = Seconds(1000);
  config.health.probe.path = "/up";
  config.health.probe.jitter = 0;
  config.health.probe.interval = Millis(1000);
  config.health.probe.timeout = Millis(500);
  Scene scene(1, config);
  Heard heard;
  auto busy = scene.start(heard);
  scene.loop.last().connected();
  Prober prober(*scene.group, 1);
  int most = 0;
  for (int i = 0; i < 1000; ++i) {
    scene.loop.pass(Millis(10));
    most = std::max(most, scene.server(0).in_use());
    CHECK(scene.group->pending() == 0);
  }
  CHECK(most == 2);
  CHECK_FALSE(scene.server(0).health().usable(scene.loop.now()));
}

}  // namespace
}  // namespace seawall::upstream
