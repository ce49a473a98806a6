#include "common/proxy/purge_call.h"

#include <algorithm>

#include "common/proxy/purge_desk.h"

namespace seawall::proxy {

using Verb = purge::Order::Verb;

PurgeCall::PurgeCall(Worker& worker, PurgePlan plan, net::PostedTask& done)
    : worker_(worker), done_(done), plan_(std::move(plan)) {
  const purge::Order& order = plan_.order;
  if (order.verb == Verb::kCount) {
    count_ = std::make_unique<PurgeCount>(worker_.loop(), worker_.store(), order.purge, done_);
  }
  if (plan_.shields.empty()) return;
  const auto text = std::make_shared<const std::string>(purge::write_order(order));
  for (const ShieldServer& server : plan_.shields) {
    orders_.push_back(std::make_unique<ShieldOrder>(worker_, server, text));
    orders_.back()->id = order.purge.id;
  }
}

PurgeCall::~PurgeCall() {
  if (ticket_) ticket_->detach();
  if (started_ && !finished_ && changes_anything()) (void)finish();
}

bool PurgeCall::changes_anything() const {
  return plan_.order.verb == Verb::kPurge || plan_.order.verb == Verb::kUndo;
}

void PurgeCall::start() {
  started_ = true;
  started_at_ = worker_.loop().now();
  if (count_) count_->start();
  if (!plan_.wait) timed_out_ = true;
  if (plan_.fleet && changes_anything()) {
    number_ = apply();
    if (!number_->ok()) return done_.post();
    ticket_ = plan_.fleet->submit(plan_.order, started_at_, done_);
  }
  for (const auto& order : orders_) order->start(done_);
  if (finished()) {
    done_.post();
  } else if (plan_.wait) {
    worker_.loop().set_timer(timer_, plan_.timeout);
  }
}

void PurgeCall::on_timer() {
  timed_out_ = true;
  done_.post();
}

bool PurgeCall::finished() const {
  if (count_ && !count_->finished()) return false;
  if (timed_out_ || (number_ && !number_->ok())) return true;
  if (ticket_ && !ticket_->finished()) return false;
  return std::all_of(orders_.begin(), orders_.end(), [](const auto& o) { return o->finished(); });
}

Result<PurgeReceipt> PurgeCall::finish() {
  finished_ = true;
  timer_.cancel();
  if (ticket_) ticket_->detach();
  if (!number_) number_ = apply();
  const Result<uint64_t>& number = *number_;
  if (!number) return number.error();
  Result<PurgeReceipt> done = receipt(*number);
  if (changes_anything()) {
    if (done && worker_.purge_desk()) worker_.purge_desk()->receipts().put(*done);
    queue_what_is_owed(*number);
  }
  return done;
}

// The number of its entry; 0 where there is none to be made.
Result<uint64_t> PurgeCall::apply() {
  purge::PurgeLog& log = worker_.store().purges();
  const purge::Order& order = plan_.order;
  const WallTime now = worker_.loop().wall_now();
  if (order.verb == Verb::kUndo) return log.undo(order.undo_of, order.purge.id, now);
  if (order.verb != Verb::kPurge) return uint64_t{0};
  std::vector<std::string> lacking;
  for (const auto& shield : orders_) {
    if (!shield->acknowledged()) lacking.push_back(shield->server().name());
  }
  const Result<uint64_t> number = worker_.store().apply_purge(order.purge, now, lacking);
  if (number) worker_.counters().purges.add();
  return number;
}

Result<PurgeReceipt> PurgeCall::receipt(uint64_t number) const {
  const purge::Order& order = plan_.order;
  PurgeReceipt receipt;
  receipt.id = order.purge.id;
  receipt.mode = order.purge.mode;
  if (count_) {
    receipt.dry_run = true;
    receipt.own.node = worker_.node().name;
    receipt.own.role = word(worker_.node().tier);
    receipt.own.amount = count_->counted().amount;
    receipt.own.swept = true;
    receipt.requests_per_second = static_cast<double>(count_->counted().requests) / 60;
  } else {
    const std::optional<purge::LogEntry> entry = worker_.store().purges().find(order.purge.id);
    if (!entry) return Error{ErrorCode::kInvalid, Side::kViewer, true, "no purge has that id"};
    receipt.number = number ? number : entry->number;
    receipt.time = entry->time;
    receipt.mode = entry->purge.mode;
    receipt.undo_of = entry->undo_of;
    receipt.own = part_of(*entry, worker_.node().name, word(worker_.node().tier));
  }
  if (plan_.fleet && !count_) {
    receipt.fleet = plan_.fleet->status(order.purge.id);
    receipt.in_fleet = true;  // what the fleet does not know (yet, or any more) is not complete
  }
  const Micros took = worker_.loop().now() - started_at_;
  receipt.own.ms = std::chrono::duration<double, std::milli>(took).count();
  for (const auto& shield : orders_) {
    PurgeReceipt::Shield& part = receipt.shields.emplace_back();
    part.server = shield->server().name();
    part.acknowledged = shield->acknowledged();
    part.ms = shield->ms();
    part.parts = shield->parts();
    for (purge::NodePart& p : part.parts) p.ms = part.ms;
  }
  return receipt;
}

void PurgeCall::queue_what_is_owed(uint64_t number) {
  if (plan_.order.verb == Verb::kUndo) worker_.order_queue().forget(plan_.order.undo_of);
  for (auto& shield : orders_) {
    if (shield->acknowledged()) {
      worker_.store().purges().debts().paid(shield->server().name(), number);
      continue;
    }
    if (plan_.order.verb == Verb::kPurge) shield->number = number;
    worker_.order_queue().add(std::move(shield));
  }
  std::erase(orders_, nullptr);
}

}  // namespace seawall::proxy
