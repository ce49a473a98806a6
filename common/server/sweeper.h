// The background sweep: visits every stored object in slices when something was purged, so that its
// memory comes back and the purge log can let entries go. On one loop of the node.
#pragma once

#include "common/net/loop.h"
#include "common/store/store.h"

namespace seawall::server {

class Sweeper {
 public:
  // Of its loop's thread it takes at most kSlice in each kPause (and one step): 4.5%.
  static constexpr Micros kSlice{450};
  static constexpr Millis kPause{10};
  static constexpr Millis kIdle{100};  // how soon it sees that there is something to do

  Sweeper(net::Loop& loop, store::Store& store) : loop_(loop), store_(store) {}
  void start() { loop_.set_timer(timer_, kIdle); }

 private:
  void on_timer();
  void slice();

  net::Loop& loop_;
  store::Store& store_;
  store::SweepCursor cursor_;
  MonoTime dropped_at_{};
  net::Timer timer_ = net::Timer::to<&Sweeper::on_timer>(this);
};

}  // namespace seawall::server
