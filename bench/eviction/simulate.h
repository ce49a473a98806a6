// One trace through one policy at one size.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/eviction/trace.h"
#include "common/store/eviction.h"

namespace seawall::bench {

enum class Admission : uint8_t {
  kAll,
  // What would displace something gets in only if it earns its bytes: its frequency per byte must
  // be at least that of each victim (TinyLFU's comparison, by density).
  kSizeAware,
};

struct HitRatio {
  double objects = 0;  // of the requests
  double bytes = 0;    // of the bytes asked for
};

struct Policy {
  std::string name;
  // `entries`: how many the capacity holds, about.
  std::unique_ptr<store::EvictionPolicy> (*make)(uint64_t capacity_bytes, size_t entries);
};
const std::vector<Policy>& policies();  // LRU, S3-FIFO, SIEVE, W-TinyLFU

HitRatio simulate(const Trace& trace, const Policy& policy, Admission admission,
                  uint64_t capacity_bytes);

// The offline optimum: evicts what is needed again last, and stores nothing that is needed later
// than all that is there (Belady, 1966). Exact where all sizes are equal. For mixed sizes, where
// the optimum is NP-hard, the better of that rule and the same weighted by size, for each ratio:
// not a strict ceiling, but above all that can't see the future.
HitRatio simulate_optimum(const Trace& trace, uint64_t capacity_bytes);

}  // namespace seawall::bench
