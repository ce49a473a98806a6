#include "common/server/fleet_part.h"

namespace seawall::server {

FleetPart::FleetPart(net::UvLoop& loop, store::Store& store, log::Logger& log,
                     const proxy::NodeInfo& node, const cluster::FleetConfig& config,
                     std::shared_ptr<const tls::ClientContext> tls)
    : resolver_(loop),
      fleet_(loop, resolver_, store, log, config,
             cluster::FleetSelf{node.name, std::string(proxy::word(node.tier))}, std::move(tls)) {}

std::unique_ptr<FleetPart> FleetPart::open(net::UvLoop& loop, store::Store& store, log::Logger& log,
                                           const proxy::NodeInfo& node,
                                           const config::Snapshot& snapshot, std::string& error) {
  const cluster::FleetConfig& config = snapshot.fleet;
  std::shared_ptr<const tls::ClientContext> tls;
  if (config.tls) {
    tls::ClientOptions options;
    options.verify = config.verify;
    options.ca_file = config.ca_file;
    tls = tls::ClientContext::create(options, error);
    if (!tls) return nullptr;
  }
  std::unique_ptr<FleetPart> part(new FleetPart(loop, store, log, node, config, std::move(tls)));
  part->apply(snapshot);
  return part;
}

void FleetPart::apply(const config::Snapshot& snapshot) {
  resolver_.configure({.servers = snapshot.dns.servers});
  std::vector<std::string> shields;
  for (const upstream::GroupConfig& group : snapshot.groups) {
    if (group.kind != upstream::GroupKind::kShield) continue;
    for (const upstream::ServerConfig& server : group.servers) {
      shields.push_back(upstream::authority_of(server));
    }
  }
  fleet_.set_shields(std::move(shields));
}

metrics::FleetFacts FleetPart::facts() {
  const cluster::FleetFacts in = fleet_.facts();
  metrics::FleetFacts out;
  out.connected = in.connected;
  out.position = in.position;
  out.nodes = in.nodes;
  out.nodes_behind = in.nodes_behind;
  out.unsent = in.outbox;
  out.waiting = in.waiting;
  out.appended = in.appended;
  out.applied = in.applied;
  out.connects = in.connects;
  out.purges_of_all = in.purges_of_all;
  out.cut_off_seconds = in.cut_off_seconds;
  return out;
}

std::string FleetPart::remark() {
  const cluster::FleetFacts facts = fleet_.facts();
  if (facts.connected) return "fleet: connected\n";
  return "fleet: cut off for " + std::to_string(static_cast<int64_t>(facts.cut_off_seconds)) +
         " s (" + facts.why + "): purges act on this node only\n";
}

}  // namespace seawall::server
