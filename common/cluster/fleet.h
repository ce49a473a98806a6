// A node's part in a fleet: all its nodes read one stream of purges in Redis, apply every entry in
// its order, and acknowledge it. Any node may append.
//
//   seawall:NAME:generation  a random word, set by the first node: this stream and no other
//   seawall:NAME:purges      the stream: {g: generation, n: node, o: text of purge/order.h}
//   seawall:NAME:acks        a stream of notices (notice.h)
//   seawall:NAME:nodes       the registry: a hash of records (notice.h)
//
// Notices are published, too (seawall:NAME:notices:GENERATION): XREAD tells of the first one only,
// and of those that came with it a round trip later.
//
// One connection waits in XREAD, one listens, one speaks. Lives on the main loop; what may be
// called from any thread says so. ARCHITECTURE.md, 'The fleet', says why it is exact.
//
// Invariant: a node acknowledges an entry after it has taken effect there, and never before all
// that came before it.
// Invariant: who is to acknowledge an entry is read from the registry after the entry was appended.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/config.h"
#include "common/cluster/outbox.h"
#include "common/cluster/redis_connection.h"
#include "common/cluster/resume.h"
#include "common/cluster/ticket.h"
#include "common/cluster/tracker.h"
#include "common/log/error_log.h"
#include "common/store/store.h"

namespace seawall::cluster {

struct FleetSelf {
  std::string name;
  std::string role;  // "edge", "shield"
};

struct FleetFacts {
  bool connected = false;
  std::string why;  // it is not
  double cut_off_seconds = 0;
  std::string position;  // of this node in the stream
  uint64_t nodes = 0;
  uint64_t nodes_behind = 0;  // behind this one
  uint64_t outbox = 0;        // purges that are not in the stream yet
  uint64_t waiting = 0;       // purges that are not acknowledged by all, and waited for
  uint64_t appended = 0;      // since start, as are those below
  uint64_t applied = 0;
  uint64_t connects = 0;
  uint64_t purges_of_all = 0;  // everything stored here, since entries could not be read
};

class Fleet final : private RedisConnection::Owner, private net::PostedTask {
 public:
  static constexpr size_t kRemembered = 1000;  // applied entries, should Redis lose them
  static constexpr size_t kReadAtOnce = 500;
  static constexpr Millis kBeat{1000};
  static constexpr Millis kDoubt{10'000};  // see doubt()

  // All references outlive it. `tls`: null where the URL is redis://.
  Fleet(net::Loop& loop, net::Resolver& resolver, store::Store& store, log::Logger& log,
        FleetConfig config, FleetSelf self, std::shared_ptr<const tls::ClientContext> tls);
  ~Fleet();
  // `joined` is called once.
  void start(std::function<void()> joined);
  // The shields' servers that this node asks, as upstream::Server::authority().
  void set_shields(std::vector<std::string> authorities) { shields_ = std::move(authorities); }
  // Takes this node out of the registry; `left` is called, at the latest after a second.
  void leave(std::function<void()> left);
  FleetFacts facts();

  // --- any thread ---
  // A purge (or an undo) that was accepted here, and has taken effect here.
  std::shared_ptr<Ticket> submit(const purge::Order& order, MonoTime now, Waker& done);
  PurgeStatus status(std::string_view id) const;

 private:
  enum class State : uint8_t { kOff, kConnecting, kJoining, kLive };
  struct Submission {
    Outbox::Item item;
    std::shared_ptr<Ticket> ticket;
  };
  struct Owed {
    uint64_t number = 0;
    std::vector<std::string> servers;
  };

  void on_redis_ready(RedisConnection&) override;
  void on_redis_lost(RedisConnection& connection) override;
  void run() override;  // submissions

  // fleet.cc: connecting, sending, beating
  std::unique_ptr<RedisConnection> open();
  void connect();
  void send_outbox();
  void on_confirmed(size_t count, const Reply& registry);
  void beat();
  void forget_silent();
  void note_forgotten(const std::string& name);
  void trim();
  void doubt();
  void on_second();
  void finish_tickets();
  void fail(std::string why);
  NodeRecord record() const;
  std::string key(std::string_view what) const;
  void register_self();
  void on_left();

  // fleet_join.cc
  void join();
  void ask_where_to_begin(const std::shared_ptr<Found>& found);
  void on_found(const Found& found);
  bool purge_all(bool shields_lack, StreamId place);
  void go_live();

  // fleet_read.cc
  void read();
  void on_read(const Reply& reply, const Reply& first);
  bool take_notices(const Reply& entries);
  void listen();
  void take_notice(const Notice& notice);
  void take_entries(const Reply& entries);
  bool apply(const purge::Order& order, StreamId place);
  void pay_debts();
  void acknowledge();
  void note_sweeps();
  std::vector<std::string> lacking(StreamId place) const;

  net::Loop& loop_;
  net::Resolver& resolver_;
  store::Store& store_;
  log::Logger& log_;
  const FleetConfig config_;
  const FleetSelf self_;
  const std::shared_ptr<const tls::ClientContext> tls_;
  std::minstd_rand random_;
  std::vector<std::string> shields_;
  std::function<void()> joined_;
  std::function<void()> left_;

  State state_ = State::kOff;
  std::unique_ptr<RedisConnection> commands_;
  std::unique_ptr<RedisConnection> reader_;
  std::unique_ptr<RedisConnection> listener_;
  int ready_ = 0;  // connections
  Millis backoff_{0};
  MonoTime live_since_{};
  MonoTime live_until_{};  // when it was last live; at first: when it started
  bool was_live_ = false;
  MonoTime doubted_{};
  std::string why_ = "connecting";
  std::string logged_why_;

  std::string generation_;
  std::string incarnation_;
  std::string registered_as_;  // the value that we wrote last
  StreamId cursor_;
  StreamId notices_from_;
  uint64_t beat_ = 0;
  Outbox outbox_;
  std::deque<Outbox::Item> remembered_;
  std::multimap<StreamId, Owed> owed_;
  std::vector<Notice::Part> unsaid_;  // parts for the next notice
  std::deque<std::string> unswept_;   // ids of purges whose amounts are not known yet
  std::vector<std::shared_ptr<Ticket>> tickets_;
  MonoTime stuck_since_{};
  size_t read_at_once_ = kReadAtOnce;  // entries
  FleetFacts facts_;

  mutable std::mutex mutex_;  // the two below
  Tracker tracker_;
  std::vector<Submission> submitted_;
  std::atomic<int64_t> now_{0};  // of the loop's last beat, in microseconds: for status()

  net::Timer second_ = net::Timer::to<&Fleet::on_second>(this);
  net::Timer retry_ = net::Timer::to<&Fleet::connect>(this);
  net::Timer read_again_ = net::Timer::to<&Fleet::read>(this);
  net::Timer leaving_ = net::Timer::to<&Fleet::on_left>(this);
};

}  // namespace seawall::cluster
