#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "bench/micro/fixture.h"
#include "bench/micro/steps.h"
#include "bench/micro/timing.h"

namespace seawall::bench {
namespace {

constexpr size_t kObjects = 10000;
constexpr std::chrono::milliseconds kTime{300};

uint64_t look_up(store::Store& store, const std::vector<OwnedKey>& keys,
                 const std::vector<uint32_t>& numbers, size_t start,
                 const std::atomic<bool>& stop) {
  const AnyVariant any;
  uint64_t n = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    for (int i = 0; i < 256; ++i, ++n) {
      keep(store.find(keys[numbers[(start + n) & 0xffff]].ref(), any));
    }
  }
  return n;
}

double million_per_second(store::Store& store, const std::vector<OwnedKey>& keys,
                          const std::vector<uint32_t>& numbers, size_t threads) {
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> total{0};
  std::vector<std::thread> running;
  const auto begin = std::chrono::steady_clock::now();
  for (size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] { total += look_up(store, keys, numbers, t * 8191, stop); });
  }
  std::this_thread::sleep_for(kTime);
  stop = true;
  for (std::thread& thread : running) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(total.load()) / took.count() / 1e6;
}

}  // namespace

void time_contention() {
  std::vector<OwnedKey> keys;
  for (size_t i = 0; i < kObjects; ++i) keys.push_back(make_owned_key(i));
  const std::vector<uint32_t> zipf = zipf_numbers(kObjects, 1 << 16);
  const std::vector<uint32_t> one(1 << 16, 0);
  std::printf("\nlook-ups, millions per second of all threads (%u CPUs)\n",
              std::thread::hardware_concurrency());
  std::printf("%-40s %8s %8s %8s %8s\n", "threads", "1", "2", "4", "8");
  for (const uint32_t shards : {1u, 64u}) {
    store::Store store({.memory_bytes = 256ull << 20, .shards = shards});
    fill(store, kObjects);
    for (const auto* numbers : {&zipf, &one}) {
      std::printf("%2u shard%s, %-29s", shards, shards == 1 ? " " : "s",
                  numbers == &zipf ? "10,000 objects, Zipf 0.9" : "one object");
      for (const size_t threads : {1, 2, 4, 8}) {
        std::printf(" %8.2f", million_per_second(store, keys, *numbers, threads));
        std::fflush(stdout);
      }
      std::printf("\n");
    }
  }
}

}  // namespace seawall::bench
