// What a request gets from the stored response that matched it (RFC 9111 §4, §4.2.4, §5.2.1; RFC
// 5861; RFC 8246): first the fact (fresh or not), then what forbids to use it so, then what allows
// to use it stale.
#include <algorithm>

#include "common/cache/early_refresh.h"
#include "common/cache/freshness.h"
#include "common/cache/policy.h"

namespace seawall::cache {
namespace {

bool obeyed(const Behavior& behavior) {
  return behavior.request_directives == RequestDirectives::kObey;
}

// Its lifetime may end by chance before its time only where upstream can be asked about it.
enum class Jitter : uint8_t { kCounts, kNone };

// All that is known about the stored response at `now`.
struct Standing {
  Lifetime lifetime;
  Millis age{0};
  Millis staleness{0};  // since the end of its lifetime, or since a soft purge
  bool fresh = false;
  Seconds ttl{0};
};

Standing standing(const ResponseFacts& stored, const Behavior& behavior, WallTime now,
                  StoredState state, Jitter jitter) {
  Standing s;
  s.lifetime = freshness_lifetime(stored, behavior);
  s.age = precise_age(stored, now);
  s.ttl = s.lifetime.value - current_age(stored, now);
  Millis expiry = s.lifetime.value;
  if (behavior.ttl.jitter != 0 && jitter == Jitter::kCounts) {
    expiry = expiry_age(stored, expiry, behavior.ttl.jitter);
  }
  s.fresh = s.age < expiry && !state.invalidated && !state.soft_purged;
  s.staleness = std::max<Millis>(Millis{0}, s.age - expiry);
  if (state.soft_purged) {
    s.staleness = std::max(s.staleness, state.since_purge);
    s.ttl = std::min(s.ttl, -std::chrono::floor<Seconds>(state.since_purge));
  }
  return s;
}

// The request directive that the stored response does not satisfy (RFC 9111 §5.2.1), or kNone.
// Invalid arguments are junk and ignored.
Reason request_forbids(const RequestFacts& request, const ResponseFacts& stored,
                       const Standing& s) {
  const http::CacheControl& control = request.control;
  if (control.no_cache) return Reason::kRequestNoCache;
  if (request.pragma_no_cache) return Reason::kRequestPragma;
  if (control.max_age && !control.max_age.invalid) {
    // Nothing is 0 s old by the time it is sent: `max-age=0` asks for validation. What is immutable
    // need not be validated while it is fresh (RFC 8246 §2).
    const Seconds limit = control.max_age.seconds();
    const bool too_old = limit == Seconds{0} || s.age > limit;
    if (too_old && !(stored.immutable && s.fresh)) return Reason::kRequestMaxAge;
  }
  const Seconds min_fresh = control.min_fresh.seconds();  // 0 if it is absent or junk
  if (min_fresh > Seconds{0} && s.lifetime.value - s.age < min_fresh)
    return Reason::kRequestMinFresh;
  return Reason::kNone;
}

// RFC 9111 §5.2.1.2: the request takes a stale response.
bool max_stale_allows(const RequestFacts& request, Millis staleness) {
  const http::CacheControl& control = request.control;
  if (control.max_stale_any) return true;
  return control.max_stale && !control.max_stale.invalid &&
         covers(control.max_stale.seconds(), staleness);
}

// Why what is stored can't be used without asking upstream, or kNone.
Reason validation_needed(const RequestFacts& request, const ResponseFacts& stored,
                         const Behavior& behavior, StoredState state, const Standing& s) {
  if (state.invalidated) return Reason::kInvalidated;
  if (must_validate(stored, behavior)) return Reason::kNoCache;
  return obeyed(behavior) ? request_forbids(request, stored, s) : Reason::kNone;
}

// What a stale response gets that nothing but its staleness speaks against.
Verdict decide_stale(const RequestFacts& request, const ResponseFacts& stored,
                     const Behavior& behavior, StoredState state, const Standing& s, Verdict v) {
  const Reason forbidden = stale_forbidden_by(stored, behavior);
  const bool in_window = covers(stored.stale_while_revalidate, s.staleness);
  v.action = stored.has_validator() ? Action::kRevalidate : Action::kFetch;
  v.reason = state.soft_purged ? Reason::kSoftPurged : Reason::kStale;
  if (request.revalidate) {
    v.reason = Reason::kRevalidate;
  } else if (in_window && forbidden == Reason::kNone) {
    v.action = Action::kServeAndRefresh;
    v.reason = Reason::kStaleWhileRevalidate;
  } else if (in_window) {
    v.reason = forbidden;
  } else if (obeyed(behavior) && max_stale_allows(request, s.staleness)) {
    // The switch for s-maxage is for the origin's own stale-* directives, not for a viewer's wish.
    const Reason by_origin =
        forbidden == Reason::kNone && stored.s_maxage ? Reason::kSMaxage : forbidden;
    v.reason = by_origin == Reason::kNone ? Reason::kMaxStale : by_origin;
    if (by_origin == Reason::kNone) v.action = Action::kServe;
  }
  return v;
}

// RFC 9111 §5.2.1.7.
Verdict apply_only_if_cached(const RequestFacts& request, Verdict v) {
  const bool asks_upstream = v.action == Action::kFetch || v.action == Action::kRevalidate;
  if (request.control.only_if_cached && asks_upstream) {
    v.action = Action::kGatewayTimeout;
    v.reason = Reason::kOnlyIfCached;
  }
  return v;
}

// The window that lets a stale response answer instead of a failure, or what closes them all.
Reason stale_allowed_on_failure(const RequestFacts& request, const ResponseFacts& stored,
                                const Behavior& behavior, Failure failure, const Standing& s,
                                bool& allowed) {
  allowed = false;
  if (const Reason reason = stale_forbidden_by(stored, behavior); reason != Reason::kNone)
    return reason;
  allowed = true;
  if (covers(stored.stale_if_error, s.staleness)) return Reason::kStaleIfError;
  if (covers(stored.stale_while_revalidate, s.staleness)) return Reason::kStaleWhileRevalidate;
  const Seconds own_grace = grace(stored, s.lifetime, behavior, failure);
  if (covers(own_grace, s.staleness)) return Reason::kStaleGrace;
  if (obeyed(behavior) && !stored.s_maxage) {
    const http::DeltaDirective& wish = request.control.stale_if_error;
    if (wish && !wish.invalid && covers(wish.seconds(), s.staleness))
      return Reason::kRequestStaleIfError;
    if (max_stale_allows(request, s.staleness)) return Reason::kMaxStale;
  }
  allowed = false;
  if (stored.s_maxage) return Reason::kSMaxage;
  const bool any_window = stored.stale_if_error > Seconds{0} ||
                          stored.stale_while_revalidate > Seconds{0} || own_grace > Seconds{0};
  if (any_window) return Reason::kGraceOver;
  return failure == Failure::k5xx ? Reason::kStatus : Reason::kNoFreshness;
}

}  // namespace

Verdict decide(const RequestFacts& request, const ResponseFacts* stored, const Behavior& behavior,
               WallTime now, StoredState state) {
  const http::Method method = request.method;
  if (method != http::Method::kGet && method != http::Method::kHead)
    return {Action::kFetch, Reason::kMethod, false, {}, {}};
  if (!behavior.cache)
    return apply_only_if_cached(request, {Action::kFetch, Reason::kPass, false, {}, {}});
  if (!stored) return apply_only_if_cached(request, {Action::kFetch, Reason::kMiss, false, {}, {}});

  const Standing s = standing(*stored, behavior, now, state, Jitter::kCounts);
  Verdict v{Action::kServe, Reason::kFresh, s.fresh, current_age(*stored, now), s.ttl};
  const Reason needed = validation_needed(request, *stored, behavior, state, s);
  if (needed != Reason::kNone) {
    v.action = stored->has_validator() ? Action::kRevalidate : Action::kFetch;
    v.reason = needed;
  } else if (!s.fresh) {
    v = decide_stale(request, *stored, behavior, state, s, v);
  } else if (request.revalidate && is_ahead_of_expiry(*stored, behavior, now)) {
    v.action = stored->has_validator() ? Action::kRevalidate : Action::kFetch;
    v.reason = Reason::kRevalidate;
  }
  return apply_only_if_cached(request, v);
}

Verdict decide_on_failure(const RequestFacts& request, const ResponseFacts& stored,
                          const Behavior& behavior, Failure failure, int status, WallTime now,
                          StoredState state) {
  const Standing s = standing(stored, behavior, now, state, Jitter::kNone);
  Verdict v{Action::kGatewayTimeout, Reason::kStatus, s.fresh, current_age(stored, now), s.ttl};
  const bool is_error = status == 500 || status == 502 || status == 503 || status == 504;
  if (failure == Failure::k5xx && !is_error) return v;

  v.reason = validation_needed(request, stored, behavior, state, s);
  // RFC 5861 §4: the request's stale-if-error holds "regardless of other freshness information".
  const bool asks_for_stale =
      request.control.stale_if_error && !request.control.stale_if_error.invalid;
  const bool only_preferred =
      v.reason == Reason::kRequestMaxAge || v.reason == Reason::kRequestMinFresh;
  if (v.reason != Reason::kNone && !(only_preferred && asks_for_stale)) return v;
  bool allowed = s.fresh;
  v.reason = s.fresh ? Reason::kFresh
                     : stale_allowed_on_failure(request, stored, behavior, failure, s, allowed);
  if (allowed) v.action = Action::kServe;
  return v;
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kServe:
      return "serve";
    case Action::kServeAndRefresh:
      return "serve-and-refresh";
    case Action::kRevalidate:
      return "revalidate";
    case Action::kFetch:
      return "fetch";
    case Action::kGatewayTimeout:
      return "gateway-timeout";
  }
  return "fetch";
}

}  // namespace seawall::cache
