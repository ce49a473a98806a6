// Reuse of a stored response that is fresh, and the request directives: RFC 9111 §4, §5.2.1, §5.4;
// RFC 8246.
#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* request;
  const char* response;
  double now;
  Action action;
  Reason reason;
  const char* method = "GET";
};

void check(const Row& row, const Behavior& behavior = kDefaults, StoredState state = {}) {
  INFO(row.section << "\n"
                   << row.method << " " << row.request << "\nstored: " << row.response << "\nnow "
                   << row.now);
  const Request request(row.request, row.method);
  const Response response(row.response);
  const ResponseFacts facts = response.facts(behavior);
  const Verdict verdict = decide(request.facts(), &facts, behavior, after(row.now), state);
  CHECK(to_string(verdict.action) == to_string(row.action));
  CHECK(to_string(verdict.reason) == to_string(row.reason));
}

constexpr const char* kMinute = "Cache-Control: max-age=60\nETag: \"a\"";

Behavior obeying() {
  Behavior behavior;
  behavior.request_directives = RequestDirectives::kObey;
  return behavior;
}

}  // namespace

TEST_CASE("a fresh response is served, a stale one validated or fetched again") {
  const Row table[] = {
      {"RFC 9111 §4", "", kMinute, 0, Action::kServe, Reason::kFresh},
      {"RFC 9111 §4", "", kMinute, 0, Action::kServe, Reason::kFresh, "HEAD"},
      {"RFC 9111 §4", "", kMinute, 60, Action::kRevalidate, Reason::kStale},
      {"RFC 9111 §4", "", "Cache-Control: max-age=60", 60, Action::kFetch, Reason::kStale},
      {"RFC 9111 §4", "", "Cache-Control: max-age=60\nLast-Modified: @-100", 60,
       Action::kRevalidate, Reason::kStale},
      {"RFC 9111 §4", "", "Cache-Control: max-age=60\nETag: no-quotes", 60, Action::kFetch,
       Reason::kStale},
      {"RFC 9111 §4", "", kMinute, 0, Action::kFetch, Reason::kMethod, "POST"},
      {"RFC 9111 §4", "", kMinute, 0, Action::kFetch, Reason::kMethod, "M-SEARCH"},
      {"RFC 9111 §4", "", kMinute, 0, Action::kFetch, Reason::kMethod, "OPTIONS"},
      {"RFC 9111 §5.2.2.4", "", "Cache-Control: max-age=60, no-cache\nETag: \"a\"", 0,
       Action::kRevalidate, Reason::kNoCache},
      {"RFC 9111 §5.2.2.4", "", "Cache-Control: max-age=60, no-cache=\"a\"", 0, Action::kServe,
       Reason::kFresh},
      {"RFC 9111 §5.2.2.2", "", "Cache-Control: max-age=60, must-revalidate", 0, Action::kServe,
       Reason::kFresh},
      {"RFC 9111 §5.2.2.2", "", "Cache-Control: max-age=60, must-revalidate\nETag: \"a\"", 60,
       Action::kRevalidate, Reason::kStale},
      {"RFC 9111 §5.4", "", "Cache-Control: max-age=60\nPragma: no-cache", 0, Action::kServe,
       Reason::kFresh},
      {"RFC 9111 §3.5", "Authorization: x", kMinute, 0, Action::kServe, Reason::kFresh},
      {"cookies", "Cookie: a=b", kMinute, 0, Action::kServe, Reason::kFresh},
  };
  for (const Row& row : table) check(row);
  const Verdict miss = decide(Request().facts(), nullptr, kDefaults, kStart);
  CHECK(miss.action == Action::kFetch);
  CHECK(miss.reason == Reason::kMiss);

  Behavior pass;
  pass.cache = false;
  check({"cache: off", "", kMinute, 0, Action::kFetch, Reason::kPass}, pass);
  Behavior fixed;
  fixed.ttl.override_ttl = Seconds{60};
  check({"ttl.override", "", "Cache-Control: no-cache", 59, Action::kServe, Reason::kFresh}, fixed);
}

TEST_CASE("viewers can't force misses by default, and only-if-cached is always obeyed") {
  const Row table[] = {
      {"RFC 9111 §5.2.1.4", "Cache-Control: no-cache", kMinute, 0, Action::kServe, Reason::kFresh},
      {"RFC 9111 §5.2.1.1", "Cache-Control: max-age=0", kMinute, 30, Action::kServe,
       Reason::kFresh},
      {"RFC 9111 §5.2.1.3", "Cache-Control: min-fresh=100", kMinute, 0, Action::kServe,
       Reason::kFresh},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale", kMinute, 61, Action::kRevalidate,
       Reason::kStale},
      {"RFC 9111 §5.4", "Pragma: no-cache", kMinute, 0, Action::kServe, Reason::kFresh},
      {"RFC 9111 §5.2.1.7", "Cache-Control: only-if-cached", kMinute, 0, Action::kServe,
       Reason::kFresh},
      {"RFC 9111 §5.2.1.7", "Cache-Control: only-if-cached", kMinute, 60, Action::kGatewayTimeout,
       Reason::kOnlyIfCached},
      {"RFC 9111 §5.2.1.7", "Cache-Control: only-if-cached",
       "Cache-Control: max-age=60, stale-while-revalidate=60", 61, Action::kServeAndRefresh,
       Reason::kStaleWhileRevalidate},
      {"RFC 9111 §5.2.1.7", "Cache-Control: only-if-cached", kMinute, 0, Action::kFetch,
       Reason::kMethod, "POST"},
  };
  for (const Row& row : table) check(row);
  const Verdict miss =
      decide(Request("Cache-Control: only-if-cached").facts(), nullptr, kDefaults, kStart);
  CHECK(miss.action == Action::kGatewayTimeout);
  CHECK(miss.reason == Reason::kOnlyIfCached);
}

