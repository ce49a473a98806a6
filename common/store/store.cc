#include "common/store/store.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <mutex>
#include <unordered_map>

#include "common/store/url_table.h"

namespace seawall::store {
namespace {

constexpr size_t kUncacheablePerShard = 4096;
// A victim that a slow viewer still reads frees nothing when evicted; so many are passed over
// before one is taken all the same.
constexpr int kPinnedTries = 8;

struct HashOfKey {
  size_t operator()(const Hash128& h) const { return h.low; }
};

}  // namespace

struct alignas(64) Store::Shard {
  mutable std::mutex mutex;
  UrlTable table;
  std::unique_ptr<EvictionPolicy> policy;
  std::unordered_multimap<Hash128, Fill*, HashOfKey> fills;
  std::unordered_map<Hash128, int64_t, HashOfKey> uncacheable;  // until, in seconds
  uint64_t entries = 0;
  uint64_t evictions = 0;
  uint64_t evicted_bytes = 0;
  uint64_t inserted = 0;
  // URL purges so far, by some bits of the URL's hash. A fill that stands in no table is not stored
  // if there was one in its slot since it began: at worst an answer too few is kept.
  static constexpr size_t kPurgeSlots = 256;
  std::array<std::atomic<uint32_t>, kPurgeSlots> purges{};
  std::atomic<uint32_t>& purges_of(uint64_t url_hash) {
    return purges[(url_hash >> 32) % kPurgeSlots];
  }

  Object* find(const KeyRef& key, const VariantMatcher& matcher) const {
    for (Object* o = table.find(key.url_hash); o; o = o->next_same_url) {
      if (o->hash() == key.hash && o->key() == key.text &&
          matcher.matches(o->vary(), o->vary_key())) {
        return o;
      }
    }
    return nullptr;
  }

