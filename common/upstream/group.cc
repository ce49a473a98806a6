#include "common/upstream/group.h"

#include "common/upstream/exchange.h"

namespace seawall::upstream {

Group::Group(net::Loop& loop, net::Resolver& resolver, h1::HeadScratch& scratch, GroupConfig config,
             std::shared_ptr<const tls::ClientContext> tls)
    : loop_(loop),
      resolver_(resolver),
      scratch_(scratch),
      config_(std::move(config)),
      tls_(std::move(tls)) {
  for (const ServerConfig& server : config_.servers) {
    servers_.push_back(std::make_unique<Server>(server, config_.max_idle));
  }
}

Group::~Group() = default;

// Usable servers first, each as often as its weight says, then backups, then those that rest.
Server* Group::choose(size_t attempt, size_t ticket) {
  if (attempt >= servers_.size()) return nullptr;
  if (servers_.size() == 1) return servers_[0].get();
  const MonoTime now = loop_.now();
  std::vector<Server*> order;
  order.reserve(servers_.size());
  size_t total_weight = 0;
  for (const auto& s : servers_) {
    if (!s->config().backup && !s->resting(now))
      total_weight += static_cast<size_t>(s->config().weight);
  }
  if (total_weight > 0) {
    size_t at = ticket % total_weight;
    size_t first = 0;
    for (size_t i = 0; i < servers_.size(); ++i) {
      const ServerConfig& config = servers_[i]->config();
      if (config.backup || servers_[i]->resting(now)) continue;
      if (at < static_cast<size_t>(config.weight)) {
        first = i;
        break;
      }
      at -= static_cast<size_t>(config.weight);
    }
    for (size_t i = 0; i < servers_.size(); ++i) {
      Server* s = servers_[(first + i) % servers_.size()].get();
      if (!s->config().backup && !s->resting(now)) order.push_back(s);
    }
  }
  for (const auto& s : servers_) {
    if (s->config().backup && !s->resting(now)) order.push_back(s.get());
  }
  for (const auto& s : servers_) {
    if (s->resting(now)) order.push_back(s.get());
  }
  return order[attempt];
}

bool Group::enqueue(Exchange& exchange) {
  if (waiting_count_ >= config_.max_pending) return false;
  waiting_.push_back(exchange);
  ++waiting_count_;
  return true;
}

void Group::connection_freed() {
  if (Exchange* next = waiting_.pop_front()) {
    --waiting_count_;
    next->next_server();
  }
}

}  // namespace seawall::upstream
