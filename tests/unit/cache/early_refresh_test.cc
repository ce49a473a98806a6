// What is asked for anew while it is fresh; jitter.
#include "common/cache/early_refresh.h"

#include <cmath>
#include <random>

#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

constexpr uint64_t kNever = ~uint64_t{0};  // draws 1: -ln is 0

ResponseFacts stored_for(int seconds, int age = 0) {
  return Response("ETag: \"a\"\nCache-Control: max-age=" + std::to_string(seconds) +
                  "\nAge: " + std::to_string(age))
      .facts();
}

}  // namespace

TEST_CASE("jitter only shortens, by a share of what was left when the response came") {
  struct Row {
    int lifetime;
    int age;
    int percent;
    int luck;
    int64_t expiry_ms;
  };
  const Row table[] = {
      {100, 0, 0, 255, 100'000},    {100, 0, 10, 0, 100'000},   {100, 0, 10, 128, 95'000},
      {100, 0, 50, 128, 75'000},    {100, 80, 50, 128, 95'000}, {100, 100, 50, 255, 100'000},
      {100, 300, 50, 255, 100'000}, {0, 0, 50, 255, 0},
  };
  for (const Row& row : table) {
    INFO(row.lifetime << " " << row.age << " " << row.percent << " " << row.luck);
    ResponseFacts facts = stored_for(row.lifetime, row.age);
    facts.luck = static_cast<uint8_t>(row.luck);
    CHECK(expiry_age(facts, Seconds{row.lifetime}, row.percent).count() == row.expiry_ms);
  }
}

TEST_CASE("what jitter lets expire is validated, and still the answer while the upstream fails") {
  Behavior rules;
  rules.ttl.jitter = 50;
  ResponseFacts facts = stored_for(100);
  facts.luck = 128;  // 75 s
  const RequestFacts request = Request().facts();
  CHECK(decide(request, &facts, rules, after(74.9)).fresh);
  const Verdict expired = decide(request, &facts, rules, after(75));
  CHECK(expired.action == Action::kRevalidate);
  CHECK(expired.age == Seconds{75});
  CHECK(expired.ttl == Seconds{25});  // as everybody else counts
  CHECK(decide(request, &facts, kDefaults, after(99.9)).fresh);
  const Verdict failed =
      decide_on_failure(request, facts, rules, Failure::kUnreachable, 0, after(76));
  CHECK(failed.action == Action::kServe);
  CHECK(failed.reason == Reason::kFresh);
}

TEST_CASE("the chance of a refresh is exp(-left / (delta beta))") {
  struct Row {
    int left_ms;
    int delta_ms;
    double beta;
    double drawn;
    bool due;
  };
  const double half = std::log(2);
  const Row table[] = {
      {0, 100, 1, 1, true},          {1, 100, 1, 1, false},    {69, 100, 1, 0.5, true},
      {70, 100, 1, 0.5, false},      {138, 100, 2, 0.5, true}, {139, 100, 2, 0.5, false},
      {69, 1000, 0.1, 0.5, true},    {2218, 100, 1, 0, true},  {2219, 100, 1, 0, false},
      {1'000'000, 100, 1, 0, false}, {100, 0, 1, 0.5, false},  {-5, 100, 1, 1, true},
  };
  CHECK(half < 0.7);
  for (const Row& row : table) {
    INFO(row.left_ms << " " << row.delta_ms << " " << row.beta << " " << row.drawn);
    const auto random = static_cast<uint64_t>(row.drawn * 4294967295.0) << 32;
    CHECK(is_due_by_chance(Millis{row.left_ms}, Millis{row.delta_ms}, row.beta, random) == row.due);
  }
}

TEST_CASE("of many requests the share that XFetch says starts a refresh") {
  std::mt19937_64 random(1);
  for (const int left : {10, 50, 100, 200, 400}) {
    int due = 0;
    constexpr int kDraws = 200'000;
    for (int i = 0; i < kDraws; ++i)
      due += is_due_by_chance(Millis{left}, Millis{100}, 1, random());
    const double share = std::exp(-left / 100.0);
    // Five standard deviations.
    const double allowed = 5 * std::sqrt(share * (1 - share) / kDraws);
    INFO(left << " ms left");
    CHECK(std::abs(static_cast<double>(due) / kDraws - share) < allowed);
  }
}

TEST_CASE("a hot object is refreshed late in its life, one that nobody wants is not") {
  Behavior rules;
  rules.refresh.ahead = 90;
  rules.refresh.hot = 16;
  struct Row {
    int age;  // at receipt
    double now;
    uint64_t requests;
    bool due;
  };
  const Row table[] = {
      {0, 89.9, 16, false},  {0, 90, 16, true},   {0, 90, 15, false},  {0, 99, 1000, true},
      {80, 17.9, 16, false}, {80, 18, 16, true},  // of the 20 s that were left
      {99, 0.8, 16, false},  {99, 0.9, 16, true}, {100, 0, 16, false}, {500, 0, 16, false},
  };
  for (const Row& row : table) {
    INFO(row.age << " " << row.now << " " << row.requests);
    const ResponseFacts facts = stored_for(100, row.age);
    CHECK(refreshes_early(facts, rules, after(row.now), row.requests, kNever) == row.due);
    CHECK_FALSE(refreshes_early(facts, kDefaults, after(row.now), row.requests, kNever));
  }
}

TEST_CASE("early refreshes look at the lifetime that jitter leaves") {
  Behavior rules;
  rules.refresh.ahead = 90;
  rules.ttl.jitter = 50;
  ResponseFacts facts = stored_for(100);
  facts.luck = 128;  // 75 s
  CHECK_FALSE(refreshes_early(facts, rules, after(67), 100, kNever));
  CHECK(refreshes_early(facts, rules, after(68), 100, kNever));
  rules.refresh.ahead = 0;
  rules.refresh.beta = 1;
  facts.fetch_time = pack_fetch_time(Millis{1000});
  CHECK(refreshes_early(facts, rules, after(74), 0, uint64_t{1} << 61));
  CHECK_FALSE(refreshes_early(facts, rules, after(60), 0, uint64_t{1} << 61));
}

TEST_CASE("an edge's refresh is not answered with what is about to expire here, too") {
  Behavior rules;
  rules.refresh.ahead = 90;
  RequestFacts request = Request().facts();
  request.revalidate = true;
  const ResponseFacts facts = stored_for(100);
  CHECK(decide(request, &facts, rules, after(89)).action == Action::kServe);
  const Verdict verdict = decide(request, &facts, rules, after(91));
  CHECK(verdict.action == Action::kRevalidate);
  CHECK(verdict.reason == Reason::kRevalidate);
  CHECK(verdict.fresh);
  CHECK(decide(request, &facts, kDefaults, after(91)).action == Action::kServe);
  Behavior chance;
  chance.refresh.beta = 1;
  ResponseFacts slow = facts;
  slow.fetch_time = pack_fetch_time(Millis{1000});
  CHECK(decide(request, &slow, chance, after(77)).action == Action::kServe);
  CHECK(decide(request, &slow, chance, after(79)).action == Action::kRevalidate);
  request.revalidate = false;
  CHECK(decide(request, &facts, rules, after(91)).action == Action::kServe);
}

TEST_CASE("the time of a fetch is kept to within 5%") {
  for (const int64_t ms : {1, 2, 3, 10, 99, 100, 1000, 12'345, 600'000, 86'400'000}) {
    const auto kept = static_cast<double>(unpack_fetch_time(pack_fetch_time(Millis{ms})).count());
    INFO(ms << " " << kept);
    CHECK(std::abs(kept - static_cast<double>(ms)) <=
          std::max(0.5, 0.05 * static_cast<double>(ms)));
  }
  CHECK(unpack_fetch_time(pack_fetch_time(Millis{0})) == Millis{1});
  CHECK(unpack_fetch_time(pack_fetch_time(Millis{-5})) == Millis{1});
  CHECK(unpack_fetch_time(pack_fetch_time(Millis{int64_t{1} << 50})) == Millis{int64_t{1} << 31});
}

}  // namespace seawall::cache
