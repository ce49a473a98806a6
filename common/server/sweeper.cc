#include "common/server/sweeper.h"

#include <algorithm>
#include <ctime>

namespace seawall::server {
namespace {

constexpr size_t kStep = 64;  // places between two looks at the clock: well under kSlice
constexpr Seconds kDropEvery{1};

// What the thread has worked: on a busy machine it is not charged for what others take.
Micros worked() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return Micros(int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000);
}

}  // namespace

void Sweeper::on_timer() {
  if (cursor_.running || store_.purges().needs_sweep()) slice();
  if (loop_.now() - dropped_at_ >= kDropEvery) {
    dropped_at_ = loop_.now();
    store_.purges().swept(0, loop_.wall_now());  // what has become old enough goes
  }
  loop_.set_timer(timer_, cursor_.running ? kPause : kIdle);
}

void Sweeper::slice() {
  const Micros share = (loop_.now() - sliced_at_) * kPercent / 100;
  sliced_at_ = loop_.now();
  const Micros end = worked() + std::min(share, kSlice);
  while (store_.sweep(cursor_, kStep, loop_.wall_now()) && worked() < end) {
  }
}

}  // namespace seawall::server
