// The one source of chance of a simulated world: SplitMix64 (Steele, Lea, Flood 2014). Equal seeds
// give equal worlds, on every machine: nothing here depends on the standard library's choices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace seawall::sim {

constexpr uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(mix(seed)) {}

  uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }
  // 0 … n − 1; 0 for n = 0.
  uint64_t below(uint64_t n) { return n ? next() % n : 0; }
  // Both ends included.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
  }
  bool percent(int chance) { return below(100) < static_cast<uint64_t>(chance); }
  template <class Array>
  auto& pick(Array& all) {
    return all[below(std::size(all))];
  }
  // Another source, so that what one part of the world draws does not move the others.
  Random fork() { return Random(next()); }

 private:
  uint64_t state_;
};

}  // namespace seawall::sim
