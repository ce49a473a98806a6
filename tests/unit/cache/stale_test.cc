// Stale answers: RFC 9111 §4.2.4, §5.2.2.2, §5.2.2.8, §5.2.2.10; RFC 5861.
#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* response;
  double now;
  Action action;
  Reason reason;
};

void check(const Row& row, const Behavior& behavior = kDefaults, bool revalidate = false) {
  INFO(row.section << "\nstored: " << row.response << "\nnow " << row.now);
  const Response response(row.response);
  const ResponseFacts facts = response.facts(behavior);
  RequestFacts request = Request().facts();
  request.revalidate = revalidate;
  const Verdict verdict = decide(request, &facts, behavior, after(row.now));
  CHECK(to_string(verdict.action) == to_string(row.action));
  CHECK(to_string(verdict.reason) == to_string(row.reason));
}

struct FailureRow {
  const char* section;
  const char* response;
  double now;
  Failure failure;
  int status;
  bool served;
  Reason reason;
  const char* request = "";
};

void check(const FailureRow& row, const Behavior& behavior = kDefaults, StoredState state = {}) {
  INFO(row.section << "\n"
                   << row.request << "\nstored: " << row.response << "\nfailure "
                   << static_cast<int>(row.failure) << " " << row.status << ", now " << row.now);
  const Response response(row.response);
  const Request request(row.request);
  const Verdict verdict = decide_on_failure(request.facts(), response.facts(behavior), behavior,
                                            row.failure, row.status, after(row.now), state);
  CHECK(to_string(verdict.action) ==
        to_string(row.served ? Action::kServe : Action::kGatewayTimeout));
  CHECK(to_string(verdict.reason) == to_string(row.reason));
}

constexpr Failure kGone = Failure::kUnreachable;

}  // namespace

TEST_CASE("stale-while-revalidate serves inside its window and refreshes") {
  const char* fields = "Cache-Control: max-age=60, stale-while-revalidate=30\nETag: \"a\"";
  const char* aged = "Cache-Control: max-age=60, stale-while-revalidate=30\nAge: 80\nETag: \"a\"";
  const Action refresh = Action::kServeAndRefresh;
  const Row table[] = {
      {"RFC 5861 §3", fields, 59, Action::kServe, Reason::kFresh},
      {"RFC 5861 §3", fields, 60, refresh, Reason::kStaleWhileRevalidate},
      {"RFC 5861 §3", fields, 90, refresh, Reason::kStaleWhileRevalidate},
      {"RFC 5861 §3", fields, 90.001, Action::kRevalidate, Reason::kStale},
      {"RFC 5861 §3, with the Age of the tier before", aged, 0, refresh,
       Reason::kStaleWhileRevalidate},
      {"RFC 5861 §3, with the Age of the tier before", aged, 11, Action::kRevalidate,
       Reason::kStale},
      {"RFC 5861 §3", "Cache-Control: max-age=60, stale-while-revalidate=0", 60, Action::kFetch,
       Reason::kStale},
      {"RFC 5861 §3", "Cache-Control: max-age=60, stale-while-revalidate=x", 60, Action::kFetch,
       Reason::kStale},
      {"RFC 9111 §5.2.2.2", "Cache-Control: max-age=60, stale-while-revalidate=30, must-revalidate",
       60, Action::kFetch, Reason::kMustRevalidate},
      {"RFC 9111 §5.2.2.8",
       "Cache-Control: max-age=60, stale-while-revalidate=30, proxy-revalidate", 60, Action::kFetch,
       Reason::kProxyRevalidate},
      {"RFC 9111 §5.2.2.4", "Cache-Control: max-age=60, stale-while-revalidate=30, no-cache", 60,
       Action::kFetch, Reason::kNoCache},
      {"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=60, stale-while-revalidate=30", 60,
       Action::kFetch, Reason::kSMaxage},
      {"RFC 9213 §2.2",
       "CDN-Cache-Control: max-age=60, stale-while-revalidate=30\nCache-Control: must-revalidate",
       60, refresh, Reason::kStaleWhileRevalidate},
      {"Surrogate-Control", "Surrogate-Control: max-age=60+30", 60, refresh,
       Reason::kStaleWhileRevalidate},
  };
  for (const Row& row : table) check(row);

  Behavior lenient;
  lenient.stale.allow_with_s_maxage = true;
  check({"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=60, stale-while-revalidate=30", 60, refresh,
         Reason::kStaleWhileRevalidate},
        lenient);
  check({"RFC 9111 §5.2.2.2",
         "Cache-Control: s-maxage=60, stale-while-revalidate=30, must-revalidate", 60,
         Action::kFetch, Reason::kMustRevalidate},
        lenient);
}

