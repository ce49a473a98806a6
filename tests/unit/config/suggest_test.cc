#include "common/config/suggest.h"

#include "catch.h"

namespace seawall::config {

TEST_CASE("a mistyped word finds the one that was meant, and nothing else does") {
  constexpr std::string_view kWords[] = {"memory", "shards", "max_object", "eviction", "ttl"};
  const struct {
    std::string_view word;
    std::string_view meant;
  } table[] = {
      {"memroy", "memory"},
      {"memmory", "memory"},
      {"Memory", "memory"},
      {"shard", "shards"},
      {"hsards", "shards"},
      {"maxobject", "max_object"},
      {"max-object", "max_object"},
      {"evicton", "eviction"},
      {"tll", "ttl"},
      {"tt", "ttl"},
      {"memory", "memory"},
      {"", ""},
      {"x", ""},
      {"sites", ""},
      {"object", ""},
      {"workers", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.word);
    CHECK(suggest(row.word, kWords) == row.meant);
  }
  CHECK(suggest(std::string(100'000, 'm'), kWords).empty());
  CHECK(suggest("memory", {}).empty());
}

TEST_CASE("words are listed as in a sentence") {
  constexpr std::string_view kWords[] = {"a", "b", "c"};
  CHECK(list_words(kWords) == "\"a\", \"b\" or \"c\"");
  CHECK(list_words(std::span(kWords).first(1)) == "\"a\"");
  CHECK(list_words({}).empty());
  CHECK(did_you_mean("tll", std::span(kWords)).empty());
}

}  // namespace seawall::config
