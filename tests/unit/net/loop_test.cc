#include "common/net/loop.h"

#include <atomic>
#include <csignal>
#include <thread>

#include "catch.h"
#include "common/net/rlimit.h"
#include "common/net/signals.h"
#include "tests/unit/net/driver.h"

namespace seawall::net {
namespace {

struct Call final : Task {
  explicit Call(std::function<void()> f) : function(std::move(f)) {}
  void run() override { function(); }
  std::function<void()> function;
};

struct Wakeup final : PostedTask {
  Wakeup(Loop& loop, std::function<void()> f) : PostedTask(loop), function(std::move(f)) {}
  void run() override { function(); }
  std::function<void()> function;
};

TEST_CASE("deferred tasks run after the turn's events, turn-end tasks after them") {
  UvLoop loop;
  std::string order;
  Call flush([&] { order += 'f'; });
  Call a([&] { order += 'a'; });
  Call b([&] { order += 'b'; });
  loop.on_turn_end(flush);
  loop.on_turn_end(flush);  // once is enough
  loop.defer(a);
  loop.defer(b);
  loop.run_turn();
  CHECK(order == "abf");
  run_ready(loop);
  CHECK(order == "abf");
}

TEST_CASE("what a task defers runs in the next turn, and the loop does not sleep before") {
  UvLoop loop;
  int runs = 0;
  Call again([&] {
    if (++runs < 3) loop.defer(again);
  });
  loop.defer(again);
  loop.run_turn();
  CHECK(runs == 1);
  loop.run_turn();
  CHECK(runs == 2);
  loop.run_turn();
  CHECK(runs == 3);
}

TEST_CASE("a task that was unlinked or destroyed does not run") {
  UvLoop loop;
  int runs = 0;
  Call kept([&] { runs += 1; });
  Call taken_back([&] { runs += 10; });
  auto dies = std::make_unique<Call>([&] { runs += 100; });
  Call kills([&] { dies.reset(); });
  loop.defer(kills);
  loop.defer(*dies);
  loop.defer(taken_back);
  loop.defer(kept);
  taken_back.unlink();
  run_ready(loop);
  CHECK(runs == 1);
}

TEST_CASE("the clock stands still within a turn and moves between turns") {
  UvLoop loop;
  MonoTime first;
  MonoTime second;
  Call look([&] {
    first = loop.now();
    timespec wait = {.tv_sec = 0, .tv_nsec = 2'000'000};
    nanosleep(&wait, nullptr);  // makes the difference visible
    second = loop.now();
  });
  loop.defer(look);
  loop.run_turn();
  CHECK(first == second);
  run_ready(loop, 1);
  CHECK(loop.now() >= first + Millis(2));
  const auto wall = loop.wall_now().time_since_epoch() - Millis(time(nullptr) * 1000);
  CHECK(wall > Millis(-2000));
  CHECK(wall < Millis(2000));
}

TEST_CASE("a timer wakes the sleeping loop") {
  UvLoop loop;
  const MonoTime start = loop.now();
  bool fired = false;
  struct Probe {
    bool& fired;
    void on_timer() { fired = true; }
  } probe{fired};
  Timer timer = Timer::to<&Probe::on_timer>(&probe);
  loop.set_timer(timer, Millis(40));
  REQUIRE(run_until(loop, [&] { return fired; }));
  CHECK(loop.now() - start >= Millis(40));
  CHECK(loop.now() - start < Millis(5000));
}

TEST_CASE("a posted task runs on the loop, once for any number of posts before it") {
  UvLoop loop;
  int runs = 0;
  Wakeup task(loop, [&] { ++runs; });
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) task.wake();
  });
  other.join();
  run_ready(loop);
  CHECK(runs == 1);
  task.post();
  task.cancel();
  run_ready(loop);
  CHECK(runs == 1);
  task.post();
  run_ready(loop);
  CHECK(runs == 2);
}

TEST_CASE("a post while the task runs is not lost") {
  UvLoop loop;
  std::atomic<int> produced = 0;
  int seen = 0;
  Wakeup task(loop, [&] { seen = produced; });
  std::thread other([&] {
    for (int i = 0; i < 20000; ++i) {
      ++produced;
      task.post();
    }
  });
  const bool all = run_until(loop, [&] { return seen == 20000; });
  other.join();
  CHECK(all);
}

TEST_CASE("posts from both sides, cancelled in between, keep the queues whole") {
  UvLoop loop;
  std::atomic<int> runs = 0;
  std::atomic<bool> done = false;
  Wakeup task(loop, [&] { ++runs; });
  Wakeup driver(loop, [&] {
    for (int i = 0; i < 100; ++i) {
      task.post();
      task.cancel();
    }
    task.post();
    if (!done) driver.post();
  });
  driver.post();
  std::thread other([&] {
    for (int i = 0; i < 200000; ++i) task.post();
    done = true;
  });
  const bool ended = run_until(loop, [&] { return done.load(); });
  other.join();
  CHECK(ended);
  run_ready(loop);
  const int before = runs;
  task.post();
  run_ready(loop);
  CHECK(runs == before + 1);
}

TEST_CASE("posted tasks may cancel and destroy each other") {
  UvLoop loop;
  int runs = 0;
  auto second = std::make_unique<Wakeup>(loop, [&] { ++runs; });
  Wakeup first(loop, [&] { second.reset(); });
  first.post();
  second->post();
  run_ready(loop);
  CHECK(runs == 0);
}

TEST_CASE("stop and call work from other threads, also before run") {
  UvLoop loop;
  loop.stop();
  loop.run();
  std::thread::id ran_on;
  std::thread other([&] {
    loop.call([&] { ran_on = std::this_thread::get_id(); });
    loop.stop();
  });
  loop.run();
  other.join();
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("signals are delivered on the loop") {
  UvLoop loop;
  struct Handler final : SignalHandler {
    std::vector<Signal> seen;
    void on_signal(Signal signal) override { seen.push_back(signal); }
  } handler;
  SignalWatcher watcher(loop, &handler);
  for (int number : {SIGHUP, SIGUSR1, SIGTERM, SIGINT}) {
    const size_t before = handler.seen.size();
    REQUIRE(raise(number) == 0);
    REQUIRE(run_until(loop, [&] { return handler.seen.size() > before; }));
  }
  CHECK(handler.seen ==
        std::vector<Signal>{Signal::kHup, Signal::kUsr1, Signal::kTerm, Signal::kInt});
}

TEST_CASE("the limit of open files is raised to the hard limit") {
  const Result<uint64_t> limit = raise_open_files_limit();
  REQUIRE(limit.ok());
  CHECK(*limit >= 256);
}

}  // namespace
}  // namespace seawall::net
