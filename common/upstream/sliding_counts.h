// Two numbers of the last while, in ten slots: what is older than the window has no weight, to a
// tenth of it. Plain values; `now` is an argument and never goes back.
#pragma once

#include <array>
#include <cstdint>

#include "common/base/time.h"

namespace seawall::upstream {

class SlidingCounts {
 public:
  struct Sums {
    uint64_t all = 0;
    uint64_t marked = 0;
  };

  explicit SlidingCounts(Millis window) : slot_time_(Micros(window) / kSlots) {
    if (slot_time_ <= Micros(0)) slot_time_ = Micros(1);
  }
  void add(MonoTime now, uint64_t all, uint64_t marked) {
    advance(now);
    Sums& slot = slots_[static_cast<size_t>(current_ % kSlots)];
    slot.all += all;
    slot.marked += marked;
    sums_.all += all;
    sums_.marked += marked;
  }
  Sums sums(MonoTime now) {
    advance(now);
    return sums_;
  }
  void clear() {
    slots_ = {};
    sums_ = {};
  }

 private:
  static constexpr int64_t kSlots = 10;

  void advance(MonoTime now) {
    const int64_t slot = now.time_since_epoch() / slot_time_;
    if (slot - current_ >= kSlots) {
      clear();
      current_ = slot;
    }
    while (current_ < slot) {
      Sums& oldest = slots_[static_cast<size_t>(++current_ % kSlots)];
      sums_.all -= oldest.all;
      sums_.marked -= oldest.marked;
      oldest = {};
    }
  }

  Micros slot_time_;
  std::array<Sums, kSlots> slots_{};
  Sums sums_;
  int64_t current_ = 0;
};

}  // namespace seawall::upstream
