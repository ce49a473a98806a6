// What all requests of a process share, and what those of one loop share.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/intrusive_list.h"
#include "common/cache/key.h"
#include "common/cache/site.h"
#include "common/h1/head_parser.h"
#include "common/log/access_ring.h"
#include "common/log/error_log.h"
#include "common/metrics/counters.h"
#include "common/net/loop.h"
#include "common/net/resolver.h"
#include "common/proxy/limits.h"
#include "common/proxy/overload.h"
#include "common/proxy/purge_rules.h"
#include "common/proxy/refresh_limit.h"
#include "common/proxy/request_gate.h"
#include "common/store/store.h"
#include "common/upstream/group.h"

namespace seawall::cluster {
class Fleet;
}

namespace seawall::proxy {

enum class Tier : uint8_t { kEdge, kShield };
constexpr std::string_view word(Tier t) { return t == Tier::kEdge ? "edge" : "shield"; }

// Fixed for the life of the process.
struct NodeInfo {
  Tier tier = Tier::kEdge;
  std::string name;     // in Via and Cache-Status: a token
  std::string loop_id;  // in CDN-Loop: unique to this process (RFC 8586)
};

// What a reload replaces; immutable.
struct Settings {
  std::shared_ptr<const cache::SiteTable> sites;
  uint64_t rules_hash = 0;             // sites->rules_hash()
  std::vector<uint32_t> metric_slots;  // by Site::index
  Limits limits;
  PurgeRules purge;
  std::shared_ptr<RequestGate> gate;  // null: requests need no signature
  uint64_t generation = 1;
};

// The upstream groups of one loop under one configuration. Kept by those who use them, so that a
// reload cuts nothing.
class Upstreams {
 public:
  void add(std::unique_ptr<upstream::Group> group);
  upstream::Group* find(std::string_view name) const;
  // The group of that name, or while none of its servers is usable the one that stands in for it.
  upstream::Group* find_usable(std::string_view name) const;
  const std::map<std::string, std::unique_ptr<upstream::Group>, std::less<>>& all() const {
    return groups_;
  }

 private:
  std::map<std::string, std::unique_ptr<upstream::Group>, std::less<>> groups_;
};

class ClientConnection;
class Fetch;
class OrderQueue;
class PurgeDesk;

// One loop's part of the proxy: everything a request needs, nothing that two loops write.
class Worker {
 public:
  // All references outlive the worker. `access` may be null.
  Worker(net::Loop& loop, store::Store& store, const NodeInfo& node,
         metrics::LoopCounters& counters, log::AccessRing* access, log::Logger& log);
  ~Worker();

  net::Loop& loop() { return loop_; }
  store::Store& store() { return store_; }
  const NodeInfo& node() const { return node_; }
  metrics::LoopCounters& counters() { return counters_; }
  log::AccessRing* access() { return access_; }
  log::Logger& log() { return log_; }
  h1::HeadScratch& head_scratch() { return head_scratch_; }
  cache::KeyBuffer& key_buffer() { return key_buffer_; }

  void apply(std::shared_ptr<const Settings> settings, std::shared_ptr<Upstreams> upstreams);
  const std::shared_ptr<const Settings>& settings() const { return settings_; }
  const std::shared_ptr<Upstreams>& upstreams() const { return upstreams_; }

  // Ownership of what lives on the loop and not in another object's tree.
  void adopt(std::unique_ptr<ClientConnection> connection);
  void adopt(std::unique_ptr<Fetch> fetch);
  // Destroys it after the current callbacks have returned.
  void retire(ClientConnection& connection);
  void retire(Fetch& fetch);
  size_t connection_count() const { return connection_count_; }
  size_t fetch_count() const { return fetch_count_; }

  // No new requests on kept connections; idle ones are closed now, others after their answer.
  void drain();
  bool draining() const { return draining_; }
  // Closes all at once.
  void close_all();

  OrderQueue& order_queue() { return *order_queue_; }
  // Without a desk only PURGE is understood, and leaves no trace.
  void set_purge_desk(PurgeDesk& desk) { purge_desk_ = &desk; }
  PurgeDesk* purge_desk() const { return purge_desk_; }
  // Without it nothing is shed, and no address counted.
  void set_overload(Overload& overload) { overload_ = &overload; }
  Overload* overload() const { return overload_; }
  // Memory runs out: nothing new is stored.
  bool sheds_fills() const { return overload_ && overload_->shedding() != Shedding::kNothing; }
  // Null: this node is of no fleet.
  void set_fleet(cluster::Fleet* fleet) { fleet_ = fleet; }
  cluster::Fleet* fleet() const { return fleet_; }

  // A request found this object: one in RequestRate::kSample is counted, by a linear congruential
  // generator, so that no order of requests matters.
  void note_request(store::Object& object) {
    sample_ = sample_ * 1664525 + 1013904223;
    if (sample_ < UINT32_MAX / store::RequestRate::kSample)
      object.requests().count(loop_.wall_now());
  }

  RefreshLimit& refresh_limit() { return refresh_limit_; }

  // Evenly distributed, and predictable: for what nobody gains by guessing.
  uint64_t draw() {
    drawn_ ^= drawn_ << 13;
    drawn_ ^= drawn_ >> 7;
    drawn_ ^= drawn_ << 17;
    return drawn_ * 0x2545f4914f6cdd1d;  // xorshift64*
  }

  // A request id: unique among processes for all practical purposes.
  std::string new_request_id();

 private:
  struct Graveyard final : net::Task {
    explicit Graveyard(Worker& w) : worker(w) {}
    void run() override { worker.bury(); }
    Worker& worker;
  };
  void bury();

  net::Loop& loop_;
  store::Store& store_;
  const NodeInfo& node_;
  metrics::LoopCounters& counters_;
  log::AccessRing* access_;
  log::Logger& log_;
  h1::HeadScratch head_scratch_;
  cache::KeyBuffer key_buffer_;
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<Upstreams> upstreams_;
  IntrusiveList<ClientConnection> connections_;
  IntrusiveList<Fetch> fetches_;
  IntrusiveList<ClientConnection> dead_connections_;
  IntrusiveList<Fetch> dead_fetches_;
  size_t connection_count_ = 0;
  size_t fetch_count_ = 0;
  bool draining_ = false;
  std::unique_ptr<OrderQueue> order_queue_;
  PurgeDesk* purge_desk_ = nullptr;
  Overload* overload_ = nullptr;
  cluster::Fleet* fleet_ = nullptr;
  uint32_t sample_ = 0;
  uint64_t id_base_;
  uint64_t id_next_ = 0;
  uint64_t drawn_;
  RefreshLimit refresh_limit_;
  Graveyard graveyard_{*this};
};

}  // namespace seawall::proxy
