// Freshness lifetime: RFC 9111 §4.2.1, §4.2.2, §5.3; RFC 9213; the rules of the configuration.
#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

using Source = LifetimeSource;

struct Row {
  const char* section;
  const char* fields;
  int64_t lifetime;
  Source source;
  int status = 200;
};

void check(const Row& row, const Behavior& behavior = kDefaults) {
  INFO(row.section << ", status " << row.status << "\n" << row.fields);
  const Response response(row.fields, row.status);
  const Lifetime lifetime = freshness_lifetime(response.facts(behavior), behavior);
  CHECK(lifetime.value.count() == row.lifetime);
  CHECK(to_string(lifetime.source) == to_string(row.source));
}

constexpr int64_t kYear = 365 * 86400;

}  // namespace

TEST_CASE("an explicit lifetime is s-maxage, else max-age, else Expires minus Date") {
  const Row table[] = {
      {"RFC 9111 §4.2.1", "Cache-Control: max-age=60", 60, Source::kMaxAge},
      {"RFC 9111 §4.2.1", "Cache-Control: s-maxage=60", 60, Source::kSMaxage},
      {"RFC 9111 §4.2.1", "Cache-Control: max-age=10, s-maxage=60", 60, Source::kSMaxage},
      {"RFC 9111 §4.2.1", "Cache-Control: s-maxage=0, max-age=60", 0, Source::kSMaxage},
      {"RFC 9111 §4.2.1", "Date: @0\nExpires: @60", 60, Source::kExpires},
      {"RFC 9111 §4.2.1", "Date: @-100\nExpires: @60", 160, Source::kExpires},
      {"RFC 9111 §4.2.1", "Date: @100\nExpires: @160", 60, Source::kExpires},
      {"RFC 9111 §4.2.1", "Date: @0\nExpires: @0", 0, Source::kExpires},
      {"RFC 9111 §4.2.1", "Date: @0\nExpires: @-60", 0, Source::kExpires},
      {"RFC 9111 §4.2.1", "Expires: @60", 60, Source::kExpires},
      {"RFC 9110 §6.6.1", "Date: yesterday\nExpires: @60", 60, Source::kExpires},
      {"RFC 9110 §6.6.1", "Date:\nExpires: @60", 60, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires: @60\nCache-Control: max-age=5", 5, Source::kMaxAge},
      {"RFC 9111 §5.3", "Date: @0\nExpires: @60\nCache-Control: s-maxage=5", 5, Source::kSMaxage},
      {"RFC 9111 §5.3", "Date: @0\nExpires: @60\nCache-Control: public", 60, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires: @60\nCache-Control: junk", 60, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires: 0", 0, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires: -1", 0, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires: never", 0, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires:", 0, Source::kExpires},
      {"RFC 9111 §5.3", "Date: @0\nExpires: Mon, 01 Jan 2035 00:00:00 CET", 0, Source::kExpires},
      {"RFC 9111 §4.2.1", "Date: @0\nExpires: @60\nExpires: @10", 10, Source::kExpires},
      {"RFC 9111 §4.2.1", "Date: @0\nExpires: @60\nExpires: 0", 0, Source::kExpires},
      {"RFC 9111 §4.2.1", "Cache-Control: max-age=60\nCache-Control: max-age=10", 10,
       Source::kMaxAge},
      {"RFC 9111 §4.2.1", "Cache-Control: max-age=10, max-age=60", 10, Source::kMaxAge},
      {"RFC 9111 §5.2", "Cache-Control: MAX-Age=60", 60, Source::kMaxAge},
      {"RFC 9111 §5.2", "Cache-Control: ext=\"max-age=3600\", max-age=60", 60, Source::kMaxAge},
      {"RFC 9111 §5.2", "Cache-Control: ext=\"max-age=3600\"", 0, Source::kNone},
      {"RFC 9111 §5.2.2.1", "Cache-Control: max-age=\"60\"", 60, Source::kMaxAge},
      {"RFC 9111 §5.2.2.1", "Cache-Control: max-age='60'", 0, Source::kMaxAge},
      {"RFC 9111 §4.2.1", "Cache-Control: max-age=-60\nDate: @0\nExpires: @60", 0, Source::kMaxAge},
      {"RFC 9111 §4.2.1", "Cache-Control: max-age=60.5", 0, Source::kMaxAge},
      {"RFC 9111 §1.2.2", "Cache-Control: max-age=00060", 60, Source::kMaxAge},
      {"RFC 9111 §1.2.2", "Cache-Control: max-age=2147483648", kYear, Source::kMaxAge},
      {"RFC 9111 §1.2.2", "Cache-Control: max-age=99999999999999999999", kYear, Source::kMaxAge},
      {"RFC 9110 §5.6.7", "Date: @0\nExpires: Sunday, 06-Nov-94 08:49:37 GMT", 0, Source::kExpires},
      {"RFC 9110 §5.6.7", "Date: Tue Nov 14 22:13:20 2023\nExpires: Tue Nov 14 22:14:20 2023", 60,
       Source::kExpires},
      {"RFC 9110 §5.6.7", "Date: @0\nExpires: Sat, 01 Jan 2044 00:00:00 GMT", kYear,
       Source::kExpires},
  };
  for (const Row& row : table) check(row);
}

TEST_CASE("without explicit freshness a lifetime is a tenth of the time without change") {
  const Row table[] = {
      {"RFC 9111 §4.2.2", "Date: @0\nLast-Modified: @-1000", 100, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Last-Modified: @-1000", 100, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Date: @-500\nLast-Modified: @-1500", 100, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Date: @0\nLast-Modified: @-19", 1, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Date: @0\nLast-Modified: @-9", 0, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Date: @0\nLast-Modified: @50", 0, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Date: @0\nLast-Modified: @-999999999", 86400, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Last-Modified: Mon, 01 Jan 0001 00:00:00 GMT", 86400,
       Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Date: @0\nLast-Modified: last week", 0, Source::kNone},
      {"RFC 9111 §4.2.2", "Date: @0\nETag: \"a\"", 0, Source::kNone},
      {"RFC 9111 §4.2.2", "Last-Modified: @-1000\nCache-Control: public", 100, Source::kHeuristic},
      {"RFC 9111 §4.2.2", "Last-Modified: @-1000\nCache-Control: max-age=5", 5, Source::kMaxAge},
      {"RFC 9111 §4.2.2", "Last-Modified: @-1000\nExpires: 0", 0, Source::kExpires},
  };
  for (const Row& row : table) check(row);
}

TEST_CASE("only statuses that are cacheable by default, or public ones, get a heuristic lifetime") {
  const int by_default[] = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501};
  Behavior behavior;
  behavior.ttl.negative.reset();
  for (int status = 200; status < 1000; ++status) {
    const bool listed =
        std::find(std::begin(by_default), std::end(by_default), status) != std::end(by_default);
    const Row row{"RFC 9110 §15.1", "Last-Modified: @-1000", listed ? 100 : 0,
                  listed ? Source::kHeuristic : Source::kNone, status};
    check(row, behavior);
    check({"RFC 9111 §4.2.2", "Last-Modified: @-1000\nCache-Control: public", 100,
           Source::kHeuristic, status},
          behavior);
  }
}

TEST_CASE("a targeted field that is valid decides alone; one that is not is ignored whole") {
  const Row table[] = {
      {"RFC 9213 §2.2", "CDN-Cache-Control: max-age=60\nCache-Control: max-age=5", 60,
       Source::kTargeted},
      {"RFC 9213 §2.2", "CDN-Cache-Control: max-age=5\nCache-Control: s-maxage=60", 5,
       Source::kTargeted},
      {"RFC 9213 §2.2", "CDN-Cache-Control: s-maxage=9, max-age=5", 9, Source::kTargeted},
      {"RFC 9213 §2.2", "CDN-Cache-Control: public\nCache-Control: max-age=5\nExpires: @60", 0,
       Source::kNone},
      {"RFC 9213 §2.2", "CDN-Cache-Control: max-age=60\nDate: @0\nExpires: @-60", 60,
       Source::kTargeted},
      {"RFC 9213 §2.1", "CDN-Cache-Control: max-age=60, &&&\nCache-Control: max-age=5", 5,
       Source::kMaxAge},
      {"RFC 9213 §2.1", "CDN-Cache-Control: MaX-aGe=60\nCache-Control: max-age=5", 5,
       Source::kMaxAge},
      {"RFC 9213 §2.1", "CDN-Cache-Control: max-age =60\nCache-Control: max-age=5", 5,
       Source::kMaxAge},
      {"RFC 9213 §2.2", "CDN-Cache-Control:\nCache-Control: max-age=5", 5, Source::kMaxAge},
      {"RFC 9213 §2.1", "CDN-Cache-Control: max-age=60;ext=1", 60, Source::kTargeted},
      {"RFC 9213 §2.1", "CDN-Cache-Control: max-age=99999999999", kYear, Source::kTargeted},
      {"Surrogate-Control", "Surrogate-Control: max-age=60\nCache-Control: max-age=5", 60,
       Source::kSurrogateControl},
      {"Surrogate-Control", "Surrogate-Control: content=\"ESI/1.0\"\nCache-Control: max-age=5", 5,
       Source::kMaxAge},
      {"Surrogate-Control", "CDN-Cache-Control: max-age=7\nSurrogate-Control: max-age=60", 7,
       Source::kTargeted},
  };
  for (const Row& row : table) check(row);

  Behavior behavior;
  behavior.targets = {"seawall-cache-control", "cdn-cache-control"};
  check({"RFC 9213 §2.2", "CDN-Cache-Control: max-age=9\nSeawall-Cache-Control: max-age=60", 60,
         Source::kTargeted},
        behavior);
  check({"RFC 9213 §2.2", "CDN-Cache-Control: max-age=9\nSeawall-Cache-Control: (", 9,
         Source::kTargeted},
        behavior);
  behavior.targets.clear();
  behavior.surrogate_control = false;
  check({"RFC 9213 §2.2",
         "CDN-Cache-Control: max-age=9\nSurrogate-Control: max-age=8\nCache-Control: max-age=5", 5,
         Source::kMaxAge},
        behavior);
}

TEST_CASE("the operator's limits, defaults and overrides apply in their order") {
  Behavior limits;
  limits.ttl.min = Seconds{30};
  limits.ttl.max = Seconds{100};
  check({"ttl", "Cache-Control: max-age=5", 30, Source::kMaxAge}, limits);
  check({"ttl", "Cache-Control: max-age=500", 100, Source::kMaxAge}, limits);
  check({"ttl", "Cache-Control: max-age=50", 50, Source::kMaxAge}, limits);
  check({"ttl", "Expires: 0", 30, Source::kExpires}, limits);
  check({"ttl", "ETag: \"a\"", 30, Source::kNone}, limits);
  check({"ttl", "", 0, Source::kNone, 500}, limits);
  const Response short_lived("Cache-Control: max-age=5");
  CHECK(freshness_lifetime(short_lived.facts(limits), limits).clamped);

  Behavior defaults;
  defaults.ttl.default_ttl = Seconds{60};
  defaults.ttl.per_status = {{404, 404, Seconds{10}}, {500, 599, Seconds{1}}};
  check({"ttl", "Last-Modified: @-1000", 60, Source::kDefault}, defaults);
  check({"ttl", "Cache-Control: max-age=5", 5, Source::kMaxAge}, defaults);
  check({"ttl", "", 10, Source::kPerStatus, 404}, defaults);
  check({"ttl", "", 1, Source::kPerStatus, 503}, defaults);
  check({"ttl", "Cache-Control: max-age=5", 5, Source::kMaxAge, 503}, defaults);
  check({"ttl", "", 0, Source::kNone, 403}, defaults);
  check({"ttl", "Cache-Control: public", 60, Source::kDefault, 403}, defaults);

  Behavior fixed;
  fixed.ttl.override_ttl = Seconds{7};
  fixed.ttl.min = Seconds{30};
  check({"ttl", "Cache-Control: max-age=500", 7, Source::kOverride}, fixed);
  check({"ttl", "", 7, Source::kOverride, 404}, fixed);

  Behavior heuristics;
  heuristics.ttl.heuristic_percent = 50;
  heuristics.ttl.heuristic_max = Seconds{400};
  check({"RFC 9111 §4.2.2", "Last-Modified: @-600", 300, Source::kHeuristic}, heuristics);
  check({"RFC 9111 §4.2.2", "Last-Modified: @-6000", 400, Source::kHeuristic}, heuristics);
  heuristics.ttl.heuristic = false;
  check({"RFC 9111 §4.2.2", "Last-Modified: @-600", 0, Source::kNone}, heuristics);
}

TEST_CASE("what is not there has a short lifetime of its own, unless the origin gives it one") {
  for (const int status : {404, 410}) {
    check({"ttl.negative", "", 10, Source::kNegative, status});
    check({"ttl.negative", "Last-Modified: @-100000", 10, Source::kNegative, status});
    check({"ttl.negative", "Cache-Control: max-age=60", 60, Source::kMaxAge, status});
    check({"ttl.negative", "Cache-Control: max-age=0", 0, Source::kMaxAge, status});
    check({"ttl.negative", "Expires: 0", 0, Source::kExpires, status});
  }
  Behavior rules;
  rules.ttl.default_ttl = Seconds{3600};
  check({"ttl.default", "", 10, Source::kNegative, 404}, rules);
  rules.ttl.per_status = {{410, 410, Seconds{60}}};
  check({"ttl.status", "", 60, Source::kPerStatus, 410}, rules);
  rules.ttl.negative = Seconds{3};
  check({"ttl.negative", "", 3, Source::kNegative, 404}, rules);
  rules.ttl.negative.reset();
  check({"ttl.default", "", 3600, Source::kDefault, 404}, rules);
}

TEST_CASE("an error of the server lives as long as somebody says who means it, no longer") {
  Behavior rules;
  rules.ttl.min = Seconds{60};
  rules.ttl.override_ttl = Seconds{3600};
  check({"ttl", "", 0, Source::kNone, 503}, rules);
  check({"ttl", "Cache-Control: max-age=5", 5, Source::kMaxAge, 503}, rules);
  rules.ttl.per_status = {{500, 599, Seconds{1}}};
  check({"ttl", "", 1, Source::kPerStatus, 503}, rules);
  check({"ttl", "Cache-Control: max-age=5", 5, Source::kMaxAge, 503}, rules);
}

}  // namespace seawall::cache
