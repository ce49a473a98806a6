#include "bench/eviction/frequency_sketch.h"

#include <algorithm>
#include <bit>

namespace seawall::bench {
namespace {

constexpr uint8_t kMost = 15;
constexpr uint64_t kSeeds[] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
                               0xd6e8feb86659fd93};

}  // namespace

FrequencySketch::FrequencySketch(size_t ids)
    : mask_(std::bit_ceil(std::max<size_t>(ids, 64)) - 1), counters_(kRows * (mask_ + 1)) {}

size_t FrequencySketch::slot(uint64_t id, int row) const {
  uint64_t h = (id + static_cast<uint64_t>(row)) * kSeeds[row];
  h ^= h >> 32;
  return static_cast<size_t>(row) * (mask_ + 1) + (h & mask_);
}

void FrequencySketch::record(uint64_t id) {
  const uint32_t now = estimate(id);
  if (now < kMost) {
    for (int row = 0; row < kRows; ++row) {
      uint8_t& counter = counters_[slot(id, row)];
      if (counter == now) ++counter;  // conservative update
    }
  }
  if (++recorded_ < 10 * (mask_ + 1)) return;
  recorded_ = 0;
  for (uint8_t& counter : counters_) counter /= 2;
}

uint32_t FrequencySketch::estimate(uint64_t id) const {
  uint8_t least = kMost;
  for (int row = 0; row < kRows; ++row) least = std::min(least, counters_[slot(id, row)]);
  return least;
}

}  // namespace seawall::bench
