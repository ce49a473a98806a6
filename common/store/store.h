// The sharded in-memory store and its fill table. Thread-safe; every operation takes one short lock
// and frees, writes and calls back only after it.
//
// A shard is chosen by the hash of host, path and query, so that all objects of one URL (schemes,
// key headers, variants) hang on one chain: a look-up finds its variant there, a purge by URL finds
// all.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/hash.h"
#include "common/store/eviction.h"
#include "common/store/fill.h"
#include "common/store/memory.h"
#include "common/store/object.h"

namespace seawall::store {

struct StoreConfig {
  uint64_t memory_bytes = 256ull << 20;
  uint32_t shards = 64;           // power of two
  uint64_t max_object_bytes = 0;  // 0: a quarter of memory_bytes
  PolicyKind policy = PolicyKind::kLru;
};

struct KeyRef {
  Hash128 hash;
  uint64_t url_hash = 0;
  std::string_view text;
};

// Decides whether a request selects a variant (RFC 9111 §4.1); called under the shard's lock, so it
// only compares.
class VariantMatcher {
 public:
  virtual bool matches(std::string_view vary, std::string_view vary_key) const = 0;

 protected:
  ~VariantMatcher() = default;
};

struct Joined {
  enum class How : uint8_t {
    kLead,    // `permit`: fetch it
    kFollow,  // `fill`: wait for it
    kRetry,   // the store has changed since the look-up: look again
    kAlone,   // the key is known to be uncacheable: fetch for yourself, `permit` unshared
  };
  How how = How::kAlone;
  Ref<Fill> fill;
  FillPermit permit;
};

struct Removed {
  uint64_t objects = 0;
  uint64_t bytes = 0;
  uint64_t fills = 0;  // under way: delivered, but not stored
};

struct StoreStats {
  uint64_t entries = 0;
  uint64_t used_bytes = 0;
  uint64_t limit_bytes = 0;
  uint64_t evictions = 0;
  uint64_t evicted_bytes = 0;
  uint64_t inserted = 0;
  uint64_t fills = 0;  // under way
};

class Store final : private Reclaimer {
 public:
  explicit Store(const StoreConfig& config);
  ~Store();

  Memory& memory() { return memory_; }
  uint64_t max_object_bytes() const { return max_object_bytes_; }

  // The newest stored variant that `matcher` selects, marked as used; or nothing.
  Ref<Object> find(const KeyRef& key, const VariantMatcher& matcher);
  // After a look-up that found `seen` (may be empty) and was not enough: become the one who
  // fetches, or wait for it. `restrict_to_known`: join only fills whose answer is here and matches
  // (for who has left one because its Vary did not).
  enum class Join : uint8_t { kAny, kKnownOnly };
  Joined join(const KeyRef& key, const VariantMatcher& matcher, const Ref<Object>& seen, Join mode,
              int64_t now_seconds);
  // A fill that nobody else can join. It is not stored if any purge came to its shard meanwhile.
  FillPermit alone(const KeyRef& key);
  // Remembers for `seconds` that the key's answers can't be shared (bounded per shard).
  void remember_uncacheable(const KeyRef& key, int64_t now_seconds, int64_t seconds);
  bool is_known_uncacheable(const KeyRef& key, int64_t now_seconds) const;
  void forget_uncacheable(const KeyRef& key);

  // Removes every object and invalidates every fill of that URL. `by`: the fill, made by alone(),
  // whose own answer asks for this (RFC 9111 §4.4); it may still be stored itself.
  Removed purge_url(uint64_t url_hash, Fill* by = nullptr);
  // Takes `object` out if it is still in (it turned out unusable).
  void remove(const Object& object);
  // All objects of the key, for `explain`.
  std::vector<Ref<Object>> variants(const KeyRef& key);
  StoreStats stats() const;

 private:
  friend class FillPermit;
  struct Shard;

  Shard& shard_of(uint64_t url_hash) const;
  bool commit(Fill& fill, Ref<Object> object, int max_variants);
  void remove_fill(const Fill& fill);
  void reclaim(uint64_t bytes) override;

  Memory memory_;
  const uint64_t max_object_bytes_;
  const uint32_t shard_count_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<uint32_t> next_victim_shard_{0};
};

}  // namespace seawall::store
