#include "common/cache/conditions.h"

#include "common/http/date.h"
#include "common/http/etag.h"

namespace seawall::cache {
namespace {

using http::FieldId;

std::optional<http::EntityTag> current_tag(std::string_view etag) {
  return etag.empty() ? std::nullopt : http::parse_etag(etag);
}

// Conditions are ignored where the answer would not be a 2xx without them (RFC 9110 §13.2.1).
bool may_become_304(int status) { return status == 200 || status == 203 || status == 206; }

}  // namespace

Condition evaluate_conditions(const http::RequestHead& request, const RequestFacts& facts,
                              std::string_view etag, const ResponseFacts& stored) {
  const bool get_or_head =
      facts.method == http::Method::kGet || facts.method == http::Method::kHead;
  if (!get_or_head || !may_become_304(stored.status)) return Condition::kFull;

  if (facts.has_if_none_match) {
    const auto match = http::match_tags(request.fields, FieldId::kIfNoneMatch, current_tag(etag),
                                        http::TagComparison::kWeak);
    const bool matches = match == http::TagCondition::kMatch || match == http::TagCondition::kAny;
    return matches ? Condition::kNotModified : Condition::kFull;
  }
  if (!facts.has_if_modified_since) return Condition::kFull;
  const http::Field* since = http::find(request.fields, FieldId::kIfModifiedSince);
  if (!since) return Condition::kFull;
  const auto time = http::parse_http_date(since->value, floor_seconds(stored.response_time));
  if (!time) return Condition::kFull;
  const HttpTime modified = stored.has_last_modified ? stored.last_modified : stored.date;
  return modified <= *time ? Condition::kNotModified : Condition::kFull;
}

bool if_range_holds(const http::RequestHead& request, const RequestFacts& facts,
                    std::string_view etag, const ResponseFacts& stored) {
  if (!facts.has_if_range) return true;
  const http::Field* only = nullptr;
  for (const http::Field& field : request.fields) {
    if (field.id != FieldId::kIfRange) continue;
    if (only) return false;
    only = &field;
  }
  if (!only) return true;
  if (const auto tag = http::parse_etag(only->value)) {
    const auto current = current_tag(etag);
    return current && http::matches(*tag, *current, http::TagComparison::kStrong);
  }
  const auto time = http::parse_http_date(only->value, floor_seconds(stored.response_time));
  const bool strong = stored.has_last_modified && stored.date - stored.last_modified >= Seconds{1};
  return time && strong && *time == stored.last_modified;
}

std::optional<http::RangeSet> requested_ranges(const http::RequestHead& request,
                                               const RequestFacts& facts, std::string_view etag,
                                               const ResponseFacts& stored, size_t max_ranges) {
  if (!facts.has_range || facts.method != http::Method::kGet || stored.status != 200)
    return std::nullopt;
  if (!if_range_holds(request, facts, etag, stored)) return std::nullopt;
  return http::parse_range(request.fields, max_ranges);
}

http::RangePlan plan_range(const http::RequestHead& request, const RequestFacts& facts,
                           std::string_view etag, const ResponseFacts& stored, uint64_t size,
                           size_t max_ranges) {
  const auto set = requested_ranges(request, facts, etag, stored, max_ranges);
  if (set) return http::resolve_ranges(*set, size);
  http::RangePlan plan;
  plan.outcome = http::RangePlan::Outcome::kWhole;
  return plan;
}

bool may_combine(std::string_view etag, std::string_view other_etag) {
  const auto a = current_tag(etag), b = current_tag(other_etag);
  return a && b && http::matches(*a, *b, http::TagComparison::kStrong);
}

}  // namespace seawall::cache
