#include "common/cluster/fleet_replies.h"

namespace seawall::cluster {

std::map<std::string, NodeRecord> read_registry(const Reply& reply) {
  std::map<std::string, NodeRecord> out;
  for (size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    std::optional<NodeRecord> record = read_record(reply.items[i + 1].text);
    if (record) out[reply.items[i].text] = std::move(*record);
  }
  return out;
}

std::vector<StreamEntry> read_entries(const Reply& entries) {
  std::vector<StreamEntry> out;
  for (const Reply& entry : entries.items) {
    if (entry.items.size() != 2) continue;
    const std::optional<StreamId> id = StreamId::parse(entry.items[0].text);
    if (!id) continue;
    StreamEntry& added = out.emplace_back();
    added.id = *id;
    const std::vector<Reply>& fields = entry.items[1].items;
    for (size_t i = 0; i + 1 < fields.size(); i += 2) {
      added.fields[fields[i].text] = fields[i + 1].text;
    }
  }
  return out;
}

const Reply* entries_of(const Reply& reply, std::string_view stream) {
  for (const Reply& part : reply.items) {
    if (part.items.size() == 2 && part.items[0].text == stream) return &part.items[1];
  }
  return nullptr;
}

std::optional<StreamId> only_id(const Reply& reply) {
  const std::vector<StreamEntry> entries = read_entries(reply);
  if (entries.empty()) return std::nullopt;
  return entries.front().id;
}

}  // namespace seawall::cluster
