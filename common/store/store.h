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
#include "common/purge/purge_log.h"
#include "common/store/eviction.h"
#include "common/store/fill.h"
#include "common/store/memory.h"
#include "common/store/object.h"

namespace seawall::store {

struct StoreConfig {
  uint64_t memory_bytes = 256ull << 20;
  uint32_t shards = 64;           // power of two
  uint64_t max_object_bytes = 0;  // 0: a quarter of memory_bytes
  PolicyKind policy = PolicyKind::kSieve;
  purge::LogLimits purge_log = {};
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

// Where a sweep stands; see Store::sweep().
struct SweepCursor {
  uint64_t target = 0;  // the log's position that it sweeps up to
  uint32_t shard = 0;
  size_t first = 0;   // the place of the shard's table behind which its walk ends
  size_t left = 0;    // places that are still to be visited
  size_t places = 0;  // of the table, when the walk began; 0: it has not
  bool running = false;
};

// What a purge would take out.
struct Counted {
  purge::Amount amount;
  uint64_t requests = 0;  // for those objects in the last minute, about
};

// Where a count stands; see Store::count().
struct CountCursor {
  uint32_t shard = 0;
  size_t slot = 0;
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
  // Evicts so many bytes, or all that there is.
  void shrink(uint64_t bytes);
  purge::PurgeLog& purges() { return purges_; }
  uint64_t max_object_bytes() const { return max_object_bytes_; }

  // The newest stored variant that `matcher` selects, marked as used; or nothing.
  Ref<Object> find(const KeyRef& key, const VariantMatcher& matcher);
  // After a look-up that found `seen` (may be empty) and was not enough: become the one who
  // fetches, or wait for it. `expected`: for who has left a fill because its Vary did not match; it
  // joins only what is known, or expected, to bring its variant.
  Joined join(const KeyRef& key, const VariantMatcher& matcher, const Ref<Object>& seen,
              int64_t now_seconds, const Variant& expected = {});
  // A fill that nobody else can join.
  FillPermit alone(const KeyRef& key);
  // Remembers for `seconds` that the key's answers can't be shared (bounded per shard).
  void remember_uncacheable(const KeyRef& key, int64_t now_seconds, int64_t seconds);
  bool is_known_uncacheable(const KeyRef& key, int64_t now_seconds) const;
  void forget_uncacheable(const KeyRef& key);

  // --- purges: first an entry of the log, then what follows from it here ---
  // What purges mean for `object`, looked up only where something is new. It stays where it is.
  cache::StoredState state_of(Object& object, WallTime now) {
    if (object.settled(purges_.position())) return {};
    return look_up_purges(object, now);
  }
  // Whether a hard purge, with a number up to `until`, hits it; may err to true, never to false.
  bool is_purged(const Object& object, uint64_t until = UINT64_MAX) const;
  // Whether what the fill has brought was asked for before a purge that whoever joined at the log's
  // position `joined_at` came after: a hard one, or a soft one, for nobody has validated it since.
  // The tags are not known before there is an answer, so joining can't tell.
  bool was_purged_before(const Fill& fill, uint64_t joined_at) const;
  // For what is not stored yet, by its fetcher: brings its standing up to now. False: purged.
  bool consider_purges(Object& object) const;
  // Appends to the log (see PurgeLog::append()) and settles the URLs that it names.
  Result<uint64_t> apply_purge(purge::Purge purge, WallTime now,
                               std::span<const std::string> lacking);
  // Applies the log to all objects of a URL at once: how many a purge has hit (or an undo freed)
  // that no check before had noticed.
  purge::Amount settle_url(uint64_t url_hash);
  // A local entry for the URL (host_port and target as in a key): nothing of it is used again, and
  // no fill under way is stored. Its number, or 0 where the log is full; then the stored objects
  // are gone all the same.
  uint64_t invalidate_url(std::string_view host_port, std::string_view target, WallTime now);
  // Visits `slots` more places of the index, beginning where the cursor stands; frees what is
  // purged. False when all is visited, and the log knows it. One sweep at a time.
  bool sweep(SweepCursor& cursor, size_t slots, WallTime now);

  // Looks for what the only purge in `trial` would hit in the next `slots` places of the
  // index, and adds to `counted`. False when all is visited. What moves meanwhile may be missed, or
  // counted twice.
  bool count(const purge::PurgeLog& trial, CountCursor& cursor, size_t slots, WallTime now,
             Counted& counted) const;

  // Takes `object` out if it is still in (it turned out unusable).
  void remove(const Object& object);
  // All objects of the key, for `explain`.
  std::vector<Ref<Object>> variants(const KeyRef& key);
  StoreStats stats() const;

 private:
  friend class FillPermit;
  struct Shard;

  struct Visit;
  using Visits = std::vector<Visit>;

  Shard& shard_of(uint64_t url_hash) const;
  cache::StoredState look_up_purges(Object& object, WallTime now);
  void collect(SweepCursor& cursor, size_t slots, Visits& visits);
  void check(Visits& visits) const;
  purge::Amount apply(Shard& shard, Visits& visits);
  bool may_join(Fill& fill) const;
  bool commit(Fill& fill, Ref<Object> object, int max_variants);
  void remove_fill(const Fill& fill);
  void reclaim(uint64_t bytes) override;

  purge::PurgeLog purges_;
  Memory memory_;
  const uint64_t max_object_bytes_;
  const uint32_t shard_count_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<uint32_t> next_victim_shard_{0};
};

}  // namespace seawall::store
