#include "common/proxy/overload.h"

namespace seawall::proxy {
namespace {

constexpr uint64_t kFillsPercent = 90;
constexpr uint64_t kConnectionsPercent = 97;
constexpr uint64_t kSlackPercent = 3;  // so that it does not go to and fro

// Without a product that could overflow.
bool reaches(uint64_t used, uint64_t limit, uint64_t percent) {
  return used >= limit - limit / 100 * (100 - percent);
}

}  // namespace

Shedding next_shedding(Shedding before, uint64_t used, uint64_t limit) {
  if (limit == 0) return Shedding::kNothing;
  const auto bound = [&](Shedding level, uint64_t percent) {
    return before >= level ? percent - kSlackPercent : percent;
  };
  if (reaches(used, limit, bound(Shedding::kConnections, kConnectionsPercent))) {
    return Shedding::kConnections;
  }
  return reaches(used, limit, bound(Shedding::kFills, kFillsPercent)) ? Shedding::kFills
                                                                      : Shedding::kNothing;
}

bool Overload::note_memory(uint64_t used, uint64_t limit) {
  const Shedding before = shedding();
  const Shedding now = next_shedding(before, used, limit);
  shedding_.store(now, std::memory_order_relaxed);
  return now != before;
}

}  // namespace seawall::proxy
