#include "common/cache/path_matcher.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace seawall::cache {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

size_t literal_prefix(std::string_view pattern) {
  return std::min(pattern.find_first_of("*?"), pattern.size());
}

// The positions in a pattern that may be reached after the same input; a `*` can always be skipped.
using Positions = std::vector<bool>;

void skip_stars(std::string_view pattern, Positions& positions) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (positions[i] && pattern[i] == '*') positions[i + 1] = true;
  }
}

Positions step(std::string_view pattern, const Positions& from, char c) {
  Positions to(pattern.size() + 1);
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (!from[i]) continue;
    if (pattern[i] == '*') to[i] = true;
    if (pattern[i] == '?' || pattern[i] == c) to[i + 1] = true;
  }
  skip_stars(pattern, to);
  return to;
}

// Does `general` match all that `special` matches? Both are run at once over every input, one
// letter for each that `general` mentions and one that stands for all others.
bool is_covered(std::string_view special, std::string_view general) {
  constexpr size_t kMaxStates = 20000;  // then it is said not to be covered: sound
  constexpr char kOther = '\0';         // in no pattern
  std::string letters(1, kOther);
  for (const char c : general) {
    if (c != '*' && c != '?' && letters.find(c) == std::string::npos) letters += c;
  }
  for (const char c : special) {
    if (c != '*' && c != '?' && letters.find(c) == std::string::npos) letters += c;
  }

  Positions start(special.size() + 1), start_general(general.size() + 1);
  start[0] = start_general[0] = true;
  skip_stars(special, start);
  skip_stars(general, start_general);
  std::set<std::pair<Positions, Positions>> seen{{start, start_general}};
  std::vector<std::pair<Positions, Positions>> open(seen.begin(), seen.end());
  while (!open.empty()) {
    const auto state = open.back();
    open.pop_back();
    if (state.first.back() && !state.second.back()) return false;
    for (const char c : letters) {
      auto next = std::make_pair(step(special, state.first, c), step(general, state.second, c));
      if (std::find(next.first.begin(), next.first.end(), true) == next.first.end()) continue;
      if (seen.insert(next).second) open.push_back(std::move(next));
      if (seen.size() > kMaxStates) return false;
    }
  }
  return true;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  size_t star = std::string_view::npos, resume = 0;  // the last `*`, and where its text may end
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      if (p == pattern.size()) return true;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// A trie of the literal prefixes. A node holds the patterns whose prefix ends there, in order.
struct PathMatcher::Impl {
  struct Candidate {
    uint32_t index;
    std::string rest;  // of the pattern, behind the prefix
  };
  struct Node {
    std::vector<std::pair<char, uint32_t>> children;
    std::vector<Candidate> candidates;

    uint32_t child(char c) const {
      for (const auto& [letter, node] : children) {
        if (letter == c) return node;
      }
      return kNone;
    }
  };
  std::vector<Node> nodes{1};

  void insert(std::string_view pattern, uint32_t index) {
    const size_t prefix = literal_prefix(pattern);
    uint32_t node = 0;
    for (const char c : pattern.substr(0, prefix)) {
      uint32_t next = nodes[node].child(c);
      if (next == kNone) {
        next = static_cast<uint32_t>(nodes.size());
        nodes[node].children.emplace_back(c, next);
        nodes.emplace_back();
      }
      node = next;
    }
    nodes[node].candidates.push_back({index, std::string(pattern.substr(prefix))});
  }
};

PathMatcher::PathMatcher(std::span<const std::string> patterns) : impl_(std::make_unique<Impl>()) {
  for (size_t i = 0; i < patterns.size(); ++i) {
    impl_->insert(patterns[i], static_cast<uint32_t>(i));
  }
}

PathMatcher::~PathMatcher() = default;

std::optional<size_t> PathMatcher::find(std::string_view path) const {
  uint32_t best = kNone;
  uint32_t node = 0;
  for (size_t depth = 0; node != kNone; ++depth) {
    for (const auto& candidate : impl_->nodes[node].candidates) {
      if (candidate.index >= best) break;
      if (glob_match(candidate.rest, path.substr(depth))) best = candidate.index;
    }
    if (depth == path.size()) break;
    node = impl_->nodes[node].child(path[depth]);
  }
  return best == kNone ? std::nullopt : std::optional<size_t>(best);
}

std::optional<size_t> shadowed_by(std::span<const std::string> patterns, size_t index) {
  for (size_t i = 0; i < index && i < patterns.size(); ++i) {
    if (is_covered(patterns[index], patterns[i])) return i;
  }
  return std::nullopt;
}

}  // namespace seawall::cache
