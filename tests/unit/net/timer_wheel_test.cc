#include "common/net/timer_wheel.h"

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "catch.h"

namespace seawall::net {
namespace {

constexpr Micros kTick{1 << 14};
MonoTime at(Millis ms) { return MonoTime(Seconds(5000)) + ms; }

struct Probe {
  explicit Probe(TimerWheel& w) : wheel(w) {}
  void on_timer() {
    ++fired;
    if (then) then->operator()();
  }
  TimerWheel& wheel;
  int fired = 0;
  std::unique_ptr<std::function<void()>> then;
  Timer timer = Timer::to<&Probe::on_timer>(this);
};

TEST_CASE("a timer fires once, not before its deadline and at most one tick after it") {
  for (Millis delay : {Millis(0), Millis(1), Millis(16), Millis(17), Millis(1000), Millis(16777),
                       Millis(65000), Millis(3600000)}) {
    TimerWheel wheel(at(Millis(0)));
    Probe probe(wheel);
    wheel.set(probe.timer, at(delay));
    wheel.advance(at(delay) - Micros(1));
    CHECK(probe.fired == 0);
    wheel.advance(at(delay) + kTick);
    CHECK(probe.fired == 1);
    CHECK_FALSE(probe.timer.is_set());
    wheel.advance(at(delay + Millis(100000)));
    CHECK(probe.fired == 1);
  }
}

TEST_CASE("a deadline moved to later is a store, and the old one passes without firing") {
  TimerWheel wheel(at(Millis(0)));
  Probe probe(wheel);
  wheel.set(probe.timer, at(Millis(100)));
  const auto due = wheel.next_due();
  wheel.set(probe.timer, at(Millis(500)));
  CHECK(wheel.next_due() == due);
  wheel.advance(at(Millis(200)));
  CHECK(probe.fired == 0);
  wheel.advance(at(Millis(499)));
  CHECK(probe.fired == 0);
  wheel.advance(at(Millis(517)));
  CHECK(probe.fired == 1);
}

TEST_CASE("a deadline moved to earlier takes effect") {
  TimerWheel wheel(at(Millis(0)));
  Probe probe(wheel);
  wheel.set(probe.timer, at(Millis(60000)));
  wheel.set(probe.timer, at(Millis(50)));
  wheel.advance(at(Millis(70)));
  CHECK(probe.fired == 1);
}

TEST_CASE("a cancelled timer does not fire, and may be set again") {
  TimerWheel wheel(at(Millis(0)));
  Probe probe(wheel);
  wheel.set(probe.timer, at(Millis(50)));
  probe.timer.cancel();
  CHECK_FALSE(probe.timer.is_set());
  wheel.advance(at(Millis(100)));
  CHECK(probe.fired == 0);
  wheel.set(probe.timer, at(Millis(150)));
  probe.timer.cancel();
  wheel.set(probe.timer, at(Millis(160)));
  wheel.advance(at(Millis(200)));
  CHECK(probe.fired == 1);
  CHECK(wheel.next_due() == std::nullopt);
}

TEST_CASE("a deadline in the past fires at the next tick, not at once") {
  TimerWheel wheel(at(Millis(0)));
  Probe probe(wheel);
  probe.then =
      std::make_unique<std::function<void()>>([&] { wheel.set(probe.timer, at(Millis(0))); });
  wheel.set(probe.timer, at(Millis(0)));
  wheel.advance(at(Millis(60000)));
  CHECK(probe.fired == 1);
  wheel.advance(at(Millis(60000)));
  CHECK(probe.fired == 1);
  wheel.advance(at(Millis(60020)));
  CHECK(probe.fired == 2);
}

TEST_CASE("a callback may destroy and set other timers of the same slot") {
  TimerWheel wheel(at(Millis(0)));
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 4; ++i) {
    probes.push_back(std::make_unique<Probe>(wheel));
    wheel.set(probes.back()->timer, at(Millis(50)));
  }
  int last = 0;
  probes[0]->then = std::make_unique<std::function<void()>>([&] {
    probes[1].reset();
    wheel.set(probes[2]->timer, at(Millis(1000)));
  });
  probes[3]->then = std::make_unique<std::function<void()>>([&] {
    ++last;
    probes[3].reset();  // itself
  });
  wheel.advance(at(Millis(80)));
  CHECK(probes[0]->fired == 1);
  CHECK(probes[2]->fired == 0);
  CHECK(last == 1);
  CHECK_FALSE(probes[3]);
  wheel.advance(at(Millis(1020)));
  CHECK(probes[2]->fired == 1);
}

TEST_CASE("next_due is never later than the earliest deadline's tick") {
  TimerWheel wheel(at(Millis(0)));
  CHECK(wheel.next_due() == std::nullopt);
  Probe late(wheel);
  Probe soon(wheel);
  wheel.set(late.timer, at(Millis(40000)));
  wheel.set(soon.timer, at(Millis(300)));
  REQUIRE(wheel.next_due());
  CHECK(*wheel.next_due() >= at(Millis(300)));
  CHECK(*wheel.next_due() <= at(Millis(300)) + kTick);
  wheel.advance(*wheel.next_due());
  CHECK(soon.fired == 1);
  // Beyond one rotation it asks to be looked at earlier; following next_due() gets there.
  int looks = 0;
  while (late.fired == 0 && ++looks < 10) wheel.advance(*wheel.next_due());
  CHECK(late.fired == 1);
}

TEST_CASE("timers behave as a sorted list would, whatever is done to them") {
  std::mt19937 random(7);
  TimerWheel wheel(at(Millis(0)));
  std::vector<std::unique_ptr<Probe>> probes;
  std::vector<std::optional<MonoTime>> model(200);
  for (size_t i = 0; i < model.size(); ++i) probes.push_back(std::make_unique<Probe>(wheel));
  MonoTime now = at(Millis(0));
  for (int step = 0; step < 20000; ++step) {
    const size_t i = random() % model.size();
    switch (random() % 4) {
      case 0:
        wheel.set(probes[i]->timer, now + Millis(random() % 50000));
        model[i] = probes[i]->timer.deadline();
        break;
      case 1:
        probes[i]->timer.cancel();
        model[i].reset();
        break;
      case 2:
        probes[i] = std::make_unique<Probe>(wheel);
        model[i].reset();
        break;
      default:
        now += Millis(random() % (random() % 100 == 0 ? 40000 : 40));
        wheel.advance(now);
        for (size_t k = 0; k < model.size(); ++k) {
          if (probes[k]->fired) {
            REQUIRE(model[k]);
            REQUIRE(*model[k] <= now);
            model[k].reset();
            probes[k]->fired = 0;
          } else if (model[k]) {
            REQUIRE(*model[k] + kTick > now);
          }
        }
    }
  }
}

}  // namespace
}  // namespace seawall::net
