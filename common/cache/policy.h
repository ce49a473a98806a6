// The shared cache's rules as pure functions (RFC 9111): what may be stored, how long it is fresh,
// and what a request gets. Nothing here allocates, logs or reads a clock. Facts are what a message
// says, read once; a Verdict keeps the fact (fresh) apart from the choice (action), and always has
// a reason. Freshness is decided at look-up, from stored facts and the current behavior.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/time.h"
#include "common/cache/behavior.h"
#include "common/cache/reason.h"
#include "common/http/cache_control.h"
#include "common/http/head.h"

namespace seawall::cache {

struct RequestFacts {
  http::Method method = http::Method::kGet;
  bool has_authorization = false;
  bool has_range = false;
  bool has_if_range = false;
  bool has_if_none_match = false;
  bool has_if_modified_since = false;
  bool has_if_match = false;
  bool has_if_unmodified_since = false;
  bool pragma_no_cache = false;  // only where Cache-Control is absent (RFC 9111 §5.4)
  // The request is an edge's own revalidation or background refresh. Never set by read_request():
  // the caller knows whom it trusts.
  bool revalidate = false;
  http::CacheControl control;

  bool conditional() const {
    return has_if_none_match || has_if_modified_since || has_if_match || has_if_unmodified_since;
  }
};
RequestFacts read_request(const http::RequestHead& head);

// Who says how long a response is fresh.
enum class LifetimeSource : uint8_t {
  kNone,              // nobody: 0
  kTargeted,          // a field of Behavior::targets (RFC 9213)
  kSurrogateControl,  // Surrogate-Control
  kSMaxage,
  kMaxAge,
  kExpires,
  kOverride,   // TtlRules::override_ttl
  kPerStatus,  // TtlRules::per_status
  kNegative,   // TtlRules::negative
  kDefault,    // TtlRules::default_ttl
  kHeuristic,  // RFC 9111 §4.2.2
};
std::string_view to_string(LifetimeSource source);

// What is kept beside a stored response. Durations of −1 s: the message says nothing.
struct ResponseFacts {
  WallTime response_time{};            // received at
  Millis initial_age{};                // corrected_initial_age (RFC 9111 §4.2.3), at response_time
  HttpTime date{};                     // its Date; if unusable, the second of receipt
  HttpTime last_modified{};            // where has_last_modified
  Seconds explicit_lifetime{-1};       // §4.2.1 with `source`; 0 for an invalid one
  Seconds stale_while_revalidate{-1};  // RFC 5861, from the field that won
  Seconds stale_if_error{-1};
  uint16_t status = 0;
  LifetimeSource source = LifetimeSource::kNone;  // of explicit_lifetime
  uint8_t luck = 0;        // drawn once, when it is stored: for TtlRules::jitter
  uint8_t fetch_time = 0;  // from the request to this head: see early_refresh.h
  // The cache directives of the field that won: a targeted one, or Surrogate-Control, or else
  // Cache-Control.
  bool no_store : 1 = false;
  bool no_cache : 1 = false;         // the whole response; one with a field list does not count
  bool is_private : 1 = false;       // the same
  bool has_field_lists : 1 = false;  // no-cache="…" or private="…": those fields are not stored
  bool is_public : 1 = false;
  bool must_revalidate : 1 = false;
  bool proxy_revalidate : 1 = false;
  bool must_understand : 1 = false;
  bool immutable : 1 = false;
  bool s_maxage : 1 = false;  // implies proxy-revalidate (§5.2.2.10)
  bool has_etag : 1 = false;  // a well-formed one, weak or strong
  bool has_last_modified : 1 = false;
  bool has_set_cookie : 1 = false;
  bool vary_star : 1 = false;
  bool partial : 1 = false;        // 206
  bool valid_partial : 1 = false;  // 206 with one valid Content-Range that names a range
  // A Content-Location that is the request's own target: a POST's answer may then serve later GETs
  // (RFC 9110 §9.3.3). Set by the caller: see content_location_is_target().
  bool content_location_is_target : 1 = false;

  bool has_validator() const { return has_etag || has_last_modified; }
};
// `request_time`: when the request went out, `response_time`: when the head came.
ResponseFacts read_response(const http::ResponseHead& head, const Behavior& behavior,
                            WallTime request_time, WallTime response_time);

// Statuses that answer how one request was written or how often it came, not what is there: who can
// provoke one could have it stored for everybody ("cache-poisoned denial of service"). Never
// stored; RFC 6585 forbids it for 428, 429, 431 and 511.
bool provoked_by_request(int status);

struct StoreVerdict {
  bool store = false;
  Reason reason = Reason::kNone;  // kStorable, or what forbids it
};
// RFC 9111 §3, §3.3, §3.5. What could never be used again, not even after validation or on
// failure, is not worth storing (kNeverReusable).
StoreVerdict may_store(const RequestFacts& request, const ResponseFacts& response,
                       const Behavior& behavior);

struct Lifetime {
  Seconds value{0};
  LifetimeSource source = LifetimeSource::kNone;
  bool clamped = false;  // TtlRules::min or max changed the value
};
Lifetime freshness_lifetime(const ResponseFacts& response, const Behavior& behavior);

// RFC 9111 §4.2.3, never negative; what an Age field says. 2^31 at most.
Seconds current_age(const ResponseFacts& response, WallTime now);

enum class Action : uint8_t {
  kServe,
  kServeAndRefresh,  // serve what is stored, and refresh it in the background (RFC 5861 §3)
  kRevalidate,       // ask upstream with the stored validators
  kFetch,            // ask upstream for the whole
  kGatewayTimeout,   // only-if-cached and nothing to serve: 504
};
std::string_view to_string(Action action);

struct Verdict {
  Action action = Action::kFetch;
  Reason reason = Reason::kMiss;
  bool fresh = false;  // the fact, whatever the choice
  Seconds age{0};
  Seconds ttl{0};  // that remains; negative: for so long it has been stale
};

struct StoredState {
  // By a hard purge or an unsafe request (RFC 9111 §4.4): never used again.
  bool invalidated = false;
  // By a soft purge: treated as stale, as if its lifetime had ended with the purge.
  bool soft_purged = false;
  Millis since_purge{0};  // how long ago that was
};

// `stored`: the variant that matched, or nullptr. The caller handles `method` being unsafe,
// Range and conditions: a verdict to serve is one for the stored response as a whole.
Verdict decide(const RequestFacts& request, const ResponseFacts* stored, const Behavior& behavior,
               WallTime now, StoredState state = {});

enum class Failure : uint8_t {
  kUnreachable,  // no connection
  kDisconnect,   // before a complete head
  kTimeout,
  k5xx,  // an answer with an error status
};
// The upstream could not answer: kServe with the reason that allows it, or kGatewayTimeout with
// the reason that forbids it: then the error is the answer.
// `status`: for k5xx; only 500, 502, 503 and 504 are errors here (RFC 5861 §4).
Verdict decide_on_failure(const RequestFacts& request, const ResponseFacts& stored,
                          const Behavior& behavior, Failure failure, int status, WallTime now,
                          StoredState state = {});

}  // namespace seawall::cache
