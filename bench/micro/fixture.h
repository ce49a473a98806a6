// What the steps work on: a request as a browser sends it, a site, a store with objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/cache/key.h"
#include "common/cache/site.h"
#include "common/http/head.h"
#include "common/store/store.h"

namespace seawall::bench {

inline constexpr std::string_view kPlainRequest =
    "GET /size/1024/one HTTP/1.1\r\nHost: bench.test\r\n\r\n";
extern const std::string_view kBrowserRequest;  // 11 fields

cache::SiteTable make_sites();

// A key that owns its text.
struct OwnedKey {
  Hash128 hash;
  uint64_t url_hash = 0;
  std::string text;
  store::KeyRef ref() const { return {hash, url_hash, text}; }
};
OwnedKey make_owned_key(size_t number);

// Fresh objects of 1 KiB with the keys 0…count-1.
void fill(store::Store& store, size_t count);

class AnyVariant final : public store::VariantMatcher {
 public:
  bool matches(std::string_view, std::string_view) const override { return true; }
};

// Numbers below `count` by Zipf's law with exponent 0.9, always the same.
std::vector<uint32_t> zipf_numbers(size_t count, size_t draws);

}  // namespace seawall::bench
