#include "common/proxy/purge_receipts.h"

#include <algorithm>
#include <cmath>

#include "common/log/time_text.h"
#include "common/metrics/json_writer.h"

namespace seawall::proxy {
namespace {

using metrics::JsonWriter;

void null(JsonWriter& json, std::string_view key) {
  json.key(key);
  json.value(std::nan(""));  // written as null
}

void write_amount(JsonWriter& json, const std::optional<purge::Amount>& amount) {
  if (amount) {
    json.field("objects", amount->objects);
    json.field("bytes", amount->bytes);
  } else {
    null(json, "objects");
    null(json, "bytes");
  }
}

void write_time(JsonWriter& json, WallTime time) {
  std::string text;
  log::append_iso_time(text, time);
  json.field("time", std::string_view(text));
}

void write_part(JsonWriter& json, const purge::NodePart& part, bool acknowledged = true) {
  json.begin_object();
  json.field("node", std::string_view(part.node));
  json.field("role", std::string_view(part.role));
  json.field("acknowledged", acknowledged);
  if (acknowledged) {
    json.field("ms", std::round(part.ms * 1000) / 1000);
    write_amount(json, part.amount);
  } else {
    null(json, "ms");
    write_amount(json, std::nullopt);
  }
  json.field("swept", acknowledged && part.swept);
  json.end_object();
}

void write_missing(JsonWriter& json, const PurgeReceipt::Shield& shield) {
  purge::NodePart part;
  part.node = shield.server;
  part.role = "shield";
  write_part(json, part, false);
}

// A shield that is of the fleet has its line as such.
bool has_line(const PurgeReceipt& receipt, const purge::NodePart& part) {
  const auto& nodes = receipt.fleet.nodes;
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const auto& n) { return n.part.node == part.node; });
}

void write_nodes(JsonWriter& json, const PurgeReceipt& receipt) {
  json.key("nodes");
  json.begin_array();
  write_part(json, receipt.own);
  for (const cluster::NodeStatus& node : receipt.fleet.nodes) {
    if (node.part.node != receipt.own.node) write_part(json, node.part, node.acknowledged);
  }
  for (const PurgeReceipt::Shield& shield : receipt.shields) {
    if (!shield.acknowledged) write_missing(json, shield);
    for (const purge::NodePart& part : shield.parts) {
      if (!has_line(receipt, part)) write_part(json, part);
    }
  }
  json.end_array();
}

void write_target(JsonWriter& json, const purge::Target& target) {
  json.begin_object();
  json.field("kind", to_string(target.kind));
  json.field("text", std::string_view(target.text));
  if (!target.hosts.empty()) {
    json.key("hosts");
    json.begin_array();
    for (const std::string& host : target.hosts) json.value(std::string_view(host));
    json.end_array();
  }
  json.end_object();
}

void write_entry(JsonWriter& json, const purge::LogEntry& entry) {
  const std::vector<purge::Target>& targets = entry.purge.targets;
  json.begin_object();
  json.field("number", entry.number);
  json.field("id", std::string_view(entry.purge.id));
  write_time(json, entry.time);
  if (entry.undo_of.empty()) {
    json.field("soft", entry.purge.mode == purge::Mode::kSoft);
    json.field("undone", entry.undone);
    json.field("target_count", static_cast<uint64_t>(targets.size()));
    json.key("targets");
    json.begin_array();
    for (size_t i = 0; i < std::min(targets.size(), kMaxShownTargets); ++i) {
      write_target(json, targets[i]);
    }
    json.end_array();
  } else {
    json.field("undo_of", std::string_view(entry.undo_of));
  }
  const purge::NodePart part = part_of(entry, {}, {});
  write_amount(json, part.amount);
  json.field("swept", part.swept);
  json.end_object();
}

template <class Judge>
bool all_parts(const PurgeReceipt& receipt, Judge judge) {
  return std::all_of(receipt.shields.begin(), receipt.shields.end(), [&](const auto& shield) {
    return std::all_of(shield.parts.begin(), shield.parts.end(), judge);
  });
}

}  // namespace

bool PurgeReceipt::complete() const {
  if (in_fleet && !fleet.complete()) return false;
  return std::all_of(shields.begin(), shields.end(), [](const auto& s) { return s.acknowledged; });
}

bool PurgeReceipt::found() const {
  const auto none = [](const purge::NodePart& p) { return p.amount && p.amount->objects == 0; };
  return !none(own) || !all_parts(*this, none) ||
         !std::all_of(fleet.nodes.begin(), fleet.nodes.end(),
                      [&](const auto& n) { return none(n.part); });
}

bool PurgeReceipt::swept() const {
  return own.swept && all_parts(*this, [](const purge::NodePart& p) { return p.swept; });
}

std::string to_json(const PurgeReceipt& receipt) {
  JsonWriter json;
  json.begin_object();
  json.field("id", std::string_view(receipt.id));
  if (receipt.dry_run) {
    json.field("dry_run", true);
    json.field("requests_per_second", std::round(receipt.requests_per_second * 100) / 100);
  } else {
    json.field("number", receipt.number);
    if (receipt.fleet.place) json.field("position", std::string_view(receipt.fleet.place->text()));
    write_time(json, receipt.time);
  }
  if (receipt.undo_of.empty()) {
    json.field("soft", receipt.mode == purge::Mode::kSoft);
  } else {
    json.field("undo_of", std::string_view(receipt.undo_of));
  }
  if (!receipt.url.empty()) json.field("url", std::string_view(receipt.url));
  write_nodes(json, receipt);
  json.field("complete", receipt.complete());
  json.end_object();
  return json.take() + "\n";
}

std::string to_json(const std::vector<purge::LogEntry>& entries, uint64_t position) {
  JsonWriter json;
  json.begin_object();
  json.field("position", position);
  json.key("purges");
  json.begin_array();
  for (const purge::LogEntry& entry : entries) write_entry(json, entry);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

void PurgeReceipts::put(PurgeReceipt receipt) {
  std::lock_guard lock(mutex_);
  const std::string id = receipt.id;
  if (by_id_.insert_or_assign(id, std::move(receipt)).second) oldest_first_.push_back(id);
  if (oldest_first_.size() <= kMax) return;
  by_id_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

std::optional<PurgeReceipt> PurgeReceipts::find(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return std::nullopt;
  return it->second;
}

void PurgeReceipts::note(std::string_view id, std::string_view server,
                         std::vector<purge::NodePart> parts) {
  std::lock_guard lock(mutex_);
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return;
  for (PurgeReceipt::Shield& shield : it->second.shields) {
    if (shield.server != server) continue;
    shield.acknowledged = true;
    for (purge::NodePart& part : parts) part.ms = shield.ms;
    shield.parts = std::move(parts);
  }
}

}  // namespace seawall::proxy
