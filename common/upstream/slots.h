// The circuit breaker of one server: how many connections to it all loops of a node use at once
// (over HTTP/1.1 that is as many requests), and which loops wait for one. What is given back goes
// to the loop that has waited longest, so that one with much to do does not keep all for itself.
// Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "common/base/intrusive_list.h"
#include "common/base/waker.h"

namespace seawall::upstream {

class Slots {
 public:
  // A loop's place in the line for one server. Lives on that loop.
  class Waiter : private ListNode {
   public:
    // `waker` is told when a slot was set aside for the loop.
    explicit Waiter(Waker& waker) : waker_(waker) {}
    bool has_slot() const { return granted_.load(std::memory_order_relaxed) > 0; }

   private:
    friend class Slots;
    friend class IntrusiveList<Waiter>;
    Waker& waker_;
    std::atomic<int> granted_{0};
  };

  explicit Slots(int limit) : limit_(limit) {}
  void set_limit(int limit) { limit_.store(limit, std::memory_order_relaxed); }
  int limit() const { return limit_.load(std::memory_order_relaxed); }
  int in_use() const { return in_use_.load(std::memory_order_relaxed); }
  bool is_full() const { return in_use() >= limit(); }  // as of just now
  // How often a request found no slot.
  uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

  // One that is free, or, where `granted`, what was set aside for `own`. False: there is none.
  bool take(Waiter& own, bool granted = true);
  // One above the limit if need be.
  void take_anyway();
  // True: it went to `own` again, who is not woken. Somebody else is.
  bool give_back(const Waiter& own);
  // Joins the line; one slot leaves it again. False: it stands there already. Slots that came free
  // before it joined went past it, so look once more after that.
  bool wait(Waiter& own);
  // Before it dies: out of the line, and what was set aside for it goes to others.
  void leave(Waiter& own);
  // A slot that was set aside for `own` goes to others. False: there was none.
  bool decline(Waiter& own);

 private:
  std::atomic<int> limit_;
  std::atomic<int> in_use_{0};  // those set aside included; written under the lock
  std::atomic<uint64_t> refusals_{0};
  std::mutex mutex_;
  IntrusiveList<Waiter> line_;
};

}  // namespace seawall::upstream
