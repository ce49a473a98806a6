#include "common/proxy/node.h"

#include <cstdio>

#include "common/proxy/client_connection.h"
#include "common/proxy/fetch.h"
#include "common/proxy/shield_order.h"

namespace seawall::proxy {

void Upstreams::add(std::unique_ptr<upstream::Group> group) {
  const std::string name = group->config().name;
  groups_[name] = std::move(group);
  for (const auto& [other, falling] : groups_) {
    if (const auto* to = find(falling->config().fallback)) falling->set_fallback(*to);
  }
}

upstream::Group* Upstreams::find(std::string_view name) const {
  const auto it = groups_.find(name);
  return it == groups_.end() ? nullptr : it->second.get();
}

upstream::Group* Upstreams::find_usable(std::string_view name) const {
  upstream::Group* const first = find(name);
  for (upstream::Group* group = first; group; group = find(group->config().fallback)) {
    if (!group->is_down()) return group;
  }
  return first;
}

Worker::Worker(net::Loop& loop, store::Store& store, const NodeInfo& node,
               metrics::LoopCounters& counters, log::AccessRing* access, log::Logger& log)
    : loop_(loop),
      store_(store),
      node_(node),
      counters_(counters),
      access_(access),
      log_(log),
      order_queue_(std::make_unique<OrderQueue>(*this)),
      id_base_(loop.random()),
      drawn_(id_base_ | 1) {}

Worker::~Worker() {
  close_all();
  bury();
  while (Fetch* f = fetches_.pop_front()) delete f;
}

void Worker::apply(std::shared_ptr<const Settings> settings, std::shared_ptr<Upstreams> upstreams) {
  settings_ = std::move(settings);
  upstreams_ = std::move(upstreams);
}

void Worker::adopt(std::unique_ptr<ClientConnection> connection) {
  connections_.push_back(*connection.release());
  ++connection_count_;
}

void Worker::adopt(std::unique_ptr<Fetch> fetch) {
  fetches_.push_back(*fetch.release());
  ++fetch_count_;
}

void Worker::retire(ClientConnection& connection) {
  static_cast<ListNode&>(connection).unlink();
  dead_connections_.push_back(connection);
  --connection_count_;
  loop_.defer(graveyard_);
}

void Worker::retire(Fetch& fetch) {
  static_cast<ListNode&>(fetch).unlink();
  dead_fetches_.push_back(fetch);
  --fetch_count_;
  loop_.defer(graveyard_);
}

void Worker::bury() {
  while (ClientConnection* c = dead_connections_.pop_front()) delete c;
  while (Fetch* f = dead_fetches_.pop_front()) delete f;
}

void Worker::drain() {
  draining_ = true;
  for (ClientConnection* c = connections_.first(); c;) {
    ClientConnection* next = connections_.next(*c);
    c->drain();
    c = next;
  }
}

void Worker::close_all() {
  while (ClientConnection* c = connections_.pop_front()) {
    --connection_count_;
    delete c;
  }
}

std::string Worker::new_request_id() {
  char text[24];
  const uint64_t id = id_base_ << 32 | (id_next_++ & 0xffffffff);
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id));
  return text;
}

}  // namespace seawall::proxy
