// One purge order carried out: on every server of the shield groups first, so that nothing refills
// from an old copy, then here. A shield that can't be reached, or not in time, is asked again by
// the worker's queue; until it has acknowledged, the log knows what it lacks (purge/debts.h).
//
// In a fleet it takes effect here at once, all shields being owed it, and is handed to the fleet,
// whose nodes (this one among them) apply it again at its place in the stream.
//
// Once started it takes effect here whatever becomes of who asked: at the latest when it is
// destroyed.
#pragma once

#include <memory>
#include <vector>

#include "common/cluster/fleet.h"
#include "common/proxy/purge_count.h"
#include "common/proxy/purge_receipts.h"
#include "common/proxy/shield_order.h"

namespace seawall::proxy {

struct PurgePlan {
  purge::Order order;
  std::vector<ShieldServer> shields;
  cluster::Fleet* fleet = nullptr;  // whose nodes get it, too
  bool wait = true;                 // for shields and fleet
  Millis timeout{5000};             // so long
};

class PurgeCall {
 public:
  // `done` is posted when finished() says true, never before start() has returned.
  PurgeCall(Worker& worker, PurgePlan plan, net::PostedTask& done);
  ~PurgeCall();
  void start();
  bool finished() const;
  // Has taken effect here, once. kOverload: the log is full; kInvalid: there is nothing to take
  // back, or nothing known of that purge.
  Result<PurgeReceipt> finish();

 private:
  void on_timer();
  Result<uint64_t> apply();
  bool changes_anything() const;
  Result<PurgeReceipt> receipt(uint64_t number) const;
  void queue_what_is_owed(uint64_t number);

  Worker& worker_;
  net::PostedTask& done_;
  PurgePlan plan_;
  std::vector<std::unique_ptr<ShieldOrder>> orders_;
  std::unique_ptr<PurgeCount> count_;
  bool started_ = false;
  bool timed_out_ = false;
  std::shared_ptr<cluster::Ticket> ticket_;
  std::optional<Result<uint64_t>> number_;  // once it has taken effect here
  bool finished_ = false;
  MonoTime started_at_{};
  net::Timer timer_ = net::Timer::to<&PurgeCall::on_timer>(this);
};

}  // namespace seawall::proxy