TEST_CASE("request directives hold where the behavior obeys them") {
  const char* shared = "Cache-Control: s-maxage=60\nETag: \"a\"";
  const char* strict = "Cache-Control: max-age=60, must-revalidate\nETag: \"a\"";
  const char* immutable = "Cache-Control: max-age=60, immutable\nETag: \"a\"";
  const Action serve = Action::kServe, ask = Action::kRevalidate;
  const Row table[] = {
      {"RFC 9111 §5.2.1.4", "Cache-Control: no-cache", kMinute, 0, ask, Reason::kRequestNoCache},
      {"RFC 9111 §5.2.1.1", "Cache-Control: max-age=0", kMinute, 0, ask, Reason::kRequestMaxAge},
      {"RFC 9111 §5.2.1.1", "Cache-Control: max-age=30", kMinute, 30, serve, Reason::kFresh},
      {"RFC 9111 §5.2.1.1", "Cache-Control: max-age=30", kMinute, 31, ask, Reason::kRequestMaxAge},
      {"RFC 9111 §5.2.1.1", "Cache-Control: max-age=junk", kMinute, 31, serve, Reason::kFresh},
      {"RFC 9111 §5.2.1.1", "Cache-Control: max-age=30, max-stale=90", kMinute, 61, ask,
       Reason::kRequestMaxAge},
      {"RFC 9111 §5.2.1.3", "Cache-Control: min-fresh=20", kMinute, 40, serve, Reason::kFresh},
      {"RFC 9111 §5.2.1.3", "Cache-Control: min-fresh=20", kMinute, 41, ask,
       Reason::kRequestMinFresh},
      {"RFC 9111 §5.2.1.3", "Cache-Control: min-fresh=-1", kMinute, 41, serve, Reason::kFresh},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale=5", kMinute, 64, serve, Reason::kMaxStale},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale=5", kMinute, 65, serve, Reason::kMaxStale},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale=5", kMinute, 66, ask, Reason::kStale},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale", kMinute, 9999, serve, Reason::kMaxStale},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale=x", kMinute, 61, ask, Reason::kStale},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale", strict, 61, ask, Reason::kMustRevalidate},
      {"RFC 9111 §5.2.1.2", "Cache-Control: max-stale", shared, 61, ask, Reason::kSMaxage},
      {"RFC 9111 §5.4", "Pragma: no-cache", kMinute, 0, ask, Reason::kRequestPragma},
      {"RFC 9111 §5.4", "Pragma: no-cache\nCache-Control: max-stale=1", kMinute, 0, serve,
       Reason::kFresh},
      {"RFC 9111 §5.4", "Pragma: other", kMinute, 0, serve, Reason::kFresh},
      {"RFC 9111 §5.2.3", "Cache-Control: junk, =, foo=\"no-cache\"", kMinute, 0, serve,
       Reason::kFresh},
      {"RFC 8246 §2", "Cache-Control: max-age=0", immutable, 30, serve, Reason::kFresh},
      {"RFC 8246 §2", "Cache-Control: no-cache", immutable, 30, ask, Reason::kRequestNoCache},
      {"RFC 8246 §2", "Cache-Control: max-age=0", immutable, 60, ask, Reason::kRequestMaxAge},
  };
  for (const Row& row : table) check(row, obeying());
}

TEST_CASE("what was invalidated or soft-purged is not served as fresh") {
  const StoredState invalidated{.invalidated = true, .soft_purged = false};
  const StoredState soft_purged{.invalidated = false, .soft_purged = true};
  const char* tolerant = "Cache-Control: max-age=60, stale-while-revalidate=60\nETag: \"a\"";
  check({"RFC 9111 §4.4", "", tolerant, 0, Action::kRevalidate, Reason::kInvalidated}, kDefaults,
        invalidated);
  check({"soft purge", "", kMinute, 0, Action::kRevalidate, Reason::kSoftPurged}, kDefaults,
        soft_purged);
  check({"soft purge", "", tolerant, 0, Action::kServeAndRefresh, Reason::kStaleWhileRevalidate},
        kDefaults, soft_purged);
  check({"soft purge", "", tolerant, 121, Action::kRevalidate, Reason::kSoftPurged}, kDefaults,
        soft_purged);
  const Response response(kMinute);
  const ResponseFacts facts = response.facts();
  CHECK_FALSE(decide(Request().facts(), &facts, kDefaults, kStart, invalidated).fresh);
  CHECK_FALSE(decide(Request().facts(), &facts, kDefaults, kStart, soft_purged).fresh);
}

TEST_CASE("facts are kept in trivially copyable structs") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<RequestFacts>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<ResponseFacts>);
  const Request request(
      "Range: bytes=0-1\nIf-Range: \"a\"\nIf-Match: *\nIf-None-Match: *\nAuthorization: x\n"
      "If-Modified-Since: x\nIf-Unmodified-Since: y\nPragma: no-cache");
  const RequestFacts facts = request.facts();
  CHECK(facts.has_range);
  CHECK(facts.has_if_range);
  CHECK(facts.has_if_match);
  CHECK(facts.has_if_none_match);
  CHECK(facts.has_if_modified_since);
  CHECK(facts.has_if_unmodified_since);
  CHECK(facts.has_authorization);
  CHECK(facts.pragma_no_cache);
  CHECK(facts.conditional());
  CHECK_FALSE(facts.revalidate);
  CHECK_FALSE(Request("Seawall-Internal: revalidate").facts().revalidate);
}

}  // namespace seawall::cache
