// How long the answers of the last while took, as a histogram with buckets a quarter of an octave
// wide from 64 µs to 67 s, in four slots of time: what is older than the window has gone, to a
// quarter of it. Plain values; `now` is an argument and never goes back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/time.h"

namespace seawall::upstream {

class Latencies {
 public:
  explicit Latencies(Millis window);

  void add(Micros latency, MonoTime now);
  uint64_t count(MonoTime now);
  // The latency that a share `q` of them did not exceed, rounded up to its bucket's end (at most a
  // quarter more). 0 where there are none.
  Micros quantile(double q, MonoTime now);
  void clear();

 private:
  static constexpr size_t kSlots = 4;
  static constexpr size_t kBuckets = 80;
  using Histogram = std::array<uint32_t, kBuckets>;

  static size_t bucket_of(Micros latency);
  static Micros end_of(size_t bucket);
  void advance(MonoTime now);

  const Micros slot_time_;
  std::array<Histogram, kSlots> slots_{};
  Histogram sums_{};
  uint64_t count_ = 0;
  int64_t current_ = 0;
};

}  // namespace seawall::upstream