TEST_CASE("an edge's own revalidation waits for the origin") {
  const char* fields = "Cache-Control: max-age=60, stale-while-revalidate=30\nETag: \"a\"";
  check({"two tiers", fields, 61, Action::kRevalidate, Reason::kRevalidate}, kDefaults, true);
  check({"two tiers", fields, 10, Action::kServe, Reason::kFresh}, kDefaults, true);
  RequestFacts request = Request().facts();
  request.revalidate = true;
  const ResponseFacts facts = Response(fields).facts();
  const Verdict verdict = decide_on_failure(request, facts, kDefaults, kGone, 0, after(61));
  CHECK(verdict.action == Action::kServe);
  CHECK_FALSE(verdict.fresh);
}

TEST_CASE("when the origin can't be reached, grace holds where no directive forbids it") {
  const char* plain = "Cache-Control: max-age=60";
  const FailureRow table[] = {
      {"RFC 9111 §4.2.4", plain, 61, kGone, 0, true, Reason::kStaleGrace},
      {"RFC 9111 §4.2.4", plain, 61, Failure::kDisconnect, 0, true, Reason::kStaleGrace},
      {"RFC 9111 §4.2.4", plain, 61, Failure::kTimeout, 0, true, Reason::kStaleGrace},
      {"RFC 9111 §4.2.4", plain, 3660, kGone, 0, true, Reason::kStaleGrace},
      {"RFC 9111 §4.2.4", plain, 3661, kGone, 0, false, Reason::kGraceOver},
      {"RFC 9111 §4.2.4", plain, 30, kGone, 0, true, Reason::kFresh},
      {"RFC 9111 §4.2.4", plain, 61, Failure::k5xx, 503, false, Reason::kStatus},
      {"RFC 9111 §4.2.4", "Date: @0\nExpires: @0", 5, kGone, 0, true, Reason::kStaleGrace},
      {"RFC 9111 §4.2.4", "Last-Modified: @-1000", 101, kGone, 0, true, Reason::kStaleGrace},
      {"RFC 9111 §4.2.4", "ETag: \"a\"", 5, kGone, 0, false, Reason::kNoFreshness},
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=60\nAge: 4000", 1, kGone, 0, false,
       Reason::kGraceOver},
      {"RFC 9111 §5.2.2.2", "Cache-Control: max-age=60, must-revalidate", 61, kGone, 0, false,
       Reason::kMustRevalidate},
      {"RFC 9111 §5.2.2.8", "Cache-Control: max-age=60, proxy-revalidate", 61, kGone, 0, false,
       Reason::kProxyRevalidate},
      {"RFC 9111 §5.2.2.4", "Cache-Control: max-age=60, no-cache", 61, kGone, 0, false,
       Reason::kNoCache},
      {"RFC 9111 §5.2.2.4", "Cache-Control: max-age=60, no-cache", 1, kGone, 0, false,
       Reason::kNoCache},
      {"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=60", 61, kGone, 0, false, Reason::kSMaxage},
      {"RFC 9111 §5.2.2.10", "Cache-Control: max-age=2, s-maxage=60", 61, kGone, 0, false,
       Reason::kSMaxage},
      {"RFC 9213 §2.2", "CDN-Cache-Control: max-age=60\nCache-Control: must-revalidate", 61, kGone,
       0, true, Reason::kStaleGrace},
  };
  for (const FailureRow& row : table) check(row);

  Behavior none;
  none.stale.on_unreachable = Seconds{0};
  check({"RFC 9111 §4.2.4", plain, 61, kGone, 0, false, Reason::kNoFreshness}, none);
  Behavior errors;
  errors.stale.on_5xx = Seconds{10};
  check({"RFC 9111 §4.2.4", plain, 70, Failure::k5xx, 500, true, Reason::kStaleGrace}, errors);
  check({"RFC 9111 §4.2.4", plain, 71, Failure::k5xx, 500, false, Reason::kGraceOver}, errors);
}

