#include "common/store/url_table.h"

#include <random>
#include <unordered_map>
#include <vector>

#include "catch.h"

namespace seawall::store {
namespace {

// The table never looks at an object: any address will do.
Object* fake(uint64_t n) { return reinterpret_cast<Object*>(n * 16 + 16); }

using Model = std::unordered_map<uint64_t, Object*>;

void check_same(const UrlTable& table, const Model& model, const std::vector<uint64_t>& hashes) {
  REQUIRE(table.size() == model.size());
  for (uint64_t hash : hashes) {
    const auto it = model.find(hash);
    REQUIRE(table.find(hash) == (it == model.end() ? nullptr : it->second));
  }
}

TEST_CASE("the table does as unordered_map does, also with colliding hashes") {
  struct Row {
    const char* name;
    uint64_t (*hash)(uint64_t n);
  };
  const Row rows[] = {
      {"spread", [](uint64_t n) { return n * 0x9e3779b97f4a7c15; }},
      {"one home", [](uint64_t n) { return n << 32; }},
      {"last home, so that probing wraps round", [](uint64_t n) { return n << 32 | 0xffffffff; }},
      {"few homes at the seam",
       [](uint64_t n) { return n << 32 | ((n % 5 + 0xfffffffd) & 0xffffffff); }},
      {"dense", [](uint64_t n) { return n; }},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::mt19937_64 random(42);
    std::vector<uint64_t> hashes;
    for (uint64_t n = 0; n < 150; ++n) hashes.push_back(row.hash(n));
    UrlTable table;
    Model model;
    for (int step = 0; step < 6000; ++step) {
      const uint64_t hash = hashes[random() % hashes.size()];
      // Grows for a while, then shrinks, and so on.
      const bool removes = random() % 10 < (step / 1000 % 2 ? 7u : 3u);
      if (removes) {
        model.erase(hash);
        table.set(hash, nullptr);
      } else {
        Object* o = fake(random() % 1000);
        model[hash] = o;
        table.set(hash, o);
      }
      if (step % 7 == 0) check_same(table, model, hashes);
    }
    for (uint64_t hash : hashes) table.set(hash, nullptr);
    CHECK(table.size() == 0);
    for (uint64_t hash : hashes) CHECK(table.find(hash) == nullptr);
  }
}

TEST_CASE("hash 0 is a hash like any other, and what is not there is removed without harm") {
  UrlTable table;
  CHECK(table.find(0) == nullptr);
  table.set(0, nullptr);
  table.set(0, fake(1));
  CHECK(table.find(0) == fake(1));
  table.set(64, nullptr);
  CHECK(table.find(0) == fake(1));
  table.set(0, nullptr);
  CHECK(table.find(0) == nullptr);
  CHECK(table.size() == 0);
}

}  // namespace
}  // namespace seawall::store
