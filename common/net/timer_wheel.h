// Timers for tens of thousands of connections: a hashed wheel of intrusive timers with lazy
// deadlines. Moving a deadline to later, or cancelling, is one store; the timer is put into its new
// slot when its old one comes up. Pure: `now` is an argument. One loop, one wheel, one thread.
//
// A timer never fires early, and late by at most one tick (16.4 ms) plus what the loop is behind.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/intrusive_list.h"
#include "common/base/time.h"

namespace seawall::net {

class TimerWheel;

// Owned by its user; leaves its wheel when it dies. 48 bytes.
class Timer : private ListNode {
 public:
  using Callback = void (*)(void* context);
  Timer(Callback callback, void* context) : callback_(callback), context_(context) {}
  // Timer idle_ = Timer::to<&Connection::on_idle>(this);
  template <auto kMethod, class T>
  static Timer to(T* owner) {
    return Timer([](void* context) { (static_cast<T*>(context)->*kMethod)(); }, owner);
  }

  // Does nothing to a timer that is not set.
  void cancel() { deadline_ = kNever; }
  bool is_set() const { return deadline_ != kNever; }
  MonoTime deadline() const { return deadline_; }  // only if set

 private:
  friend class TimerWheel;
  friend class IntrusiveList<Timer>;
  static constexpr MonoTime kNever = MonoTime::max();

  MonoTime deadline_ = kNever;
  int64_t slot_tick_ = 0;  // while linked: the tick at which the wheel looks at it
  Callback callback_;
  void* context_;
};
static_assert(sizeof(Timer) <= 48);

class TimerWheel {
 public:
  explicit TimerWheel(MonoTime now) : tick_(floor_tick(now)), next_tick_(kNoTick) {}

  // Sets or moves the timer. A deadline in the past fires at the next advance() to a later tick.
  void set(Timer& timer, MonoTime deadline) {
    timer.deadline_ = deadline;
    if (timer.linked() && ceil_tick(deadline) >= timer.slot_tick_) return;
    insert(timer);
  }
  // Fires what is due. A callback may set, cancel and destroy any timer, its own included.
  void advance(MonoTime now);
  // When advance() has something to look at next; nothing if the wheel is empty. May be too early
  // (a deadline that moved), never too late.
  std::optional<MonoTime> next_due() const;

 private:
  static constexpr int kTickShift = 14;  // 2^14 µs
  static constexpr int64_t kSlots = 1024;
  static constexpr int64_t kNoTick = INT64_MAX;
  static int64_t floor_tick(MonoTime t) { return t.time_since_epoch().count() >> kTickShift; }
  static int64_t ceil_tick(MonoTime t) { return (t.time_since_epoch().count() >> kTickShift) + 1; }
  void insert(Timer& timer);
  void visit(size_t slot);
  int64_t find_next_tick() const;

  int64_t tick_;       // all slots up to this one have been visited
  int64_t next_tick_;  // no non-empty slot comes before it
  std::array<uint64_t, kSlots / 64> occupied_{};
  std::array<IntrusiveList<Timer>, kSlots> slots_;
};

}  // namespace seawall::net
