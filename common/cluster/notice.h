// What the nodes of a fleet tell each other beside the purges: what stands in the registry about
// each, and the notices of the acknowledgement stream.
//
//   registry   edge-1 → "edge 5f03… 1763812345678-0 17"
//   notice     ack edge-1 edge 5f03… 1763812345678-0 17
//              part 6d34… 12 swept 4 18211
//              part 77aa… 13 unswept - -
//
// Pure text; what is none is nothing, never half of one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/stream_id.h"
#include "common/purge/order.h"

namespace seawall::cluster {

struct NodeRecord {
  std::string role;         // "edge", "shield"
  std::string incarnation;  // of the process
  StreamId cursor;          // all entries up to here have taken effect there
  uint64_t beat = 0;        // counted up once a second: it lives

  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};
std::string write_record(const NodeRecord& record);
std::optional<NodeRecord> read_record(std::string_view text);

struct Notice {
  enum class Kind : uint8_t {
    kJoin,   // it is registered from now on
    kAck,    // `record.cursor`, and what came of these purges
    kLeave,  // it is not registered any more
  };
  Kind kind = Kind::kAck;
  std::string node;
  NodeRecord record;
  // NodePart::node and ::role are those of the notice; `id` is the purge's.
  struct Part {
    std::string id;
    purge::NodePart part;
  };
  std::vector<Part> parts;
};
std::string write_notice(const Notice& notice);
std::optional<Notice> read_notice(std::string_view text);

}  // namespace seawall::cluster
