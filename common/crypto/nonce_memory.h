// What was seen within a window of time, so that it is not accepted twice. A request is known by
// the first 64 bits of its MAC, which nobody can choose. It is forgotten when its time has left the
// window, never before (but by a clock that jumps ahead and back); what there is no room for is not
// accepted. Any thread; one short lock.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_set>

#include "common/base/time.h"

namespace seawall::crypto {

class NonceMemory {
 public:
  enum class Seen : uint8_t { kNew, kBefore, kNoRoom };

  // `limit`: how many at most, each about 50 bytes.
  Seen take(uint64_t id, int64_t time, Seconds window, WallTime now, size_t limit);
  size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<int64_t, std::unordered_set<uint64_t>> by_second_;
  size_t size_ = 0;
};

}  // namespace seawall::crypto
