// 128- and 64-bit hashes (XXH3). Keys keep their full text for comparison where a collision would
// matter; tags do not.
#pragma once

#include <cstdint>
#include <string_view>

namespace seawall {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

Hash128 hash128(std::string_view bytes, uint64_t seed = 0);
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace seawall
