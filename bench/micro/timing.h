// A small timing loop: batches until a time is used up, of which the median and the least are told.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

namespace seawall::bench {

// Keeps the compiler from dropping what was computed.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

struct Timing {
  double median_ns = 0;
  double least_ns = 0;
};

// `step(i)` is called with growing i; times are per call.
template <class Step>
Timing time_step(Step step, double seconds = 0.3, uint64_t batch = 512) {
  using Clock = std::chrono::steady_clock;
  const auto duration = std::chrono::duration<double>(seconds);
  uint64_t i = 0;
  for (; i < batch; ++i) step(i);  // warms caches and branch predictors
  std::vector<double> batches;
  for (const auto start = Clock::now(); Clock::now() - start < duration;) {
    const auto begin = Clock::now();
    for (const uint64_t end = i + batch; i < end; ++i) step(i);
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    batches.push_back(took.count() / static_cast<double>(batch));
  }
  std::sort(batches.begin(), batches.end());
  return {batches[batches.size() / 2], batches.front()};
}

inline void print(std::string_view name, const Timing& timing) {
  std::printf("%-48.*s %9.1f ns  (least %.1f)\n", static_cast<int>(name.size()), name.data(),
              timing.median_ns, timing.least_ns);
  std::fflush(stdout);
}

}  // namespace seawall::bench
