#include "common/proxy/fill_answer.h"

#include "common/proxy/reasons.h"

namespace seawall::proxy {

cache::Failure failure_of(const store::Fill::Answer& got) {
  return is_error_of_shield(got.upstream_x_cache) ? cache::Failure::kUnreachable
                                                  : cache::Failure::k5xx;
}

AnswerFields fields_of(const store::Fill::Answer& got, const Asked& asked,
                       const cache::Behavior& behavior, WallTime now) {
  const cache::ResponseFacts& facts = got.object->facts();
  const Seconds age = cache::current_age(facts, now);
  AnswerFields fields;
  fields.forward_reason = asked.reason;
  fields.collapsed = asked.collapsed;
  fields.stored = got.stored == cache::Reason::kStorable;
  if (got.outcome == store::FillOutcome::kRevalidated) {
    // A shield whose origin fails confirms with what it has, and says so.
    const bool stale = result_from_shield(got.upstream_x_cache) == CacheResult::kShieldStale;
    fields.forward_status = 304;
    fields.result = stale ? CacheResult::kShieldStale : CacheResult::kRefreshHit;
    fields.reason =
        stale ? cache::Reason::kStale : telling_reason(asked.reason, cache::Reason::kRevalidated);
    fields.age = age;
  } else {
    fields.forward_status = facts.status;
    fields.result = asked.as_received ? CacheResult::kPass : CacheResult::kMiss;
    if (asked.tier == Tier::kEdge && fields.result == CacheResult::kMiss) {
      fields.result = result_from_shield(got.upstream_x_cache);
    }
    fields.reason = asked.as_received ? asked.reason : telling_reason(asked.reason, got.stored);
    if (facts.initial_age >= Seconds(1) || fields.collapsed) fields.age = age;
  }
  if (fields.stored) fields.ttl = cache::freshness_lifetime(facts, behavior).value - age;
  return fields;
}

AnswerFields stale_fields(const cache::Verdict& verdict, const Asked& asked, uint16_t status) {
  AnswerFields fields;
  fields.forward_reason = asked.reason;
  fields.forward_status = status;
  fields.collapsed = asked.collapsed && status != 0;
  fields.result = CacheResult::kStale;
  fields.reason = verdict.reason;
  fields.age = verdict.age;
  fields.ttl = verdict.ttl;
  return fields;
}

}  // namespace seawall::proxy
