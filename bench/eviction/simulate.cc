#include "bench/eviction/simulate.h"

#include "bench/eviction/frequency_sketch.h"
#include "bench/eviction/w_tinylfu.h"

namespace seawall::bench {
namespace {

using store::Entry;
using store::EvictionPolicy;
using store::PolicyKind;

// Entries are identified by hashes, as in the store (splitmix64).
uint64_t hashed(uint64_t n) {
  n += 0x9e3779b97f4a7c15;
  n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
  n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
  return n ^ (n >> 31);
}

template <PolicyKind kind>
std::unique_ptr<EvictionPolicy> make(uint64_t capacity, size_t) {
  return store::make_policy(kind, capacity);
}

class Cache {
 public:
  Cache(const Trace& trace, const Policy& policy, Admission admission, uint64_t capacity)
      : capacity_(capacity),
        admission_(admission),
        entries_(trace.sizes.size()),
        stored_(trace.sizes.size()),
        sketch_(entries_that_fit(trace, capacity)),
        policy_(policy.make(capacity, entries_that_fit(trace, capacity))) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      entries_[i].id = hashed(i);
      entries_[i].size = trace.sizes[i];
    }
  }
  ~Cache() {
    while (Entry* e = policy_->victim()) policy_->on_remove(*e);
  }

  bool request(uint32_t object) {
    Entry& e = entries_[object];
    if (admission_ == Admission::kSizeAware) sketch_.record(e.id);
    if (stored_[object]) {
      policy_->on_hit(e);
      return true;
    }
    if (make_room(e)) {
      policy_->on_insert(e);
      stored_[object] = true;
      used_ += e.size;
    }
    return false;
  }

 private:
  static size_t entries_that_fit(const Trace& trace, uint64_t capacity) {
    uint64_t bytes = 0;
    for (const uint64_t size : trace.sizes) bytes += size;
    return static_cast<size_t>(static_cast<double>(capacity) / static_cast<double>(bytes) *
                               static_cast<double>(trace.sizes.size()));
  }

  bool make_room(const Entry& candidate) {
    if (candidate.size > capacity_) return false;
    while (used_ + candidate.size > capacity_) {
      Entry* victim = policy_->victim();
      if (!victim || !may_displace(candidate, *victim)) return false;
      policy_->on_evict(*victim);
      stored_[static_cast<size_t>(victim - entries_.data())] = false;
      used_ -= victim->size;
    }
    return true;
  }

  bool may_displace(const Entry& candidate, const Entry& victim) const {
    if (admission_ == Admission::kAll) return true;
    return sketch_.estimate(candidate.id) * victim.size >=
           sketch_.estimate(victim.id) * candidate.size;
  }

  const uint64_t capacity_;
  const Admission admission_;
  uint64_t used_ = 0;
  std::vector<Entry> entries_;
  std::vector<bool> stored_;
  FrequencySketch sketch_;
  const std::unique_ptr<EvictionPolicy> policy_;
};

}  // namespace

const std::vector<Policy>& policies() {
  static const std::vector<Policy> all = {{"LRU", make<PolicyKind::kLru>},
                                          {"S3-FIFO", make<PolicyKind::kS3Fifo>},
                                          {"SIEVE", make<PolicyKind::kSieve>},
                                          {"W-TinyLFU", make_w_tinylfu}};
  return all;
}

HitRatio simulate(const Trace& trace, const Policy& policy, Admission admission,
                  uint64_t capacity_bytes) {
  Cache cache(trace, policy, admission, capacity_bytes);
  uint64_t hits = 0, hit_bytes = 0, bytes = 0;
  for (const uint32_t object : trace.requests) {
    bytes += trace.sizes[object];
    if (!cache.request(object)) continue;
    ++hits;
    hit_bytes += trace.sizes[object];
  }
  return {static_cast<double>(hits) / static_cast<double>(trace.requests.size()),
          static_cast<double>(hit_bytes) / static_cast<double>(bytes)};
}

}  // namespace seawall::bench
