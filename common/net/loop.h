// A loop: one thread's clock, timers, run queue, scratch memory, and way to the network. All the
// connections of a worker live on it. This class is the part without I/O; UvLoop (uv_loop.h) runs
// it over libuv, a simulation over a manual clock.
//
// A turn is: wait for I/O, its callbacks, deferred tasks, turn-end tasks. All calls belong to the
// loop's thread unless they say otherwise.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "common/base/time.h"
#include "common/net/address.h"
#include "common/net/stream.h"
#include "common/net/task.h"
#include "common/net/timer_wheel.h"

namespace seawall::net {

// One buffer of each kind per loop, allocated at first use. Contents are valid only until the
// function that filled it returns to the loop: no connection owns read memory while it is idle.
enum class Scratch : uint8_t {
  kRead,       // what a socket read fills and on_data() shows
  kPlaintext,  // TLS: decrypted kRead plus one record
  kRecord,     // TLS: small pieces gathered into one record
  kCipher,     // TLS: records on their way to the socket
};

class Loop {
 public:
  static constexpr size_t kReadBytes = 64 * 1024;
  static constexpr size_t kScratchBytes = 96 * 1024;  // of the other kinds

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  // Read once per turn, at the first call.
  MonoTime now() {
    if (!clock_is_fresh_) refresh_clock();
    return now_;
  }
  WallTime wall_now() {
    if (!clock_is_fresh_) refresh_clock();
    return wall_now_;
  }

  TimerWheel& timers() { return timers_; }
  // Sets `timer` to fire `delay` from now().
  void set_timer(Timer& timer, Millis delay) { timers_.set(timer, now() + delay); }

  // Runs the task after this turn's I/O callbacks; what a task defers runs in the next turn, and
  // the loop does not sleep before. Does nothing if the task is queued.
  void defer(Task& task) {
    if (!task.linked()) deferred_.push_back(task);
  }
  // Runs the task once at the end of this turn, after the deferred ones: where connections write
  // what they gathered. Does nothing if the task is queued.
  void on_turn_end(Task& task) {
    if (!task.linked()) turn_end_.push_back(task);
  }
  // Any thread: runs `function` on the loop. Allocates; for reload and the like (else PostedTask).
  // Not run if the loop ends before.
  void call(std::function<void()> function);

  // Starts a TCP connection: see connect_tcp() in tcp_stream.h.
  virtual std::unique_ptr<Stream> connect(const Address& to, StreamHandler* handler) = 0;

  // 64 unpredictable bits, for names that must not come twice and for spreading what would
  // coincide. A system call at most.
  virtual uint64_t random() = 0;

  std::span<char> scratch(Scratch kind);

 protected:
  explicit Loop(MonoTime now) : timers_(now), now_(now) {}

  // For the one who drives the turns.
  virtual void read_clock(MonoTime& now, WallTime& wall) = 0;
  // Any thread: makes the loop take_posted() soon.
  virtual void wake() = 0;
  void clock_is_stale() { clock_is_fresh_ = false; }
  void take_posted();
  void run_tasks();  // deferred, then turn end
  bool has_tasks() const { return local_count_ > 0 || !deferred_.empty() || !turn_end_.empty(); }
  // To be called by the thread that turns the loop, before it does.
  void bind_to_thread() { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }

 private:
  friend class PostedTask;
  void refresh_clock();
  void run_local_posted();
  void post(PostedTask& task);
  void cancel(PostedTask& task);

  TimerWheel timers_;
  std::atomic<std::thread::id> thread_{};
  IntrusiveList<PostedTask> local_posted_;  // by the loop's own thread
  size_t local_count_ = 0;
  IntrusiveList<Task> deferred_;
  IntrusiveList<Task> turn_end_;
  MonoTime now_;
  WallTime wall_now_{};
  bool clock_is_fresh_ = false;
  std::array<std::unique_ptr<char[]>, 4> scratch_;

  std::mutex posted_mutex_;  // guards the three below, and PostedTask::posted_
  IntrusiveList<PostedTask> posted_;
  size_t posted_count_ = 0;
  std::vector<std::function<void()>> calls_;
};

}  // namespace seawall::net
