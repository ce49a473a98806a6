#include "common/http/range.h"

#include <random>
#include <set>
#include <string>

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

using Outcome = RangePlan::Outcome;

// "0-4 9-9" for what `value` means for `size`; the outcome's name otherwise.
std::string plan_of(std::string_view value, uint64_t size, size_t max_ranges = kMaxRanges) {
  const std::optional<RangeSet> set = parse_range(value, max_ranges);
  if (!set) return "ignored";
  const RangePlan plan = resolve_ranges(*set, size);
  if (plan.outcome == Outcome::kUnsatisfiable) return "416";
  if (plan.outcome == Outcome::kWhole) return "whole";
  std::string out;
  for (size_t i = 0; i < plan.count; ++i) {
    if (i > 0) out += ' ';
    out += std::to_string(plan.ranges[i].first) + '-' + std::to_string(plan.ranges[i].last);
  }
  return out;
}

std::string repeated(std::string_view piece, size_t times) {
  std::string out = "bytes=";
  for (size_t i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

TEST_CASE("ranges of a representation of ten bytes (RFC 9110 14.1.2)") {
  const struct {
    std::string_view value;
    std::string_view plan;
  } table[] = {
      {"bytes=0-4", "0-4"},
      {"bytes=0-0", "0-0"},
      {"bytes=0-9", "0-9"},
      {"bytes=0-", "0-9"},
      {"bytes=9-", "9-9"},
      {"bytes=5-100", "5-9"},
      {"bytes=0-99999999999999999999999999", "0-9"},
      {"bytes=-1", "9-9"},
      {"bytes=-10", "0-9"},
      {"bytes=-11", "0-9"},
      {"bytes=-99999999999999999999999999", "0-9"},
      {"bytes=-0", "416"},
      {"bytes=10-", "416"},
      {"bytes=10-20", "416"},
      {"bytes=99999999999999999999999999-", "416"},
      {"bytes=-0, 10-", "416"},
      {"bytes=10-, 0-1", "0-1"},
      {"BYTES=0-4", "0-4"},
      {"bytes=000-0004", "0-4"},
      {"bytes= 0-4", "0-4"},
      {"bytes=,0-4,,", "0-4"},
      {"bytes=0-1,4-5", "0-1 4-5"},
      {"bytes=0-1 \t,\t 4-5", "0-1 4-5"},
      {"bytes=8-9,4-5,0-1", "8-9 4-5 0-1"},
      {"bytes=-1,0-0", "9-9 0-0"},
      {"bytes=0-4,3-6", "0-6"},
      {"bytes=3-6,0-4", "0-6"},
      {"bytes=0-4,5-6", "0-6"},
      {"bytes=0-9,2-3", "0-9"},
      {"bytes=2-3,0-9", "0-9"},
      {"bytes=0-,0-,0-", "0-9"},
      {"bytes=8-9,0-1,1-2", "0-2 8-9"},
      {"bytes=8-9,0-1,3-4", "8-9 0-1 3-4"},
      {"bytes=-3,8-8", "7-9"},
      {"", "ignored"},
      {"bytes", "ignored"},
      {"bytes=", "ignored"},
      {"bytes= ,", "ignored"},
      {"bytes=-", "ignored"},
      {"bytes=--1", "ignored"},
      {"bytes=4-3", "ignored"},
      {"bytes=0-4,4-3", "ignored"},
      {"bytes=0-4,x", "ignored"},
      {"bytes=a-b", "ignored"},
      {"bytes=0x0-4", "ignored"},
      {"bytes=0-4-5", "ignored"},
      {"bytes=0 - 4", "ignored"},
      {"bytes=0-4 5-6", "ignored"},
      {"bytes=+0-4", "ignored"},
      {"bytes=0-+4", "ignored"},
      {"bytes=\"0-4\"", "ignored"},
      {"bytes =0-4", "ignored"},
      {"bytes:0-4", "ignored"},
      {"byte=0-4", "ignored"},
      {"items=0-4", "ignored"},
      {"0-4", "ignored"},
      {"bytes=0", "ignored"},
  };
  for (const auto& row : table) {
    INFO(row.value);
    CHECK(plan_of(row.value, 10) == row.plan);
  }
}

TEST_CASE("an empty representation has no range, and a suffix of it is the whole") {
  CHECK(plan_of("bytes=0-", 0) == "416");
  CHECK(plan_of("bytes=0-0", 0) == "416");
  CHECK(plan_of("bytes=-0", 0) == "416");
  CHECK(plan_of("bytes=-5", 0) == "whole");
  CHECK(plan_of("bytes=0-0,-5", 0) == "whole");
}

TEST_CASE("sizes at the end of 64 bits do not wrap") {
  const uint64_t max = UINT64_MAX;
  CHECK(plan_of("bytes=0-", max) == "0-18446744073709551614");
  CHECK(plan_of("bytes=18446744073709551614-", max) == "18446744073709551614-18446744073709551614");
  CHECK(plan_of("bytes=18446744073709551615-18446744073709551615", max) == "416");
  CHECK(plan_of("bytes=0-18446744073709551615,18446744073709551614-", max) ==
        "0-18446744073709551614");
}

TEST_CASE("more ranges than allowed are as good as none") {
  CHECK(plan_of(repeated("0-0,", kMaxRanges), 10) == "0-0");
  CHECK(plan_of(repeated("0-0,", kMaxRanges + 1), 10) == "ignored");
  CHECK(plan_of("bytes=0-0,2-2", 10, 2) == "0-0 2-2");
  CHECK(plan_of("bytes=0-0,2-2,4-4", 10, 2) == "ignored");
  CHECK(plan_of("bytes=0-0", 10, 0) == "ignored");
  CHECK(plan_of(repeated("0-0,", 100000), 10, SIZE_MAX) == "ignored");
}

TEST_CASE("Range stands on one line") {
  CHECK(parse_range(lines("Range", {"bytes=0-4"})).has_value());
  CHECK_FALSE(parse_range(lines("Range", {"bytes=0-4", "bytes=5-6"})).has_value());
  CHECK_FALSE(parse_range(lines("Range", {"bytes=0-4", ""})).has_value());
  CHECK_FALSE(parse_range(lines("If-Range", {"bytes=0-4"})).has_value());
  CHECK_FALSE(parse_range(Fields()).has_value());
}

TEST_CASE("random sets give every byte asked for, and each once") {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    const uint64_t size = 1 + random() % 12;
    std::string value = "bytes=";
    std::set<uint64_t> wanted;
    const size_t count = 1 + random() % 5;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t first = random() % 14;
      const uint64_t last = first + random() % 4;
      value += (i > 0 ? "," : "") + std::to_string(first) + '-' + std::to_string(last);
      for (uint64_t b = first; b <= last && b < size; ++b) wanted.insert(b);
    }
    const RangePlan plan = resolve_ranges(*parse_range(value), size);
    std::set<uint64_t> got;
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan.count; ++i) {
      bytes += plan.ranges[i].size();
      for (uint64_t b = plan.ranges[i].first; b <= plan.ranges[i].last; ++b) got.insert(b);
    }
    if (got != wanted || bytes != wanted.size()) FAIL(value << " of " << size);
  }
}

