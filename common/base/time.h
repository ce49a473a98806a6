// Wall time (for HTTP dates, freshness) and monotonic time (for time-outs, latencies) are two types
// that do not convert. Nothing below net/ reads a clock: `now` is an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace seawall {

using Seconds = std::chrono::duration<int64_t>;
using Millis = std::chrono::duration<int64_t, std::milli>;
using Micros = std::chrono::duration<int64_t, std::micro>;

struct WallClock {  // milliseconds since 1970-01-01T00:00:00Z
  using rep = int64_t;
  using period = std::milli;
  using duration = Millis;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};
using WallTime = WallClock::time_point;
// The resolution of HTTP dates (RFC 9110 §5.6.7). Converts to WallTime, not back.
using HttpTime = std::chrono::time_point<WallClock, Seconds>;

struct MonoClock {  // microseconds since an arbitrary start
  using rep = int64_t;
  using period = std::micro;
  using duration = Micros;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
using MonoTime = MonoClock::time_point;

inline HttpTime floor_seconds(WallTime t) { return std::chrono::floor<Seconds>(t); }

}  // namespace seawall
