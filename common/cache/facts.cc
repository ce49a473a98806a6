// Reads what a message says about caching, once: RFC 9111 §4.2.1 (explicit lifetime), §4.2.3 (age).
#include <algorithm>
#include <optional>

#include "common/cache/early_refresh.h"
#include "common/cache/policy.h"
#include "common/cache/winning_control.h"
#include "common/http/age.h"
#include "common/http/date.h"
#include "common/http/etag.h"
#include "common/http/range.h"
#include "common/http/targeted.h"
#include "common/http/tokens.h"

namespace seawall::cache {
namespace {

using http::FieldId;

Seconds optional_seconds(const http::DeltaDirective& directive) {
  return directive ? directive.seconds() : Seconds{-1};
}

// RFC 9111 §5.3: an invalid Expires is in the past; of several lines the earliest counts.
Seconds expires_lifetime(http::Fields fields, HttpTime date, HttpTime received) {
  Seconds lifetime{-1};
  for (const http::Field& field : fields) {
    if (field.id != FieldId::kExpires) continue;
    const auto expires = http::parse_http_date(field.value, received);
    const Seconds one = expires ? std::max(Seconds{0}, *expires - date) : Seconds{0};
    lifetime = lifetime < Seconds{0} ? one : std::min(lifetime, one);
  }
  return lifetime;
}

void take_control(ResponseFacts& facts, const WinningControl& winner) {
  const http::CacheControl& control = winner.control;
  facts.no_store = control.no_store;
  facts.no_cache = control.no_cache_whole();
  facts.is_private = control.private_whole();
  facts.has_field_lists = (control.no_cache && control.no_cache_has_fields) ||
                          (control.is_private && control.private_has_fields);
  facts.is_public = control.is_public;
  facts.must_revalidate = control.must_revalidate;
  facts.proxy_revalidate = control.proxy_revalidate;
  facts.must_understand = control.must_understand;
  facts.immutable = control.immutable;
  facts.s_maxage = control.s_maxage.present;
  facts.stale_while_revalidate = optional_seconds(control.stale_while_revalidate);
  facts.stale_if_error = optional_seconds(control.stale_if_error);
}

// s-maxage over max-age over Expires; Expires counts only beside Cache-Control.
void take_lifetime(ResponseFacts& facts, const WinningControl& winner, http::Fields fields) {
  const http::CacheControl& control = winner.control;
  const bool standard = winner.kind == WinningControl::Kind::kCacheControl;
  if (control.s_maxage || control.max_age) {
    facts.explicit_lifetime =
        control.s_maxage ? control.s_maxage.seconds() : control.max_age.seconds();
    facts.source = control.s_maxage ? LifetimeSource::kSMaxage : LifetimeSource::kMaxAge;
    if (winner.kind == WinningControl::Kind::kTargeted) facts.source = LifetimeSource::kTargeted;
    if (winner.kind == WinningControl::Kind::kSurrogateControl)
      facts.source = LifetimeSource::kSurrogateControl;
  } else if (standard) {
    facts.explicit_lifetime =
        expires_lifetime(fields, facts.date, floor_seconds(facts.response_time));
    if (facts.explicit_lifetime >= Seconds{0}) facts.source = LifetimeSource::kExpires;
  }
}

void take_validators(ResponseFacts& facts, http::Fields fields, HttpTime received) {
  if (const auto* etag = http::find(fields, FieldId::kEtag))
    facts.has_etag = http::parse_etag(etag->value).has_value();
  if (const auto* modified = http::find(fields, FieldId::kLastModified)) {
    if (const auto time = http::parse_http_date(modified->value, received)) {
      facts.last_modified = *time;
      facts.has_last_modified = true;
    }
  }
}

// What is no field name, nobody can compare: it counts as a star, too.
bool has_vary_star(http::Fields fields) {
  http::FieldListReader members(fields, FieldId::kVary);
  for (std::string_view member; members.next(member);) {
    if (member == "*" || !http::is_token(member)) return true;
  }
  return false;
}

bool has_valid_content_range(http::Fields fields) {
  const http::Field* only = nullptr;
  for (const http::Field& field : fields) {
    if (field.id != FieldId::kContentRange) continue;
    if (only) return false;
    only = &field;
  }
  if (!only) return false;
  const auto range = http::parse_content_range(only->value);
  return range && range->range;
}

}  // namespace

WinningControl winning_control(http::Fields response, const Behavior& behavior) {
  using Kind = WinningControl::Kind;
  for (const std::string& target : behavior.targets) {
    if (const auto control = http::parse_targeted(response, target))
      return {Kind::kTargeted, FieldId::kCacheControl, *control};
  }
  if (behavior.surrogate_control && http::find(response, FieldId::kSurrogateControl)) {
    if (const auto surrogate = http::parse_surrogate_control(response))
      return {Kind::kSurrogateControl, FieldId::kSurrogateControl, *surrogate};
  }
  return {Kind::kCacheControl, FieldId::kCacheControl, http::parse_cache_control(response)};
}

RequestFacts read_request(const http::RequestHead& head) {
  static constexpr http::FieldSet kOfInterest = {
      FieldId::kAuthorization, FieldId::kRange,   FieldId::kIfRange,
      FieldId::kIfNoneMatch,   FieldId::kIfMatch, FieldId::kIfModifiedSince,
      FieldId::kCacheControl,  FieldId::kPragma,  FieldId::kIfUnmodifiedSince};
  RequestFacts facts;
  facts.method = head.method;
  if (!head.present.has_any(kOfInterest)) return facts;
  bool has_cache_control = false, has_pragma = false;
  for (const http::Field& field : head.fields) {
    switch (field.id) {
      case FieldId::kAuthorization:
        facts.has_authorization = true;
        break;
      case FieldId::kRange:
        facts.has_range = true;
        break;
      case FieldId::kIfRange:
        facts.has_if_range = true;
        break;
      case FieldId::kIfNoneMatch:
        facts.has_if_none_match = true;
        break;
      case FieldId::kIfModifiedSince:
        facts.has_if_modified_since = true;
        break;
      case FieldId::kIfMatch:
        facts.has_if_match = true;
        break;
      case FieldId::kIfUnmodifiedSince:
        facts.has_if_unmodified_since = true;
        break;
      case FieldId::kCacheControl:
        has_cache_control = true;
        break;
      case FieldId::kPragma:
        has_pragma = true;
        break;
      default:
        break;
    }
  }
  if (has_cache_control) {
    facts.control = http::parse_cache_control(head.fields);
  } else if (has_pragma) {
    facts.pragma_no_cache = http::pragma_no_cache(head.fields);
  }
  return facts;
}

ResponseFacts read_response(const http::ResponseHead& head, const Behavior& behavior,
                            WallTime request_time, WallTime response_time) {
  ResponseFacts facts;
  const HttpTime received = floor_seconds(response_time);
  facts.status = head.status;
  facts.response_time = response_time;
  facts.date = received;
  if (const auto* date = http::find(head, FieldId::kDate))
    facts.date = http::parse_http_date(date->value, received).value_or(received);

  // Both are cut to whole seconds, since Date is: what was made in this very second has no age.
  const Seconds apparent = std::max(Seconds{0}, received - facts.date);
  const Seconds told = head.present.has(FieldId::kAge)
                           ? http::parse_age(head.fields).value_or(Seconds{0})
                           : Seconds{0};
  const Millis delay = std::max(Millis{0}, response_time - request_time);
  facts.initial_age = std::max<Millis>(apparent, told + delay);
  facts.fetch_time = pack_fetch_time(delay);

  const WinningControl winner = winning_control(head.fields, behavior);
  take_control(facts, winner);
  take_lifetime(facts, winner, head.fields);
  take_validators(facts, head.fields, received);
  facts.has_set_cookie = http::find(head, FieldId::kSetCookie) != nullptr;
  facts.vary_star = head.present.has(FieldId::kVary) && has_vary_star(head.fields);
  facts.partial = head.status == 206;
  facts.valid_partial = facts.partial && has_valid_content_range(head.fields);
  return facts;
}

}  // namespace seawall::cache
