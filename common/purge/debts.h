// Which purges the servers of the next tier (shields) have not acknowledged yet. What such a server
// sends may be older than those purges: a fill from it is checked as if it had begun before the
// oldest of them. Thread-safe; one per node, part of its PurgeLog.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace seawall::purge {

class Debts {
 public:
  // `server` has not acknowledged the entry `number`.
  void owe(std::string_view server, uint64_t number);
  void paid(std::string_view server, uint64_t number);
  // The server is no longer configured.
  void forget(std::string_view server);

  // False in the normal case; one load.
  bool any() const { return count_.load(std::memory_order_acquire) != 0; }
  // The oldest entry that the server lacks; 0: none.
  uint64_t oldest(std::string_view server) const;
  // Of all servers; 0: none.
  uint64_t oldest() const;
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> count_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::multiset<uint64_t>, std::less<>> owed_;
};

}  // namespace seawall::purge
