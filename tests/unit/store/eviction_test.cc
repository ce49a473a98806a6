// One suite for all policies, then each one's order on a trace made by hand.
#include "common/store/eviction.h"

#include <deque>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "catch.h"

namespace seawall::store {
namespace {

constexpr PolicyKind kPolicies[] = {PolicyKind::kLru, PolicyKind::kSieve, PolicyKind::kS3Fifo};

class Cache {
 public:
  Cache(PolicyKind kind, uint64_t capacity) : policy_(make_policy(kind, capacity)) {}
  ~Cache() {
    while (!live_.empty()) remove(**live_.begin());
  }
  Entry& insert(uint64_t id, uint64_t size = 10) {
    Entry& e = entries_.emplace_back();
    e.id = id;
    e.size = size;
    policy_->on_insert(e);
    live_.insert(&e);
    return e;
  }
  void hit(Entry& e) { policy_->on_hit(e); }
  void remove(Entry& e) {
    policy_->on_remove(e);
    live_.erase(&e);
  }
  // The id of what was evicted; 0 if the policy has nothing, -1 if it named what is not in.
  uint64_t evict() {
    Entry* e = policy_->victim();
    if (!e) return 0;
    if (!live_.count(e)) return UINT64_MAX;
    if (policy_->victim() != e) return UINT64_MAX;  // it stays until it is removed
    policy_->on_evict(*e);
    live_.erase(e);
    return e->id;
  }
  size_t size() const { return live_.size(); }
  Entry* any(std::mt19937& random) const {
    auto it = live_.begin();
    std::advance(it, static_cast<long>(random() % live_.size()));
    return *it;
  }

 private:
  std::unique_ptr<EvictionPolicy> policy_;
  std::deque<Entry> entries_;
  std::set<Entry*> live_;
};

TEST_CASE("every policy names each entry once, and none when it is empty") {
  for (PolicyKind kind : kPolicies) {
    INFO(to_string(kind));
    Cache cache(kind, 500);
    CHECK(cache.evict() == 0);
    std::vector<Entry*> entries;
    for (uint64_t id = 1; id <= 100; ++id) entries.push_back(&cache.insert(id));
    for (size_t i = 0; i < 100; i += 3) {
      for (size_t n = 0; n <= i % 5; ++n) cache.hit(*entries[i]);
    }
    std::set<uint64_t> evicted;
    for (int i = 0; i < 100; ++i) evicted.insert(cache.evict());
    CHECK(evicted.size() == 100);
    CHECK(*evicted.begin() == 1);
    CHECK(*evicted.rbegin() == 100);
    CHECK(cache.evict() == 0);
  }
}

TEST_CASE("every policy survives any order of inserts, hits, removals and evictions") {
  for (PolicyKind kind : kPolicies) {
    INFO(to_string(kind));
    std::mt19937 random(7);
    for (uint64_t capacity : {0, 1, 1000, 1000000}) {
      Cache cache(kind, capacity);
      for (int step = 0; step < 5000; ++step) {
        const unsigned what = random() % 10;
        if (what < 4 || cache.size() == 0) {
          cache.insert(1 + random() % 500, random() % 100);
        } else if (what < 7) {
          cache.hit(*cache.any(random));
        } else if (what < 8) {
          cache.remove(*cache.any(random));
        } else {
          const uint64_t id = cache.evict();
          REQUIRE((id >= 1 && id <= 500));
        }
      }
      for (size_t left = cache.size(); left > 0; --left) REQUIRE(cache.evict() <= 500);
      CHECK(cache.evict() == 0);
    }
  }
}

TEST_CASE("in every policy what is asked for again outlives what is not") {
  for (PolicyKind kind : kPolicies) {
    INFO(to_string(kind));
    Cache cache(kind, 1000);
    std::vector<Entry*> popular;
    for (uint64_t id = 1; id <= 20; ++id) popular.push_back(&cache.insert(id));
    for (uint64_t once = 100; once < 1000; ++once) {
      for (Entry* e : popular) cache.hit(*e);
      cache.insert(once);
      if (cache.size() > 100) REQUIRE(cache.evict() >= 100);
    }
  }
}

TEST_CASE("LRU evicts what was used longest ago") {
  Cache cache(PolicyKind::kLru, 100);
  Entry& one = cache.insert(1);
  cache.insert(2);
  Entry& three = cache.insert(3);
  cache.insert(4);
  cache.hit(one);
  cache.remove(three);
  CHECK(cache.evict() == 2);
  CHECK(cache.evict() == 4);
  CHECK(cache.evict() == 1);
}

TEST_CASE("SIEVE's hand spares what was visited, keeps its place, and comes round") {
  Cache cache(PolicyKind::kSieve, 100);
  cache.insert(1);
  Entry& two = cache.insert(2);
  cache.insert(3);
  Entry& four = cache.insert(4);
  cache.hit(two);
  CHECK(cache.evict() == 1);
  CHECK(cache.evict() == 3);  // 2 is spared, and no longer marked
  cache.insert(5);
  cache.hit(four);
  CHECK(cache.evict() == 5);  // 4 is spared; the hand goes on where it was
  CHECK(cache.evict() == 2);  // and comes round
  CHECK(cache.evict() == 4);
}

TEST_CASE("SIEVE's hand moves on when what it stands on is removed") {
  Cache cache(PolicyKind::kSieve, 100);
  Entry& one = cache.insert(1);
  cache.insert(2);
  cache.insert(3);
  cache.hit(one);
  CHECK(cache.evict() == 2);  // 1 is spared; the hand stands on 3
  cache.remove(one);
  CHECK(cache.evict() == 3);
  CHECK(cache.evict() == 0);
}

TEST_CASE("S3-FIFO keeps what is asked for again, and remembers what it let go") {
  Cache cache(PolicyKind::kS3Fifo, 100);  // `small` has 10 of them
  Entry& one = cache.insert(1);
  cache.insert(2);
  cache.insert(3);
  cache.hit(one);
  CHECK(cache.evict() == 2);     // 1 moves to `main`
  Entry& two = cache.insert(2);  // a ghost: to `main` at once
  cache.insert(4);
  CHECK(cache.evict() == 3);
  cache.hit(one);
  cache.hit(two);
  cache.hit(two);
  CHECK(cache.evict() == 1);  // `small` is not above its share: `main`, where each hit is a round
  CHECK(cache.evict() == 2);
  CHECK(cache.evict() == 4);
  CHECK(cache.evict() == 0);
}

TEST_CASE("S3-FIFO lets a scan pass through without touching its main queue") {
  Cache cache(PolicyKind::kS3Fifo, 1000);
  std::vector<Entry*> kept;
  for (uint64_t id = 1; id <= 50; ++id) kept.push_back(&cache.insert(id));
  for (Entry* e : kept) cache.hit(*e);
  for (uint64_t id = 1000; id < 3000; ++id) {
    cache.insert(id);
    if (cache.size() > 100) REQUIRE(cache.evict() >= 1000);
  }
}

}  // namespace
}  // namespace seawall::store