TEST_CASE("the last byte needed is known where no range is open") {
  CHECK(last_needed(*parse_range("bytes=0-4")) == 4u);
  CHECK(last_needed(*parse_range("bytes=10-20,0-4")) == 20u);
  CHECK_FALSE(last_needed(*parse_range("bytes=0-")).has_value());
  CHECK_FALSE(last_needed(*parse_range("bytes=-5")).has_value());
  CHECK_FALSE(last_needed(*parse_range("bytes=0-4,-5")).has_value());
}

TEST_CASE("Content-Range in (RFC 9110 14.4)") {
  const auto range = parse_content_range("bytes 2-5/10");
  REQUIRE(range.has_value());
  CHECK(range->range == ByteRange{2, 5});
  CHECK(range->size == 10u);
  CHECK(parse_content_range("Bytes 0-0/1")->range == ByteRange{0, 0});
  CHECK_FALSE(parse_content_range("bytes 2-5/*")->size.has_value());
  CHECK(parse_content_range("bytes 2-5/*")->range == ByteRange{2, 5});
  CHECK(parse_content_range("bytes */10")->size == 10u);
  CHECK_FALSE(parse_content_range("bytes */10")->range.has_value());
  CHECK(parse_content_range("bytes */0")->size == 0u);
  for (const std::string_view text : {"",
                                      "bytes",
                                      "bytes ",
                                      "bytes */*",
                                      "bytes 5-2/10",
                                      "bytes 0-10/10",
                                      "bytes 0-9",
                                      "bytes 0-9/",
                                      "bytes 0-/10",
                                      "bytes -9/10",
                                      "bytes 0-9/x",
                                      "bytes 0-9/-10",
                                      "bytes=0-9/10",
                                      "bytes  0-9/10",
                                      "bytes 0 - 9/10",
                                      "bytes 0-9 / 10",
                                      "bytes 0-9/10 ",
                                      "bytes 0-9/10,11",
                                      "items 0-9/10",
                                      "0-9/10",
                                      "bytes 0-0/0",
                                      "bytes 0-9/99999999999999999999999",
                                      "bytes 0-99999999999999999999999/*",
                                      "bytes */",
                                      "bytes /10",
                                      "bytes 0-9/1.5"}) {
    INFO(text);
    CHECK_FALSE(parse_content_range(text).has_value());
  }
}

TEST_CASE("Content-Range out") {
  char out[kContentRangeBytes];
  const auto written = [&](const char* end) {
    return std::string(out, static_cast<size_t>(end - out));
  };
  CHECK(written(write_content_range(out, {0, 9}, 100)) == "bytes 0-9/100");
  CHECK(written(write_unsatisfied_range(out, 100)) == "bytes */100");
  CHECK(written(write_content_range(out, {UINT64_MAX - 2, UINT64_MAX - 1}, UINT64_MAX)).size() ==
        kContentRangeBytes);
}

}  // namespace seawall::http
