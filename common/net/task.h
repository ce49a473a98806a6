// Units of deferred work, run by a Loop (loop.h) on its thread. Intrusive: queueing allocates
// nothing, and a task that dies leaves its queue.
#pragma once

#include <atomic>

#include "common/base/intrusive_list.h"
#include "common/base/waker.h"

namespace seawall::net {

class Loop;

// For Loop::defer() and Loop::on_turn_end(). Lives on the loop's thread; unlink() takes it back.
class Task : public ListNode {
 public:
  virtual void run() = 0;

 protected:
  ~Task() = default;
};

// A task that any thread may post to its loop. Constructed, run and destroyed on the loop's thread
// (or while the loop does not run). Posting one that is queued already does nothing; a post() that
// comes while run() is under way queues it again, so no wake-up is lost.
//
// Its owner makes sure that no other thread still calls post() when it is destroyed (it takes the
// pointer out of whatever list others find it by, under that list's lock); a post that has already
// happened is taken back by the destructor.
class PostedTask : public Task, public Waker {
 public:
  explicit PostedTask(Loop& loop) : loop_(loop) {}
  virtual ~PostedTask() { cancel(); }
  void post();  // any thread
  void wake() override { post(); }
  void cancel();  // the loop's thread

 private:
  friend class Loop;
  Loop& loop_;
  std::atomic<bool> posted_{false};  // in a list of the loop
  bool local_ = false;               // the loop's thread: it is in local_posted_
};

}  // namespace seawall::net
