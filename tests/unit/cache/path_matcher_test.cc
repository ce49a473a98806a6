#include "common/cache/path_matcher.h"

#include <random>
#include <string>
#include <vector>

#include "catch.h"

namespace seawall::cache {
namespace {

using Patterns = std::vector<std::string>;

// The definition, word for word.
bool slow_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (size_t i = 0; i <= text.size(); ++i) {
      if (slow_match(pattern.substr(1), text.substr(i))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return slow_match(pattern.substr(1), text.substr(1));
}

std::string random_text(std::mt19937& random, std::string_view letters, size_t most) {
  std::string text;
  for (size_t n = random() % (most + 1); n > 0; --n) text += letters[random() % letters.size()];
  return text;
}

}  // namespace

TEST_CASE("a star stands for anything, slashes too, and a question mark for one character") {
  CHECK(glob_match("*", ""));
  CHECK(glob_match("/static/*", "/static/a/b.css"));
  CHECK_FALSE(glob_match("/static/*", "/static"));
  CHECK(glob_match("/api/v?/*", "/api/v2/x"));
  CHECK_FALSE(glob_match("/api/v?/*", "/api/v/x"));
  CHECK(glob_match("*.css", "/a.css/b.css"));
  CHECK_FALSE(glob_match("*.css", "/a.css/b"));
  CHECK(glob_match("/a%2Ab", "/a%2Ab"));
  CHECK_FALSE(glob_match("/A", "/a"));
  CHECK_FALSE(glob_match("", "a"));

  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = random_text(random, "ab*?", 7), text = random_text(random, "ab", 8);
    INFO(pattern << " " << text);
    REQUIRE(glob_match(pattern, text) == slow_match(pattern, text));
  }
}

TEST_CASE("the first pattern in order that matches wins") {
  const Patterns patterns = {"/static/*", "/static/secret", "*.css", "/api/v?/*", "/", "/a", "*"};
  const PathMatcher matcher(patterns);
  CHECK(matcher.find("/static/x.css") == 0);
  CHECK(matcher.find("/static/secret") == 0);
  CHECK(matcher.find("/x.css") == 2);
  CHECK(matcher.find("/api/v1/x.css") == 2);
  CHECK(matcher.find("/api/v1/x") == 3);
  CHECK(matcher.find("/") == 4);
  CHECK(matcher.find("/a") == 5);
  CHECK(matcher.find("/ab") == 6);
  CHECK(matcher.find("") == 6);
  CHECK_FALSE(PathMatcher(Patterns{}).find("/"));
  CHECK_FALSE(PathMatcher(Patterns{"/a"}).find("/ab"));

  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    Patterns some;
    for (size_t n = random() % 6; n > 0; --n) some.push_back(random_text(random, "ab/*?", 5));
    const PathMatcher compiled(some);
    for (int i = 0; i < 5; ++i) {
      const std::string path = random_text(random, "ab/", 6);
      std::optional<size_t> expected;
      for (size_t k = 0; k < some.size() && !expected; ++k) {
        if (slow_match(some[k], path)) expected = k;
      }
      REQUIRE(compiled.find(path) == expected);
    }
  }
}

TEST_CASE("a pattern that an earlier one covers is found, and no other") {
  const auto first = [](const Patterns& patterns) {
    return shadowed_by(patterns, patterns.size() - 1);
  };
  CHECK(first({"*", "/a"}) == 0);
  CHECK(first({"/b", "/static/*", "/static/x/*"}) == 1);
  CHECK(first({"/a", "/a"}) == 0);
  CHECK(first({"?*", "*?"}) == 0);
  CHECK(first({"*?*?", "a*b"}) == 0);
  CHECK(first({"/api/v?/*", "/api/v1/*"}) == 0);
  CHECK(first({"*a*", "b*a?c*"}) == 0);
  CHECK_FALSE(first({"/a", "/b"}));
  CHECK_FALSE(first({"/static/*", "/static"}));
  CHECK_FALSE(first({"/api/v1/*", "/api/v?/*"}));
  CHECK_FALSE(first({"*.css", "*"}));
  CHECK_FALSE(first({"a?b", "a*b"}));
  CHECK_FALSE(shadowed_by(Patterns{"/a", "*"}, 0));

  // Against all texts of up to six letters: enough for patterns of up to three.
  std::mt19937 random(3);
  Patterns texts{""};
  for (size_t i = 0; i < texts.size() && texts[i].size() < 6; ++i) {
    for (const char c : {'a', 'b', 'z'}) texts.push_back(texts[i] + c);
  }
  for (int i = 0; i < 1500; ++i) {
    const std::string general = random_text(random, "ab*?", 3);
    const std::string special = random_text(random, "ab*?", 3);
    const bool covered = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return !glob_match(special, text) || glob_match(general, text);
    });
    INFO(general << " over " << special);
    REQUIRE(shadowed_by(Patterns{general, special}, 1).has_value() == covered);
  }
}

}  // namespace seawall::cache
