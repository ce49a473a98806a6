#include "common/cache/reason.h"

#include <set>
#include <string>

#include "catch.h"
#include "common/base/ascii.h"

namespace seawall::cache {

TEST_CASE("each reason has a short token of its own, and a fwd value of RFC 9211 2.2") {
  const std::set<std::string_view> allowed = {"bypass",  "method", "uri-miss", "vary-miss",
                                              "request", "stale",  "partial",  "miss"};
  std::set<std::string_view> seen;
  for (uint8_t i = 0; i < static_cast<uint8_t>(Reason::kCount); ++i) {
    const auto reason = static_cast<Reason>(i);
    const std::string_view token = to_string(reason);
    INFO(token);
    CHECK_FALSE(token.empty());
    for (const char c : token) CHECK((is_digit(c) || c == '-' || (c >= 'a' && c <= 'z')));
    CHECK(seen.insert(token).second);
    CHECK(allowed.count(forward_token(reason)) == 1);
  }
}

TEST_CASE("tokens stand beside their reasons") {
  CHECK(to_string(Reason::kNone) == "none");
  CHECK(to_string(Reason::kFresh) == "fresh");
  CHECK(to_string(Reason::kMiss) == "miss");
  CHECK(to_string(Reason::kRulesDiffer) == "rules-differ");
  CHECK(to_string(Reason::kStorable) == "storable");
  CHECK(to_string(Reason::kVaryStar) == "vary-star");
  CHECK(to_string(Reason::kUpstreamError) == "upstream-error");
  CHECK(forward_token(Reason::kVaryMiss) == "vary-miss");
  CHECK(forward_token(Reason::kMethod) == "method");
  CHECK(forward_token(Reason::kPass) == "bypass");
  CHECK(forward_token(Reason::kPartial) == "partial");
}

}  // namespace seawall::cache
