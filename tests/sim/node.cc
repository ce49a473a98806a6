#include "tests/sim/node.h"

#include <algorithm>

#include "common/config/cidr.h"
#include "common/config/purge_form.h"
#include "common/net/caching_resolver.h"
#include "common/proxy/client_connection.h"
#include "tests/sim/stream.h"

namespace seawall::sim {
namespace {

// Of the heap: what a node has at rest (1 MB when it starts); what each connection from a viewer
// and each fetch may add to it, which is nothing of a body that comes; and what a viewer sends
// ahead: an upload of at most 100 KB (world.cc) that waits in two strings, or kMaxInput and a read
// (proxy/client_connection.cc) in one; strings grow by doubling.
constexpr int64_t kOwnBytes = 1'200'000;
constexpr int64_t kRequestBytes = 64 * 1024;
constexpr int64_t kBacklogBytes = 2 * 2 * 100'000;

WallTime no_clock() { return {}; }

store::StoreConfig store_config(uint64_t memory_bytes) {
  store::StoreConfig config;
  config.memory_bytes = memory_bytes;
  config.shards = 4;
  return config;
}

// The background sweep in slices of any size.
class Sweep {
 public:
  Sweep(net::Loop& loop, store::Store& store, Random random)
      : loop_(loop), store_(store), random_(random) {
    loop_.set_timer(timer_, Millis(50));
  }

 private:
  void on_timer() {
    const WallTime now = loop_.wall_now();
    if (cursor_.running || store_.purges().needs_sweep()) {
      store_.sweep(cursor_, 1 + random_.below(20), now);
    }
    if (random_.percent(10)) store_.purges().swept(0, now);
    loop_.set_timer(timer_, Millis(random_.between(1, 2000)));
  }

