// A purge as its caller states it: what it names (targets), where it counts (hosts), and how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seawall::purge {

enum class Mode : uint8_t {
  kHard,  // what it hits is never used again, not even when the origin fails
  kSoft,  // what it hits is stale: validated at the next request, usable within the stale-* windows
};

enum class Kind : uint8_t {
  kUrl,       // one URL with all its variants, schemes, key headers and cookies
  kPrefix,    // paths that begin so, whatever their query
  kWildcard,  // see pattern.h
  kTag,       // what carries the tag, see tags.h
  kAll,       // everything of `hosts`; of the whole node without
};
inline constexpr size_t kKinds = 5;
std::string_view to_string(Kind kind);

struct Target {
  Kind kind = Kind::kUrl;
  uint64_t hash = 0;  // kUrl, kTag: of `text`; otherwise 0
  // kUrl: host[:port] and normalised path[?query], as in the key (cache/key.h); kPrefix: a path's
  // beginning, kWildcard: a pattern, both as from Target::pattern(); kTag: the tag; kAll: empty.
  std::string text;
  // Where it counts: host names without port, in lower case, or `*.example.com`, as in a site's
  // `hosts`. Empty: everywhere. Not for kUrl, whose text names its host.
  std::vector<std::string> hosts;

  static Target url(std::string_view host_port, std::string_view target);
  static Target tag(std::string_view tag, std::vector<std::string> hosts);
  static Target all(std::vector<std::string> hosts);
  // A path pattern as people write it: kPrefix where its only `*` is the last character and it has
  // no `?` (cheap), kAll for `*`, otherwise kWildcard. nullopt: empty, does not begin with '/' or
  // '*', longer than kMaxPatternBytes, or with a control character.
  static std::optional<Target> pattern(std::string_view text, std::vector<std::string> hosts);

  friend bool operator==(const Target&, const Target&) = default;
};
inline constexpr size_t kMaxPatternBytes = 2048;

// One purge, however many targets it has: one id in the whole fleet, one number on each node.
struct Purge {
  std::string id;  // globally unique; see make_id()
  Mode mode = Mode::kHard;
  // Of this node only: an unsafe request's invalidation (RFC 9111 §4.4), a refetch for an edge.
  // Never replicated, in no history.
  bool local = false;
  std::vector<Target> targets;
};

// 32 hex digits from 128 random bits.
std::string make_id(uint64_t random_high, uint64_t random_low);

}  // namespace seawall::purge
