// What decide() and may_store() share about time; the public functions are in policy.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/cache/policy.h"

namespace seawall::cache {

// RFC 9110 §15.1: statuses that may be given a lifetime by heuristics.
bool heuristically_cacheable(int status);

// current_age in the precision that comparisons need; current_age() is this in whole seconds.
Millis precise_age(const ResponseFacts& response, WallTime now);

// Is something that has been stale for `staleness` inside a window of `window` seconds? A window of
// 0 or less is none.
constexpr bool covers(Seconds window, Millis staleness) {
  return window > Seconds{0} && staleness <= window;
}

// Errors of the server live no longer than somebody says who means them: neither override_ttl nor
// TtlRules::min, which are for what the site has to show, nor a grace.
constexpr bool is_server_error(const ResponseFacts& response) { return response.status >= 500; }

inline bool is_overridden(const ResponseFacts& response, const Behavior& behavior) {
  return behavior.ttl.override_ttl && !is_server_error(response);
}

// A no-cache that holds: only override_ttl, which stands in for all that the origin says about
// freshness, lets a response with it be used without validation.
inline bool must_validate(const ResponseFacts& response, const Behavior& behavior) {
  return response.no_cache && !is_overridden(response, behavior);
}

// The directive that forbids to serve this response stale (RFC 9111 §4.2.4), or kNone.
Reason stale_forbidden_by(const ResponseFacts& response, const Behavior& behavior);

// Whether an error of the server that is not stored, since nobody gave it a lifetime, answers those
// who asked before it came: it says nothing against being used without validation. That is more
// than RFC 9111 §4 grants, which speaks of what is storable.
bool may_answer_the_waiting(const ResponseFacts& response, const Behavior& behavior);

// The grace of StaleRules that holds for this response. 0 for one that neither the origin nor the
// operator gave any lifetime, since it was never meant to be served without asking, and for errors
// of the server.
Seconds grace(const ResponseFacts& response, const Lifetime& lifetime, const Behavior& behavior,
              Failure failure);

}  // namespace seawall::cache