  net::Loop& loop_;
  store::Store& store_;
  Random random_;
  store::SweepCursor cursor_;
  net::Timer timer_ = net::Timer::to<&Sweep::on_timer>(this);
};

}  // namespace

struct Node::Process {
  Process(const Place& place, const proxy::NodeInfo& node_info, const std::string& address,
          uint64_t memory_bytes, Random random, Party party)
      : info(node_info),
        loop(place.scheduler, place.network, random.fork(), address, party),
        resolver(place.scheduler, loop, place.names),
        caching(loop, resolver),
        store(store_config(memory_bytes)),
        worker(loop, store, info, counters, nullptr, log),
        sweep(loop, store, random.fork()) {
    worker.set_purge_desk(desk);
  }
  const proxy::NodeInfo info;
  log::Logger log{{.path = "", .now = no_clock}};
  proxy::PurgeDesk desk{config::read_purge_form, log};
  SimLoop loop;
  SimResolver resolver;
  net::CachingResolver caching;
  metrics::LoopCounters counters{4};
  store::Store store;
  proxy::Worker worker;
  Sweep sweep;
};

Node::Node(const Place& place, const config::Snapshot& snapshot, Party party, std::string name,
           std::string address, uint64_t memory_bytes, Random random)
    : place_(place),
      snapshot_(snapshot),
      party_(party),
      name_(std::move(name)),
      address_(std::move(address)),
      memory_bytes_(memory_bytes),
      random_(random) {}

Node::~Node() = default;

void Node::start() {
  proxy::NodeInfo info;
  info.tier = snapshot_.role == config::Role::kEdge ? proxy::Tier::kEdge : proxy::Tier::kShield;
  info.name = name_;
  info.loop_id = name_ + "-" + std::to_string(random_.below(1000));
  const std::string ip = address_.substr(0, address_.find(':'));
  {
    const OnBehalfOf me(party_);
    process_ = std::make_unique<Process>(place_, info, ip, memory_bytes_, random_.fork(), party_);
  }
  process_->loop.set_wall_offset(wall_offset_);
  reload();
  place_.network.listen(address_, [this](std::shared_ptr<Socket> s) { accept(std::move(s)); });
  place_.trace.line(place_.scheduler.now(), name_, "starts");
}

// As Server::prepare() and WorkerThread::apply() do.
void Node::reload() {
  const OnBehalfOf me(party_);
  Process& process = *process_;
  auto settings = std::make_shared<proxy::Settings>();
  settings->sites = snapshot_.sites;
  settings->rules_hash = snapshot_.sites->rules_hash();
  settings->limits = snapshot_.limits;
  settings->purge = snapshot_.purge;
  settings->metric_slots.assign(snapshot_.sites->sites().size(), 0);
  auto upstreams = std::make_shared<proxy::Upstreams>();
  for (const upstream::GroupConfig& group : snapshot_.groups) {
    upstreams->add(std::make_unique<upstream::Group>(
        process.loop, process.caching, process.worker.head_scratch(), group, nullptr));
  }
  process.worker.apply(std::move(settings), std::move(upstreams));
}

// As WorkerThread::admit() does.
void Node::accept(std::shared_ptr<Socket> socket) {
  const OnBehalfOf me(party_);
  Process& process = *process_;
  proxy::Peer peer;
  peer.address = *net::Address::parse(socket->peer_host(), 40000);
  const auto bytes = peer.address.mapped_bytes();
  peer.may_purge = config::contains(snapshot_.purge_allowed, bytes);
  if (snapshot_.role == config::Role::kShield) {
    peer.trusted_edge = config::contains(snapshot_.trusted_edges, bytes);
  }
  process.loop.call([&process, peer, socket] {
    auto connection = std::make_unique<proxy::ClientConnection>(process.worker, peer);
    proxy::ClientConnection& started = *connection;
    process.worker.adopt(std::move(connection));
    auto stream = std::make_unique<SimStream>(process.loop, socket, nullptr);
    stream->set_handler(&started);
    started.start(std::move(stream));
  });
}

void Node::kill(Network::Death death, MonoTime back_at) {
  place_.trace.line(place_.scheduler.now(), name_, "is killed");
  place_.network.kill(address_.substr(0, address_.find(':')), death, back_at);
  process_->loop.enter();
  process_.reset();
}

void Node::set_wall_offset(Millis offset) {
  wall_offset_ = offset;
  if (process_) process_->loop.set_wall_offset(offset);
}

void Node::check(uint64_t backlogs) const {
  if (!process_) return;
  const store::Memory& memory = process_->store.memory();
  if (memory.used() > memory.limit()) {
    place_.oracle.violation("%s: %llu bytes used of %llu", name_.c_str(),
                            static_cast<unsigned long long>(memory.used()),
                            static_cast<unsigned long long>(memory.limit()));
  }
  const uint64_t requests = process_->worker.connection_count() + process_->worker.fetch_count();
  const int64_t most = kOwnBytes + kRequestBytes * static_cast<int64_t>(requests) +
                       kBacklogBytes * static_cast<int64_t>(backlogs);
  if (heap_bytes(party_) > most) {
    place_.oracle.violation("%s: %lld bytes of heap with %llu connections and fetches",
                            name_.c_str(), static_cast<long long>(heap_bytes(party_)),
                            static_cast<unsigned long long>(requests));
  }
}

void Node::check_rest() {
  Process& process = *process_;
  process.loop.enter();
  const auto expect_none = [&](uint64_t count, const char* what) {
    if (count == 0) return;
    place_.oracle.violation("%s: %llu %s left", name_.c_str(),
                            static_cast<unsigned long long>(count), what);
  };
  expect_none(process.worker.connection_count(), "connections");
  expect_none(process.worker.fetch_count(), "fetches");
  expect_none(process.store.stats().fills, "fills");
  for (const auto& [name, group] : process.worker.upstreams()->all()) {
    expect_none(static_cast<uint64_t>(group->active), "exchanges");
    for (const auto& server : group->servers()) {
      expect_none(static_cast<uint64_t>(server->in_use()), "connections in use");
    }
  }
  purge::Purge all;
  all.id = "all";
  all.targets.push_back(purge::Target::all({}));
  (void)process.store.purges().append(std::move(all), process.loop.wall_now());
  store::SweepCursor cursor;
  while (process.store.sweep(cursor, 1000, process.loop.wall_now())) {
  }
  expect_none(process.store.stats().entries, "objects after a purge of all");
  expect_none(process.store.memory().used(), "bytes charged after a purge of all");
  if (heap_bytes(party_) > kOwnBytes) {
    expect_none(static_cast<uint64_t>(heap_bytes(party_)), "bytes of heap at rest");
  }
}

}  // namespace seawall::sim
