// How pure code wakes a loop: one-shot, thread-safe, never runs the woken code itself.
#pragma once

namespace seawall {

class Waker {
 public:
  // May be called from any thread, also more than once: the woken side looks for itself what is
  // new.
  virtual void wake() = 0;

 protected:
  ~Waker() = default;
};

}  // namespace seawall
