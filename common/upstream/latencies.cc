#include "common/upstream/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace seawall::upstream {
namespace {

constexpr unsigned kFirstOctave = 6;  // 2^6 µs

}  // namespace

Latencies::Latencies(Millis window)
    : slot_time_(std::max(Micros(1), Micros(window) / static_cast<int64_t>(kSlots))) {}

// The octave, and the two bits behind its leading one.
size_t Latencies::bucket_of(Micros latency) {
  const auto us = static_cast<uint64_t>(std::max<int64_t>(latency.count(), 0));
  if (us < uint64_t{1} << kFirstOctave) return 0;
  const auto octave = static_cast<unsigned>(std::bit_width(us)) - 1;
  const size_t bucket = (octave - kFirstOctave) * 4 + ((us >> (octave - 2)) & 3);
  return std::min(bucket, kBuckets - 1);
}

Micros Latencies::end_of(size_t bucket) {
  const auto octave = static_cast<unsigned>(bucket / 4) + kFirstOctave;
  return Micros(static_cast<int64_t>((5 + bucket % 4) << (octave - 2)));
}

void Latencies::clear() {
  slots_ = {};
  sums_ = {};
  count_ = 0;
}

void Latencies::advance(MonoTime now) {
  const int64_t slot = now.time_since_epoch() / slot_time_;
  if (slot - current_ >= static_cast<int64_t>(kSlots)) {
    clear();
    current_ = slot;
  }
  while (current_ < slot) {
    Histogram& oldest = slots_[static_cast<size_t>(++current_) % kSlots];
    for (size_t i = 0; i < kBuckets; ++i) {
      sums_[i] -= oldest[i];
      count_ -= oldest[i];
    }
    oldest = {};
  }
}

void Latencies::add(Micros latency, MonoTime now) {
  advance(now);
  const size_t bucket = bucket_of(latency);
  ++slots_[static_cast<size_t>(current_) % kSlots][bucket];
  ++sums_[bucket];
  ++count_;
}

uint64_t Latencies::count(MonoTime now) {
  advance(now);
  return count_;
}

Micros Latencies::quantile(double q, MonoTime now) {
  advance(now);
  if (count_ == 0) return Micros(0);
  const double wanted = std::max(1.0, std::ceil(q * static_cast<double>(count_)));
  uint64_t seen = 0;
  size_t bucket = 0;
  for (; bucket + 1 < kBuckets; ++bucket) {
    seen += sums_[bucket];
    if (static_cast<double>(seen) >= wanted) break;
  }
  return end_of(bucket);
}

}  // namespace seawall::upstream
