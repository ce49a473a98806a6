// One purge that its acceptor waits for: from Fleet::submit(), shared by the fleet's loop and the
// one that asked.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "common/base/waker.h"

namespace seawall::cluster {

class Ticket {
 public:
  Ticket(std::string id, Waker& done) : id_(std::move(id)), done_(&done) {}

  // All have acknowledged it, or nobody is worth waiting for; Fleet::status() tells.
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  // The asker has lost interest: `done` is not woken any more.
  void detach() {
    std::lock_guard lock(mutex_);
    done_ = nullptr;
  }
  void finish() {
    finished_.store(true, std::memory_order_release);
    std::lock_guard lock(mutex_);
    if (done_) done_->wake();
  }
  const std::string& id() const { return id_; }

 private:
  const std::string id_;
  std::atomic<bool> finished_{false};
  std::mutex mutex_;
  Waker* done_;
};

}  // namespace seawall::cluster
