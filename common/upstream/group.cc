#include "common/upstream/group.h"

#include <algorithm>

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

Server* Group::choose(const std::vector<const Server*>& tried, size_t ticket) {
  const MonoTime now = loop_.now();
  const auto fresh = [&](const Server& s) {
    return std::find(tried.begin(), tried.end(), &s) == tried.end();
  };
  const auto regular = [&](const Server& s) {
    return !s.config().backup && !s.resting(now) && fresh(s);
  };
  size_t weights = 0;
  for (const auto& s : servers_) {
    if (regular(*s)) weights += static_cast<size_t>(s->config().weight);
  }
  if (weights > 0) {
    size_t at = ticket % weights;
    for (const auto& s : servers_) {
      if (!regular(*s)) continue;
      const auto weight = static_cast<size_t>(s->config().weight);
      if (at < weight) return s.get();
      at -= weight;
    }
  }
  for (const auto& s : servers_) {
    if (s->config().backup && !s->resting(now) && fresh(*s)) return s.get();
  }
  for (const auto& s : servers_) {
    if (fresh(*s)) return s.get();
  }
  return nullptr;
}

bool Group::enqueue(Exchange& exchange) {
  if (waiting_count_ >= config_.max_pending) return false;
  waiting_.push_back(exchange);
  ++waiting_count_;
  return true;
}

Exchange* Group::first_that_can_go() {
  for (Exchange* e = waiting_.first(); e; e = waiting_.next(*e)) {
    if (e->can_go()) return e;
  }
  return nullptr;
}

// Who waits for one server only does not stand in the way of those behind it, and one that goes and
// fails at once frees its connection for the next.
void Group::connection_freed() {
  if (waking_) return;
  waking_ = true;
  while (Exchange* next = first_that_can_go()) {
    next->leave_queue();
    next->next_server();
  }
  waking_ = false;
}

}  // namespace seawall::upstream
