// RateWindow: rates over about the last minute, from samples of ever-growing totals. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/time.h"

namespace seawall::metrics {

struct RateSample {
  MonoTime at{};
  uint64_t requests = 0;
  uint64_t upstream_requests = 0;
  uint64_t errors = 0;
  uint64_t bytes_to_viewers = 0;
  uint64_t bytes_from_upstream = 0;
};

struct Rates {         // all 0 until there are two samples
  double seconds = 0;  // what they were measured over
  double requests_per_second = 0;
  double upstream_requests_per_second = 0;
  double errors_per_second = 0;
  double bits_per_second_to_viewers = 0;
  double bits_per_second_from_upstream = 0;
};

class RateWindow {
 public:
  static constexpr size_t kSamples = 61;

  void add(const RateSample& sample);  // about once a second, in order of time
  Rates rates() const;                 // between the oldest kept sample and the newest

 private:
  std::array<RateSample, kSamples> samples_{};
  size_t count_ = 0;  // ever added
};

}  // namespace seawall::metrics
