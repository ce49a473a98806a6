#include "common/cluster/resume.h"

#include "catch.h"

namespace seawall::cluster {
namespace {

using Why = Resume::Why;
constexpr StreamId kNone{};

TEST_CASE("what a node does when it joins follows from what it knows and what it finds") {
  const struct {
    const char* what;
    Known known;
    Found found;
    Why why;
    StreamId cursor;
    bool purge_all, append_again, shields_lack;
  } table[] = {
      {"fresh",
       {"", kNone},
       {"g", StreamId{1, 0}, StreamId{9, 0}, false, {}},
       Why::kFresh,
       {9, 0},
       true,
       false,
       false},
      {"fresh, stream empty",
       {"", kNone},
       {"g", {}, {}, false, {}},
       Why::kFresh,
       kNone,
       true,
       false,
       false},
      {"nothing missed",
       {"g", {9, 0}},
       {"g", StreamId{1, 0}, StreamId{9, 0}, true, {}},
       Why::kContinue,
       {9, 0},
       false,
       false,
       false},
      {"a backlog",
       {"g", {5, 0}},
       {"g", StreamId{5, 0}, StreamId{9, 0}, true, {}},
       Why::kContinue,
       {5, 0},
       false,
       false,
       false},
      {"trimmed",
       {"g", {5, 0}},
       {"g", StreamId{5, 1}, StreamId{9, 0}, true, {}},
       Why::kTrimmed,
       {9, 0},
       true,
       false,
       false},
      {"another stream",
       {"g", {5, 0}},
       {"h", StreamId{1, 0}, StreamId{9, 0}, true, {}},
       Why::kGeneration,
       {9, 0},
       true,
       true,
       false},
      {"forgotten",
       {"g", {5, 0}},
       {"g", StreamId{1, 0}, StreamId{9, 0}, false, {}},
       Why::kForgotten,
       {9, 0},
       true,
       false,
       false},
      {"Redis lost the newest",
       {"g", {9, 0}},
       {"g", StreamId{1, 0}, StreamId{7, 2}, true, {}},
       Why::kLost,
       {7, 2},
       false,
       true,
       false},
      {"Redis lost the entries, not the word",
       {"g", {9, 0}},
       {"g", {}, {}, true, {}},
       Why::kLost,
       kNone,
       false,
       true,
       false},
      {"fresh, the shield is behind",
       {"", kNone},
       {"g", StreamId{1, 0}, StreamId{9, 0}, false, StreamId{4, 0}},
       Why::kFresh,
       {4, 0},
       true,
       false,
       false},
      {"fresh, the shield is not behind",
       {"", kNone},
       {"g", StreamId{1, 0}, StreamId{9, 0}, false, StreamId{9, 0}},
       Why::kFresh,
       {9, 0},
       true,
       false,
       false},
      {"trimmed, the shield is still farther behind",
       {"g", {2, 0}},
       {"g", StreamId{5, 0}, StreamId{9, 0}, true, StreamId{4, 0}},
       Why::kTrimmed,
       kNone,
       true,
       false,
       true},
  };
  for (const auto& t : table) {
    CAPTURE(t.what);
    const Resume r = resume(t.known, t.found);
    CHECK(r.why == t.why);
    CHECK(r.cursor == t.cursor);
    CHECK(r.purge_all == t.purge_all);
    CHECK(r.append_again == t.append_again);
    CHECK(r.shields_lack == t.shields_lack);
    CHECK_FALSE(to_string(r.why).empty());
  }
}

}  // namespace
}  // namespace seawall::cluster
