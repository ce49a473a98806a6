// The background sweep: visits every stored object in slices when something was purged, so that its
// memory comes back and the purge log can let entries go. On one loop of the node.
#pragma once

#include "common/net/loop.h"
#include "common/store/store.h"

namespace seawall::server {

class Sweeper {
 public:
  // What it takes of its loop's thread: a share of the time since the last slice, and never more
  // than kSlice (and one step) at once.
  static constexpr int kPercent = 3;
  static constexpr Micros kSlice{1000};
  static constexpr Millis kPause{1};   // that is the next tick of the timers
  static constexpr Millis kIdle{100};  // how soon it sees that there is something to do

  Sweeper(net::Loop& loop, store::Store& store) : loop_(loop), store_(store) {}
  void start() { loop_.set_timer(timer_, kIdle); }

 private:
  void on_timer();
  void slice();

  net::Loop& loop_;
  store::Store& store_;
  store::SweepCursor cursor_;
  MonoTime sliced_at_{};
  MonoTime dropped_at_{};
  net::Timer timer_ = net::Timer::to<&Sweeper::on_timer>(this);
};

}  // namespace seawall::server
