// "Did you mean …?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace seawall::config {

// The candidate nearest to `word` by edit distance (insertion, deletion, substitution,
// transposition of neighbours; without case), or "" when none is near enough to be meant.
std::string_view suggest(std::string_view word, std::span<const std::string_view> candidates);

// `; did you mean "ttl"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// `"a", "b" or "c"`
std::string list_words(std::span<const std::string_view> words);

}  // namespace seawall::config
