// Why a request was answered, stored or refused as it was. Goes unchanged to the access log, to
// Cache-Status; detail (RFC 9211 §2.8) and to `explain`.
#pragma once

#include <cstdint>
#include <string_view>

namespace seawall::cache {

enum class Reason : uint8_t {
  kNone,
  // Served from the store.
  kFresh,
  kStaleWhileRevalidate,
  kMaxStale,             // the request's
  kStaleIfError,         // the response's
  kRequestStaleIfError,  // the request's
  kStaleGrace,           // StaleRules
  kRevalidated,          // the upstream answered 304
  kCollapsed,            // served from a fill that another request had started
  // Asked upstream.
  kMiss,
  kVaryMiss,  // stored, but no variant that matches
  kMethod,
  kPass,  // Behavior::cache is off
  kStale,
  kInvalidated,
  kSoftPurged,
  kPurged,
  kRevalidate,  // asked by a trusted edge
  kRequestNoCache,
  kRequestMaxAge,
  kRequestMinFresh,
  kRequestNoStore,
  kRequestPragma,
  kOnlyIfCached,
  kPartial,           // only another part is stored
  kUpgrade,           // a tunnel
  kKnownUncacheable,  // remembered from an earlier answer
  kRulesDiffer,       // edge and shield have other key rules
  // Directives that force validation or forbid a stale answer.
  kNoCache,
  kMustRevalidate,
  kProxyRevalidate,
  kSMaxage,
  kGraceOver,  // stale for longer than any window allows
  kStatus,     // this error status lets nothing stale through
  // Stored, or not.
  kStorable,
  kNoStore,
  kPrivate,
  kAuthorization,
  kSetCookie,
  kVaryStar,
  kStatusNotUnderstood,  // must-understand, or a 1xx or 304
  kNoFreshness,          // neither explicit nor heuristic freshness, nor `public`
  kNeverReusable,
  kProvokedStatus,  // what the request was like, not what is there: provoked_by_request()
  kHtmlOnStatic,    // Behavior::refuse_html_on_static
  kTooManyTags,     // to be purged by every one of them: purge/tags.h
  kTooLarge,
  kIncomplete,
  kNoSpace,
  kRangeForwarded,  // too large to be fetched whole for a part of it
  // The upstream failed.
  kUpstreamError,
  kUpstreamDns,  // no address for its name
  kUpstreamTls,  // no handshake, or not with who it should be
  kCount,
};

// A short token: "fresh", "stale-while-revalidate", "vary-star", …
std::string_view to_string(Reason reason);

// Why an answer is not stored: for what the request was like. It says nothing of answers to others.
constexpr bool is_about_request(Reason reason) {
  return reason == Reason::kMethod || reason == Reason::kRequestNoStore ||
         reason == Reason::kAuthorization;
}

// RFC 9211 §2.2: the value of `fwd` for a request that went upstream for this reason: bypass,
// method, uri-miss, vary-miss, request, stale or partial.
std::string_view forward_token(Reason reason);

}  // namespace seawall::cache
