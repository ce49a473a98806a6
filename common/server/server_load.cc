// What the node thinks of its own load: what it sheds, and why it is not ready.
#include <algorithm>

#include "common/server/resident_memory.h"
#include "common/server/server.h"

namespace seawall::server {

std::string Server::remark() {
  std::string text = fleet_ ? fleet_->remark() : std::string();
  if (is_crowded_) text += "as many connections as may be\n";
  if (overload_.shedding() == proxy::Shedding::kFills) {
    text += "memory runs out: nothing new is stored\n";
  }
  if (overload_.shedding() == proxy::Shedding::kConnections) {
    text += "memory runs out: no new connections\n";
  }
  return text;
}

// Where the store is what fills the memory, its limit is too high, and nothing would ever end the
// shedding. In small steps, since what is freed leaves the resident set seconds later.
void Server::shrink_store(uint64_t used, uint64_t limit) {
  if (store_->memory().used() < used / 2) return;
  const uint64_t target = limit / 100 * 86;
  store_->shrink(used > target ? (used - target) / 8 : 0);
}

// Each loop takes its share of connections, so the fullest one decides.
void Server::watch_load() {
  const proxy::Limits& limits = snapshot_->limits;
  const size_t loops = std::max<size_t>(1, workers_.size());
  const auto share = static_cast<int64_t>(std::max<size_t>(1, limits.connections / loops));
  int64_t most = 0;
  for (const auto& worker : workers_) {
    most = std::max<int64_t>(most, worker->counters().open_viewer_connections.get());
  }
  is_crowded_ = most >= (is_crowded_ ? share - share / 32 : share);
  const uint64_t used = resident_memory();
  const uint64_t limit = limits.memory != 0 ? limits.memory : memory_of_machine();
  const bool changed = overload_.note_memory(used, limit);
  if (overload_.shedding() != proxy::Shedding::kNothing) shrink_store(used, limit);
  if (!changed) return;
  static constexpr const char* kWords[] = {"nothing is shed", "nothing new is stored",
                                           "no new connections are taken"};
  log_->log(log::Level::kWarn, "memory: %llu of %llu MiB are used: %s",
            static_cast<unsigned long long>(used >> 20),
            static_cast<unsigned long long>(limit >> 20),
            kWords[static_cast<size_t>(overload_.shedding())]);
}

}  // namespace seawall::server
