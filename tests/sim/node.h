// An edge or a shield: the real worker, store, upstream groups and resolver cache of one process
// with one loop, as server/worker_thread puts them together, over the simulated network. It can be
// killed and started again, empty.
#pragma once

#include <memory>
#include <string>

#include "common/config/snapshot.h"
#include "common/proxy/node.h"
#include "common/proxy/purge_desk.h"
#include "tests/sim/heap.h"
#include "tests/sim/oracle.h"
#include "tests/sim/resolver.h"

namespace seawall::sim {

class Node {
 public:
  static constexpr uint64_t kLargeUpload = 16 * 1024;

  struct Place {  // where it stands
    Scheduler& scheduler;
    Network& network;
    const Names& names;
    Oracle& oracle;
    Trace& trace;
  };
  // `address`: "10.0.0.1:80".
  Node(const Place& place, const config::Snapshot& snapshot, Party party, std::string name,
       std::string address, uint64_t memory_bytes, Random random);
  ~Node();

  void start();
  void kill(Network::Death death, MonoTime back_at);
  bool running() const { return process_ != nullptr; }
  // New settings and upstreams, as after SIGHUP.
  void reload();
  void set_wall_offset(Millis offset);
  Millis wall_offset() const { return wall_offset_; }
  const std::string& name() const { return name_; }
  // Memory is bounded, charged or not. `backlogs`: of viewers who sent kLargeUpload and more, all
  // that there were.
  void check(uint64_t backlogs) const;
  // Nothing is left of requests; the store gives all back once all is purged.
  void check_rest();

 private:
  struct Process;

  void accept(std::shared_ptr<Socket> socket);

  const Place place_;
  const config::Snapshot& snapshot_;
  const Party party_;
  const std::string name_;
  const std::string address_;
  const uint64_t memory_bytes_;
  Random random_;
  Millis wall_offset_{0};
  std::unique_ptr<Process> process_;
};

}  // namespace seawall::sim
