// What the replies hold that a Fleet asks for. What is not of our making is passed over.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster/notice.h"
#include "common/cluster/reply.h"

namespace seawall::cluster {

// Of HGETALL.
std::map<std::string, NodeRecord> read_registry(const Reply& reply);

// One entry of a stream, from XREAD or XRANGE.
struct StreamEntry {
  StreamId id;
  std::map<std::string, std::string> fields;
};
std::vector<StreamEntry> read_entries(const Reply& entries);
// The entries of one stream in the reply of XREAD; nothing: there are none.
const Reply* entries_of(const Reply& reply, std::string_view stream);
// Of XRANGE … COUNT 1: the id; nothing: the stream is empty.
std::optional<StreamId> only_id(const Reply& reply);

}  // namespace seawall::cluster