TEST_CASE("stale-if-error holds for connection failures and 500, 502, 503, 504") {
  const char* fields = "Cache-Control: max-age=60, stale-if-error=30";
  const char* tomorrow = "Cache-Control: max-age=60, stale-if-error=86400";
  const Reason yes = Reason::kStaleIfError;
  for (const int status : {500, 502, 503, 504})
    check({"RFC 5861 §4", fields, 61, Failure::k5xx, status, true, yes});
  for (const int status : {400, 404, 501, 505, 599, 200})
    check({"RFC 5861 §4", fields, 61, Failure::k5xx, status, false, Reason::kStatus});
  const FailureRow table[] = {
      {"RFC 5861 §4", fields, 90, Failure::k5xx, 503, true, yes},
      {"RFC 5861 §4", fields, 90.001, Failure::k5xx, 503, false, Reason::kGraceOver},
      {"RFC 5861 §4", fields, 61, kGone, 0, true, yes},
      {"RFC 5861 §4", fields, 100, kGone, 0, true, Reason::kStaleGrace},
      {"RFC 5861 §4", tomorrow, 80000, Failure::kTimeout, 0, true, yes},
      {"RFC 5861 §4", "Cache-Control: max-age=60, stale-if-error=30, must-revalidate", 61, kGone, 0,
       false, Reason::kMustRevalidate},
      {"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=60, stale-if-error=30", 61, kGone, 0, false,
       Reason::kSMaxage},
      {"RFC 5861 §4", "Cache-Control: max-age=60", 61, Failure::k5xx, 503, false, Reason::kStatus,
       "Cache-Control: stale-if-error=30"},
  };
  for (const FailureRow& row : table) check(row);

  Behavior lenient;
  lenient.stale.allow_with_s_maxage = true;
  const char* shared = "Cache-Control: s-maxage=60, stale-if-error=30";
  check({"RFC 9111 §5.2.2.10", shared, 61, kGone, 0, true, yes}, lenient);
  check({"RFC 9111 §5.2.2.10", shared, 100, kGone, 0, false, Reason::kSMaxage}, lenient);
  check({"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=60", 61, kGone, 0, false, Reason::kSMaxage},
        lenient);
}

