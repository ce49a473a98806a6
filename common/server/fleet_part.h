// The server's side of a fleet: made from the configuration, told about at the admin listener.
#pragma once

#include <memory>
#include <string>

#include "common/cluster/fleet.h"
#include "common/config/snapshot.h"
#include "common/metrics/report.h"
#include "common/net/ares_resolver.h"
#include "common/net/uv_loop.h"
#include "common/proxy/node.h"

namespace seawall::server {

class FleetPart {
 public:
  // All outlive it; on the thread of `loop`. Null, and `error` says why, when a file is unusable.
  static std::unique_ptr<FleetPart> open(net::UvLoop& loop, store::Store& store, log::Logger& log,
                                         const proxy::NodeInfo& node,
                                         const config::Snapshot& snapshot, std::string& error);
  cluster::Fleet& fleet() { return fleet_; }
  // After a reload: the servers of shields may be others.
  void apply(const config::Snapshot& snapshot);
  metrics::FleetFacts facts();
  // A line for /readyz.
  std::string remark();

 private:
  FleetPart(net::UvLoop& loop, store::Store& store, log::Logger& log, const proxy::NodeInfo& node,
            const cluster::FleetConfig& config, std::shared_ptr<const tls::ClientContext> tls);

  net::AresResolver resolver_;
  cluster::Fleet fleet_;
};

}  // namespace seawall::server
