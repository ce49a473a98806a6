#include "common/purge/pattern.h"

#include <random>

#include "catch.h"
#include "common/purge/purge.h"

namespace seawall::purge {
namespace {

bool matches(std::string_view pattern, std::string_view target) {
  std::string buffer;
  const std::string_view folded = fold_stars(target, buffer);
  return Pattern(pattern).matches(folded.substr(0, folded.find('?')), folded);
}

TEST_CASE("a pattern matches as people expect") {
  struct Row {
    std::string_view pattern, target;
    bool expected;
  };
  constexpr Row kRows[] = {
      {"/images/*", "/images/a/b.png", true},
      {"/images/*", "/images/", true},
      {"/images/*", "/images", false},
      {"/images/*", "/images/a?w=1", true},
      {"*.css", "/deep/er/x.css", true},
      {"*.css", "/x.css?v=3", true},
      {"*.css", "/x.css.map", false},
      {"*.css?*", "/x.css?v=3", true},
      {"*.css?*", "/x.css", false},
      {"/a?x=1", "/a?x=1", true},
      {"/a?x=1", "/a?x=12", false},
      {"/a?*x=1*", "/a?b=2&x=1&c", true},
      {"/api/*/price", "/api/1/2/price", true},
      {"/api/*/price", "/api/price", false},
      {"/a", "/a", true},
      {"/a", "/a?q", true},
      {"/a", "/ab", false},
      {"*", "/", true},
      {"**", "/x", true},
      {"/a*a", "/a", false},
      {"/a*a", "/aa", true},
      {"/*ab*ab", "/abab", true},
      {"/*ab*ab", "/ab", false},
      {"/1%2A2", "/1*2", true},
      {"/1%2a2", "/1*2", true},
      {"/1%2A2", "/1%2A2", true},
      {"/1%2A2", "/1x2", false},
      {"/1*2", "/1%2A2", true},
      {"/%7Euser/*", "/~user/x", true},
      {"/im%61ges/*", "/images/x", true},
      {"/%E4/*", "/%E4/x", true},
      {"/%e4/*", "/%E4/x", true},
      {"", "/", false},
      {"/%", "/%", true},
      {"/%2", "/%2", true},
  };
  for (const Row& row : kRows) {
    INFO(row.pattern << " on " << row.target);
    CHECK(matches(row.pattern, row.target) == row.expected);
  }
}

// One star at a time, by trying everything.
bool slow_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() &&
           slow_match(pattern.substr(1), text.substr(1));
  }
  for (size_t i = 0; i <= text.size(); ++i) {
    if (slow_match(pattern.substr(1), text.substr(i))) return true;
  }
  return false;
}

TEST_CASE("patterns match what a slow matcher does") {
  std::mt19937 random(5);
  const auto text = [&](std::string_view letters, size_t most) {
    std::string t = "/";
    for (size_t n = random() % (most + 1); n > 0; --n) t += letters[random() % letters.size()];
    return t;
  };
  for (int i = 0; i < 50000; ++i) {
    const std::string pattern = text("ab*", 7), target = text("ab", 9);
    INFO(pattern << " on " << target);
    REQUIRE(matches(pattern, target) == slow_match(pattern, target));
  }
}

TEST_CASE("a pattern becomes the cheapest kind that says the same") {
  CHECK(Target::pattern("/images/*", {})->kind == Kind::kPrefix);
  CHECK(Target::pattern("/images/*", {})->text == "/images/");
  CHECK(Target::pattern("/1%2A/*", {})->text == "/1*/");
  CHECK(Target::pattern("*", {})->kind == Kind::kAll);
  CHECK(Target::pattern("/*", {})->kind == Kind::kPrefix);
  CHECK(Target::pattern("*.css", {})->kind == Kind::kWildcard);
  CHECK(Target::pattern("/a?*", {})->kind == Kind::kWildcard);
  CHECK(Target::pattern("/a", {})->kind == Kind::kWildcard);
}

TEST_CASE("what is no pattern is refused") {
  CHECK_FALSE(Target::pattern("", {}));
  CHECK_FALSE(Target::pattern("images/*", {}));
  CHECK_FALSE(Target::pattern("/a\nb*", {}));
  CHECK_FALSE(Target::pattern(std::string("/") + '\0', {}));
  CHECK_FALSE(Target::pattern("/" + std::string(kMaxPatternBytes, 'a'), {}));
  CHECK(Target::pattern("/" + std::string(kMaxPatternBytes - 1, 'a'), {}));
}

}  // namespace
}  // namespace seawall::purge
