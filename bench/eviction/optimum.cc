// Belady's rule needs, for each request, when the same object is asked for next. A sorted set of
// (next use, object) gives the farthest; the rule weighted by size has an order that changes with
// time, and so takes the worst of a sample.
#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include "bench/eviction/simulate.h"

namespace seawall::bench {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
constexpr int kSample = 64;

std::vector<uint64_t> next_uses(const Trace& trace) {
  std::vector<uint64_t> next(trace.requests.size());
  std::vector<uint64_t> seen(trace.sizes.size(), kNever);
  for (size_t i = trace.requests.size(); i-- > 0;) {
    next[i] = seen[trace.requests[i]];
    seen[trace.requests[i]] = i;
  }
  return next;
}

struct Tally {
  uint64_t hits = 0, hit_bytes = 0, bytes = 0;
  void add(uint64_t size, bool hit) {
    bytes += size;
    hits += hit;
    hit_bytes += hit ? size : 0;
  }
  HitRatio ratio(const Trace& trace) const {
    return {static_cast<double>(hits) / static_cast<double>(trace.requests.size()),
            static_cast<double>(hit_bytes) / static_cast<double>(bytes)};
  }
};

HitRatio farthest_first(const Trace& trace, const std::vector<uint64_t>& next, uint64_t capacity) {
  std::set<std::pair<uint64_t, uint32_t>> stored;  // (next use, object)
  uint64_t used = 0;
  Tally tally;
  for (size_t now = 0; now < trace.requests.size(); ++now) {
    const uint32_t object = trace.requests[now];
    const uint64_t size = trace.sizes[object];
    const bool hit = stored.erase({now, object}) == 1;
    tally.add(size, hit);
    if (hit) used -= size;
    if (next[now] == kNever || size > capacity) continue;
    stored.insert({next[now], object});
    used += size;
    while (used > capacity) {
      const auto farthest = std::prev(stored.end());
      used -= trace.sizes[farthest->second];
      stored.erase(farthest);
    }
  }
  return tally.ratio(trace);
}

// Evicts what has the largest (distance × size) of a sample.
class Sampled {
 public:
  Sampled(const Trace& trace, uint64_t capacity)
      : trace_(trace),
        capacity_(capacity),
        place_(trace.sizes.size(), kNever),
        next_(trace.sizes.size(), kNever) {}

  HitRatio run(const std::vector<uint64_t>& next) {
    Tally tally;
    for (size_t now = 0; now < trace_.requests.size(); ++now) {
      const uint32_t object = trace_.requests[now];
      const uint64_t size = trace_.sizes[object];
      const bool hit = place_[object] != kNever;
      tally.add(size, hit);
      next_[object] = next[now];
      if (hit && next[now] == kNever) remove(object);
      if (hit || next[now] == kNever || size > capacity_) continue;
      place_[object] = stored_.size();
      stored_.push_back(object);
      used_ += size;
      while (used_ > capacity_) remove(worst(now, object));
    }
    return tally.ratio(trace_);
  }

 private:
  double cost(uint32_t object, size_t now) const {
    return static_cast<double>(next_[object] - now) * static_cast<double>(trace_.sizes[object]);
  }
  uint32_t worst(size_t now, uint32_t candidate) {
    uint32_t found = place_[candidate] != kNever ? candidate : stored_[0];
    for (int i = 0; i < kSample; ++i) {
      const uint32_t other = stored_[random_() % stored_.size()];
      if (cost(other, now) > cost(found, now)) found = other;
    }
    return found;
  }
  void remove(uint32_t object) {
    used_ -= trace_.sizes[object];
    const uint64_t at = place_[object];
    stored_[at] = stored_.back();
    place_[stored_[at]] = at;
    stored_.pop_back();
    place_[object] = kNever;
  }

  const Trace& trace_;
  const uint64_t capacity_;
  uint64_t used_ = 0;
  std::vector<uint32_t> stored_;
  std::vector<uint64_t> place_;  // in stored_, by object
  std::vector<uint64_t> next_;   // use, by object
  std::mt19937_64 random_{7};
};

}  // namespace

HitRatio simulate_optimum(const Trace& trace, uint64_t capacity_bytes) {
  const std::vector<uint64_t> next = next_uses(trace);
  const HitRatio plain = farthest_first(trace, next, capacity_bytes);
  const auto [least, most] = std::minmax_element(trace.sizes.begin(), trace.sizes.end());
  if (*least == *most) return plain;
  const HitRatio weighted = Sampled(trace, capacity_bytes).run(next);
  return {std::max(plain.objects, weighted.objects), std::max(plain.bytes, weighted.bytes)};
}

}  // namespace seawall::bench
