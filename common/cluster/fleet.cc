// Connecting, what is sent, and the beat. Every command that appends is followed, on the same
// connection, by reading the generation and the registry: so the members that have to acknowledge
// are those that were registered when, or after, the entry got its place.
#include "common/cluster/fleet.h"

#include <algorithm>

#include "common/cluster/fleet_replies.h"

namespace seawall::cluster {
namespace {

constexpr Millis kFirstBackoff{50};
constexpr Millis kMaxBackoff{2000};
constexpr Millis kLeaveTime{1000};
constexpr uint64_t kTrimEvery = 10;  // beats
// Replaces, or deletes, a registry entry that is still what was seen of it.
constexpr std::string_view kReplace =
    "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then "
    "redis.call('HSET',KEYS[1],ARGV[1],ARGV[3]) return 1 end return 0";
// With the notice, or else that could be told of a node that has registered anew meanwhile.
constexpr std::string_view kForget =
    "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then "
    "redis.call('HDEL',KEYS[1],ARGV[1]) "
    "redis.call('XADD',KEYS[2],'MAXLEN','~',10000,'*','m',ARGV[3]) return 1 end return 0";
// An entry for a stream that is not there any more must not get into another one.
constexpr std::string_view kAppend =
    "if redis.call('GET',KEYS[1])==ARGV[1] then "
    "return redis.call('XADD',KEYS[2],'*','g',ARGV[1],'n',ARGV[2],'o',ARGV[3]) end return ''";

}  // namespace

Fleet::Fleet(net::Loop& loop, net::Resolver& resolver, store::Store& store, log::Logger& log,
             FleetConfig config, FleetSelf self, std::shared_ptr<const tls::ClientContext> tls)
    : PostedTask(loop),
      loop_(loop),
      resolver_(resolver),
      store_(store),
      log_(log),
      config_(std::move(config)),
      self_(std::move(self)),
      tls_(std::move(tls)),
      random_(std::random_device{}()) {}

Fleet::~Fleet() = default;

std::string Fleet::key(std::string_view what) const {
  return "seawall:" + config_.name + ":" + std::string(what);
}

NodeRecord Fleet::record() const { return {self_.role, incarnation_, cursor_, beat_}; }

void Fleet::start(std::function<void()> joined) {
  joined_ = std::move(joined);
  live_until_ = doubted_ = loop_.now();
  connect();
  on_second();
}

std::unique_ptr<RedisConnection> Fleet::open() {
  RedisConnection::Owner& owner = *this;
  return std::make_unique<RedisConnection>(loop_, resolver_, config_, tls_, owner);
}

void Fleet::connect() {
  state_ = State::kConnecting;
  ready_ = 0;
  commands_ = open();
  reader_ = open();
  listener_ = open();
  commands_->start();
  reader_->start();
  listener_->start();
}

void Fleet::on_redis_ready(RedisConnection&) {
  if (++ready_ == 3) join();
}

void Fleet::on_redis_lost(RedisConnection& connection) {
  if (state_ == State::kOff) return;  // the other one, in the same turn
  why_ = connection.why();
  if (state_ == State::kLive || why_ != logged_why_) {
    logged_why_ = why_;
    log_.log(log::Level::kError, "fleet %s: cut off from %s: %s; purges act on this node only",
             config_.name.c_str(), config_.url.c_str(), why_.c_str());
  }
  if (state_ == State::kLive) {
    live_until_ = loop_.now();
    if (live_until_ - live_since_ > kMaxBackoff) backoff_ = Millis(0);
  }
  read_at_once_ = std::max<size_t>(1, read_at_once_ / 8);  // should it be that it was too much
  state_ = State::kOff;
  commands_.reset();
  reader_.reset();
  listener_.reset();
  read_again_.cancel();
  outbox_.forget_sent();
  finish_tickets();
  if (left_) return on_left();
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kMaxBackoff);
  const auto jitter = static_cast<int64_t>(random_()) % (backoff_.count() / 2 + 1);
  loop_.set_timer(retry_, backoff_ - Millis(jitter));
}

void Fleet::fail(std::string why) {
  if (commands_) commands_->fail(std::move(why));
}