  // Takes `o` off its chain and out of the policy; the caller drops the store's reference after the
  // lock.
  void unlink(Object* o, bool evicted) {
    Object* head = table.find(o->url_hash());
    if (head == o) {
      table.set(o->url_hash(), o->next_same_url);
    } else {
      Object* before = head;
      while (before->next_same_url != o) before = before->next_same_url;
      before->next_same_url = o->next_same_url;
    }
    o->next_same_url = nullptr;
    --entries;
    if (evicted) {
      ++evictions;
      evicted_bytes += o->size;
      policy->on_evict(*o);
    } else {
      policy->on_remove(*o);
    }
  }
};

Store::Store(const StoreConfig& config)
    : memory_(config.memory_bytes),
      max_object_bytes_(config.max_object_bytes ? config.max_object_bytes
                                                : config.memory_bytes / 4),
      shard_count_(config.shards),
      shards_(std::make_unique<Shard[]>(config.shards)) {
  assert(shard_count_ && (shard_count_ & (shard_count_ - 1)) == 0);
  for (uint32_t i = 0; i < shard_count_; ++i) {
    shards_[i].policy = make_policy(config.policy, config.memory_bytes / shard_count_);
  }
  memory_.set_reclaimer(this);
}

Store::~Store() {
  memory_.set_reclaimer(nullptr);
  for (uint32_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    while (Entry* e = shard.policy->victim()) {
      auto* o = static_cast<Object*>(e);
      shard.unlink(o, false);
      o->unref();
    }
  }
}

// The table takes the low bits, the shard the high ones.
Store::Shard& Store::shard_of(uint64_t url_hash) const {
  return shards_[(url_hash >> 40) & (shard_count_ - 1)];
}

Ref<Object> Store::find(const KeyRef& key, const VariantMatcher& matcher) {
  Shard& shard = shard_of(key.url_hash);
  std::lock_guard lock(shard.mutex);
  Object* o = shard.find(key, matcher);
  if (o) shard.policy->on_hit(*o);
  return Ref<Object>(o);
}

Joined Store::join(const KeyRef& key, const VariantMatcher& matcher, const Ref<Object>& seen,
                   Join mode, int64_t now_seconds) {
  Joined joined;
  Shard& shard = shard_of(key.url_hash);
  std::lock_guard lock(shard.mutex);
  if (shard.find(key, matcher) != seen.get()) {
    joined.how = Joined::How::kRetry;
    return joined;
  }
  const auto [begin, end] = shard.fills.equal_range(key.hash);
  for (auto it = begin; it != end; ++it) {
    Fill& fill = *it->second;
    if (fill.key() != key.text) continue;
    const bool waiting = fill.state() == Fill::State::kWaiting;
    if (waiting && mode == Join::kKnownOnly) continue;
    if (!waiting && (fill.state() != Fill::State::kStreaming || !fill.answer().shareable ||
                     !matcher.matches(fill.object()->vary(), fill.object()->vary_key()))) {
      continue;
    }
    joined.how = Joined::How::kFollow;
    joined.fill = Ref<Fill>(&fill);
    return joined;
  }
  const auto known = shard.uncacheable.find(key.hash);
  const bool alone = known != shard.uncacheable.end() && known->second > now_seconds;
  joined.how = alone ? Joined::How::kAlone : Joined::How::kLead;
  joined.fill = Ref<Fill>(new Fill(key.hash, key.url_hash, key.text, !alone));
  joined.fill->purges_at_start = shard.purges_of(key.url_hash).load(std::memory_order_acquire);
  if (!alone) shard.fills.emplace(key.hash, joined.fill.get());
  joined.permit = FillPermit(this, joined.fill);
  return joined;
}

FillPermit Store::alone(const KeyRef& key) {
  Ref<Fill> fill(new Fill(key.hash, key.url_hash, key.text, false));
  fill->purges_at_start =
      shard_of(key.url_hash).purges_of(key.url_hash).load(std::memory_order_acquire);
  return FillPermit(this, std::move(fill));
}

void Store::remember_uncacheable(const KeyRef& key, int64_t now_seconds, int64_t seconds) {
  Shard& shard = shard_of(key.url_hash);
  std::lock_guard lock(shard.mutex);
  if (shard.uncacheable.size() >= kUncacheablePerShard) {
    std::erase_if(shard.uncacheable, [&](const auto& e) { return e.second <= now_seconds; });
    if (shard.uncacheable.size() >= kUncacheablePerShard) {
      shard.uncacheable.erase(shard.uncacheable.begin());
    }
  }
  shard.uncacheable[key.hash] = now_seconds + seconds;
}

bool Store::is_known_uncacheable(const KeyRef& key, int64_t now_seconds) const {
  Shard& shard = shard_of(key.url_hash);
  std::lock_guard lock(shard.mutex);
  const auto known = shard.uncacheable.find(key.hash);
  return known != shard.uncacheable.end() && known->second > now_seconds;
}

void Store::forget_uncacheable(const KeyRef& key) {
  Shard& shard = shard_of(key.url_hash);
  std::lock_guard lock(shard.mutex);
  shard.uncacheable.erase(key.hash);
}

bool Store::commit(Fill& fill, Ref<Object> object, int max_variants) {
  std::vector<Object*> dropped;
  bool stored = false;
  object->id = object->hash().low ^ hash64(object->vary_key());
  object->size = object->charged();
  Shard& shard = shard_of(fill.url_hash());
  {
    std::lock_guard lock(shard.mutex);
    if (fill.shared()) {
      const auto [begin, end] = shard.fills.equal_range(fill.hash());
      const auto it = std::find_if(begin, end, [&](const auto& e) { return e.second == &fill; });
      if (it != end) shard.fills.erase(it);
    }
    if (!fill.shared() &&
        fill.purges_at_start != shard.purges_of(fill.url_hash()).load(std::memory_order_relaxed)) {
      fill.invalidated.store(true, std::memory_order_relaxed);
    }
    if (!fill.invalidated.load(std::memory_order_relaxed)) {
      int variants = 0;
      for (Object* o = shard.table.find(object->url_hash()); o;) {
        Object* next = o->next_same_url;
        if (o->hash() == object->hash()) {
          const bool replaced = o->vary() == object->vary() && o->vary_key() == object->vary_key();
          if (replaced || ++variants >= max_variants) {
            shard.unlink(o, false);
            dropped.push_back(o);
          }
        }
        o = next;
      }
      Object* o = object.get();
      o->ref();
      o->next_same_url = shard.table.find(o->url_hash());
      shard.table.set(o->url_hash(), o);
      shard.policy->on_insert(*o);
      shard.uncacheable.erase(o->hash());
      ++shard.entries;
      ++shard.inserted;
      stored = true;
    }
  }
  for (Object* o : dropped) o->unref();
  return stored;
}

void Store::remove_fill(const Fill& fill) {
  if (!fill.shared()) return;
  Shard& shard = shard_of(fill.url_hash());
  std::lock_guard lock(shard.mutex);
  const auto [begin, end] = shard.fills.equal_range(fill.hash());
  const auto it = std::find_if(begin, end, [&](const auto& e) { return e.second == &fill; });
  if (it != end) shard.fills.erase(it);
}

Removed Store::purge_url(uint64_t url_hash, Fill* by) {
  Removed removed;
  std::vector<Object*> dropped;
  Shard& shard = shard_of(url_hash);
  {
    std::lock_guard lock(shard.mutex);
    std::atomic<uint32_t>& purges = shard.purges_of(url_hash);
    purges.fetch_add(1, std::memory_order_release);
    const bool own =
        by && &shard_of(by->url_hash()) == &shard && &shard.purges_of(by->url_hash()) == &purges;
    if (own) ++by->purges_at_start;
    while (Object* o = shard.table.find(url_hash)) {
      shard.unlink(o, false);
      o->invalidated.store(true, std::memory_order_relaxed);
      ++removed.objects;
      removed.bytes += o->size;
      dropped.push_back(o);
    }
    for (auto it = shard.fills.begin(); it != shard.fills.end();) {
      if (it->second->url_hash() == url_hash) {
        it->second->invalidated.store(true, std::memory_order_relaxed);
        ++removed.fills;
        it = shard.fills.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (Object* o : dropped) o->unref();
  return removed;
}

void Store::remove(const Object& object) {
  Shard& shard = shard_of(object.url_hash());
  Object* found = nullptr;
  {
    std::lock_guard lock(shard.mutex);
    for (found = shard.table.find(object.url_hash()); found && found != &object;) {
      found = found->next_same_url;
    }
    if (found) shard.unlink(found, false);
  }
  if (found) found->unref();
}

std::vector<Ref<Object>> Store::variants(const KeyRef& key) {
  std::vector<Ref<Object>> found;
  Shard& shard = shard_of(key.url_hash);
  std::lock_guard lock(shard.mutex);
  for (Object* o = shard.table.find(key.url_hash); o; o = o->next_same_url) {
    if (o->hash() == key.hash) found.emplace_back(o);
  }
  return found;
}

// Round the shards, one victim each, so that objects are compared with all others of about their
// age.
void Store::reclaim(uint64_t bytes) {
  uint32_t empty_in_a_row = 0;
  while (memory_.missing(bytes) && empty_in_a_row < shard_count_) {
    Shard& shard =
        shards_[next_victim_shard_.fetch_add(1, std::memory_order_relaxed) & (shard_count_ - 1)];
    Object* victim = nullptr;
    {
      std::lock_guard lock(shard.mutex);
      for (int tries = 0; tries < kPinnedTries; ++tries) {
        victim = static_cast<Object*>(shard.policy->victim());
        if (!victim || victim->ref_count() == 1) break;
        shard.policy->on_remove(*victim);
        shard.policy->on_insert(*victim);
      }
      if (victim) shard.unlink(victim, true);
    }
    empty_in_a_row = victim ? 0 : empty_in_a_row + 1;
    if (victim) victim->unref();
  }
}

StoreStats Store::stats() const {
  StoreStats stats;
  for (uint32_t i = 0; i < shard_count_; ++i) {
    const Shard& shard = shards_[i];
    std::lock_guard lock(shard.mutex);
    stats.entries += shard.entries;
    stats.evictions += shard.evictions;
    stats.evicted_bytes += shard.evicted_bytes;
    stats.inserted += shard.inserted;
    stats.fills += shard.fills.size();
  }
  stats.used_bytes = memory_.used();
  stats.limit_bytes = memory_.limit();
  return stats;
}

}  // namespace seawall::store
