// Storing: RFC 9111 §3, §3.3, §3.5, §5.2.2; RFC 9110 §9.3.3, §15.
#include <string>

#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* response;
  Reason reason;
  int status = 200;
  const char* request = "";
  const char* method = "GET";
};

void check(const Row& row, const Behavior& behavior = kDefaults) {
  INFO(row.section << "\n"
                   << row.method << " " << row.request << "\n-> " << row.status << "\n"
                   << row.response);
  const Request request(row.request, row.method);
  const Response response(row.response, row.status);
  const StoreVerdict verdict = may_store(request.facts(), response.facts(behavior), behavior);
  CHECK(to_string(verdict.reason) == to_string(row.reason));
  CHECK(verdict.store == (row.reason == Reason::kStorable));
}

constexpr Reason kYes = Reason::kStorable;

}  // namespace

TEST_CASE("any final status with explicit freshness is stored, unknown ones too") {
  for (int status = 200; status < 1000; ++status) {
    if (provoked_by_request(status)) continue;
    const Reason reason = status == 304   ? Reason::kStatusNotUnderstood
                          : status == 206 ? Reason::kPartial
                                          : kYes;
    check({"RFC 9111 §3", "Cache-Control: max-age=60", reason, status});
    if (reason == kYes) check({"RFC 9111 §3", "Date: @0\nExpires: @60", kYes, status});
  }
  for (const int status : {100, 101, 102, 103, 199})
    check({"RFC 9111 §3", "Cache-Control: max-age=60", Reason::kStatusNotUnderstood, status});
}

TEST_CASE("a status that any request can provoke is not stored, whoever asks for it") {
  Behavior all;
  all.ttl.per_status = {{400, 599, Seconds{60}}};
  Behavior fixed;
  fixed.ttl.override_ttl = Seconds{60};
  for (const int status : {400, 408, 413, 417, 425, 428, 429, 431, 511}) {
    for (const char* fields : {"Cache-Control: max-age=60", "Cache-Control: public\nETag: \"a\"",
                               "", "Cache-Control: must-understand, no-store, max-age=60"}) {
      for (const Behavior& behavior : {kDefaults, all, fixed})
        check({"RFC 6585", fields, Reason::kProvokedStatus, status}, behavior);
    }
  }
  // What the key alone decides stays as RFC 9110 §15.1 has it.
  for (const int status : {404, 405, 410, 414, 501})
    check({"RFC 9111 §3", "Cache-Control: max-age=60", kYes, status});
}

TEST_CASE("404 and 410 are kept for a short while, errors of the server only where it is said") {
  check({"ttl.negative", "", kYes, 404});
  check({"ttl.negative", "", kYes, 410});
  check({"ttl.negative", "", Reason::kNeverReusable, 405});
  check({"ttl.negative", "", Reason::kNoFreshness, 403});
  check({"ttl.negative", "", Reason::kNoFreshness, 500});
  Behavior none;
  none.ttl.negative.reset();
  check({"ttl.negative", "", Reason::kNeverReusable, 404}, none);
  Behavior fixed;
  fixed.ttl.override_ttl = Seconds{3600};
  check({"ttl.override", "", Reason::kNoFreshness, 503}, fixed);
  check({"ttl.override", "Cache-Control: no-cache, max-age=5", Reason::kNeverReusable, 503}, fixed);
}

