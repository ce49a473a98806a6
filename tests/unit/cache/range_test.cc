// Ranges of stored responses: RFC 9110 §13.1.5, §14; RFC 9111 §3.3, §3.4.
#include <string>

#include "catch.h"
#include "common/cache/conditions.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

using Outcome = http::RangePlan::Outcome;

struct Row {
  const char* section;
  const char* request;
  const char* stored;
  Outcome outcome;
  const char* ranges = "";
  int status = 200;
  const char* method = "GET";
};

std::string text_of(const http::RangePlan& plan) {
  std::string text;
  if (plan.outcome != Outcome::kRanges) return text;
  for (size_t i = 0; i < plan.count; ++i) {
    if (i > 0) text += ' ';
    text += std::to_string(plan.ranges[i].first);
    text += '-';
    text += std::to_string(plan.ranges[i].last);
  }
  return text;
}

}  // namespace

TEST_CASE("a Range request is answered from the stored whole") {
  const char* tagged = "ETag: \"a\"\nLast-Modified: @-100\nDate: @0";
  const char* weak = "ETag: W/\"a\"\nDate: @0";
  const char* just_now = "Last-Modified: @0\nDate: @0";
  const Outcome ranges = Outcome::kRanges, whole = Outcome::kWhole;
  const Row table[] = {
      {"RFC 9110 §14.1.2", "Range: bytes=0-1", tagged, ranges, "0-1"},
      {"RFC 9110 §14.1.2", "Range: bytes=5-", tagged, ranges, "5-9"},
      {"RFC 9110 §14.1.2", "Range: bytes=-3", tagged, ranges, "7-9"},
      {"RFC 9110 §14.1.2", "Range: bytes=-30", tagged, ranges, "0-9"},
      {"RFC 9110 §14.1.2", "Range: bytes=0-1,5-6", tagged, ranges, "0-1 5-6"},
      {"RFC 9110 §14.1.2", "Range: bytes=5-6,0-1", tagged, ranges, "5-6 0-1"},
      {"RFC 9110 §15.3.7.2", "Range: bytes=0-5,3-8", tagged, ranges, "0-8"},
      {"RFC 9110 §15.5.17", "Range: bytes=10-", tagged, Outcome::kUnsatisfiable},
      {"RFC 9110 §15.5.17", "Range: bytes=-0", tagged, Outcome::kUnsatisfiable},
      {"RFC 9110 §14.1.2", "Range: bytes=10-,2-3", tagged, ranges, "2-3"},
      {"RFC 9110 §14.2", "Range: lines=0-1", tagged, whole},
      {"RFC 9110 §14.2", "Range: bytes=1-0", tagged, whole},
      {"RFC 9110 §14.2", "Range: bytes=a-b", tagged, whole},
      {"RFC 9110 §14.2", "Range: bytes=0-0,2-2,4-4,6-6,8-8", tagged, whole},
      {"RFC 9110 §14.2", "Range: bytes=0-1", tagged, whole, "", 200, "HEAD"},
      {"RFC 9110 §14.2", "Range: bytes=0-1", tagged, whole, "", 404},
      {"RFC 9110 §14.2", "", tagged, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: \"a\"", tagged, ranges, "0-1"},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: \"b\"", tagged, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: W/\"a\"", tagged, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: W/\"a\"", weak, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: \"a\"", weak, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: \"a\"", just_now, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: @-100", tagged, ranges, "0-1"},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: @-99", tagged, whole},
      {"RFC 9110 §8.8.2.2", "Range: bytes=0-1\nIf-Range: @0", just_now, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: rubbish", tagged, whole},
      {"RFC 9110 §13.1.5", "Range: bytes=0-1\nIf-Range: \"a\"\nIf-Range: \"a\"", tagged, whole},
      {"RFC 9110 §13.1.5", "If-Range: \"a\"", tagged, whole},
  };
  for (const Row& row : table) {
    INFO(row.section << "\n" << row.method << " " << row.request << "\nstored: " << row.stored);
    const Request request(row.request, row.method);
    const Response stored(row.stored, row.status);
    const http::Field* etag = http::find(stored.head.fields, http::FieldId::kEtag);
    const http::RangePlan plan =
        plan_range(request.head, request.facts(), etag ? etag->value : std::string_view(),
                   stored.facts(), 10, 4);
    CHECK(plan.outcome == row.outcome);
    CHECK(text_of(plan) == row.ranges);
  }
}

TEST_CASE("parts are combined only under the same strong validator (RFC 9111 3.4)") {
  CHECK(may_combine("\"a\"", "\"a\""));
  CHECK_FALSE(may_combine("\"a\"", "\"b\""));
  CHECK_FALSE(may_combine("W/\"a\"", "W/\"a\""));
  CHECK_FALSE(may_combine("\"a\"", "W/\"a\""));
  CHECK_FALSE(may_combine("", ""));
  CHECK_FALSE(may_combine("a", "a"));
}

}  // namespace seawall::cache
