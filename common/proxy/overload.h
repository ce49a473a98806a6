// What a node does without while its memory runs out: first it stores nothing new, then it takes no
// new connections. What it has it goes on serving. Shared by all loops; fed once a second.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/proxy/address_counts.h"

namespace seawall::proxy {

enum class Shedding : uint8_t { kNothing, kFills, kConnections };

// Of `limit` bytes (0: none) `used` are: 90% sheds fills, 97% connections; either goes on until it
// is 3% less.
Shedding next_shedding(Shedding before, uint64_t used, uint64_t limit);

class Overload {
 public:
  // Any thread.
  Shedding shedding() const { return shedding_.load(std::memory_order_relaxed); }
  AddressCounts& addresses() { return addresses_; }
  // One thread. True when something else is shed from now on.
  bool note_memory(uint64_t used, uint64_t limit);

 private:
  std::atomic<Shedding> shedding_{Shedding::kNothing};
  AddressCounts addresses_;
};

}  // namespace seawall::proxy
