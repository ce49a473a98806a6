#include "common/base/hash.h"

#include <set>
#include <string>
#include <utility>

#include "catch.h"

namespace seawall {

TEST_CASE("hashes are those of XXH3 and stay what they are") {
  // Of the reference implementation (xxhsum -H3, -H128): stored and exchanged values rely on them.
  CHECK(hash64("") == 0x2d06800538d394c2ull);
  CHECK(hash128("").high == 0x99aa06d3014798d8ull);
  CHECK(hash128("").low == 0x6001c324468d497full);
}

TEST_CASE("a seed, a byte or a length makes another hash") {
  std::set<std::pair<uint64_t, uint64_t>> seen128;
  std::set<uint64_t> seen64;
  std::string text;
  int count = 0;
  for (int length = 0; length < 300; ++length) {
    for (const uint64_t seed : {0ull, 1ull}) {
      seen128.insert({hash128(text, seed).high, hash128(text, seed).low});
      seen64.insert(hash64(text, seed));
      ++count;
    }
    text.push_back('a');
  }
  CHECK(seen128.size() == static_cast<size_t>(count));
  CHECK(seen64.size() == static_cast<size_t>(count));
  CHECK(hash128("abc") == hash128(std::string("abc")));
  CHECK_FALSE(hash128("abc") == hash128("abd"));
}

}  // namespace seawall