TEST_CASE("what is not allowed to be stored is not, whatever its lifetime") {
  const Row table[] = {
      {"RFC 9111 §5.2.2.5", "Cache-Control: no-store", Reason::kNoStore},
      {"RFC 9111 §5.2.2.5", "Cache-Control: No-StOrE, max-age=60", Reason::kNoStore},
      {"RFC 9111 §5.2.2.5", "Cache-Control: max-age=60\nCache-Control: no-store", Reason::kNoStore},
      {"RFC 9111 §5.2.2.7", "Cache-Control: private, max-age=60", Reason::kPrivate},
      {"RFC 9111 §5.2.2.7", "Cache-Control: private=\"set-cookie\", max-age=60", kYes},
      {"RFC 9111 §5.2.2.7", "Cache-Control: private=\"a\", private, max-age=60", Reason::kPrivate},
      {"RFC 9111 §5.2.2.4", "Cache-Control: no-cache, max-age=60", Reason::kNeverReusable},
      {"RFC 9111 §5.2.2.4", "Cache-Control: no-cache\nETag: \"a\"", kYes},
      {"RFC 9111 §5.2.2.4", "Cache-Control: no-cache=\"a\", max-age=60", kYes},
      {"RFC 9111 §4.1", "Cache-Control: max-age=60\nVary: *", Reason::kVaryStar},
      {"RFC 9111 §4.1", "Cache-Control: max-age=60\nVary: Accept\nVary: foo, *", Reason::kVaryStar},
      {"RFC 9111 §4.1", "Cache-Control: max-age=60\nVary: , Foo", kYes},
      {"RFC 9213 §2.2", "CDN-Cache-Control: no-store\nCache-Control: max-age=60", Reason::kNoStore},
      {"RFC 9213 §2.2", "CDN-Cache-Control: private\nCache-Control: max-age=60", Reason::kPrivate},
      {"RFC 9213 §2.2", "CDN-Cache-Control: max-age=60\nCache-Control: no-store, private", kYes},
      {"RFC 9213 §2.1", "CDN-Cache-Control: max-age=60, &&\nCache-Control: no-store",
       Reason::kNoStore},
      {"Surrogate-Control", "Surrogate-Control: no-store\nCache-Control: max-age=60",
       Reason::kNoStore},
      {"Surrogate-Control", "Surrogate-Control: max-age=60\nCache-Control: no-store", kYes},
      {"RFC 9111 §5.4", "Pragma: no-cache\nCache-Control: max-age=60", kYes},
  };
  for (const Row& row : table) check(row);

  Behavior long_lived;
  long_lived.ttl.min = Seconds{3600};
  long_lived.ttl.default_ttl = Seconds{3600};
  check({"ttl.min", "Cache-Control: no-store", Reason::kNoStore}, long_lived);
  check({"ttl.min", "Cache-Control: private", Reason::kPrivate}, long_lived);
  long_lived.ttl.override_ttl = Seconds{3600};
  check({"ttl.override", "Cache-Control: no-store", Reason::kNoStore}, long_lived);
  check({"ttl.override", "Cache-Control: private", Reason::kPrivate}, long_lived);
  check({"ttl.override", "Cache-Control: no-cache", kYes}, long_lived);

  Behavior pass;
  pass.cache = false;
  check({"cache: off", "Cache-Control: max-age=60", Reason::kPass}, pass);
}

