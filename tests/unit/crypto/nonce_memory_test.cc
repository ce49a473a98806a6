#include "common/crypto/nonce_memory.h"

#include <atomic>
#include <thread>
#include <vector>

#include "catch.h"

namespace seawall::crypto {
namespace {

using Seen = NonceMemory::Seen;
constexpr Seconds kWindow{60};
constexpr WallTime at(int64_t seconds) { return WallTime(Seconds(seconds)); }

}  // namespace

TEST_CASE("what was seen within the window is seen before, and then forgotten") {
  NonceMemory memory;
  CHECK(memory.take(1, 1000, kWindow, at(1000), 10) == Seen::kNew);
  CHECK(memory.take(1, 1000, kWindow, at(1000), 10) == Seen::kBefore);
  CHECK(memory.take(2, 1000, kWindow, at(1000), 10) == Seen::kNew);
  CHECK(memory.take(1, 1060, kWindow, at(1060), 10) == Seen::kNew);
  CHECK(memory.take(1, 1000, kWindow, at(1060), 10) == Seen::kBefore);
  CHECK(memory.size() == 3);
  CHECK(memory.take(3, 1061, kWindow, at(1061), 10) == Seen::kNew);
  CHECK(memory.size() == 2);
}

TEST_CASE("a time ahead of ours is remembered until it has left the window, too") {
  NonceMemory memory;
  CHECK(memory.take(1, 1060, kWindow, at(1000), 10) == Seen::kNew);
  CHECK(memory.take(1, 1060, kWindow, at(1120), 10) == Seen::kBefore);
}

TEST_CASE("what there is no room for is not taken until there is") {
  NonceMemory memory;
  CHECK(memory.take(1, 1000, kWindow, at(1000), 2) == Seen::kNew);
  CHECK(memory.take(2, 1001, kWindow, at(1001), 2) == Seen::kNew);
  CHECK(memory.take(3, 1001, kWindow, at(1001), 2) == Seen::kNoRoom);
  CHECK(memory.take(1, 1000, kWindow, at(1001), 2) == Seen::kBefore);
  CHECK(memory.take(3, 1061, kWindow, at(1061), 2) == Seen::kNew);
}

TEST_CASE("of many threads one only takes it") {
  NonceMemory memory;
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (uint64_t id = 0; id < 1000; ++id) {
        if (memory.take(id, 1000, kWindow, at(1000), 10000) == Seen::kNew) ++taken;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(taken == 1000);
}

}  // namespace seawall::crypto
