// What a shard of the store holds; its lock guards all of it. For store.cc and purging.cc only.
#pragma once

#include <mutex>
#include <unordered_map>

#include "common/store/store.h"
#include "common/store/url_table.h"

namespace seawall::store {

struct HashOfKey {
  size_t operator()(const Hash128& h) const { return h.low; }
};

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

  Object* find(const KeyRef& key, const VariantMatcher& matcher) const {
    for (Object* o = table.find(key.url_hash); o; o = o->next_same_url) {
      if (o->hash() == key.hash && o->key() == key.text &&
          matcher.matches(o->vary(), o->vary_key())) {
        return o;
      }
    }
    return nullptr;
  }

  bool holds(const Object* object) const {
    const Object* o = table.find(object->url_hash());
    while (o && o != object) o = o->next_same_url;
    return o != nullptr;
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

}  // namespace seawall::store
