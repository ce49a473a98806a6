#include <vector>

#include "catch.h"
#include "common/upstream/health_board.h"
#include "common/upstream/latencies.h"
#include "common/upstream/latency_outlier.h"

namespace seawall::upstream {
namespace {

constexpr MonoTime kNow{std::chrono::hours(1)};

TEST_CASE("a quantile is the end of its bucket, at most a quarter above") {
  for (const int64_t us : {0, 1, 63, 64, 65, 79, 80, 127, 128, 1000, 99'999, 100'000, 1'000'000,
                           30'000'000, 67'000'000}) {
    INFO(us);
    Latencies latencies(Seconds(10));
    latencies.add(Micros(us), kNow);
    const Micros found = latencies.quantile(0.95, kNow);
    CHECK(found.count() > us);
    if (us >= 64) CHECK(static_cast<double>(found.count()) <= 1.25 * static_cast<double>(us) + 1);
  }
  Latencies odd(Seconds(10));
  CHECK(odd.quantile(0.95, kNow) == Micros(0));
  odd.add(Micros(-5), kNow);          // a clock that went back
  odd.add(Seconds(1'000'000), kNow);  // longer than the last bucket
  CHECK(odd.quantile(0, kNow) == Micros(80));
  CHECK(odd.quantile(1, kNow) == Micros(int64_t{1} << 26));
}

TEST_CASE("of twenty answers one may be late before the 95th percentile is") {
  struct Row {
    int quick, late;
    bool is_late;
  };
  for (const Row& row : {Row{20, 0, false}, Row{19, 1, false}, Row{18, 2, true}, Row{0, 1, true}}) {
    INFO(row.quick << " " << row.late);
    Latencies latencies(Seconds(10));
    for (int i = 0; i < row.quick; ++i) latencies.add(Millis(100), kNow);
    for (int i = 0; i < row.late; ++i) latencies.add(Seconds(5), kNow);
    CHECK((latencies.quantile(0.95, kNow) > Seconds(1)) == row.is_late);
  }
}

TEST_CASE("answers are forgotten with the quarter of the window that they fell into") {
  Latencies latencies(Seconds(4));
  for (int i = 0; i < 4; ++i) latencies.add(Millis(10), kNow + Seconds(i));
  CHECK(latencies.count(kNow + Seconds(3)) == 4);
  CHECK(latencies.count(kNow + Seconds(4)) == 3);
  CHECK(latencies.count(kNow + Seconds(6)) == 1);
  CHECK(latencies.count(kNow + Seconds(100)) == 0);
  latencies.add(Millis(10), kNow + Seconds(100));
  latencies.clear();
  CHECK(latencies.count(kNow + Seconds(100)) == 0);
}

TEST_CASE("who answers much later than the others is an outlier, if there is enough to tell") {
  const auto server = [](int p95_ms, uint64_t count = 100, bool out = false) {
    return ServerLatency{Millis(p95_ms), count, out};
  };
  struct Row {
    const char* name;
    std::vector<ServerLatency> servers;  // of which the first is judged
    bool outlier;
    OutlierRules rules{3, 20, 0.5};
  };
  const Row rows[] = {
      {"alone", {server(9999)}, false},
      {"of two", {server(301), server(100)}, true},
      {"at the limit", {server(300), server(100)}, false},
      {"of three", {server(400), server(100), server(130)}, true},
      {"all are slow", {server(400), server(390), server(410)}, false},
      {"the others differ", {server(400), server(100), server(150), server(900)}, false},
      {"too few of its own", {server(400, 19), server(100)}, false},
      {"too few of the others", {server(400), server(100, 19), server(100, 0)}, false},
      {"too few of one other", {server(400), server(100, 19), server(120)}, true},
      {"out already", {server(400, 100, true), server(100), server(100)}, false},
      {"half would be out", {server(400), server(100), server(1, 99, true), server(100)}, true},
      {"most would be out", {server(400), server(100), server(1, 99, true)}, false},
      {"off", {server(400), server(100)}, false, {0, 20, 0.5}},
      {"none may be out", {server(400), server(100)}, false, {3, 20, 0}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(is_latency_outlier(row.servers, 0, row.rules) == row.outlier);
  }
}

TEST_CASE("a server that grows slow is ejected until its time is over, and not by its answers") {
  std::vector<std::string> lines;
  HealthBoard board([&](const std::string& line) { lines.push_back(line); });
  GroupConfig group;
  group.name = "g";
  group.health.latency_factor = 5;
  ServerConfig configs[3];
  std::shared_ptr<SharedHealth> servers[3];
  for (int i = 0; i < 3; ++i) {
    configs[i].url = std::string(1, static_cast<char>('a' + i));
    configs[i].backup = i == 2;
    servers[i] = board.find(group, configs[i]);
  }
  MonoTime now = kNow;
  const auto answer = [&](int quick_ms, int slow_ms) {
    for (int i = 0; i < 100; ++i) {
      now += Millis(20);
      servers[0]->note(Outcome::kGood, now, Millis(quick_ms));
      servers[1]->note(Outcome::kGood, now, Millis(slow_ms));
      servers[2]->note(Outcome::kGood, now, Millis(1));  // a backup is no measure
    }
  };
  answer(20, 80);
  CHECK(lines.empty());
  CHECK(servers[1]->usable(now));
  answer(20, 500);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines[0] == "g: b is ejected for 1000 ms: it answers much later than others");
  CHECK(servers[0]->usable(now));
  group.health.latency_factor = 0;
  for (int i = 0; i < 3; ++i) board.find(group, configs[i]);
  lines.clear();
  for (int i = 0; i < 3; ++i) answer(20, 500);
  CHECK(servers[1]->usable(now));
  group.health.latency_factor = 5;
  for (int i = 0; i < 3; ++i) board.find(group, configs[i]);
  now += Seconds(60);
  answer(20, 20);
  lines.clear();
  answer(20, 20);
  CHECK(lines.empty());
  configs[2].backup = false;  // by a reload
  for (int i = 0; i < 3; ++i) board.find(group, configs[i]);
  answer(20, 20);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines[0].find("is ejected for 1000 ms: it answers much later") != std::string::npos);
}

}  // namespace
}  // namespace seawall::upstream
