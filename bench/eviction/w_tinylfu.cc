#include "bench/eviction/w_tinylfu.h"

#include "bench/eviction/frequency_sketch.h"

namespace seawall::bench {
namespace {

using store::Entry;

enum Queue : uint8_t { kWindow, kProbation, kProtected, kQueues };

class WTinyLfu final : public store::EvictionPolicy {
 public:
  WTinyLfu(uint64_t capacity, size_t entries)
      : window_target_(capacity / 100),
        main_target_(capacity - capacity / 100),
        protected_target_(main_target_ / 10 * 8),
        sketch_(entries) {}

  void on_insert(Entry& e) override {
    sketch_.record(e.id);
    put(e, kWindow);
  }
  void on_hit(Entry& e) override {
    sketch_.record(e.id);
    const auto queue = static_cast<Queue>(e.queue);
    take(e);
    put(e, queue == kWindow ? kWindow : kProtected);
    while (bytes_[kProtected] > protected_target_ && !queues_[kProtected].empty()) {
      Entry& last = queues_[kProtected].back();
      take(last);
      put(last, kProbation);
    }
  }
  void on_remove(Entry& e) override { take(e); }

  Entry* victim() override {
    while (bytes_[kWindow] > window_target_) {
      Entry& candidate = queues_[kWindow].back();
      Entry* weakest = main_victim();
      const uint64_t main_bytes = bytes_[kProbation] + bytes_[kProtected];
      if (weakest && main_bytes + candidate.size > main_target_) {
        const bool wins = sketch_.estimate(candidate.id) > sketch_.estimate(weakest->id);
        return wins ? weakest : &candidate;
      }
      take(candidate);
      put(candidate, kProbation);
    }
    if (Entry* weakest = main_victim()) return weakest;
    return queues_[kWindow].empty() ? nullptr : &queues_[kWindow].back();
  }

 private:
  Entry* main_victim() {
    if (!queues_[kProbation].empty()) return &queues_[kProbation].back();
    return queues_[kProtected].empty() ? nullptr : &queues_[kProtected].back();
  }
  void put(Entry& e, Queue queue) {
    e.queue = queue;
    queues_[queue].push_front(e);
    bytes_[queue] += e.size;
  }
  void take(Entry& e) {
    bytes_[e.queue] -= e.size;
    e.unlink();
  }

  const uint64_t window_target_;
  const uint64_t main_target_;
  const uint64_t protected_target_;
  FrequencySketch sketch_;
  IntrusiveList<Entry> queues_[kQueues];
  uint64_t bytes_[kQueues] = {};
};

}  // namespace

std::unique_ptr<store::EvictionPolicy> make_w_tinylfu(uint64_t capacity_bytes, size_t entries) {
  return std::make_unique<WTinyLfu>(capacity_bytes, entries);
}

}  // namespace seawall::bench
