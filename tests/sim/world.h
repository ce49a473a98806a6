// One seed's world: an edge, two shields, an origin, viewers and weather, for a minute or two of
// its time; then the sun comes out, and everything has to come to rest.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/node.h"
#include "tests/sim/origin.h"
#include "tests/sim/viewer.h"

namespace seawall::sim {

struct Snapshots {
  std::shared_ptr<const config::Snapshot> edge;
  std::shared_ptr<const config::Snapshot> shield;
};

struct Outcome {
  std::vector<std::string> violations;
  Oracle::Counts counts;
  uint64_t origin_requests = 0;
  uint64_t steps = 0;
  uint64_t trace_lines = 0;
  uint64_t trace_hash = 0;
  bool calm = false;
};

class World {
 public:
  World(uint64_t seed, const Snapshots& snapshots, bool print_trace);
  Outcome run();

 private:
  void arrive();  // the next viewer, and the one behind it
  void add_viewer();
  void add_purger();
  void start_viewer(Viewer::Plan plan, const char* from);
  Ask any_ask();
  void tick();
  void strike(Node& node);
  void jump(Node& node);
  void clear_up();
  void pass(Micros time);
  void come_to_rest();
  void come_afterwards();

  const uint64_t seed_;
  Random random_;
  Trace trace_;
  Scheduler scheduler_;
  Weather weather_;
  Network network_;
  Names names_;
  Catalogue catalogue_;
  Oracle oracle_;
  Origin origin_;
  Node edge_;
  Node shield_1_;
  Node shield_2_;
  MonoTime busy_until_;
  Micros between_viewers_;
  std::vector<std::shared_ptr<Viewer>> viewers_;
  uint64_t next_viewer_ = 1;
  uint64_t next_ask_ = 1;
  uint64_t backlogs_ = 0;  // viewers' large uploads and floods, so far
};

}  // namespace seawall::sim
