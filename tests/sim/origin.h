// The origin of the model: answers by its catalogue, with whatever the weather has it do.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/sim/oracle.h"

namespace seawall::sim {

class Origin {
 public:
  Origin(Scheduler& scheduler, Network& network, Catalogue& catalogue, Oracle& oracle,
         Weather& weather, Trace& trace, Random random)
      : scheduler_(scheduler),
        network_(network),
        catalogue_(catalogue),
        oracle_(oracle),
        weather_(weather),
        trace_(trace),
        random_(random) {}
  ~Origin();

  void start(const std::string& address);
  uint64_t requests() const { return requests_; }

 private:
  class Session;

  Scheduler& scheduler_;
  Network& network_;
  Catalogue& catalogue_;
  Oracle& oracle_;
  Weather& weather_;
  Trace& trace_;
  Random random_;
  uint64_t requests_ = 0;
  std::map<uint64_t, std::shared_ptr<Session>> sessions_;
};

}  // namespace seawall::sim
