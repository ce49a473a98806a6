#include "common/server/sweeper.h"

#include <chrono>

namespace seawall::server {
namespace {

constexpr size_t kStep = 128;  // places between two looks at the clock: well under kSlice
constexpr Seconds kDropEvery{1};

}  // namespace

void Sweeper::on_timer() {
  if (cursor_.running || store_.purges().needs_sweep()) slice();
  if (loop_.now() - dropped_at_ >= kDropEvery) {
    dropped_at_ = loop_.now();
    store_.purges().swept(0, loop_.wall_now());  // what has become old enough goes
  }
  loop_.set_timer(timer_, cursor_.running ? kPause : kIdle);
}

// The loop's clock stands still within a turn.
void Sweeper::slice() {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + kSlice;
  while (store_.sweep(cursor_, kStep, loop_.wall_now()) && Clock::now() < end) {
  }
}

}  // namespace seawall::server
