// The place of an entry in a Redis stream: milliseconds and a sequence number, "1763812345678-0".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seawall::cluster {

struct StreamId {
  uint64_t ms = 0;
  uint64_t sequence = 0;

  std::string text() const { return std::to_string(ms) + "-" + std::to_string(sequence); }
  static std::optional<StreamId> parse(std::string_view text);
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

}  // namespace seawall::cluster
