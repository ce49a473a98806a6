// Asks about receipts that were not complete: once every node has acknowledged, they promise, too.
// A thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/checker/client.h"
#include "tests/checker/purge.h"
#include "tests/checker/tally.h"

namespace seawall::checker {

// After a complete receipt: what it promised holds for every request from now on.
void keep_promises(const Purge& purge, const std::string& id, std::string_view how);

class Chaser {
 public:
  explicit Chaser(Tally& tally);
  ~Chaser();

  void chase(Purge purge, std::string id, uint16_t port);

 private:
  struct Open {
    Purge purge;
    std::string id;
    uint16_t port;
    Clock::time_point since;
  };
  enum class Found : uint8_t { kComplete, kNotYet, kNever };

  void run();
  bool next(Open& open);
  Found ask(const Open& open);

  Tally& tally_;
  std::map<uint16_t, std::unique_ptr<Client>> clients_;
  std::mutex mutex_;
  std::deque<Open> open_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace seawall::checker
