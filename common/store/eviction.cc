// LRU: least recently used. SIEVE: Zhang et al., NSDI 2024. S3-FIFO: Yang et al., SOSP 2023.
#include "common/store/eviction.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

namespace seawall::store {
namespace {

class Lru final : public EvictionPolicy {
 public:
  void on_insert(Entry& e) override { list_.push_front(e); }
  void on_hit(Entry& e) override {
    e.unlink();
    list_.push_front(e);
  }
  void on_remove(Entry& e) override { e.unlink(); }
  Entry* victim() override { return list_.empty() ? nullptr : &list_.back(); }

 private:
  IntrusiveList<Entry> list_;
};

// A FIFO with a hand that moves from the tail to the head, spares what was visited since it last
// came by, and evicts the rest in place: a hit writes one byte.
class Sieve final : public EvictionPolicy {
 public:
  void on_insert(Entry& e) override {
    e.visited = 0;
    list_.push_back(e);
  }
  void on_hit(Entry& e) override { e.visited = 1; }
  void on_remove(Entry& e) override {
    if (&e == hand_) hand_ = list_.next(e);
    e.unlink();
  }
  Entry* victim() override {
    if (list_.empty()) return nullptr;
    if (!hand_) hand_ = &list_.front();
    while (hand_->visited) {
      hand_->visited = 0;
      hand_ = list_.next(*hand_);
      if (!hand_) hand_ = &list_.front();
    }
    return hand_;
  }

 private:
  IntrusiveList<Entry> list_;  // front: oldest
  Entry* hand_ = nullptr;
};

// Three FIFOs: new entries wait in `small` (a tenth of the bytes), those asked for again move to
// `main`; `ghost` remembers ids that left `small` unasked, which go to `main` when they come back.
class S3Fifo final : public EvictionPolicy {
 public:
  explicit S3Fifo(uint64_t capacity) : small_target_(capacity / 10) {}

  void on_insert(Entry& e) override {
    e.visited = 0;
    if (ghost_.erase(e.id)) {
      push_main(e);
    } else {
      e.queue = kSmall;
      small_.push_back(e);
      small_bytes_ += e.size;
    }
  }
  void on_hit(Entry& e) override {
    if (e.visited < 3) ++e.visited;
  }
  void on_remove(Entry& e) override {
    (e.queue == kSmall ? small_bytes_ : main_bytes_) -= e.size;
    e.unlink();
  }
  void on_evict(Entry& e) override {
    if (e.queue == kSmall) remember(e.id);
    on_remove(e);
  }
  Entry* victim() override {
    for (;;) {
      const bool from_small = !small_.empty() && (small_bytes_ > small_target_ || main_.empty());
      if (from_small) {
        Entry& e = small_.front();
        if (e.visited == 0) return &e;
        small_bytes_ -= e.size;
        e.unlink();
        e.visited = 0;
        push_main(e);
      } else if (!main_.empty()) {
        Entry& e = main_.front();
        if (e.visited == 0) return &e;
        --e.visited;
        e.unlink();
        main_.push_back(e);
      } else {
        return nullptr;
      }
    }
  }

 private:
  static constexpr uint8_t kSmall = 0;
  static constexpr uint8_t kMain = 1;
  static constexpr size_t kGhostMax = 16384;  // ids per policy (shard)

  void push_main(Entry& e) {
    e.queue = kMain;
    main_.push_back(e);
    main_bytes_ += e.size;
  }
  void remember(uint64_t id) {
    if (!ghost_.insert(id).second) return;
    ghost_order_.push_back(id);
    while (ghost_order_.size() > kGhostMax) {
      ghost_.erase(ghost_order_.front());
      ghost_order_.pop_front();
    }
  }

  const uint64_t small_target_;
  uint64_t small_bytes_ = 0;
  uint64_t main_bytes_ = 0;
  IntrusiveList<Entry> small_;
  IntrusiveList<Entry> main_;
  std::unordered_set<uint64_t> ghost_;
  std::deque<uint64_t> ghost_order_;
};

}  // namespace

std::unique_ptr<EvictionPolicy> make_policy(PolicyKind kind, uint64_t capacity_bytes) {
  switch (kind) {
    case PolicyKind::kSieve:
      return std::make_unique<Sieve>();
    case PolicyKind::kS3Fifo:
      return std::make_unique<S3Fifo>(capacity_bytes);
    case PolicyKind::kLru:
      break;
  }
  return std::make_unique<Lru>();
}

std::string_view to_string(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::kSieve:
      return "sieve";
    case PolicyKind::kS3Fifo:
      return "s3-fifo";
    case PolicyKind::kLru:
      break;
  }
  return "lru";
}

}  // namespace seawall::store