std::shared_ptr<Ticket> Fleet::submit(const purge::Order& order, MonoTime now, Waker& done) {
  Submission submission;
  submission.item = {order.purge.id, purge::write_order(order), {}};
  submission.ticket = std::make_shared<Ticket>(order.purge.id, done);
  std::shared_ptr<Ticket> ticket = submission.ticket;
  {
    std::lock_guard lock(mutex_);
    tracker_.accept(order.purge.id, now);
    submitted_.push_back(std::move(submission));
  }
  post();
  return ticket;
}

PurgeStatus Fleet::status(std::string_view id) const {
  std::lock_guard lock(mutex_);
  return tracker_.status(id, MonoTime(Micros(now_.load(std::memory_order_relaxed))));
}

void Fleet::run() {
  std::vector<Submission> submitted;
  {
    std::lock_guard lock(mutex_);
    submitted.swap(submitted_);
  }
  for (Submission& s : submitted) {
    tickets_.push_back(std::move(s.ticket));
    if (outbox_.add(std::move(s.item))) continue;
    log_.log(log::Level::kError,
             "fleet %s: more than %zu purges wait for Redis: one of everything takes their place",
             config_.name.c_str(), Outbox::kMax);
    fail("too many purges wait");  // replies under way are to those that are gone
  }
  if (state_ == State::kLive) {
    send_outbox();
  } else {
    finish_tickets();
  }
}

void Fleet::send_outbox() {
  size_t count = 0;
  for (const Outbox::Item* item = outbox_.next(); item; item = outbox_.next(), ++count) {
    commands_->send({"EVAL", kAppend, "2", key("generation"), key("purges"), generation_,
                     self_.name, item->order},
                    [this](const Reply& reply) {
                      const auto place = StreamId::parse(reply.text);
                      if (!place) return fail("the stream was replaced");
                      outbox_.placed(*place);
                    });
  }
  if (count == 0) return;
  commands_->send({"GET", key("generation")}, [this](const Reply& reply) {
    if (reply.text != generation_) fail("the stream was replaced");
  });
  commands_->send({"HGETALL", key("nodes")},
                  [this, count](const Reply& reply) { on_confirmed(count, reply); });
}

void Fleet::on_confirmed(size_t count, const Reply& registry) {
  std::map<std::string, NodeRecord> nodes = read_registry(registry);
  const auto self = nodes.find(self_.name);
  if (self == nodes.end() || self->second.incarnation != incarnation_) {
    return fail("this node was taken out of the registry");
  }
  const MonoTime now = loop_.now();
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, record] : nodes) tracker_.see(name, record, now);
    for (; count > 0 && outbox_.placed_count() > 0; --count) {
      const Outbox::Item item = outbox_.take();
      tracker_.place(item.id, item.place, now);
      ++facts_.appended;
    }
  }
  finish_tickets();
}

// Those that are complete; those that nobody else will answer soon; without Redis, all.
void Fleet::finish_tickets() {
  if (tickets_.empty()) return;
  std::vector<std::shared_ptr<Ticket>> done;
  {
    std::lock_guard lock(mutex_);
    const MonoTime now = loop_.now();
    std::erase_if(tickets_, [&](const std::shared_ptr<Ticket>& ticket) {
      if (state_ == State::kLive && !tracker_.status(ticket->id(), now).settled()) return false;
      done.push_back(ticket);
      return true;
    });
  }
  for (const auto& ticket : done) ticket->finish();
}

void Fleet::on_second() {
  now_.store(loop_.now().time_since_epoch().count(), std::memory_order_relaxed);
  if (state_ == State::kLive) {
    beat();
  } else {
    doubt();
  }
  loop_.set_timer(second_, kBeat);
}

void Fleet::register_self() {
  const std::string before = std::exchange(registered_as_, write_record(record()));
  commands_->send({"EVAL", kReplace, "1", key("nodes"), self_.name, before, registered_as_},
                  [this](const Reply& reply) {
                    if (reply.integer == 1) return;
                    fail("this node was taken out of the registry, or there are two nodes called " +
                         self_.name);
                  });
  std::lock_guard lock(mutex_);
  tracker_.see(self_.name, record(), loop_.now());
}

