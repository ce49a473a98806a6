// Invariant: a linked timer is in slot (slot_tick_ mod kSlots), and slot_tick_ lies in
// (tick_, tick_ + kSlots): later deadlines are looked at once per rotation (16.8 s) and put back.
// During advance(), tick_ is the new tick already, so that what callbacks set comes strictly later.
#include "common/net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace seawall::net {

void TimerWheel::insert(Timer& timer) {
  timer.unlink();
  timer.slot_tick_ = std::clamp(ceil_tick(timer.deadline_), tick_ + 1, tick_ + kSlots - 1);
  const auto slot = static_cast<size_t>(timer.slot_tick_ & (kSlots - 1));
  slots_[slot].push_back(timer);
  occupied_[slot / 64] |= uint64_t{1} << (slot % 64);
  next_tick_ = std::min(next_tick_, timer.slot_tick_);
}

void TimerWheel::advance(MonoTime now) {
  const int64_t from = tick_;
  const int64_t to = floor_tick(now);
  if (to <= from) return;
  tick_ = to;
  if (to < next_tick_) return;
  const int64_t first = next_tick_;
  const int64_t last = std::min(to, from + kSlots);
  next_tick_ = to + 1;  // what callbacks set can't be earlier
  for (int64_t tick = first; tick <= last; ++tick) {
    const auto slot = static_cast<size_t>(tick & (kSlots - 1));
    if (occupied_[slot / 64] >> (slot % 64) & 1) visit(slot);
  }
  next_tick_ = find_next_tick();
}

void TimerWheel::visit(size_t slot) {
  IntrusiveList<Timer>& timers = slots_[slot];
  Timer end_of_visit(nullptr, nullptr);  // what callbacks put into this slot comes behind it
  timers.push_back(end_of_visit);
  while (Timer* timer = timers.pop_front()) {
    if (timer == &end_of_visit) break;
    if (timer->slot_tick_ > tick_) {
      timers.push_back(*timer);  // of the next rotation
    } else if (timer->is_set() && ceil_tick(timer->deadline_) <= tick_) {
      timer->cancel();
      timer->callback_(timer->context_);  // may have destroyed it
    } else if (timer->is_set()) {
      insert(*timer);
    }
  }
  if (timers.empty()) occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
}

int64_t TimerWheel::find_next_tick() const {
  const int64_t begin = tick_ + 1;
  for (int64_t offset = 0; offset < kSlots;) {
    const auto slot = static_cast<size_t>((begin + offset) & (kSlots - 1));
    const uint64_t rest = occupied_[slot / 64] >> (slot % 64);
    if (rest != 0) return begin + offset + std::countr_zero(rest);
    offset += static_cast<int64_t>(64 - slot % 64);
  }
  return kNoTick;
}

std::optional<MonoTime> TimerWheel::next_due() const {
  if (next_tick_ == kNoTick) return std::nullopt;
  return MonoTime(Micros(next_tick_ << kTickShift));
}

}  // namespace seawall::net
