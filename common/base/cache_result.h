// What the cache did for one request, as log/ and metrics/ count it and X-Cache names it. The
// *Shield* values are for an edge that missed and whose shield did not: they carry the shield's
// word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seawall {

enum class CacheResult : uint8_t {
  kHit,
  kRefreshHit,  // stored, and an upstream confirmed it
  kStale,       // stored, past its lifetime, served by a stale rule
  kMiss,
  kPass,  // not looked up, or not for a cache
  kError,
  kShieldHit,
  kShieldRefreshHit,
  kShieldStale,
  kOther,  // answered by the node itself: redirects, purges, refused requests
};
constexpr size_t kCacheResults = 10;

constexpr std::string_view to_string(CacheResult r) {
  constexpr std::string_view kNames[kCacheResults] = {
      "hit",        "refresh_hit",        "stale",        "miss", "pass", "error",
      "shield_hit", "shield_refresh_hit", "shield_stale", "other"};
  return kNames[static_cast<size_t>(r)];
}

// Answered from this node's store, with or without asking upstream first.
constexpr bool is_local_hit(CacheResult r) {
  return r == CacheResult::kHit || r == CacheResult::kRefreshHit || r == CacheResult::kStale;
}

}  // namespace seawall
