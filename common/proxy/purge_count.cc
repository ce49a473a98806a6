#include "common/proxy/purge_count.h"

#include <chrono>

namespace seawall::proxy {
namespace {

constexpr size_t kStep = 128;  // places between two looks at the clock

}  // namespace

PurgeCount::PurgeCount(net::Loop& loop, store::Store& store, purge::Purge purge,
                       net::PostedTask& done)
    : loop_(loop), store_(store), done_(done) {
  // It has a target and an id, and room: nothing to refuse.
  [[maybe_unused]] const auto number = trial_.append(std::move(purge), loop_.wall_now());
}

// The loop's clock stands still within a turn.
void PurgeCount::on_timer() {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + kSlice;
  while (store_.count(trial_, cursor_, kStep, loop_.wall_now(), counted_)) {
    if (Clock::now() >= end) return loop_.set_timer(timer_, kPause);
  }
  finished_ = true;
  done_.post();
}

}  // namespace seawall::proxy
