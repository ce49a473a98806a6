#include "common/upstream/slots.h"

namespace seawall::upstream {

bool Slots::take(Waiter& own, bool granted) {
  if (granted && own.has_slot()) {
    own.granted_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  const std::lock_guard lock(mutex_);
  if (is_full()) {
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  in_use_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Slots::take_anyway() {
  const std::lock_guard lock(mutex_);
  in_use_.fetch_add(1, std::memory_order_relaxed);
}

bool Slots::give_back(const Waiter& own) {
  const std::lock_guard lock(mutex_);
  // More in use than may be: a reload has lowered the limit, or it is probed.
  Waiter* const next = in_use() > limit() ? nullptr : line_.pop_front();
  if (!next) {
    in_use_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  next->granted_.fetch_add(1, std::memory_order_relaxed);
  if (next == &own) return true;
  next->waker_.wake();
  return false;
}

bool Slots::wait(Waiter& own) {
  const std::lock_guard lock(mutex_);
  if (own.linked()) return false;
  line_.push_back(own);
  return true;
}

void Slots::leave(Waiter& own) {
  {
    const std::lock_guard lock(mutex_);
    own.unlink();
  }
  while (decline(own)) {
  }
}

bool Slots::decline(Waiter& own) {
  if (!own.has_slot()) return false;
  own.granted_.fetch_sub(1, std::memory_order_relaxed);
  give_back(own);
  return true;
}

}  // namespace seawall::upstream
