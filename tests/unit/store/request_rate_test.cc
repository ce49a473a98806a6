#include "common/store/request_rate.h"

#include "tests/unit/catch.h"

using namespace seawall;
using store::RequestRate;

namespace {

constexpr WallTime at(int64_t minute, int64_t second) {
  return WallTime(Millis((29'000'000 + minute) * 60'000 + second * 1000));
}

}  // namespace

TEST_CASE("requests of the last minute, the one before it by its share", "[store]") {
  struct Row {
    const char* what;
    int first, second;  // counted in minute 0, in minute 1
    int64_t minute, second_of_minute;
    uint64_t expected;
  };
  const Row rows[] = {
      {"nothing counted", 0, 0, 0, 30, 0},
      {"all in this minute", 3, 0, 0, 59, 48},
      {"the minute before counts whole at the start", 6, 0, 1, 0, 96},
      {"half of it after half a minute", 6, 0, 1, 30, 48},
      {"and the current one whole", 6, 2, 1, 30, 80},
      {"nothing of the one before that", 6, 2, 2, 0, 32},
      {"gone after two", 6, 2, 3, 0, 0},
      {"a clock that was set back forgets", 0, 4, -5, 0, 0},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    RequestRate rate;
    for (int i = 0; i < row.first; ++i) rate.count(at(0, i));
    for (int i = 0; i < row.second; ++i) rate.count(at(1, i));
    CHECK(rate.in_last_minute(at(row.minute, row.second_of_minute)) == row.expected);
  }
}

TEST_CASE("a count stops at its bound, and spoils neither neighbour", "[store]") {
  RequestRate rate;
  for (int i = 0; i < (1 << 20) + 5; ++i) rate.count(at(0, 1));
  const uint64_t most = ((1 << 20) - 1) * uint64_t{RequestRate::kSample};
  CHECK(rate.in_last_minute(at(0, 1)) == most);
  CHECK(rate.in_last_minute(at(1, 0)) == most);
  CHECK(rate.in_last_minute(at(2, 0)) == 0);
}

TEST_CASE("what replaces an object goes on with its count") {
  RequestRate old, replacement;
  old.count(at(0, 0));
  replacement.continue_from(old);
  CHECK(replacement.in_last_minute(at(0, 0)) == RequestRate::kSample);
}
