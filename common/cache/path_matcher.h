// Path patterns of a site's behaviors, compiled: `*` stands for any characters, `/` among them, `?`
// for one. The first pattern in order that matches wins. Patterns are grouped by their literal
// prefix in a trie, so that a look-up costs the length of the path and the few patterns whose
// prefix fits, not the number of behaviors. Immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seawall::cache {

// Compared byte by byte.
bool glob_match(std::string_view pattern, std::string_view text);

class PathMatcher {
 public:
  explicit PathMatcher(std::span<const std::string> patterns);
  ~PathMatcher();
  PathMatcher(const PathMatcher&) = delete;
  PathMatcher& operator=(const PathMatcher&) = delete;

  // The index of the first pattern that matches. Does not allocate.
  std::optional<size_t> find(std::string_view path) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The first pattern before patterns[index] that matches every path that patterns[index] matches, so
// that it can never be reached. Sound, and complete for one covering pattern; that several together
// cover it is not noticed.
std::optional<size_t> shadowed_by(std::span<const std::string> patterns, size_t index);

}  // namespace seawall::cache