TEST_CASE("the request's wishes count on failure where request directives are obeyed") {
  Behavior obeying;
  obeying.request_directives = RequestDirectives::kObey;
  const char* plain = "Cache-Control: max-age=60";
  const FailureRow table[] = {
      {"RFC 5861 §4", plain, 61, Failure::k5xx, 503, true, Reason::kRequestStaleIfError,
       "Cache-Control: stale-if-error=30"},
      {"RFC 5861 §4", plain, 61, Failure::k5xx, 503, true, Reason::kRequestStaleIfError,
       "Cache-Control: stale-if-error=30, max-age=1"},
      {"RFC 5861 §4", plain, 91, Failure::k5xx, 503, false, Reason::kStatus,
       "Cache-Control: stale-if-error=30"},
      {"RFC 5861 §4", "Cache-Control: max-age=60, must-revalidate", 61, kGone, 0, false,
       Reason::kMustRevalidate, "Cache-Control: stale-if-error=30"},
      {"RFC 5861 §4", "Cache-Control: s-maxage=60", 61, kGone, 0, false, Reason::kSMaxage,
       "Cache-Control: stale-if-error=30"},
      {"RFC 9111 §5.2.1.2", plain, 61, Failure::k5xx, 503, true, Reason::kMaxStale,
       "Cache-Control: max-stale"},
      {"RFC 9111 §5.2.1.4", plain, 61, kGone, 0, false, Reason::kRequestNoCache,
       "Cache-Control: no-cache"},
      {"RFC 9111 §5.2.1.4", plain, 1, kGone, 0, false, Reason::kRequestNoCache,
       "Cache-Control: no-cache"},
      {"RFC 9111 §5.2.1.1", plain, 61, kGone, 0, false, Reason::kRequestMaxAge,
       "Cache-Control: max-age=0"},
  };
  for (const FailureRow& row : table) check(row, obeying);
}

TEST_CASE("what was invalidated is never served on failure, what was soft-purged is") {
  const StoredState invalidated{.invalidated = true, .soft_purged = false};
  const StoredState soft_purged{.invalidated = false, .soft_purged = true};
  const char* fields = "Cache-Control: max-age=60, stale-if-error=30";
  check({"RFC 9111 §4.4", fields, 1, kGone, 0, false, Reason::kInvalidated}, kDefaults,
        invalidated);
  check({"soft purge", fields, 1, kGone, 0, true, Reason::kStaleIfError}, kDefaults, soft_purged);
}

TEST_CASE("the stale-* windows of what was soft-purged count from the purge") {
  struct Row {
    int age, since_purge;  // in seconds
    Reason on_request, on_failure;
  };
  constexpr Row kRows[] = {
      {1, 1, Reason::kStaleWhileRevalidate, Reason::kStaleIfError},
      {31, 10, Reason::kStaleWhileRevalidate, Reason::kStaleIfError},
      {31, 11, Reason::kSoftPurged, Reason::kStaleIfError},
      {51, 30, Reason::kSoftPurged, Reason::kStaleIfError},
      {52, 31, Reason::kSoftPurged, Reason::kGraceOver},
      {70, 1, Reason::kStaleWhileRevalidate, Reason::kStaleIfError},  // and from its own end
      {71, 1, Reason::kSoftPurged, Reason::kStaleIfError},
      {91, 1, Reason::kSoftPurged, Reason::kGraceOver},
  };
  Behavior behavior;
  behavior.stale.on_unreachable = Seconds{0};
  const Response response(
      "Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=30");
  const ResponseFacts facts = response.facts();
  for (const Row& row : kRows) {
    INFO(row.age << " s old, purged for " << row.since_purge << " s");
    const StoredState state{.soft_purged = true, .since_purge = Seconds{row.since_purge}};
    const WallTime now = kStart + Seconds{row.age};
    const Verdict verdict = decide({}, &facts, behavior, now, state);
    CHECK(verdict.reason == row.on_request);
    CHECK_FALSE(verdict.fresh);
    CHECK(verdict.ttl <= Seconds{-row.since_purge});
    CHECK(decide_on_failure({}, facts, behavior, Failure::kUnreachable, 0, now, state).reason ==
          row.on_failure);
  }
}

TEST_CASE("an error that was kept for a second has no grace") {
  Behavior brief;
  brief.ttl.per_status = {{404, 404, Seconds{1}}, {500, 599, Seconds{1}}};
  for (const auto& [status, served] : {std::pair{503, false}, {404, true}}) {
    INFO(status);
    const Response response("", status);
    const Verdict verdict =
        decide_on_failure(Request().facts(), response.facts(brief), brief, kGone, 0, after(2));
    CHECK((verdict.action == Action::kServe) == served);
  }
}

}  // namespace seawall::cache
