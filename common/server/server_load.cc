// What the node thinks of its own load: what it sheds, and why it is not ready.
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

void Server::watch_load(int64_t connections) {
  const proxy::Limits& limits = snapshot_->limits;
  is_crowded_ = connections >= static_cast<int64_t>(limits.connections);
  const uint64_t used = resident_memory();
  const uint64_t limit = limits.memory != 0 ? limits.memory : memory_of_machine();
  if (!overload_.note_memory(used, limit)) return;
  static constexpr const char* kWords[] = {"nothing is shed", "nothing new is stored",
                                           "no new connections are taken"};
  log_->log(log::Level::kWarn, "memory: %llu of %llu MiB are used: %s",
            static_cast<unsigned long long>(used >> 20),
            static_cast<unsigned long long>(limit >> 20),
            kWords[static_cast<size_t>(overload_.shedding())]);
}

}  // namespace seawall::server
