// A dry run: counts what a purge would hit, in slices between which the loop does its work.
#pragma once

#include "common/net/loop.h"
#include "common/store/store.h"

namespace seawall::proxy {

class PurgeCount {
 public:
  // Of a loop's time at most kSlice in each kPause (plus one step): 20%.
  static constexpr Micros kSlice{2000};
  static constexpr Millis kPause{8};

  // `done` is posted when finished() says true, never before start() has returned.
  PurgeCount(net::Loop& loop, store::Store& store, purge::Purge purge, net::PostedTask& done);
  void start() { loop_.set_timer(timer_, Millis(0)); }
  bool finished() const { return finished_; }
  const store::Counted& counted() const { return counted_; }

 private:
  void on_timer();

  net::Loop& loop_;
  store::Store& store_;
  purge::PurgeLog trial_;
  net::PostedTask& done_;
  store::CountCursor cursor_;
  store::Counted counted_;
  bool finished_ = false;
  net::Timer timer_ = net::Timer::to<&PurgeCount::on_timer>(this);
};

}  // namespace seawall::proxy
