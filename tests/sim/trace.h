// What happens in a world, line by line: hashed always, printed on request. Two runs of one seed
// have the same hash, or the simulation is not deterministic.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/time.h"

namespace seawall::sim {

class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}
  void line(MonoTime now, const std::string& who, const char* format, ...)
      __attribute__((format(printf, 4, 5)));
  uint64_t hash() const { return hash_; }
  uint64_t lines() const { return lines_; }

 private:
  const bool print_;
  uint64_t hash_ = 0;
  uint64_t lines_ = 0;
};

}  // namespace seawall::sim
