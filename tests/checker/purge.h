// One purge that a writer sends: what it says, and what a complete receipt for it promises.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/checker/objects.h"

namespace seawall::checker {

struct Purge {
  struct Promise {
    Object* object;
    uint64_t version;  // nothing older, once the receipt is complete
  };

  std::string_view kind;  // url, tag, prefix, pattern, everything; or soft, which promises nothing
  std::string body;       // of the POST
  std::vector<Promise> promises;
};

// Draws a purge that hits `object`, and gives all that it hits new versions at the origin.
// `timeout`: how long the node may wait for the others.
Purge draw_purge(Objects& objects, Object& object, std::mt19937_64& random,
                 std::chrono::milliseconds timeout);

}  // namespace seawall::checker
