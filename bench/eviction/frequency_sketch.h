// How often an id was asked for lately, about: a count-min sketch of 4-bit counters that are halved
// after ten times as many requests as it has counters (Einziger, Friedman, Manes: TinyLFU, 2017).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace seawall::bench {

class FrequencySketch {
 public:
  // `ids`: how many distinct ids matter, about.
  explicit FrequencySketch(size_t ids);

  void record(uint64_t id);
  uint32_t estimate(uint64_t id) const;  // 0..15

 private:
  static constexpr int kRows = 4;

  size_t slot(uint64_t id, int row) const;

  const size_t mask_;
  std::vector<uint8_t> counters_;  // one byte each: the simulator has the memory
  uint64_t recorded_ = 0;
};

}  // namespace seawall::bench
