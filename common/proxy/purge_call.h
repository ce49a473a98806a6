// One purge order carried out: on every server of the shield groups first, so that nothing refills
// from an old copy, then here. A shield that can't be reached, or not in time, is asked again by
// the worker's queue; until it has acknowledged, the log knows what it lacks (purge/debts.h).
//
// Once started it takes effect here whatever becomes of who asked: at the latest when it is
// destroyed.
#pragma once

#include <memory>
#include <vector>

#include "common/proxy/purge_count.h"
#include "common/proxy/purge_receipts.h"
#include "common/proxy/shield_order.h"

namespace seawall::proxy {

struct PurgePlan {
  purge::Order order;
  std::vector<ShieldServer> shields;
  bool wait = true;      // for the shields
  Millis timeout{5000};  // so long
};

class PurgeCall {
 public:
  // `done` is posted when finished() says true, never before start() has returned.
  PurgeCall(Worker& worker, PurgePlan plan, net::PostedTask& done);
  ~PurgeCall();
  void start();
  bool finished() const;
  // Takes effect here, once. kOverload: the log is full; kInvalid: there is nothing to take back,
  // or nothing known of that purge.
  Result<PurgeReceipt> finish();

 private:
  void on_timer();
  Result<uint64_t> apply();
  Result<PurgeReceipt> receipt(uint64_t number) const;
  void queue_what_is_owed(uint64_t number);

  Worker& worker_;
  net::PostedTask& done_;
  PurgePlan plan_;
  std::vector<std::unique_ptr<ShieldOrder>> orders_;
  std::unique_ptr<PurgeCount> count_;
  bool started_ = false;
  bool timed_out_ = false;
  bool applied_ = false;
  MonoTime started_at_{};
  net::Timer timer_ = net::Timer::to<&PurgeCall::on_timer>(this);
};

}  // namespace seawall::proxy
