#include "common/server/worker_thread.h"

#include <algorithm>
#include <random>

#include "common/config/cidr.h"
#include "common/tls/tls_stream.h"

namespace seawall::server {
namespace {

// Told without waiting for the request, as far as the kernel takes it; over TLS it would cost a
// handshake, so there the connection just ends.
void refuse(const proxy::Peer& peer, net::Stream& stream) {
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nCache-Control: no-store\r\n"
      "Content-Length: 0\r\nConnection: close\r\n\r\n";
  if (peer.tls) return;
  const iovec piece{const_cast<char*>(kAnswer.data()), kAnswer.size()};
  (void)stream.try_write({&piece, 1});
}

}  // namespace

WorkerThread::WorkerThread(const Shared& shared, size_t site_slots, log::AccessRing* access)
    : shared_(shared),
      ares_(loop_),
      resolver_(loop_, ares_),
      counters_(site_slots),
      proxy_(loop_, shared.store, shared.node, counters_, access, shared.log),
      admin_purges_(proxy_),
      sweeper_(loop_, shared.store) {
  ares_.ask_for_hosts(resolver_);
  proxy_.set_purge_desk(shared.desk);
  proxy_.set_overload(shared.overload);
  proxy_.set_fleet(shared.fleet);
}

WorkerThread::~WorkerThread() {
  stop();
  if (thread_.joinable()) thread_.join();
  doors_.clear();
}

Result<void> WorkerThread::apply(std::shared_ptr<const Prepared> prepared,
                                 std::vector<uint16_t>& ports) {
  const std::vector<config::ListenerConfig>& wanted = prepared->snapshot->listeners;
  std::vector<std::unique_ptr<Door>> doors;
  std::vector<std::pair<size_t, size_t>> kept;  // index in doors_, in doors
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto old = std::find_if(doors_.begin(), doors_.end(),
                                  [&](const auto& d) { return d->config_ == wanted[i]; });
    auto door = std::make_unique<Door>(*this, wanted[i]);
    door->tls_ = prepared->listener_tls[i];
    if (old == doors_.end()) {
      auto address = net::Address::parse(wanted[i].address, ports[i] ? ports[i] : wanted[i].port);
      if (!address) return Error{ErrorCode::kInvalid, Side::kNode, false, "not a numeric address"};
      auto listener = net::Listener::open(loop_, *address, wanted[i].backlog, door.get());
      if (!listener) return listener.error();
      door->listener_ = std::move(*listener);
      ports[i] = door->listener_->local_address().port();
    } else {
      kept.emplace_back(old - doors_.begin(), i);
    }
    doors.push_back(std::move(door));
  }
  for (const auto& [from, to] : kept) {
    doors_[from]->tls_ = prepared->listener_tls[to];
    doors[to] = std::move(doors_[from]);
    ports[to] = doors[to]->listener_->local_address().port();
  }
  doors_ = std::move(doors);

  ares_.configure({.servers = prepared->snapshot->dns.servers});
  resolver_.configure(prepared->snapshot->dns);
  auto upstreams = std::make_shared<proxy::Upstreams>();
  const std::vector<upstream::GroupConfig>& groups = prepared->snapshot->groups;
  for (size_t i = 0; i < groups.size(); ++i) {
    upstreams->add(std::make_unique<upstream::Group>(loop_, resolver_, proxy_.head_scratch(),
                                                     groups[i], prepared->group_tls[i],
                                                     &shared_.health));
  }
  proxy_.apply(prepared->settings, std::move(upstreams));
  prepared_ = std::move(prepared);
  if (probes_servers_) start_probes();
  return {};
}

void WorkerThread::start_node_tasks() {
  sweeper_.start();
  probes_servers_ = true;
  start_probes();
}

void WorkerThread::start_probes() {
  probers_.clear();
  probed_ = proxy_.upstreams();
  for (const auto& [name, group] : probed_->all()) {
    if (group->config().health.probe.path.empty()) continue;
    probers_.push_back(std::make_unique<upstream::Prober>(*group, std::random_device{}()));
  }
}

void WorkerThread::run() {
  thread_ = std::thread([this] { loop_.run(); });
}

void WorkerThread::drain() {
  doors_.clear();
  proxy_.drain();
}

WorkerThread::PoolFacts WorkerThread::pool_facts() {
  PoolFacts facts;
  for (const auto& [name, group] : proxy_.upstreams()->all()) {
    facts.pending += static_cast<uint64_t>(group->pending());
    for (const auto& server : group->servers()) {
      facts.idle += static_cast<uint64_t>(server->idle_count());
      facts.active += static_cast<uint64_t>(server->in_use());
    }
  }
  return facts;
}

void WorkerThread::Door::on_accept(std::unique_ptr<net::Stream> stream, const net::Address& peer) {
  worker_.admit(*this, std::move(stream), peer);
}

void WorkerThread::admit(Door& door, std::unique_ptr<net::Stream> stream,
                         const net::Address& address) {
  const config::Snapshot& snapshot = *prepared_->snapshot;
  proxy::Peer peer;
  peer.address = address;
  peer.tls = door.tls_ != nullptr;
  peer.listener = door.id_;
  const size_t share = snapshot.limits.connections / std::max<size_t>(1, prepared_->worker_count);
  if (proxy_.connection_count() >= std::max<size_t>(1, share) ||
      shared_.overload.shedding() == proxy::Shedding::kConnections) {
    counters_.refused_connections.add();
    return refuse(peer, *stream);
  }
  const auto bytes = address.mapped_bytes();
  peer.may_purge = config::contains(snapshot.purge_allowed, bytes);
  if (snapshot.role == config::Role::kShield) {
    peer.trusted_edge = config::contains(snapshot.trusted_edges, bytes);
    peer.trusts_certificate = snapshot.trust_client_certificates;
  }
  const uint32_t per_address = snapshot.limits.connections_per_address;
  if (per_address != 0 && !peer.trusted_edge) {
    peer.counted = shared_.overload.addresses().enter(address, per_address);
    if (!peer.counted) {
      counters_.refused_addresses.add();
      return refuse(peer, *stream);
    }
  }
  auto connection = std::make_unique<proxy::ClientConnection>(proxy_, peer);
  proxy::ClientConnection& started = *connection;
  proxy_.adopt(std::move(connection));
  if (door.tls_) {
    stream = tls::accept_tls(loop_, std::move(stream), door.tls_, &started);
  } else {
    stream->set_handler(&started);
  }
  started.start(std::move(stream));
}

}  // namespace seawall::server
