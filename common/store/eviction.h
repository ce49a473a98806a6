// Eviction policies over (id, size). The store calls them under a shard's lock, the simulator in
// bench/ drives the very same classes. A policy owns the order, never the entries.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/intrusive_list.h"

namespace seawall::store {

// What a policy sees of a stored object. `visited`, `queue`: the policy's own notes.
struct Entry : ListNode {
  uint64_t id = 0;    // hash of the primary key and variant
  uint64_t size = 0;  // bytes charged
  uint8_t visited = 0;
  uint8_t queue = 0;
};

class EvictionPolicy {
 public:
  virtual ~EvictionPolicy() = default;
  virtual void on_insert(Entry& entry) = 0;
  virtual void on_hit(Entry& entry) = 0;
  virtual void on_remove(Entry& entry) = 0;  // the entry leaves, whoever wanted it
  // The entry to evict next, still in the policy until on_remove(); nullptr when there is none.
  // `on_evict` is on_remove for a victim: a policy may remember its id.
  virtual Entry* victim() = 0;
  virtual void on_evict(Entry& entry) { on_remove(entry); }
};

enum class PolicyKind : uint8_t { kLru, kSieve, kS3Fifo };

// `capacity_bytes`: what the entries of this policy may hold together, about.
std::unique_ptr<EvictionPolicy> make_policy(PolicyKind kind, uint64_t capacity_bytes);
std::string_view to_string(PolicyKind kind);

}  // namespace seawall::store
