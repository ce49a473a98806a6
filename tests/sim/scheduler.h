// Virtual time: a queue of events in the order of their times, and of their making where those are
// equal. Nothing else moves the clock.
#pragma once

#include <functional>
#include <queue>
#include <vector>

#include "common/base/time.h"

namespace seawall::sim {

class Scheduler {
 public:
  static constexpr MonoTime kStart{std::chrono::seconds(1000)};

  MonoTime now() const { return now_; }
  // The real time in this world: what every clock shows that nobody has moved.
  WallTime wall_now() const {
    return WallTime(std::chrono::seconds(1'700'000'000)) +
           std::chrono::duration_cast<Millis>(now_ - kStart);
  }
  uint64_t steps() const { return steps_; }

  void at(MonoTime time, std::function<void()> event) {
    queue_.push({std::max(time, now_), next_++, std::move(event)});
  }
  void after(Micros delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }
  // Runs the next event if it comes before `end`; false: time is `end` now.
  bool step(MonoTime end) {
    if (queue_.empty() || queue_.top().time > end) {
      now_ = end;
      return false;
    }
    // The queue shows its top as const since its order must not change: the event is no part of it.
    const std::function<void()> event = std::move(const_cast<Event&>(queue_.top()).run);
    now_ = queue_.top().time;
    queue_.pop();
    ++steps_;
    event();
    return true;
  }

 private:
  struct Event {
    MonoTime time;
    uint64_t number;
    std::function<void()> run;
    bool operator<(const Event& o) const {  // the queue's top is its greatest
      return time != o.time ? time > o.time : number > o.number;
    }
  };
  MonoTime now_ = kStart;
  uint64_t next_ = 0;
  uint64_t steps_ = 0;
  std::priority_queue<Event> queue_;
};

}  // namespace seawall::sim
