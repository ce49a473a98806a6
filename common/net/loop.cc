#include "common/net/loop.h"

#include <utility>

namespace seawall::net {
namespace {

struct EndOfTurn final : Task {
  void run() override {}
};

// What a task puts into the list comes behind the mark, and waits for the next turn.
void run_all(IntrusiveList<Task>& tasks) {
  if (tasks.empty()) return;
  EndOfTurn mark;
  tasks.push_back(mark);
  for (Task* task = tasks.pop_front(); task && task != &mark; task = tasks.pop_front()) task->run();
}

}  // namespace

void PostedTask::post() { loop_.post(*this); }
void PostedTask::cancel() { loop_.cancel(*this); }

Loop::~Loop() = default;

void Loop::refresh_clock() {
  read_clock(now_, wall_now_);
  clock_is_fresh_ = true;
}

std::span<char> Loop::scratch(Scratch kind) {
  std::unique_ptr<char[]>& buffer = scratch_[static_cast<size_t>(kind)];
  const size_t size = kind == Scratch::kRead ? kReadBytes : kScratchBytes;
  if (!buffer) buffer.reset(new char[size]);
  return {buffer.get(), size};
}

void Loop::run_tasks() {
  run_local_posted();
  run_all(deferred_);
  run_all(turn_end_);
}

// What was posted when this began: what these post comes in the next turn.
void Loop::run_local_posted() {
  for (size_t n = local_count_; n > 0; --n) {
    PostedTask* task = local_posted_.pop_front();
    if (!task) return;
    --local_count_;
    task->local_ = false;
    task->posted_.exchange(false);  // reads, too: what a post() found queued is seen by run()
    task->run();
  }
}

// On the loop's own thread it needs neither lock nor system call.
void Loop::post(PostedTask& task) {
  if (std::this_thread::get_id() == thread_.load(std::memory_order_relaxed)) {
    if (task.posted_.exchange(true)) return;
    task.local_ = true;
    local_posted_.push_back(task);
    ++local_count_;
    return;
  }
  {
    const std::lock_guard lock(posted_mutex_);
    if (task.posted_.exchange(true)) return;
    posted_.push_back(task);
    ++posted_count_;
  }
  wake();
}

void Loop::cancel(PostedTask& task) {
  if (task.local_) {
    task.local_ = false;
    task.unlink();
    --local_count_;
    task.posted_ = false;  // last: from here on another thread may put it into posted_
    return;
  }
  // Nobody can post it any more (see PostedTask), so it stays out once it is out.
  if (!task.posted_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(posted_mutex_);
  if (!task.posted_) return;
  task.posted_ = false;
  task.unlink();
  --posted_count_;
}

void Loop::call(std::function<void()> function) {
  {
    const std::lock_guard lock(posted_mutex_);
    calls_.push_back(std::move(function));
  }
  wake();
}

void Loop::take_posted() {
  std::vector<std::function<void()>> calls;
  size_t tasks = 0;
  {
    const std::lock_guard lock(posted_mutex_);
    calls.swap(calls_);
    tasks = posted_count_;
  }
  for (std::function<void()>& call : calls) call();
  // One at a time, since a task may cancel others; what is posted meanwhile has woken the loop
  // again.
  for (; tasks > 0; --tasks) {
    Task* task = nullptr;
    {
      const std::lock_guard lock(posted_mutex_);
      PostedTask* posted = posted_.pop_front();
      if (!posted) return;
      posted->posted_ = false;
      --posted_count_;
      task = posted;
    }
    task->run();
  }
}

}  // namespace seawall::net
