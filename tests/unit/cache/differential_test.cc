// The implementation against the oracle, on random scenes with a fixed seed: 50,000 of them, or as
// many as SEAWALL_DIFF_CASES says.
#include <cstdlib>
#include <map>
#include <string>

#include "catch.h"
#include "common/cache/conditions.h"
#include "tests/unit/cache/exchange.h"
#include "tests/unit/cache/oracle.h"
#include "tests/unit/cache/scenes.h"

namespace seawall::cache {
namespace {

using oracle::Answer;
using oracle::Outage;
using oracle::Scene;

std::string as_lines(const oracle::Header& header) {
  std::string text;
  for (const auto& [name, value] : header) text += name + ": " + value + "\n";
  return text;
}

Failure failure_of(Outage outage) {
  switch (outage) {
    case Outage::kDisconnect:
      return Failure::kDisconnect;
    case Outage::kTimeout:
      return Failure::kTimeout;
    case Outage::kErrorStatus:
      return Failure::k5xx;
    default:
      return Failure::kUnreachable;
  }
}

Answer implementation(const Scene& scene, bool is_stored) {
  const Request request(as_lines(scene.request), scene.method);
  const Response response(as_lines(scene.response), scene.status);
  RequestFacts asks = request.facts();
  asks.revalidate = scene.from_edge;
  ResponseFacts facts = read_response(response.head, scene.rules, WallTime{Millis{scene.asked}},
                                      WallTime{Millis{scene.answered}});
  facts.content_location_is_target = scene.content_location_is_target;
  const WallTime now{Millis{scene.now}};
  const StoredState state{scene.invalidated, scene.soft_purged};
  const http::Field* etag = http::find(response.head.fields, http::FieldId::kEtag);
  const std::string_view tag = etag ? etag->value : std::string_view();

  Answer answer;
  answer.may_store = may_store(asks, facts, scene.rules).store;
  const Verdict verdict = decide(asks, is_stored ? &facts : nullptr, scene.rules, now, state);
  answer.action = std::string(to_string(verdict.action));
  answer.lifetime = freshness_lifetime(facts, scene.rules).value.count();
  answer.age = current_age(facts, now).count();
  const Verdict failed = decide_on_failure(asks, facts, scene.rules, failure_of(scene.outage),
                                           scene.error_status, now, state);
  answer.fresh = failed.fresh;
  answer.served_on_failure = failed.action == Action::kServe;
  answer.becomes_304 =
      evaluate_conditions(request.head, asks, tag, facts) == Condition::kNotModified;
  answer.if_range_holds = if_range_holds(request.head, asks, tag, facts);
  return answer;
}

std::string text_of(const Answer& answer) {
  return "store " + std::to_string(answer.may_store) + ", lifetime " +
         std::to_string(answer.lifetime) + ", age " + std::to_string(answer.age) + ", fresh " +
         std::to_string(answer.fresh) + ", " + answer.action + ", on failure " +
         std::to_string(answer.served_on_failure) + ", 304 " + std::to_string(answer.becomes_304) +
         ", if-range " + std::to_string(answer.if_range_holds);
}

int cases() {
  const char* text = std::getenv("SEAWALL_DIFF_CASES");
  return text ? std::atoi(text) : 50000;
}

}  // namespace

TEST_CASE("the implementation and an independent statement of the rules agree") {
  oracle::SceneMaker maker(9111);
  std::map<std::string, int> seen;
  const int total = cases();
  for (int i = 0; i < total; ++i) {
    const Scene scene = maker.make();
    const bool is_stored = i % 20 != 0;
    const Answer expected = oracle::judge(scene, is_stored);
    const Answer actual = implementation(scene, is_stored);
    if (text_of(expected) != text_of(actual)) {
      INFO("case " << i << "\n" << oracle::describe(scene));
      REQUIRE(text_of(actual) == text_of(expected));
    }
    ++seen[expected.action];
    ++seen[expected.may_store ? "stored" : "not stored"];
    ++seen[expected.fresh ? "fresh" : "stale"];
    ++seen[expected.served_on_failure ? "served on failure" : "failed"];
    if (expected.becomes_304) ++seen["304"];
  }
  // Every outcome is reached often enough to mean something.
  for (const char* outcome :
       {"serve", "serve-and-refresh", "revalidate", "fetch", "gateway-timeout", "stored",
        "not stored", "fresh", "stale", "served on failure", "failed", "304"}) {
    INFO(outcome);
    CHECK(seen[outcome] > total / 200);
  }
}

}  // namespace seawall::cache
