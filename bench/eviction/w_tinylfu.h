// W-TinyLFU behind the store's interface: a window of recent entries (1% of the bytes, LRU) in
// front of a segmented LRU; an entry that leaves the window takes the place of the main part's
// victim only if it was asked for more often (Einziger, Friedman, Manes, 2017). Only the simulator
// has it.
#pragma once

#include <memory>

#include "common/store/eviction.h"

namespace seawall::bench {

// `entries`: how many the capacity holds, about (for the size of the sketch).
std::unique_ptr<store::EvictionPolicy> make_w_tinylfu(uint64_t capacity_bytes, size_t entries);

}  // namespace seawall::bench
