// One worker: a thread with its loop, resolver, listeners and its part of the proxy. Built, fed and
// destroyed by the main thread, which speaks to it only through call().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "common/config/snapshot.h"
#include "common/metrics/counters.h"
#include "common/net/ares_resolver.h"
#include "common/net/caching_resolver.h"
#include "common/net/listener.h"
#include "common/net/uv_loop.h"
#include "common/proxy/client_connection.h"
#include "common/proxy/node.h"
#include "common/server/admin_purge.h"
#include "common/server/sweeper.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"
#include "common/upstream/prober.h"

namespace seawall::server {

// A configuration with everything that takes files or may fail already done, shared by all workers.
struct Prepared {
  std::shared_ptr<const config::Snapshot> snapshot;
  std::shared_ptr<const proxy::Settings> settings;
  size_t worker_count = 1;
  std::vector<std::shared_ptr<const tls::ServerContext>> listener_tls;  // by listener; null: plain
  std::vector<std::shared_ptr<const tls::ClientContext>> group_tls;     // by group; null: plain
};

// What all workers share; owned by the Server, outlives them.
struct Shared {
  store::Store& store;
  const proxy::NodeInfo& node;
  log::Logger& log;
  proxy::PurgeDesk& desk;
  upstream::HealthBoard& health;
  proxy::Overload& overload;
  cluster::Fleet* fleet;  // null: none
  std::atomic<int64_t>& open_connections;
};

class WorkerThread {
 public:
  WorkerThread(const Shared& shared, size_t site_slots, log::AccessRing* access);
  ~WorkerThread();  // joins

  // --- before run(), or through call() ---
  // Opens listeners that are new, keeps those that stay, closes those that are gone. Port 0 becomes
  // ports[i], which is filled in if it was 0. An error leaves everything as it was.
  Result<void> apply(std::shared_ptr<const Prepared> prepared, std::vector<uint16_t>& ports);
  // On one worker of the node: sweeps the store, and probes upstream servers.
  void start_node_tasks();
  void run();  // starts the thread
  // --- any thread ---
  void call(std::function<void()> function) { loop_.call(std::move(function)); }
  void stop() { loop_.stop(); }
  const metrics::LoopCounters& counters() const { return counters_; }
  // --- on the worker's thread ---
  void drain();
  bool idle() const { return proxy_.connection_count() == 0; }
  struct PoolFacts {
    uint64_t idle = 0;
    uint64_t active = 0;
    uint64_t pending = 0;
  };
  PoolFacts pool_facts();
  void purge(AdminPurge purge) { admin_purges_.start(std::move(purge)); }

 private:
  // One listening socket and what its connections get.
  class Door final : public net::AcceptHandler {
   public:
    Door(WorkerThread& worker, const config::ListenerConfig& config)
        : worker_(worker), config_(config), id_(config.id()) {}
    void on_accept(std::unique_ptr<net::Stream> stream, const net::Address& peer) override;
    WorkerThread& worker_;
    const config::ListenerConfig config_;
    const uint64_t id_;
    std::shared_ptr<const tls::ServerContext> tls_;
    std::unique_ptr<net::Listener> listener_;
  };
  void start_probes();
  void admit(Door& door, std::unique_ptr<net::Stream> stream, const net::Address& address);

  const Shared shared_;
  net::UvLoop loop_;
  net::AresResolver ares_;
  net::CachingResolver resolver_;
  metrics::LoopCounters counters_;
  proxy::Worker proxy_;
  AdminPurges admin_purges_;
  Sweeper sweeper_;
  bool probes_servers_ = false;
  std::shared_ptr<proxy::Upstreams> probed_;  // keeps what probers_ refer to
  std::vector<std::unique_ptr<upstream::Prober>> probers_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::shared_ptr<const Prepared> prepared_;
  std::thread thread_;
};

}  // namespace seawall::server
