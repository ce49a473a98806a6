#include "common/upstream/slots.h"

#include <thread>
#include <vector>

#include "catch.h"

namespace seawall::upstream {
namespace {

struct Bell final : Waker {
  void wake() override { ++rung; }
  int rung = 0;
};

TEST_CASE("slots are taken up to the limit, and what is given back goes to the first in line") {
  Slots slots(2);
  Bell bells[3];
  Slots::Waiter a(bells[0]), b(bells[1]), c(bells[2]);
  CHECK(slots.take(a));
  CHECK(slots.take(a));
  CHECK_FALSE(slots.take(b));
  CHECK(slots.refusals() == 1);
  CHECK(slots.wait(b));
  CHECK_FALSE(slots.wait(b));
  CHECK(slots.wait(c));
  CHECK_FALSE(slots.give_back(a));
  CHECK(bells[1].rung == 1);
  CHECK(b.has_slot());
  CHECK(slots.in_use() == 2);  // set aside: nobody else gets it
  CHECK_FALSE(slots.take(a));
  CHECK(slots.take(b));
  CHECK(slots.wait(b));  // behind c now
  CHECK_FALSE(slots.give_back(a));
  CHECK(bells[2].rung == 1);
  CHECK(slots.give_back(b));  // to itself, and no bell
  CHECK(bells[1].rung == 1);
  CHECK(slots.take(b));
  CHECK(slots.take(c));
  CHECK_FALSE(slots.give_back(b));
  CHECK_FALSE(slots.give_back(c));
  CHECK(slots.in_use() == 0);
}

TEST_CASE("a slot that is declined goes on, and so does that of a waiter who leaves") {
  Slots slots(1);
  Bell bells[3];
  Slots::Waiter a(bells[0]), b(bells[1]), c(bells[2]);
  CHECK_FALSE(slots.decline(b));
  CHECK(slots.take(a));
  slots.wait(b);
  slots.wait(c);
  slots.give_back(a);
  CHECK(slots.decline(b));
  CHECK(bells[2].rung == 1);
  slots.wait(b);
  slots.leave(c);
  CHECK(b.has_slot());
  slots.leave(b);
  CHECK(slots.in_use() == 0);
  CHECK(slots.take(a));
}

TEST_CASE("a limit that is lowered is kept to as slots come back") {
  Slots slots(3);
  Bell bell;
  Slots::Waiter a(bell), b(bell);
  for (int i = 0; i < 3; ++i) CHECK(slots.take(a));
  slots.wait(b);
  slots.set_limit(1);
  CHECK_FALSE(slots.give_back(a));
  CHECK_FALSE(slots.give_back(a));
  CHECK_FALSE(b.has_slot());
  CHECK(slots.in_use() == 1);
  CHECK_FALSE(slots.give_back(a));
  CHECK(b.has_slot());
  slots.leave(b);
}

TEST_CASE("from many threads there are never more in use than may be, and none is lost") {
  constexpr int kLimit = 3;
  Slots slots(kLimit);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  const auto work = [&] {
    struct Flag final : Waker {
      void wake() override {}
    } flag;
    Slots::Waiter own(flag);
    for (int i = 0; i < 2000; ++i) {
      while (!slots.take(own)) {
        slots.wait(own);
        std::this_thread::yield();
      }
      const int now = ++inside;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      --inside;
      slots.give_back(own);
    }
    slots.leave(own);
    ++done;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  CHECK(most <= kLimit);
  CHECK(done == 4);
  CHECK(slots.in_use() == 0);
}

}  // namespace
}  // namespace seawall::upstream
