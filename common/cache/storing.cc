// May this response be stored (RFC 9111 §3)?
#include <algorithm>

#include "common/cache/freshness.h"
#include "common/cache/policy.h"

namespace seawall::cache {
namespace {

// The final statuses of RFC 9110 §15, whose caching requirements we implement: what
// `must-understand` asks for (RFC 9111 §5.2.2.3).
bool understood(int status) {
  if (status >= 200 && status <= 206) return true;
  if (status >= 300 && status <= 308) return status != 304 && status != 306;
  if (status >= 400 && status <= 417) return true;
  return status == 421 || status == 422 || status == 426 || (status >= 500 && status <= 505);
}

bool is_explicit(const ResponseFacts& response) { return response.explicit_lifetime >= Seconds{0}; }

// RFC 9110 §9.3: GET; POST only if its answer says that it is the resource's representation.
bool method_allows(const RequestFacts& request, const ResponseFacts& response) {
  if (request.method == http::Method::kGet) return true;
  return request.method == http::Method::kPost && response.status == 200 && is_explicit(response) &&
         response.content_location_is_target;
}

// RFC 9111 §3 and §3.3. A 304 updates what is stored; a 412 or 416 answers the condition or the
// range of one request, and would poison the key for all others.
Reason status_forbids(const RequestFacts& request, const ResponseFacts& response) {
  if (response.status < 200 || response.status == 304) return Reason::kStatusNotUnderstood;
  if (provoked_by_request(response.status)) return Reason::kProvokedStatus;
  if (response.must_understand && !understood(response.status)) return Reason::kStatusNotUnderstood;
  if (response.partial && !(request.has_range && response.valid_partial)) return Reason::kPartial;
  if (response.status == 416 && request.has_range) return Reason::kPartial;
  if (response.status == 412 && request.conditional()) return Reason::kStatusNotUnderstood;
  return Reason::kNone;
}

// RFC 9111 §3.5.
bool authorization_allows(const ResponseFacts& response) {
  return response.must_revalidate || response.is_public || response.s_maxage;
}

// A cookie is shared only where the origin says explicitly that the response can be used again as
// it is: for some time, and without asking. A page with `max-age=0` and a session cookie is not
// that, and must not come back from a stale grace.
bool set_cookie_allows(const ResponseFacts& response, const Behavior& behavior) {
  if (!response.has_set_cookie || behavior.set_cookie == SetCookieRule::kStrip) return true;
  return behavior.set_cookie == SetCookieRule::kStore && response.explicit_lifetime > Seconds{0} &&
         !response.no_cache;
}

// Could any later request be answered from it: fresh, validated, or stale where that is allowed?
bool reusable(const ResponseFacts& response, const Behavior& behavior, const Lifetime& lifetime) {
  if (response.has_validator()) return true;
  if (must_validate(response, behavior)) return false;
  if (response.initial_age < lifetime.value) return true;
  if (stale_forbidden_by(response, behavior) != Reason::kNone) return false;
  const Seconds window = std::max({response.stale_while_revalidate, response.stale_if_error,
                                   grace(response, lifetime, behavior, Failure::kUnreachable),
                                   grace(response, lifetime, behavior, Failure::k5xx)});
  return covers(window, response.initial_age - lifetime.value);
}

}  // namespace

// 414 is not among them: it depends on the URL, which is the key. Nor are 405 and 501: the method
// is GET, and the fields that would change it do not reach the origin.
bool provoked_by_request(int status) {
  switch (status) {
    case 400:
    case 408:
    case 413:
    case 417:
    case 425:
    case 428:
    case 429:
    case 431:
    case 511:
      return true;
    default:
      return false;
  }
}

bool may_answer_the_waiting(const ResponseFacts& response, const Behavior& behavior) {
  return is_server_error(response) && !must_validate(response, behavior) &&
         stale_forbidden_by(response, behavior) == Reason::kNone;
}

StoreVerdict may_store(const RequestFacts& request, const ResponseFacts& response,
                       const Behavior& behavior) {
  const auto no = [](Reason reason) { return StoreVerdict{false, reason}; };
  if (!behavior.cache) return no(Reason::kPass);
  if (!method_allows(request, response)) return no(Reason::kMethod);
  if (const Reason reason = status_forbids(request, response); reason != Reason::kNone)
    return no(reason);
  if (behavior.request_directives == RequestDirectives::kObey && request.control.no_store)
    return no(Reason::kRequestNoStore);
  // §5.2.2.3: who understands the status ignores the no-store beside must-understand.
  if (response.no_store && !response.must_understand) return no(Reason::kNoStore);
  if (response.is_private) return no(Reason::kPrivate);
  if (request.has_authorization && !authorization_allows(response))
    return no(Reason::kAuthorization);
  if (response.vary_star) return no(Reason::kVaryStar);
  if (!set_cookie_allows(response, behavior)) return no(Reason::kSetCookie);

  const Lifetime lifetime = freshness_lifetime(response, behavior);
  const bool permitted = is_explicit(response) || response.is_public ||
                         heuristically_cacheable(response.status) ||
                         lifetime.source != LifetimeSource::kNone;
  if (!permitted) return no(Reason::kNoFreshness);
  if (!reusable(response, behavior, lifetime)) return no(Reason::kNeverReusable);
  return {true, Reason::kStorable};
}

}  // namespace seawall::cache
