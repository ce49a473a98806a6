// Joining: registered first, so that every entry that comes from then on waits for this node; then
// looking where the stream stands; then emptying the store where that is needed, and saying so.
#include "common/cluster/fleet.h"
#include "common/cluster/fleet_replies.h"

namespace seawall::cluster {
namespace {

std::string random_word() {
  std::random_device random;
  const auto half = [&] { return uint64_t{random()} << 32 | random(); };
  const uint64_t high = half();
  return purge::make_id(high, half());
}

}  // namespace

void Fleet::join() {
  state_ = State::kJoining;
  const std::string word = random_word();
  // The first entry of a stream is nobody's purge: so it is never empty.
  commands_->send({"SET", key("generation"), word, "NX"}, [this, word](const Reply& reply) {
    if (reply.is_text()) commands_->send({"XADD", key("purges"), "*", "g", word});
  });
  commands_->send({"GET", key("generation")}, [this](const Reply& reply) {
    const std::string found = reply.text;
    if (found != generation_) {
      std::lock_guard lock(mutex_);
      tracker_.begin_stream();
    }
    auto asked = std::make_shared<Found>();
    asked->generation = found;
    ask_where_to_begin(asked);
  });
}

void Fleet::ask_where_to_begin(const std::shared_ptr<Found>& found) {
  const bool goes_on = found->generation == generation_;
  if (incarnation_.empty()) incarnation_ = random_word();
  commands_->send({"HGET", key("nodes"), self_.name}, [this, found](const Reply& reply) {
    const std::optional<NodeRecord> old = read_record(reply.text);
    found->registered = old && old->incarnation == incarnation_;
  });
  NodeRecord registered = record();
  if (!goes_on) registered.cursor = {};
  registered_as_ = write_record(registered);
  commands_->send({"HSET", key("nodes"), self_.name, registered_as_});
  const Notice notice{Notice::Kind::kJoin, self_.name, registered, {}};
  commands_->send({"XADD", key("acks"), "MAXLEN", "~", "10000", "*", "m", write_notice(notice)},
                  [this](const Reply& reply) {
                    notices_from_ = StreamId::parse(reply.text).value_or(StreamId());
                  });
  commands_->send({"XREVRANGE", key("purges"), "+", "-", "COUNT", "1"},
                  [found](const Reply& reply) { found->last = only_id(reply); });
  commands_->send({"XRANGE", key("purges"), "-", "+", "COUNT", "1"},
                  [found](const Reply& reply) { found->first = only_id(reply); });
  commands_->send({"HGETALL", key("nodes")}, [this, found](const Reply& reply) {
    const std::map<std::string, NodeRecord> nodes = read_registry(reply);
    {
      std::lock_guard lock(mutex_);
      for (const auto& [name, record] : nodes) tracker_.see(name, record, loop_.now());
      tracker_.hear_anew(loop_.now());
      if (self_.role == "edge") found->slowest_shield = tracker_.slowest_shield(self_.name);
    }
    on_found(*found);
  });
}

void Fleet::on_found(const Found& found) {
  const Resume todo = resume({generation_, cursor_}, found);
  if (todo.purge_all && !purge_all(todo.shields_lack, found.last.value_or(StreamId()))) {
    return fail("the purge log is full");
  }
  if (todo.append_again) {
    std::deque<Outbox::Item> lost;
    for (Outbox::Item& item : remembered_) {
      const bool is_lost = todo.why != Resume::Why::kLost || item.place > todo.cursor;
      if (is_lost) lost.push_back({item.id, item.order, {}});
    }
    remembered_.clear();
    outbox_.add_lost(std::move(lost));
  }
  if (todo.why != Resume::Why::kContinue) incarnation_ = random_word();
  generation_ = found.generation;
  cursor_ = todo.cursor;
  const std::string_view why = to_string(todo.why);
  log_.log(log::Level::kInfo, "fleet %s: joined at %s: %s %.*s%s", config_.name.c_str(),
           config_.url.c_str(), self_.name.c_str(), static_cast<int>(why.size()), why.data(),
           todo.purge_all && was_live_ ? "; everything stored before is purged" : "");
  go_live();
}

// Whatever is stored here, or on its way, is not used again.
bool Fleet::purge_all(bool shields_lack, StreamId place) {
  purge::Purge all;
  all.local = true;
  all.targets.push_back(purge::Target::all({}));
  std::vector<std::string> servers;
  if (shields_lack) servers = shields_;
  const Result<uint64_t> number = store_.purges().append(std::move(all), loop_.wall_now(), servers);
  if (!number) return false;
  if (!servers.empty()) owed_.emplace(place, Owed{*number, std::move(servers)});
  if (was_live_) ++facts_.purges_of_all;
  return true;
}

void Fleet::go_live() {
  state_ = State::kLive;
  was_live_ = true;
  logged_why_.clear();
  why_.clear();
  live_since_ = loop_.now();
  ++facts_.connects;
  ++beat_;
  acknowledge();
  commands_->send({"PING"}, [this](const Reply&) {
    if (const auto joined = std::exchange(joined_, {})) joined();
  });
  pay_debts();
  send_outbox();
  listen();
  read();
}

}  // namespace seawall::cluster
