// A log-linear histogram of microseconds, as in HdrHistogram: 8 buckets for each power of two, so
// that a percentile is off by at most 1/8 of its value. 0 µs to 71 minutes; longer counts as that.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "common/metrics/counter.h"

namespace seawall::metrics {

constexpr int kSubBucketBits = 3;
constexpr size_t kBuckets = (32 - kSubBucketBits + 1) << kSubBucketBits;

constexpr size_t bucket_of(uint32_t micros) {
  if (micros < (1u << kSubBucketBits)) return micros;
  const int shift = std::bit_width(micros) - 1 - kSubBucketBits;
  return (static_cast<size_t>(shift) << kSubBucketBits) + (micros >> shift);
}
// The smallest value of a bucket; that of the next bucket is the first value beyond it.
constexpr uint64_t bucket_floor(size_t bucket) {
  if (bucket < (2u << kSubBucketBits)) return bucket;
  const size_t shift = (bucket >> kSubBucketBits) - 1;
  return ((bucket & ((1u << kSubBucketBits) - 1)) + (1u << kSubBucketBits)) << shift;
}

// Plain sums of histograms, to read from.
struct HistogramTotals {
  std::array<uint64_t, kBuckets> counts{};
  uint64_t count = 0;
  uint64_t sum_micros = 0;

  void add(const HistogramTotals& other);
  // `p` in 0..100; interpolated inside its bucket; 0 when empty.
  double percentile(double p) const;
  // How many values are below `micros`; exact when that is the floor of a bucket.
  uint64_t count_below(uint64_t micros) const;
};

// One writer, read by any thread.
class Histogram {
 public:
  void record(uint64_t micros) {
    const uint32_t v = static_cast<uint32_t>(std::min<uint64_t>(micros, UINT32_MAX));
    counts_[bucket_of(v)].add();
    sum_.add(v);
  }
  void add_to(HistogramTotals& totals) const;

 private:
  std::array<Counter, kBuckets> counts_;
  Counter sum_;
};

}  // namespace seawall::metrics
