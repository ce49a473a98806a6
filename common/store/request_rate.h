// How often an object is asked for: what the origin would get if a purge took it out. Counted from
// a sample, in whole minutes, so that a hit pays next to nothing for it. Two loops that count at
// once may lose one; what nobody asked for in 2^24 minutes is not told from something new.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/base/time.h"

namespace seawall::store {

class RequestRate {
 public:
  static constexpr uint32_t kSample = 16;  // one request in so many is counted

  // Any thread. One of kSample requests.
  void count(WallTime now) {
    const Minutes seen = read(minute_of(now));
    const uint64_t current = seen.current < kMost ? seen.current + 1 : kMost;
    packed_.store(minute_of(now) << 40 | seen.previous << 20 | current, std::memory_order_relaxed);
  }

  // Any thread. Requests in the 60 s before `now`, about: of the minute before this one, the share
  // that lies in them.
  uint64_t in_last_minute(WallTime now) const {
    const Minutes seen = read(minute_of(now));
    const auto into = static_cast<uint64_t>(now.time_since_epoch().count() % kMinute.count());
    const uint64_t left = static_cast<uint64_t>(kMinute.count()) - into;
    return (seen.current * static_cast<uint64_t>(kMinute.count()) + seen.previous * left) *
           kSample / static_cast<uint64_t>(kMinute.count());
  }

  // What replaces an object goes on with its count.
  void continue_from(const RequestRate& other) {
    packed_.store(other.packed_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  static constexpr Millis kMinute{60'000};
  static constexpr uint64_t kMost = (1 << 20) - 1;
  struct Minutes {
    uint64_t current;
    uint64_t previous;
  };
  static uint64_t minute_of(WallTime t) {
    return static_cast<uint64_t>(t.time_since_epoch() / kMinute) & 0xffffff;
  }
  // As they are in that minute.
  Minutes read(uint64_t minute) const {
    const uint64_t packed = packed_.load(std::memory_order_relaxed);
    const uint64_t current = packed & kMost;
    if (packed >> 40 == minute) return {current, packed >> 20 & kMost};
    if (packed >> 40 == ((minute - 1) & 0xffffff)) return {0, current};
    return {0, 0};
  }

  std::atomic<uint64_t> packed_{0};  // minute 24 bits, the one before it 20, current 20
};

}  // namespace seawall::store
