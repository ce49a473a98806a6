// Gives objects new versions and purges them, at any node; looks after a complete receipt whether
// it holds. Of one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "tests/checker/chaser.h"
#include "tests/checker/client.h"
#include "tests/checker/purge.h"
#include "tests/checker/reader.h"
#include "tests/checker/tally.h"

namespace seawall::checker {

class Writer {
 public:
  struct Options {
    std::vector<uint16_t> edges;   // are read
    std::vector<uint16_t> accept;  // are sent purges
    std::chrono::milliseconds timeout;
    size_t nodes;  // that a complete receipt must name
    uint64_t seed;
  };

  Writer(Objects& objects, Tally& tally, Chaser& chaser, const Options& options);

  void purge();

 private:
  bool take(Purge purge, const Answer& answer, Clock::time_point begin, uint16_t port);
  void read_everywhere(Object& object);

  Objects& objects_;
  Tally& tally_;
  Chaser& chaser_;
  const Options options_;
  std::mt19937_64 random_;
  Reader reader_;
  std::vector<std::unique_ptr<Client>> nodes_;
};

}  // namespace seawall::checker
