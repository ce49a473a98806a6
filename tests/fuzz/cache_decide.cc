// Decisions: eight bytes for rules and clocks, the stored response's fields, an empty line, then
// the request's. What must never happen: a no-store or private response stored, a stale answer
// where a directive forbids it, anything without validation where that is due, a negative age, a
// verdict that contradicts itself.
#include <string>

#include "common/cache/conditions.h"
#include "common/cache/policy.h"
#include "common/cache/stored_head.h"
#include "tests/fuzz/cache_fuzz.h"

using namespace seawall;
using namespace seawall::cache;

namespace {

constexpr WallTime kStart{Millis{1'700'000'000'000}};

Behavior rules_from(uint8_t choice, uint8_t seconds) {
  Behavior rules;
  if (choice & 1) rules.request_directives = RequestDirectives::kObey;
  if (choice & 2) rules.stale.allow_with_s_maxage = true;
  if (choice & 4) rules.stale.on_5xx = Seconds{seconds};
  if (choice & 8) rules.stale.on_unreachable = Seconds{0};
  if (choice & 16) rules.ttl.min = Seconds{seconds};
  if (choice & 32) rules.ttl.override_ttl = Seconds{seconds};
  if (choice & 64) rules.set_cookie = SetCookieRule::kStrip;
  if (choice & 128) rules.ttl.default_ttl = Seconds{seconds};
  return rules;
}

bool serves(const Verdict& verdict) {
  return verdict.action == Action::kServe || verdict.action == Action::kServeAndRefresh;
}

void check_serving(const Verdict& v, const ResponseFacts& facts, const Behavior& rules,
                   StoredState state) {
  REQUIRE_THAT(v.age >= Seconds{0});
  REQUIRE_THAT(v.reason != Reason::kNone && !to_string(v.reason).empty());
  REQUIRE_THAT(!v.fresh || v.ttl > Seconds{0});
  if (!serves(v)) return;
  REQUIRE_THAT(!state.invalidated);
  REQUIRE_THAT(!facts.no_cache || rules.ttl.override_ttl);
  if (v.fresh) return;
  REQUIRE_THAT(!facts.must_revalidate && !facts.proxy_revalidate);
  REQUIRE_THAT(!facts.s_maxage || rules.stale.allow_with_s_maxage);
  REQUIRE_THAT(v.reason != Reason::kFresh);
  if (v.reason == Reason::kStaleGrace) REQUIRE_THAT(!facts.s_maxage);
}

// A head that was stored reads back, and a 304 with the same fields keeps it storable.
void check_stored_head(const http::ResponseHead& head, const ResponseFacts& facts,
                       const Behavior& rules) {
  const StoredHead stored = build_stored_head(head, facts, rules);
  std::vector<http::Field> lines(count_lines(stored.viewer_block));
  const http::Fields back = parse_block(stored.viewer_block, lines);
  REQUIRE_THAT(back.size() == lines.size());
  REQUIRE_THAT(http::find(back, http::FieldId::kDate) != nullptr);
  for (const http::FieldId id : {http::FieldId::kConnection, http::FieldId::kAge,
                                 http::FieldId::kContentLength, http::FieldId::kTransferEncoding,
                                 http::FieldId::kSurrogateKey, http::FieldId::kSeawallInternal})
    REQUIRE_THAT(http::find(back, id) == nullptr);
  if (rules.set_cookie == SetCookieRule::kStrip)
    REQUIRE_THAT(http::find(back, http::FieldId::kSetCookie) == nullptr);
  http::ResponseHead update = head;
  update.status = 304;
  const Freshened fresh =
      freshen({stored.viewer_block, stored.internal_block}, facts, update, rules, kStart, kStart);
  REQUIRE_THAT(fresh.facts.status == facts.status);
  REQUIRE_THAT(count_lines(fresh.head.viewer_block) <= 2 * lines.size() + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8 || size > 4096) return 0;
  const Behavior rules = rules_from(data[0], data[1]);
  std::string_view text = as_text(data + 8, size - 8);
  const std::vector<http::Field> response_fields = take_fields(text), fields = take_fields(text);
  http::ResponseHead head;
  head.status = static_cast<uint16_t>(100 + (data[2] << 8 | data[3]) % 900);
  head.fields = response_fields;
  http::RequestHead request;
  request.method = static_cast<http::Method>(data[4] % 11);
  request.fields = fields;

  const WallTime answered = kStart + Millis{data[5] * 40};
  const ResponseFacts facts = read_response(head, rules, kStart, answered);
  RequestFacts asks = read_request(request);
  asks.revalidate = (data[6] & 1) != 0;
  const StoredState state{(data[6] & 2) != 0, (data[6] & 4) != 0};
  const WallTime now = answered + Millis{data[7] * 997};

  const StoreVerdict store = may_store(asks, facts, rules);
  REQUIRE_THAT(store.store == (store.reason == Reason::kStorable));
  if (store.store) {
    REQUIRE_THAT(!facts.no_store || facts.must_understand);
    REQUIRE_THAT(!facts.is_private && !facts.vary_star);
    REQUIRE_THAT(facts.status >= 200 && facts.status != 304);
    check_stored_head(head, facts, rules);
  }
  const Verdict verdict = decide(asks, &facts, rules, now, state);
  check_serving(verdict, facts, rules, state);
  REQUIRE_THAT(!(serves(verdict) && !verdict.fresh && asks.revalidate));
  REQUIRE_THAT(verdict.action != Action::kRevalidate || facts.has_validator());
  REQUIRE_THAT(verdict.action != Action::kGatewayTimeout || asks.control.only_if_cached);
  for (const Failure failure :
       {Failure::kUnreachable, Failure::kDisconnect, Failure::kTimeout, Failure::k5xx}) {
    const Verdict failed = decide_on_failure(asks, facts, rules, failure, 503, now, state);
    check_serving(failed, facts, rules, state);
    REQUIRE_THAT(failed.action == Action::kServe || failed.action == Action::kGatewayTimeout);
  }
  evaluate_conditions(request, asks, "\"a\"", facts);
  const http::RangePlan plan = plan_range(request, asks, "\"a\"", facts, data[3], 8);
  for (size_t i = 0; plan.outcome == http::RangePlan::Outcome::kRanges && i < plan.count; ++i)
    REQUIRE_THAT(plan.ranges[i].first <= plan.ranges[i].last && plan.ranges[i].last < data[3]);
  return 0;
}
