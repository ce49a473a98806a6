#include "common/crypto/nonce_memory.h"

#include <vector>

namespace seawall::crypto {

NonceMemory::Seen NonceMemory::take(uint64_t id, int64_t time, Seconds window, WallTime now,
                                    size_t limit) {
  const int64_t oldest = (floor_seconds(now).time_since_epoch() - window).count();
  std::vector<std::unordered_set<uint64_t>> old;  // freed when the lock has gone
  const std::lock_guard lock(mutex_);
  while (!by_second_.empty() && by_second_.begin()->first < oldest) {
    size_ -= by_second_.begin()->second.size();
    old.push_back(std::move(by_second_.begin()->second));
    by_second_.erase(by_second_.begin());
  }
  std::unordered_set<uint64_t>& second = by_second_[time];
  if (second.contains(id)) return Seen::kBefore;
  if (size_ >= limit) return Seen::kNoRoom;
  second.insert(id);
  ++size_;
  return Seen::kNew;
}

size_t NonceMemory::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

}  // namespace seawall::crypto
