#include "common/metrics/counters.h"

#include <thread>

#include "catch.h"
#include "common/metrics/rates.h"
#include "common/metrics/report.h"
#include "common/metrics/site_slots.h"

namespace seawall::metrics {
namespace {

RequestFacts facts(uint32_t site, int status, CacheResult result) {
  return {.site = site,
          .status = status,
          .result = result,
          .bytes_to_viewer = 1000,
          .bytes_from_upstream = is_local_hit(result) ? 0u : 400u,
          .ttfb_us = 100,
          .total_us = 200};
}

TEST_CASE("a request counts once, for its site, status class and cache result") {
  LoopCounters loop(3);
  loop.count_request(facts(1, 200, CacheResult::kHit));
  loop.count_request(facts(1, 206, CacheResult::kHit));
  loop.count_request(facts(2, 404, CacheResult::kMiss));
  loop.count_request(facts(77, 0, CacheResult::kOther));    // no such slot
  loop.count_request(facts(2, 9999, CacheResult::kOther));  // no such status
  loop.count_upstream_bytes(2, 5);
  loop.upstream_requests.add(3);
  loop.open_viewer_connections.add();
  loop.open_viewer_connections.sub();

  Totals totals;
  loop.add_to(totals);
  REQUIRE(totals.sites.size() == 3);
  const auto at = [&](size_t site, size_t status, CacheResult result) {
    return totals.sites[site].requests[status][static_cast<size_t>(result)];
  };
  CHECK(at(1, 2, CacheResult::kHit) == 2);
  CHECK(at(2, 4, CacheResult::kMiss) == 1);
  CHECK(at(0, 0, CacheResult::kOther) == 1);
  CHECK(at(2, 0, CacheResult::kOther) == 1);
  CHECK(totals.sites[1].bytes_to_viewers == 2000);
  CHECK(totals.sites[1].bytes_from_upstream == 0);
  CHECK(totals.sites[2].bytes_from_upstream == 400 + 400 + 5);
  CHECK(totals.ttfb_hit.count == 2);
  CHECK(totals.ttfb_other.count == 3);
  CHECK(totals.total.count == 5);
  CHECK(totals.upstream_requests == 3);
  CHECK(totals.open_viewer_connections == 0);
}

TEST_CASE("totals are the sum over loops, read while they count") {
  LoopCounters a(1), b(1);
  std::thread one([&] {
    for (int i = 0; i < 10000; ++i) a.count_request(facts(0, 200, CacheResult::kHit));
  });
  std::thread two([&] {
    for (int i = 0; i < 10000; ++i) b.count_request(facts(0, 500, CacheResult::kError));
  });
  uint64_t before = 0;
  for (int i = 0; i < 100; ++i) {
    Totals totals;
    a.add_to(totals);
    b.add_to(totals);
    const uint64_t now = summarise(totals).requests;
    CHECK(now >= before);
    before = now;
  }
  one.join();
  two.join();
  Totals totals;
  a.add_to(totals);
  b.add_to(totals);
  CHECK(summarise(totals).requests == 20000);
  CHECK(summarise(totals).errors == 10000);
}

TEST_CASE("a site keeps its slot, and sites beyond the bound share slot 0") {
  SiteSlots slots(2);
  CHECK(slots.capacity() == 3);
  CHECK(slots.slot("a") == 1);
  CHECK(slots.slot("b") == 2);
  CHECK(slots.slot("c") == 0);
  CHECK(slots.slot("a") == 1);
  CHECK(slots.names() == std::vector<std::string>{"_other", "a", "b"});
}

TEST_CASE("ratios say what the store kept from the upstream") {
  LoopCounters loop(1);
  for (int i = 0; i < 6; ++i) loop.count_request(facts(0, 200, CacheResult::kHit));
  loop.count_request(facts(0, 200, CacheResult::kRefreshHit));
  loop.count_request(facts(0, 200, CacheResult::kStale));
  loop.count_request(facts(0, 200, CacheResult::kMiss));
  loop.count_request(facts(0, 200, CacheResult::kShieldHit));
  loop.count_request(facts(0, 200, CacheResult::kPass));   // not cacheable
  loop.count_request(facts(0, 301, CacheResult::kOther));  // not cacheable
  loop.count_request(facts(0, 502, CacheResult::kError));  // not cacheable
  Totals totals;
  loop.add_to(totals);
  const Summary sum = summarise(totals);
  CHECK(sum.requests == 13);
  CHECK(sum.cacheable == 10);
  CHECK(sum.local_hits == 8);
  CHECK(sum.shield_hits == 1);
  CHECK(sum.hit_ratio() == Approx(0.8));
  CHECK(sum.error_rate() == Approx(1.0 / 13));
  CHECK(sum.origin_offload() == Approx(1 - 2000.0 / 13000));
  CHECK(summarise({}).hit_ratio() == 0);
  CHECK(summarise({}).origin_offload() == 0);
  CHECK(summarise({}).error_rate() == 0);
}

TEST_CASE("rates are over the last minute of samples") {
  RateWindow window;
  CHECK(window.rates().requests_per_second == 0);
  const auto sample = [](int second, uint64_t requests) {
    RateSample s;
    s.at = MonoTime(Seconds(second));
    s.requests = requests;
    s.bytes_to_viewers = requests * 10;
    return s;
  };
  window.add(sample(0, 0));
  CHECK(window.rates().requests_per_second == 0);
  window.add(sample(2, 100));
  CHECK(window.rates().seconds == 2);
  CHECK(window.rates().requests_per_second == 50);
  CHECK(window.rates().bits_per_second_to_viewers == 4000);
  for (int s = 3; s <= 100; ++s) window.add(sample(s, 100));  // nothing since
  CHECK(window.rates().seconds == 60);
  CHECK(window.rates().requests_per_second == 0);
  RateWindow stopped;
  stopped.add(sample(1, 1));
  stopped.add(sample(1, 2));
  CHECK(stopped.rates().requests_per_second == 0);
}

}  // namespace
}  // namespace seawall::metrics
