// Age: RFC 9111 §4.2.3, §5.1.
#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* fields;
  double asked;  // seconds from kStart
  double answered;
  double now;
  int64_t age;
};

}  // namespace

TEST_CASE("the age is the larger of what Date and Age say, and the time spent here") {
  const Row table[] = {
      {"RFC 9111 §4.2.3", "Date: @0", 0, 0, 0, 0},
      {"RFC 9111 §4.2.3", "Date: @0", 0, 0, 3.9, 3},
      {"RFC 9111 §4.2.3", "", 0, 0, 5, 5},
      {"RFC 9111 §4.2.3 apparent_age", "Date: @-100", 0, 0, 0, 100},
      {"RFC 9111 §4.2.3 apparent_age", "Date: @-100", 0, 0, 10, 110},
      {"RFC 9111 §4.2.3 apparent_age", "Date: @100", 0, 0, 10, 10},
      {"RFC 9111 §4.2.3 apparent_age", "Date: rubbish", 0, 0, 10, 10},
      {"RFC 9111 §4.2.3 apparent_age", "Date: @0", 0, 0.9, 0.9, 0},
      {"RFC 9111 §4.2.3 corrected_age", "Date: @0\nAge: 30", 0, 0, 0, 30},
      {"RFC 9111 §4.2.3 corrected_age", "Age: 7200", 0, 0.03, 0.03, 7200},
      {"RFC 9111 §4.2.3 corrected_age", "Age: 7200", 0, 0.97, 0.99, 7200},
      {"RFC 9111 §4.2.3 corrected_age", "Age: 30", 0, 2.5, 2.5, 32},
      {"RFC 9111 §4.2.3 corrected_age", "Age: 30", 0, 2.5, 3.1, 33},
      {"RFC 9111 §4.2.3 corrected_age", "Date: @-100\nAge: 30", 0, 0, 0, 100},
      {"RFC 9111 §4.2.3 corrected_age", "Date: @-10\nAge: 30", 0, 0, 0, 30},
      {"RFC 9111 §4.2.3 resident_time", "Age: 30", 0, 0, -50, 30},
      {"RFC 9111 §4.2.3 response_delay", "Age: 30", 5, 0, 0, 30},
      {"RFC 9111 §5.1", "Age: 10\nAge: 500", 0, 0, 0, 10},
      {"RFC 9111 §5.1", "Age: 10, 500", 0, 0, 0, 10},
      {"RFC 9111 §5.1", "Age: -10", 0, 0, 1, 1},
      {"RFC 9111 §5.1", "Age: 10.5", 0, 0, 1, 1},
      {"RFC 9111 §5.1", "Age: old", 0, 0, 1, 1},
      {"RFC 9111 §5.1", "Age: \"10\"", 0, 0, 1, 1},
      {"RFC 9111 §1.2.2", "Age: 2147483648", 0, 0, 0, int64_t{1} << 31},
      {"RFC 9111 §1.2.2", "Age: 99999999999999999999", 0, 0, 100, int64_t{1} << 31},
      {"RFC 9111 §4.2.3", "Date: Mon, 01 Jan 0001 00:00:00 GMT", 0, 0, 0, int64_t{1} << 31},
  };
  for (const Row& row : table) {
    INFO(row.section << "\n" << row.fields << "\nnow " << row.now);
    const Response response(row.fields);
    const ResponseFacts facts =
        read_response(response.head, kDefaults, after(row.asked), after(row.answered));
    CHECK(current_age(facts, after(row.now)).count() == row.age);
  }
}

TEST_CASE("a response is fresh until its age reaches its lifetime") {
  const Response response("Cache-Control: max-age=60\nDate: @0\nAge: 10\nETag: \"a\"");
  const ResponseFacts facts = response.facts();
  const RequestFacts request = Request().facts();
  const auto at = [&](double now) { return decide(request, &facts, kDefaults, after(now)); };
  CHECK(at(0).fresh);
  CHECK(at(0).ttl.count() == 50);
  CHECK(at(49.999).fresh);
  CHECK(at(49.999).ttl.count() == 1);
  CHECK_FALSE(at(50).fresh);
  CHECK(at(50).ttl.count() == 0);
  CHECK(at(75).ttl.count() == -25);
  CHECK(at(75).age.count() == 85);
}

TEST_CASE("an upstream cache's Age is deducted, so that two tiers agree when it is stale") {
  // RFC 9111 §4.2.3, §4.2.4: a shield's stale answer is stale at the edge, too.
  const Response response("Cache-Control: max-age=3600\nDate: @0\nAge: 7200");
  const ResponseFacts facts = response.facts();
  const Verdict verdict = decide(Request().facts(), &facts, kDefaults, after(1));
  CHECK_FALSE(verdict.fresh);
  CHECK(verdict.action == Action::kFetch);
  CHECK(verdict.ttl.count() == -3601);
}

}  // namespace seawall::cache
