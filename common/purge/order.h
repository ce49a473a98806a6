// What one tier tells the next about a purge, and what it hears back: lines of text between our own
// nodes. Targets are exact here (hosts resolved, paths normalised), so that the shield needs no
// rule of the edge's to apply them.
//
//   purge 4f21… hard           part shield-1 shield 17 swept 4 18211
//   url www.example.com/a?b    end
//   tag news www.example.com
//   end
//
// Blanks, '%' and control characters within a word are percent-encoded; an empty word is `%`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/purge/purge.h"
#include "common/purge/purge_log.h"

namespace seawall::purge {

// Where it goes: `PURGE` of this target, with a body of this type.
inline constexpr std::string_view kOrderTarget = "/.seawall/purge";
inline constexpr std::string_view kOrderType = "application/vnd.seawall.purge";
inline constexpr size_t kMaxIdBytes = 128;

struct Order {
  enum class Verb : uint8_t {
    kPurge,   // apply `purge`
    kUndo,    // take the soft purge `undo_of` back, under the id purge.id
    kStatus,  // what became of purge.id
    kCount,   // what `purge` would hit; nothing happens
  };
  Verb verb = Verb::kPurge;
  Purge purge;
  std::string undo_of;
};

// One node's part in a purge.
struct NodePart {
  std::string node;
  std::string role;  // "edge", "shield"
  uint64_t number = 0;
  double ms = 0;                 // until who asked knew that it had taken effect; not in the text
  std::optional<Amount> amount;  // nothing: not known before the sweep has passed
  bool swept = false;
};

// A node's part in an entry of its log: of a purge of URLs only the amount is known at once.
NodePart part_of(const LogEntry& entry, std::string_view node, std::string_view role);

std::string write_order(const Order& order);
// kInvalid: not an order, or one that is cut.
Result<Order> read_order(std::string_view text);

std::string write_parts(const std::vector<NodePart>& parts);
Result<std::vector<NodePart>> read_parts(std::string_view text);

}  // namespace seawall::purge
