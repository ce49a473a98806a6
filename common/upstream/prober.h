// Probes the servers of a group: one GET each at an interval, whose answer says whether the server
// is well. Lives on one loop of the node; all loops see what it finds.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/upstream/exchange.h"
#include "common/upstream/group.h"

namespace seawall::upstream {

class Prober {
 public:
  // The group has a probe's path, and outlives the prober. `random`: seeds the jitter.
  Prober(Group& group, uint64_t random);
  ~Prober();

 private:
  class Probe;
  std::vector<std::unique_ptr<Probe>> probes_;
};

// `interval`, more or less by up to `jitter` of it; `random`: 64 even bits.
Millis with_jitter(Millis interval, double jitter, uint64_t random);

// Whether that is the answer of a server that is well.
bool is_good_answer(const ProbeRules& rules, int status, std::string_view body);

}  // namespace seawall::upstream