TEST_CASE("something must permit to store, and some later request must be able to use it") {
  const Row table[] = {
      {"RFC 9111 §3", "ETag: \"a\"", kYes},
      {"RFC 9111 §3", "Last-Modified: @-1000", kYes},
      {"RFC 9111 §3", "Last-Modified: @-1000", Reason::kNoFreshness, 403},
      {"RFC 9111 §3", "ETag: \"a\"", Reason::kNoFreshness, 500},
      {"RFC 9111 §3", "Cache-Control: public\nETag: \"a\"", kYes, 500},
      {"RFC 9111 §3", "Cache-Control: public\nLast-Modified: @-1000", kYes, 599},
      {"RFC 9111 §3", "Cache-Control: public", Reason::kNeverReusable, 599},
      {"RFC 9111 §3", "", Reason::kNeverReusable},
      {"RFC 9111 §3", "Content-Type: text/html", Reason::kNeverReusable},
      {"RFC 9111 §3", "Cache-Control: max-age=1", kYes},
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=0", kYes},  // grace
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=0, must-revalidate", Reason::kNeverReusable},
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=0, must-revalidate\nETag: \"a\"", kYes},
      {"RFC 9111 §4.2.4", "Cache-Control: s-maxage=0", Reason::kNeverReusable},
      {"RFC 9111 §4.2.4", "Cache-Control: s-maxage=0, stale-if-error=60", Reason::kNeverReusable},
      {"RFC 5861 §4", "Cache-Control: max-age=0, stale-if-error=60", kYes},
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=3600\nAge: 7200", kYes},  // exactly the grace
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=3600\nAge: 7201", Reason::kNeverReusable},
      {"RFC 9111 §4.2.4", "Cache-Control: max-age=3600\nAge: 7201\nETag: \"a\"", kYes},
      {"RFC 5861 §3", "Cache-Control: max-age=3600, stale-while-revalidate=9999\nAge: 7201", kYes},
  };
  for (const Row& row : table) check(row);

  Behavior strict;
  strict.stale.on_unreachable = Seconds{0};
  check({"RFC 9111 §4.2.4", "Cache-Control: max-age=0", Reason::kNeverReusable}, strict);
  check({"RFC 9111 §4.2.4", "Cache-Control: max-age=1", kYes}, strict);
  strict.stale.on_5xx = Seconds{5};
  check({"RFC 9111 §4.2.4", "Cache-Control: max-age=0", kYes}, strict);
  strict.stale.allow_with_s_maxage = true;
  check({"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=0, stale-if-error=60", kYes}, strict);
  check({"RFC 9111 §5.2.2.10", "Cache-Control: s-maxage=0", Reason::kNeverReusable}, strict);

  Behavior configured;
  configured.ttl.per_status = {{500, 599, Seconds{5}}};
  check({"ttl.per_status", "", kYes, 503}, configured);
  check({"ttl.per_status", "", Reason::kNoFreshness, 403}, configured);
}

TEST_CASE("must-understand is for those who understand the status, and then beats no-store") {
  const char* fields = "Cache-Control: must-understand, no-store, max-age=60";
  for (const int status : {200, 201, 203, 204, 301, 302, 307, 308, 403, 404, 410, 500, 503})
    check({"RFC 9111 §5.2.2.3", fields, kYes, status});
  for (const int status : {299, 306, 399, 418, 499, 599, 999})
    check({"RFC 9111 §5.2.2.3", fields, Reason::kStatusNotUnderstood, status});
  check({"RFC 9111 §5.2.2.3", "Cache-Control: must-understand, private, max-age=60",
         Reason::kPrivate});
}

TEST_CASE("a response to a request with Authorization is stored only where that is said") {
  const auto row = [](const char* fields, Reason reason) {
    check({"RFC 9111 §3.5", fields, reason, 200, "Authorization: Basic YTpi"});
  };
  row("Cache-Control: max-age=60", Reason::kAuthorization);
  row("Date: @0\nExpires: @60", Reason::kAuthorization);
  row("Cache-Control: public, max-age=60", kYes);
  row("Cache-Control: must-revalidate, max-age=60", kYes);
  row("Cache-Control: s-maxage=60", kYes);
  row("Cache-Control: proxy-revalidate, max-age=60", Reason::kAuthorization);
  row("CDN-Cache-Control: max-age=60\nCache-Control: public", Reason::kAuthorization);
  row("CDN-Cache-Control: max-age=60, public", kYes);
}