void Fleet::beat() {
  ++beat_;
  note_sweeps();
  if (unsaid_.empty()) {
    register_self();
  } else {
    acknowledge();
  }
  commands_->send({"GET", key("generation")}, [this](const Reply& reply) {
    if (reply.text != generation_) fail("the stream was replaced");
  });
  commands_->send({"HGETALL", key("nodes")}, [this](const Reply& reply) {
    {
      std::lock_guard lock(mutex_);
      tracker_.registry(read_registry(reply), loop_.now(), config_.forget_after);
    }
    forget_silent();
    pay_debts();
    finish_tickets();
  });
  if (beat_ % kTrimEvery == 0) trim();
}

// Only who has listened for all that time can say that somebody was silent.
void Fleet::forget_silent() {
  std::vector<std::pair<std::string, NodeRecord>> silent;
  {
    std::lock_guard lock(mutex_);
    silent = tracker_.silent(loop_.now(), config_.forget_after);
  }
  for (const auto& [name, last] : silent) {
    if (name == self_.name) continue;
    const Notice gone{Notice::Kind::kLeave, name, last, {}};
    commands_->send({"EVAL", kForget, "2", key("nodes"), key("acks"), name, write_record(last),
                     write_notice(gone)},
                    [this, name = name](const Reply& reply) {
                      if (reply.integer == 1) note_forgotten(name);
                    });
  }
}

void Fleet::note_forgotten(const std::string& name) {
  log_.log(log::Level::kWarn,
           "fleet %s: %s was not heard of for %lld s and is forgotten: purges count as complete "
           "without it",
           config_.name.c_str(), name.c_str(),
           static_cast<long long>(config_.forget_after.count() / 1000));
}

// The entry at the slowest cursor stays: by it that node sees that nothing behind it is missing.
void Fleet::trim() {
  std::optional<StreamId> slowest;
  {
    std::lock_guard lock(mutex_);
    slowest = tracker_.slowest();
  }
  if (slowest) commands_->send({"XTRIM", key("purges"), "MINID", "~", slowest->text()});
  commands_->send({"XTRIM", key("purges"), "MAXLEN", "~", std::to_string(config_.keep)});
}

// A node that is cut off, and may have been forgotten, or was never registered: receipts of others
// can say complete without it. It goes on serving, but asks about all that it has every kDoubt.
void Fleet::doubt() {
  const MonoTime now = loop_.now();
  const bool may_be_forgotten = !was_live_ || now - live_until_ >= config_.forget_after / 2;
  if (!may_be_forgotten || now - doubted_ < kDoubt) return;
  doubted_ = now;
  purge::Purge all;
  all.local = true;
  all.mode = purge::Mode::kSoft;
  all.targets.push_back(purge::Target::all({}));
  const Result<uint64_t> number = store_.purges().append(std::move(all), loop_.wall_now());
  if (!number) log_.log(log::Level::kError, "fleet: %s", number.error().detail);
}

void Fleet::leave(std::function<void()> left) {
  left_ = std::move(left);
  if (outbox_.size() > 0) {
    log_.log(log::Level::kError, "fleet %s: %zu purges have not reached the other nodes",
             config_.name.c_str(), outbox_.size());
  }
  if (state_ != State::kLive) return on_left();
  loop_.set_timer(leaving_, kLeaveTime);
  const Notice gone{Notice::Kind::kLeave, self_.name, record(), {}};
  commands_->send({"EVAL", kForget, "2", key("nodes"), key("acks"), self_.name, registered_as_,
                   write_notice(gone)},
                  [this](const Reply&) { on_left(); });
}

void Fleet::on_left() {
  leaving_.cancel();
  retry_.cancel();
  if (const auto left = std::exchange(left_, {})) left();
}

FleetFacts Fleet::facts() {
  FleetFacts facts = facts_;
  facts.connected = state_ == State::kLive;
  if (!facts.connected) {
    facts.why = why_;
    facts.cut_off_seconds = std::chrono::duration<double>(loop_.now() - live_until_).count();
  }
  facts.position = cursor_.text();
  facts.outbox = outbox_.size();
  facts.waiting = tickets_.size();
  std::lock_guard lock(mutex_);
  facts.nodes = tracker_.size();
  facts.nodes_behind = tracker_.behind(cursor_).size();
  return facts;
}

}  // namespace seawall::cluster
