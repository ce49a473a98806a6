// A running node: the main thread with signals, reload, the admin listener and drain; worker
// threads beside it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/config/load.h"
#include "common/log/access_writer.h"
#include "common/log/error_log.h"
#include "common/metrics/rates.h"
#include "common/metrics/report.h"
#include "common/metrics/site_slots.h"
#include "common/net/signals.h"
#include "common/net/uv_loop.h"
#include "common/proxy/purge_desk.h"
#include "common/server/admin.h"
#include "common/server/fleet_part.h"
#include "common/server/worker_thread.h"

namespace seawall::server {

class Server final : public net::SignalHandler, public AdminSource {
 public:
  Server(std::string config_file, std::shared_ptr<const config::Snapshot> snapshot);
  ~Server();

  // Serves until a signal ends it. The process's exit status.
  int run();

  // What `load` and `edge check` use to look at certificates.
  static config::CertificateCheck certificate_check();

 private:
  void on_signal(net::Signal signal) override;
  // AdminSource
  metrics::Report report() override;
  bool ready() override { return ready_ && !draining_ && !is_overloaded(); }
  std::string remark() override;
  std::string explain(const http::RequestHead& head, bool https) override;
  bool is_purge(const http::RequestHead& head) override;
  uint64_t purge_body_bytes() override { return snapshot_->purge.body_bytes; }
  void purge(std::string head, std::string body, const net::Address& from,
             std::function<void(proxy::LocalAnswer)> reply) override;

  bool open_audit_log();
  bool open_fleet();
  bool start_workers();
  void serve();
  bool open_admin();
  std::shared_ptr<const Prepared> prepare(std::shared_ptr<const config::Snapshot> snapshot,
                                          std::string& error);
  void reload();
  void refuse_reload(const std::string& why);
  void apply_to_worker(size_t index);
  void end_reload();
  void drain(Millis time);
  void check_drained();
  void every_second();
  void watch_load();
  void shrink_store(uint64_t used, uint64_t limit);
  bool is_overloaded() const {
    return is_crowded_ || overload_.shedding() == proxy::Shedding::kConnections;
  }

  // A new configuration on its way from worker to worker.
  struct Reload {
    const std::shared_ptr<const Prepared> prepared;
    std::vector<uint16_t> ports;  // by listener; each step's worker has them
    bool again = false;           // another one is wanted when this one has ended
  };

  const std::string config_file_;
  std::shared_ptr<const config::Snapshot> snapshot_;
  std::shared_ptr<const Prepared> prepared_;
  std::unique_ptr<log::Logger> log_;
  std::unique_ptr<log::Logger> audit_;  // null: the error log
  std::unique_ptr<proxy::PurgeDesk> desk_;
  std::unique_ptr<log::AccessWriter> access_;
  std::shared_ptr<tls::TicketKeys> tickets_;
  proxy::NodeInfo node_;
  metrics::SiteSlots slots_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<upstream::HealthBoard> health_;
  const std::shared_ptr<crypto::NonceMemory> nonces_ = std::make_shared<crypto::NonceMemory>();
  std::atomic<int64_t> open_connections_{0};
  proxy::Overload overload_;
  net::UvLoop loop_;
  std::unique_ptr<FleetPart> fleet_;  // null: of none
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<net::SignalWatcher> signals_;
  metrics::RateWindow rates_;
  std::vector<WorkerThread::PoolFacts> pools_;  // by worker, of the last second
  std::vector<uint16_t> ports_;                 // of the listeners at start
  MonoTime started_{};
  MonoTime ticket_key_since_{};
  uint64_t generation_ = 1;
  uint64_t failed_reloads_ = 0;
  std::unique_ptr<Reload> reload_;  // null: none under way
  bool ready_ = false;
  bool draining_ = false;
  bool is_crowded_ = false;  // a loop has as many connections as it may
  MonoTime drain_until_{};
  net::Timer second_ = net::Timer::to<&Server::every_second>(this);
  net::Timer serve_ = net::Timer::to<&Server::serve>(this);
  net::Timer drain_ = net::Timer::to<&Server::check_drained>(this);
};

}  // namespace seawall::server
