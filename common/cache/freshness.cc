// Freshness lifetime (RFC 9111 §4.2.1, §4.2.2), age (§4.2.3), and what forbids stale answers
// (§4.2.4).
#include "common/cache/freshness.h"

#include <algorithm>

#include "common/http/tokens.h"

namespace seawall::cache {
namespace {

const StatusTtl* configured_ttl(const TtlRules& rules, int status) {
  for (const StatusTtl& entry : rules.per_status) {
    if (status >= entry.first && status <= entry.last) return &entry;
  }
  return nullptr;
}

Lifetime heuristic_lifetime(const ResponseFacts& response, const TtlRules& rules) {
  if (!rules.heuristic || !response.has_last_modified) return {};
  const Seconds unchanged = std::max(Seconds{0}, response.date - response.last_modified);
  // Divided before multiplied: dates reach to the year 9999, a percentage to any number.
  const Seconds value =
      unchanged / 100 * rules.heuristic_percent + unchanged % 100 * rules.heuristic_percent / 100;
  return {std::min(value, rules.heuristic_max), LifetimeSource::kHeuristic, false};
}

}  // namespace

bool heuristically_cacheable(int status) {
  switch (status) {
    case 200:
    case 203:
    case 204:
    case 206:
    case 300:
    case 301:
    case 308:
    case 404:
    case 405:
    case 410:
    case 414:
    case 501:
      return true;
    default:
      return false;
  }
}

Lifetime freshness_lifetime(const ResponseFacts& response, const Behavior& behavior) {
  const TtlRules& rules = behavior.ttl;
  if (is_overridden(response, behavior)) {
    return {*rules.override_ttl, LifetimeSource::kOverride, false};
  }

  // Without explicit freshness, a status that is not cacheable by default gets none from us either
  // (RFC 9111 §4.2.2), unless the response is `public` or the operator names its status.
  Lifetime lifetime;
  const bool by_default = response.is_public || heuristically_cacheable(response.status);
  const bool is_explicit = response.explicit_lifetime >= Seconds{0};
  if (is_explicit) {
    lifetime = {response.explicit_lifetime, response.source, false};
  } else if (const StatusTtl* entry = configured_ttl(rules, response.status)) {
    lifetime = {entry->ttl, LifetimeSource::kPerStatus, false};
  } else if (rules.negative && (response.status == 404 || response.status == 410)) {
    lifetime = {*rules.negative, LifetimeSource::kNegative, false};
  } else if (by_default && rules.default_ttl) {
    lifetime = {*rules.default_ttl, LifetimeSource::kDefault, false};
  } else if (by_default) {
    lifetime = heuristic_lifetime(response, rules);
  } else {
    return lifetime;
  }
  const Seconds least = is_server_error(response) ? Seconds{0} : rules.min;
  const Seconds value = std::min(std::max(lifetime.value, least), rules.max);
  lifetime.clamped = value != lifetime.value;
  lifetime.value = value;
  return lifetime;
}

Millis precise_age(const ResponseFacts& response, WallTime now) {
  const Millis resident = std::max(Millis{0}, now - response.response_time);
  return response.initial_age + resident;
}

Seconds current_age(const ResponseFacts& response, WallTime now) {
  const auto age = std::chrono::floor<Seconds>(precise_age(response, now));
  return std::min(age, Seconds{http::kMaxDeltaSeconds});
}

Reason stale_forbidden_by(const ResponseFacts& response, const Behavior& behavior) {
  if (must_validate(response, behavior)) return Reason::kNoCache;
  if (response.must_revalidate) return Reason::kMustRevalidate;
  if (response.proxy_revalidate) return Reason::kProxyRevalidate;
  if (response.s_maxage && !behavior.stale.allow_with_s_maxage) return Reason::kSMaxage;
  return Reason::kNone;
}

Seconds grace(const ResponseFacts& response, const Lifetime& lifetime, const Behavior& behavior,
              Failure failure) {
  if (lifetime.source == LifetimeSource::kNone && lifetime.value <= Seconds{0}) return Seconds{0};
  if (is_server_error(response)) return Seconds{0};
  // The switch for s-maxage is for what the origin writes beside it, not for our own grace.
  if (response.s_maxage) return Seconds{0};
  return failure == Failure::k5xx ? behavior.stale.on_5xx : behavior.stale.on_unreachable;
}

std::string_view to_string(LifetimeSource source) {
  switch (source) {
    case LifetimeSource::kNone:
      return "none";
    case LifetimeSource::kTargeted:
      return "targeted";
    case LifetimeSource::kSurrogateControl:
      return "surrogate-control";
    case LifetimeSource::kSMaxage:
      return "s-maxage";
    case LifetimeSource::kMaxAge:
      return "max-age";
    case LifetimeSource::kExpires:
      return "expires";
    case LifetimeSource::kOverride:
      return "override";
    case LifetimeSource::kPerStatus:
      return "per-status";
    case LifetimeSource::kNegative:
      return "negative";
    case LifetimeSource::kDefault:
      return "default";
    case LifetimeSource::kHeuristic:
      return "heuristic";
  }
  return "none";
}

}  // namespace seawall::cache
