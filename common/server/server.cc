#include "common/server/server.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <random>

#include "common/config/cidr.h"
#include "common/config/purge_form.h"
#include "common/net/rlimit.h"
#include "common/proxy/explain.h"

namespace seawall::server {
namespace {

WallTime system_wall_time() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return WallTime(Millis(now.tv_sec * 1000 + now.tv_nsec / 1000000));
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

proxy::NodeInfo node_info(const config::Snapshot& snapshot) {
  proxy::NodeInfo node;
  node.tier = snapshot.role == config::Role::kEdge ? proxy::Tier::kEdge : proxy::Tier::kShield;
  node.name = snapshot.node_name.empty() ? std::string(proxy::word(node.tier)) : snapshot.node_name;
  char random[17];
  std::snprintf(random, sizeof random, "%08x", std::random_device{}());
  node.loop_id = node.name + "-" + host_name() + "-" + random;
  return node;
}

store::StoreConfig store_config(const config::Snapshot& snapshot) {
  const config::CacheConfig& config = snapshot.cache;
  store::StoreConfig out;
  out.purge_log.undo_window = snapshot.undo_window;
  out.memory_bytes = config.memory_bytes;
  out.shards = config.shards;
  out.max_object_bytes = config.max_object_bytes;
  switch (config.eviction) {
    case config::Eviction::kLru:
      out.policy = store::PolicyKind::kLru;
      break;
    case config::Eviction::kS3Fifo:
      out.policy = store::PolicyKind::kS3Fifo;
      break;
    case config::Eviction::kSieve:
      out.policy = store::PolicyKind::kSieve;
      break;
  }
  return out;
}

constexpr Millis kFleetWait{2000};

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Server::Server(std::string config_file, std::shared_ptr<const config::Snapshot> snapshot)
    : config_file_(std::move(config_file)), snapshot_(std::move(snapshot)) {}

Server::~Server() {
  admin_.reset();
  workers_.clear();
  if (access_) access_->stop();
}

config::CertificateCheck Server::certificate_check() {
  return [](const std::string& certificate, const std::string& key) -> std::optional<std::string> {
    if (key.empty()) {
      std::string error;
      tls::ClientOptions options;
      options.ca_file = certificate;
      if (tls::ClientContext::create(options, error)) return std::nullopt;
      return error;
    }
    return tls::check_certificate({certificate, key}, std::time(nullptr));
  };
}

// TLS contexts and settings from a snapshot; null, and `error` says why, when a file is unusable.
std::shared_ptr<const Prepared> Server::prepare(std::shared_ptr<const config::Snapshot> snapshot,
                                                std::string& error) {
  auto prepared = std::make_shared<Prepared>();
  prepared->worker_count = static_cast<size_t>(workers_.size());
  for (const config::ListenerConfig& listener : snapshot->listeners) {
    std::shared_ptr<const tls::ServerContext> context;
    if (listener.tls) {
      tls::ServerOptions options;
      for (const config::Certificate& c : listener.certificates) {
        options.certificates.push_back({c.certificate_file, c.key_file});
      }
      options.client_ca_file = listener.client_ca_file;
      context = tls::ServerContext::create(options, tickets_, error);
      if (!context) return nullptr;
    }
    prepared->listener_tls.push_back(std::move(context));
  }
  for (const upstream::GroupConfig& group : snapshot->groups) {
    if (std::none_of(group.servers.begin(), group.servers.end(),
                     [](const upstream::ServerConfig& s) { return s.tls; })) {
      prepared->group_tls.emplace_back();
      continue;
    }
    tls::ClientOptions options;
    options.verify = group.tls.verify;
    options.ca_file = group.tls.ca_file;
    options.certificate_file = group.tls.certificate_file;
    options.key_file = group.tls.key_file;
    options.verify_name = group.tls.verify_name;
    options.pins = group.tls.pins;
    if (group.tls.tls13_only) options.min_version = tls::MinVersion::kTls13;
    auto context = tls::ClientContext::create(options, error);
    if (!context) return nullptr;
    prepared->group_tls.push_back(std::move(context));
  }
  auto settings = std::make_shared<proxy::Settings>();
  settings->sites = snapshot->sites;
  settings->rules_hash = snapshot->sites->rules_hash();
  settings->limits = snapshot->limits;
  settings->purge = snapshot->purge;
  if (!snapshot->auth.keys.empty()) {
    proxy::RequestGate::Rules rules = snapshot->auth;
    for (const config::ListenerConfig& listener : snapshot->listeners) {
      if (!listener.requires_auth) rules.open_listeners.push_back(listener.id());
    }
    settings->gate = std::make_shared<proxy::RequestGate>(std::move(rules), nonces_);
  }
  settings->generation = generation_;
  for (const cache::Site& site : snapshot->sites->sites()) {
    settings->metric_slots.push_back(slots_.slot(site.name));
  }
  prepared->settings = std::move(settings);
  prepared->snapshot = std::move(snapshot);
  return prepared;
}

bool Server::start_workers() {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int count = snapshot_->workers > 0 ? snapshot_->workers : std::max(1, cores);
  const Shared shared{*store_,
                      node_,
                      *log_,
                      *desk_,
                      *health_,
                      overload_,
                      fleet_ ? &fleet_->fleet() : nullptr,
                      open_connections_};
  for (int i = 0; i < count; ++i) {
    workers_.push_back(
        std::make_unique<WorkerThread>(shared, slots_.capacity(), access_->add_ring()));
  }
  std::string error;
  prepared_ = prepare(snapshot_, error);
  if (!prepared_) {
    log_->log(log::Level::kError, "%s", error.c_str());
    return false;
  }
  ports_.assign(snapshot_->listeners.size(), 0);
  for (const auto& worker : workers_) {
    const Result<void> applied = worker->apply(prepared_, ports_);
    if (applied.ok()) continue;
    log_->log(log::Level::kError, "cannot listen: %s", applied.error().detail);
    return false;
  }
  pools_.resize(workers_.size());
  return true;
}

bool Server::open_fleet() {
  if (!snapshot_->fleet.enabled) return true;
  std::string error;
  fleet_ = FleetPart::open(loop_, *store_, *log_, node_, *snapshot_, error);
  if (!fleet_) log_->log(log::Level::kError, "fleet: %s", error.c_str());
  return fleet_ != nullptr;
}

bool Server::open_audit_log() {
  if (!snapshot_->log.audit_path.empty()) {
    log::Logger::Options options;
    options.path = snapshot_->log.audit_path;
    options.now = system_wall_time;
    audit_ = std::make_unique<log::Logger>(options);
    if (const Result<void> opened = audit_->open(); !opened.ok()) {
      log_->log(log::Level::kError, "audit log %s: %s", options.path.c_str(),
                opened.error().detail);
      return false;
    }
  }
  desk_ = std::make_unique<proxy::PurgeDesk>(config::read_purge_form, audit_ ? *audit_ : *log_);
  return true;
}

bool Server::open_admin() {
  if (!snapshot_->admin.enabled) return true;
  const auto address = net::Address::parse(snapshot_->admin.address, snapshot_->admin.port);
  if (!address) return false;
  auto admin = Admin::open(loop_, *address, *this);
  if (!admin) {
    log_->log(log::Level::kError, "admin: cannot listen on %s: %s", address->to_string().c_str(),
              admin.error().detail);
    return false;
  }
  admin_ = std::move(*admin);
  return true;
}

int Server::run() {
  log::Logger::Options log_options;
  log_options.path = snapshot_->log.error_path;
  log_options.level = static_cast<log::Level>(snapshot_->log.level);
  log_options.now = system_wall_time;
  log_ = std::make_unique<log::Logger>(log_options);
  if (const Result<void> opened = log_->open(); !opened.ok()) {
    log_->log(log::Level::kWarn, "error log: %s", opened.error().detail);
  }
  if (!open_audit_log()) return 1;
  if (!net::raise_open_files_limit().ok()) {
    log_->log(log::Level::kWarn, "the limit of open files could not be raised");
  }
  started_ = loop_.now();
  node_ = node_info(*snapshot_);
  tickets_ = std::make_shared<tls::TicketKeys>();
  ticket_key_since_ = started_;
  store_ = std::make_unique<store::Store>(store_config(*snapshot_));
  health_ = std::make_unique<upstream::HealthBoard>([this](const std::string& line) {
    log_->log(log::Level::kWarn, "upstream %s", line.c_str());
  });
  log::AccessWriter::Options access_options;
  access_options.path = snapshot_->log.access_path;
  access_options.format = snapshot_->log.access_format == config::LogFormat::kJson
                              ? log::AccessFormat::kJson
                              : log::AccessFormat::kCombined;
  access_ = std::make_unique<log::AccessWriter>(access_options, *log_);
  if (!open_fleet() || !start_workers() || !open_admin()) return 1;
  if (const Result<void> begun = access_->start(); !begun.ok()) {
    log_->log(log::Level::kError, "access log %s: %s", snapshot_->log.access_path.c_str(),
              begun.error().detail);
    return 1;
  }
  signals_ = std::make_unique<net::SignalWatcher>(loop_, this);
  for (size_t i = 0; i < ports_.size(); ++i) {
    const config::ListenerConfig& listener = snapshot_->listeners[i];
    const auto address = net::Address::parse(listener.address, ports_[i]);
    log_->log(log::Level::kInfo, "listening on %s://%s", listener.tls ? "https" : "http",
              address->to_string().c_str());
  }
  if (admin_) {
    log_->log(log::Level::kInfo, "admin listening on http://%s",
              admin_->local_address().to_string().c_str());
  }
  if (fleet_) {
    loop_.set_timer(serve_, kFleetWait);
    fleet_->fleet().start([this] { serve(); });
  } else {
    serve();
  }
  every_second();
  loop_.run();
  log_->log(log::Level::kInfo, "%s ends", node_.name.c_str());
  return 0;
}

// In a fleet when it has joined: what is stored before is not covered by the others' receipts. Not
// for ever, since sites are to be served without Redis, too.
void Server::serve() {
  if (ready_) return;
  ready_ = true;
  serve_.cancel();
  workers_.front()->start_node_tasks();
  for (const auto& worker : workers_) worker->run();
  log_->log(log::Level::kInfo, "%s %s ready, %zu workers", node_.name.c_str(), SEAWALL_VERSION,
            workers_.size());
}

void Server::on_signal(net::Signal signal) {
  switch (signal) {
    case net::Signal::kTerm:
      return drain(snapshot_->limits.drain_time);
    case net::Signal::kInt:
      return drain(Millis(0));
    case net::Signal::kHup:
      return reload();
    case net::Signal::kUsr1:
      log_->reopen();
      if (audit_) audit_->reopen();
      access_->reopen();
      return;
  }
}

void Server::drain(Millis time) {
  if (draining_ && time > Millis(0)) return;
  draining_ = true;
  drain_until_ = loop_.now() + time;
  log_->log(log::Level::kInfo, "draining, at most %lld ms", static_cast<long long>(time.count()));
  for (const auto& worker : workers_) {
    worker->call([&worker = *worker] { worker.drain(); });
  }
  check_drained();
}

void Server::check_drained() {
  metrics::Totals totals;
  for (const auto& worker : workers_) worker->counters().add_to(totals);
  if (totals.open_viewer_connections > 0 && loop_.now() < drain_until_) {
    return loop_.set_timer(drain_, Millis(50));
  }
  if (!fleet_) return loop_.stop();
  fleet_->fleet().leave([this] { loop_.stop(); });
}

void Server::every_second() {
  if (loop_.now() >= ticket_key_since_ + snapshot_->limits.ticket_key_time) {
    tickets_->rotate();
    ticket_key_since_ = loop_.now();
  }
  metrics::RateSample sample;
  metrics::Totals totals;
  for (const auto& worker : workers_) worker->counters().add_to(totals);
  const metrics::Summary summary = metrics::summarise(totals);
  sample.at = loop_.now();
  sample.requests = summary.requests;
  sample.upstream_requests = totals.upstream_requests;
  sample.errors = summary.errors;
  sample.bytes_to_viewers = summary.bytes_to_viewers;
  sample.bytes_from_upstream = summary.bytes_from_upstream;
  rates_.add(sample);
  watch_load();
  for (size_t i = 0; i < workers_.size(); ++i) {
    WorkerThread& worker = *workers_[i];
    worker.call([this, &worker, i] {
      const WorkerThread::PoolFacts facts = worker.pool_facts();
      loop_.call([this, facts, i] { pools_[i] = facts; });
    });
  }
  loop_.set_timer(second_, Millis(1000));
}

metrics::Report Server::report() {
  metrics::Report report;
  for (const auto& worker : workers_) worker->counters().add_to(report.totals);
  report.site_names = slots_.names();
  report.rates = rates_.rates();
  metrics::NodeFacts& facts = report.facts;
  facts.role = proxy::word(node_.tier);
  facts.node = node_.name;
  facts.version = SEAWALL_VERSION;
  facts.uptime_seconds = std::chrono::duration<double>(loop_.now() - started_).count();
  facts.ready = ready();
  facts.draining = draining_;
  facts.workers = workers_.size();
  facts.rss_bytes = resident_bytes();
  facts.config_generation = generation_;
  facts.failed_reloads = failed_reloads_;
  const store::StoreStats stats = store_->stats();
  facts.store_entries = stats.entries;
  facts.store_bytes = stats.used_bytes;
  facts.store_limit_bytes = stats.limit_bytes;
  facts.store_evictions = stats.evictions;
  facts.store_evicted_bytes = stats.evicted_bytes;
  facts.fills_open = stats.fills;
  const purge::LogStats log = store_->purges().stats();
  facts.purge_position = log.position;
  facts.purge_swept = log.swept;
  facts.purge_low_water = log.low_water;
  facts.purge_entries = log.entries;
  facts.purge_bytes = log.bytes;
  facts.purge_refused = log.refused;
  facts.purges_owed = store_->purges().debts().count();
  for (size_t i = 0; i < purge::kKinds; ++i) {
    facts.purge_targets.emplace_back(to_string(static_cast<purge::Kind>(i)), log.targets[i]);
  }
  if (fleet_) facts.fleet = fleet_->facts();
  for (const WorkerThread::PoolFacts& pool : pools_) {
    facts.pool_idle += pool.idle;
    facts.pool_active += pool.active;
    facts.pool_pending += pool.pending;
  }
  for (const upstream::HealthBoard::Facts& server : health_->facts(loop_.now())) {
    const bool up = server.state == upstream::Health::State::kUp;
    ++facts.servers_total;
    if (up) ++facts.servers_healthy;
    report.servers.push_back({server.group, server.server, server.zone, word(server.state), up,
                              server.requests, server.failures, server.ejections,
                              static_cast<uint64_t>(server.in_use), server.in_use >= server.limit,
                              server.refusals});
  }
  facts.access_records_dropped = access_->dropped();
  facts.access_records_written = access_->written();
  facts.error_lines_suppressed = log_->suppressed();
  return report;
}

std::string Server::explain(const http::RequestHead& head, bool https) {
  return proxy::explain(*prepared_->settings, *store_, node_, head, https, loop_.wall_now());
}

bool Server::is_purge(const http::RequestHead& head) {
  return proxy::PurgeRequest::is_known(snapshot_->purge, head);
}

void Server::purge(std::string head, std::string body, const net::Address& from,
                   std::function<void(proxy::LocalAnswer)> reply) {
  AdminPurge purge;
  purge.head = std::move(head);
  purge.body = std::move(body);
  purge.from = from;
  purge.may_purge = config::contains(snapshot_->purge_allowed, from.mapped_bytes());
  purge.reply = [this, reply = std::move(reply)](proxy::LocalAnswer answer) {
    loop_.call([reply, answer = std::move(answer)] { reply(answer); });
  };
  WorkerThread& worker = *workers_.front();
  worker.call([&worker, purge = std::move(purge)] { worker.purge(purge); });
}

}  // namespace seawall::server