TEST_CASE("a response with Set-Cookie is stored when the origin gives it a lifetime explicitly") {
  const char* const explicit_freshness = "Set-Cookie: a=b\nCache-Control: max-age=60";
  const char* const heuristic = "Set-Cookie: a=b\nLast-Modified: @-1000";
  Behavior behavior;
  check({"Set-Cookie", explicit_freshness, kYes}, behavior);
  check({"Set-Cookie", "Set-Cookie: a=b\nDate: @0\nExpires: @60", kYes}, behavior);
  check({"Set-Cookie", heuristic, Reason::kSetCookie}, behavior);
  check(
      {"Set-Cookie", "Set-Cookie: a=b\nCache-Control: max-age=0\nETag: \"a\"", Reason::kSetCookie},
      behavior);
  check({"Set-Cookie", "Set-Cookie: a=b\nCache-Control: no-cache, max-age=60\nETag: \"a\"",
         Reason::kSetCookie},
        behavior);
  behavior.ttl.override_ttl = Seconds{60};
  check({"Set-Cookie", heuristic, Reason::kSetCookie}, behavior);
  behavior.ttl.override_ttl.reset();
  behavior.set_cookie = SetCookieRule::kRefuse;
  check({"Set-Cookie", explicit_freshness, Reason::kSetCookie}, behavior);
  behavior.set_cookie = SetCookieRule::kStrip;
  check({"Set-Cookie", explicit_freshness, kYes}, behavior);
  check({"Set-Cookie", heuristic, kYes}, behavior);
}

TEST_CASE("answers to GET are stored, to POST only as the representation that they name") {
  const char* fields = "Cache-Control: max-age=60";
  for (const char* method :
       {"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "M-SEARCH", "get", "POST"})
    check({"RFC 9111 §3", fields, Reason::kMethod, 200, "", method});

  const Request post("", "POST");
  const auto stored = [&](const char* response_fields, int status) {
    ResponseFacts facts = Response(response_fields, status).facts();
    facts.content_location_is_target = true;
    return may_store(post.facts(), facts, kDefaults).store;
  };
  CHECK(stored("Cache-Control: max-age=60", 200));
  CHECK(stored("Date: @0\nExpires: @60", 200));
  CHECK_FALSE(stored("Last-Modified: @-1000", 200));
  CHECK_FALSE(stored("Cache-Control: max-age=60", 201));
  CHECK_FALSE(stored("Cache-Control: max-age=60", 404));
}

TEST_CASE("an answer to one request's range or condition is not stored for all") {
  const char* range = "Range: bytes=0-4";
  const char* part = "Cache-Control: max-age=60\nContent-Range: bytes 0-4/10";
  const Row table[] = {
      {"RFC 9111 §3.3", part, kYes, 206, range},
      {"RFC 9111 §3.3", part, Reason::kPartial, 206, ""},
      {"RFC 9111 §3.3", "Cache-Control: max-age=60", Reason::kPartial, 206, range},
      {"RFC 9111 §3.3", "Cache-Control: max-age=60\nContent-Range: bytes 4-0/10", Reason::kPartial,
       206, range},
      {"RFC 9111 §3.3", "Cache-Control: max-age=60\nContent-Range: bytes */10", Reason::kPartial,
       206, range},
      {"RFC 9111 §3.3",
       "Cache-Control: max-age=60\nContent-Range: bytes 0-4/10\nContent-Range: bytes 0-4/10",
       Reason::kPartial, 206, range},
      {"RFC 9111 §3.3", "Cache-Control: max-age=60", kYes, 200, range},
      {"RFC 9110 §15.5.17", "Cache-Control: max-age=60", Reason::kPartial, 416, range},
      {"RFC 9110 §15.5.13", "Cache-Control: max-age=60", Reason::kStatusNotUnderstood, 412,
       "If-Match: \"a\""},
      {"RFC 9110 §15.5.13", "Cache-Control: max-age=60", kYes, 412, ""},
  };
  for (const Row& row : table) check(row);
}

TEST_CASE("the request's no-store counts where request directives are obeyed") {
  const Row row{"RFC 9111 §5.2.1.5", "Cache-Control: max-age=60", kYes, 200,
                "Cache-Control: no-store"};
  check(row);
  Behavior obeying;
  obeying.request_directives = RequestDirectives::kObey;
  Row refused = row;
  refused.reason = Reason::kRequestNoStore;
  check(refused, obeying);
}

}  // namespace seawall::cache
