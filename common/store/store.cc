#include "common/store/store.h"

#include <algorithm>
#include <cassert>
#include <mutex>

#include "common/cache/key.h"
#include "common/store/shard.h"

namespace seawall::store {
namespace {

constexpr size_t kUncacheablePerShard = 4096;
// A victim that a slow viewer still reads frees nothing when evicted; so many are passed over
// before one is taken all the same.
constexpr int kPinnedTries = 8;

}  // namespace

Store::Store(const StoreConfig& config)
    : purges_(config.purge_log),
      memory_(config.memory_bytes),
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
                   int64_t now_seconds, const Variant& expected) {
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
    if (!may_join(fill)) continue;
    const bool waiting = fill.state() == Fill::State::kWaiting;
    const bool known = !fill.expected.vary.empty();
    if (waiting && known && !matcher.matches(fill.expected.vary, fill.expected.vary_key)) continue;
    if (waiting && !known && !expected.vary.empty()) continue;
    if (!waiting && (fill.state() != Fill::State::kStreaming || !fill.answer().shareable ||
                     now_seconds >= fill.answer().shareable_until ||
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
  joined.fill = Ref<Fill>(new Fill(key.hash, key.url_hash, key.text, !alone, purges_.position()));
  joined.fill->expected = expected;
  if (!alone) shard.fills.emplace(key.hash, joined.fill.get());
  joined.permit = FillPermit(this, joined.fill);
  return joined;
}

// A fill that began before a purge of what it brings, hard or soft, is not for those who come after
// it: nobody validates what streams. What tags it will have is not known while it waits for its
// head: its followers look again then.
bool Store::may_join(Fill& fill) const {
  const uint64_t position = purges_.position();
  if (fill.since() == position || fill.joinable_at == position) return true;
  const bool has_head = fill.state() == Fill::State::kStreaming;
  const cache::KeyText key = cache::read_key(fill.key());
  const purge::Subject subject{fill.url_hash(), key.host, key.target, key.path_size,
                               has_head ? fill.object()->tags() : std::span<const uint64_t>()};
  const uint64_t from = std::max(fill.since(), fill.joinable_at);
  const purge::Finding finding = purges_.check(subject, {.checked = from});
  const bool hit = finding.purged() || finding.standing.soft != 0;
  if (has_head && !hit) fill.joinable_at = finding.standing.checked;
  return !hit;
}

FillPermit Store::alone(const KeyRef& key) {
  return FillPermit(
      this, Ref<Fill>(new Fill(key.hash, key.url_hash, key.text, false, purges_.position())));
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

bool Store::consider_purges(Object& object) const {
  if (object.checked() == purges_.position()) return true;
  const purge::Finding finding = purges_.check(object.subject(), object.standing());
  if (finding.purged()) return false;
  object.set_standing(finding.standing);
  return true;
}

bool Store::commit(Fill& fill, Ref<Object> object, int max_variants) {
  std::vector<Object*> dropped;
  bool stored = false;
  object->id = object->hash().low ^ hash64(object->vary_key());
  object->size = object->charged();
  Shard& shard = shard_of(fill.url_hash());
  consider_purges(*object);  // outside of the lock; under it only what has come since
  {
    std::lock_guard lock(shard.mutex);
    if (fill.shared()) {
      const auto [begin, end] = shard.fills.equal_range(fill.hash());
      const auto it = std::find_if(begin, end, [&](const auto& e) { return e.second == &fill; });
      if (it != end) shard.fills.erase(it);
    }
    if (consider_purges(*object)) {
      int variants = 0;
      for (Object* o = shard.table.find(object->url_hash()); o;) {
        Object* next = o->next_same_url;
        if (o->hash() == object->hash()) {
          const bool replaced = o->vary() == object->vary() && o->vary_key() == object->vary_key();
          if (replaced) object->requests().continue_from(o->requests());
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

void Store::shrink(uint64_t bytes) {
  const uint64_t used = memory_.used();
  reclaim(memory_.limit() - std::min(used, memory_.limit()) + std::min(bytes, used));
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
