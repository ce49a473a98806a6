// Reading and applying. Notices come before entries: who was registered before an entry is known
// when it is applied, so that an edge waits for that shield, too.
#include <algorithm>

#include "common/cluster/fleet.h"
#include "common/cluster/fleet_replies.h"

namespace seawall::cluster {
namespace {

constexpr std::string_view kBlockMillis = "1000";
constexpr Millis kStuckPause{50};
constexpr Millis kStuckTime{10'000};
constexpr size_t kMaxUnswept = 10'000;
constexpr size_t kPartsAtOnce = 1000;  // in a notice

}  // namespace

void Fleet::read() {
  if (state_ != State::kLive) return;
  auto got = std::make_shared<Reply>();
  reader_->send({"XREAD", "COUNT", std::to_string(read_at_once_), "BLOCK", kBlockMillis, "STREAMS",
                 key("acks"), key("purges"), notices_from_.text(), cursor_.text()},
                [got](const Reply& reply) { *got = reply; });
  reader_->send({"XRANGE", key("purges"), "-", "+", "COUNT", "1"},
                [this, got](const Reply& first) { on_read(*got, first); });
}

void Fleet::on_read(const Reply& reply, const Reply& first) {
  if (state_ != State::kLive) return;
  const Reply* notices = entries_of(reply, key("acks"));
  const bool all_notices = !notices || take_notices(*notices);
  if (const Reply* entries = entries_of(reply, key("purges")); entries && all_notices) {
    const std::optional<StreamId> oldest = only_id(first);
    if (cursor_ != StreamId() && (!oldest || *oldest > cursor_)) {
      return fail("the stream was cut before this node had read it");
    }
    const StreamId before = cursor_;
    take_entries(*entries);
    if (state_ != State::kLive || commands_->lost()) return;
    if (cursor_ != before) acknowledge();
  }
  read_at_once_ = std::min(read_at_once_ * 2, kReadAtOnce);
  pay_debts();
  finish_tickets();
  if (stuck_since_ != MonoTime()) {
    loop_.set_timer(read_again_, kStuckPause);
  } else {
    read();
  }
}

// Whether there are no more.
bool Fleet::take_notices(const Reply& entries) {
  for (const StreamEntry& entry : read_entries(entries)) {
    notices_from_ = entry.id;
    const auto text = entry.fields.find("m");
    if (text == entry.fields.end()) continue;
    if (const std::optional<Notice> notice = read_notice(text->second)) take_notice(*notice);
  }
  return entries.items.size() < read_at_once_;
}

void Fleet::take_notice(const Notice& notice) {
  if (notice.node == self_.name) return;
  std::lock_guard lock(mutex_);
  if (notice.kind == Notice::Kind::kLeave) return tracker_.drop(notice.node);
  tracker_.see(notice.node, notice.record, loop_.now());
  for (const Notice::Part& part : notice.parts) tracker_.note(part.id, part.part);
}

// A node that is told of an acknowledgement twice knows no more than once; who joins or leaves is
// told by the stream alone, whose order counts there.
void Fleet::listen() {
  listener_->send({"SUBSCRIBE", key("notices:" + generation_)});
  listener_->on_message([this](const Reply& message) {
    if (state_ != State::kLive || message.items.size() != 3) return;
    const std::optional<Notice> notice = read_notice(message.items[2].text);
    if (!notice || notice->kind != Notice::Kind::kAck) return;
    take_notice(*notice);
    pay_debts();
    finish_tickets();
  });
}

void Fleet::take_entries(const Reply& entries) {
  for (const StreamEntry& entry : read_entries(entries)) {
    const auto generation = entry.fields.find("g");
    if (generation == entry.fields.end() || generation->second != generation_) {
      return fail("the stream was replaced");
    }
    const auto text = entry.fields.find("o");
    if (text != entry.fields.end()) {
      const Result<purge::Order> order = purge::read_order(text->second);
      if (!order) {
        log_.log(log::Level::kError, "fleet %s: entry %s is no purge: %s", config_.name.c_str(),
                 entry.id.text().c_str(), order.error().detail);
      } else if (!apply(*order, entry.id)) {
        return;
      } else {
        remembered_.push_back({order->purge.id, text->second, entry.id});
        if (remembered_.size() > kRemembered) remembered_.pop_front();
      }
    }
    cursor_ = entry.id;
  }
}

// The servers whose answers may be older than the entry at that place.
std::vector<std::string> Fleet::lacking(StreamId place) const {
  if (shields_.empty()) return {};
  std::lock_guard lock(mutex_);
  const std::optional<StreamId> slowest = tracker_.slowest_shield(self_.name);
  return slowest && *slowest < place ? shields_ : std::vector<std::string>();
}

// False: the log has no room now. An entry that does not fit for long becomes one of everything.
bool Fleet::apply(const purge::Order& order, StreamId place) {
  const bool is_undo = order.verb == purge::Order::Verb::kUndo;
  if (!is_undo && order.verb != purge::Order::Verb::kPurge) return true;
  const WallTime now = loop_.wall_now();
  const MonoTime since = loop_.now();
  if (is_undo) {  // what can't be taken back here is not here
    (void)store_.purges().undo(order.undo_of, order.purge.id, now);
  } else {
    purge::Purge purge = order.purge;
    if (stuck_since_ != MonoTime() && since - stuck_since_ > kStuckTime) {
      log_.log(log::Level::kError, "fleet %s: purge %s found no room: everything is purged",
               config_.name.c_str(), purge.id.c_str());
      purge.targets = {purge::Target::all({})};
    }
    std::vector<std::string> servers = lacking(place);
    const Result<uint64_t> number = store_.apply_purge(std::move(purge), now, servers);
    if (!number) {
      if (stuck_since_ == MonoTime()) stuck_since_ = since;
      return false;
    }
    if (!servers.empty()) owed_.emplace(place, Owed{*number, std::move(servers)});
  }
  stuck_since_ = {};
  ++facts_.applied;
  {
    std::lock_guard lock(mutex_);
    tracker_.place(order.purge.id, place, since);
  }
  if (const auto entry = store_.purges().find(order.purge.id)) {
    purge::NodePart part = purge::part_of(*entry, self_.name, self_.role);
    if (!part.swept && unswept_.size() < kMaxUnswept) unswept_.push_back(order.purge.id);
    unsaid_.push_back({order.purge.id, std::move(part)});
  }
  return true;
}

void Fleet::pay_debts() {
  if (owed_.empty()) return;
  std::optional<StreamId> slowest;
  {
    std::lock_guard lock(mutex_);
    slowest = tracker_.slowest_shield(self_.name);
  }
  while (!owed_.empty() && (!slowest || *slowest >= owed_.begin()->first)) {
    const Owed& owed = owed_.begin()->second;
    for (const std::string& server : owed.servers) {
      store_.purges().debts().paid(server, owed.number);
    }
    owed_.erase(owed_.begin());
  }
}

// Says how far this node is, and what came of the purges since it said so last.
void Fleet::acknowledge() {
  {
    std::lock_guard lock(mutex_);
    for (const Notice::Part& p : unsaid_) tracker_.note(p.id, p.part);
  }
  register_self();
  Notice notice{Notice::Kind::kAck, self_.name, record(), {}};
  do {
    const size_t count = std::min(unsaid_.size(), kPartsAtOnce);
    notice.parts.assign(std::make_move_iterator(unsaid_.begin()),
                        std::make_move_iterator(unsaid_.begin() + static_cast<ptrdiff_t>(count)));
    unsaid_.erase(unsaid_.begin(), unsaid_.begin() + static_cast<ptrdiff_t>(count));
    const std::string text = write_notice(notice);
    commands_->send({"XADD", key("acks"), "MAXLEN", "~", "10000", "*", "m", text});
    commands_->send({"PUBLISH", key("notices:" + generation_), text});
  } while (!unsaid_.empty());
}

void Fleet::note_sweeps() {
  while (!unswept_.empty()) {
    const std::optional<purge::LogEntry> entry = store_.purges().find(unswept_.front());
    if (entry && !entry->swept) return;
    if (entry) {
      unsaid_.push_back({unswept_.front(), purge::part_of(*entry, self_.name, self_.role)});
    }
    unswept_.pop_front();
  }
}

}  // namespace seawall::cluster
