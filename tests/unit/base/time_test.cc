#include "common/base/time.h"

#include <type_traits>

#include "catch.h"

namespace seawall {

static_assert(!std::is_convertible_v<WallTime, MonoTime> &&
              !std::is_convertible_v<MonoTime, WallTime>);
static_assert(!std::is_constructible_v<WallTime, MonoTime>);
static_assert(std::is_convertible_v<HttpTime, WallTime> &&
              !std::is_convertible_v<WallTime, HttpTime>);

TEST_CASE("whole seconds are cut down, also before 1970") {
  const auto floor_of = [](int64_t millis) {
    return floor_seconds(WallTime(Millis{millis})).time_since_epoch().count();
  };
  CHECK(floor_of(0) == 0);
  CHECK(floor_of(999) == 0);
  CHECK(floor_of(1000) == 1);
  CHECK(floor_of(-1) == -1);
  CHECK(floor_of(-1000) == -1);
  CHECK(floor_of(-1001) == -2);
}

}  // namespace seawall
