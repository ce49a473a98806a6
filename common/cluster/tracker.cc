#include "common/cluster/tracker.h"

#include <algorithm>

namespace seawall::cluster {
namespace {

constexpr int kMissedAtMost = 1;

bool is_shield(const NodeRecord& record) { return record.role == "shield"; }

double millis(Micros time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

bool PurgeStatus::complete() const {
  return place && std::all_of(nodes.begin(), nodes.end(), [](auto& n) { return n.acknowledged; });
}

bool PurgeStatus::settled() const {
  return place && std::all_of(nodes.begin(), nodes.end(),
                              [](auto& n) { return n.acknowledged || n.silent; });
}

void Tracker::see(std::string_view node, const NodeRecord& record, MonoTime now) {
  const auto [it, is_new] = members_.try_emplace(std::string(node));
  Member& member = it->second;
  member.registered = true;
  member.missed = 0;
  if (is_new || member.record.beat != record.beat ||
      member.record.incarnation != record.incarnation || member.record.cursor < record.cursor) {
    member.heard = now;
  }
  const bool same = !is_new && member.record.incarnation == record.incarnation;
  const StreamId from = member.record.cursor;
  const StreamId cursor = same ? std::max(from, record.cursor) : record.cursor;
  member.record = record;
  member.record.cursor = cursor;
  acknowledge(it->first, member, same ? from : StreamId(), now);
}

void Tracker::registry(const std::map<std::string, NodeRecord>& nodes, MonoTime now,
                       Millis forget_after) {
  for (const auto& [name, record] : nodes) see(name, record, now);
  std::vector<std::string> gone;
  for (auto& [name, member] : members_) {
    if (nodes.contains(name)) continue;
    const bool is_gone =
        member.registered ? ++member.missed > kMissedAtMost : now - member.heard >= forget_after;
    if (is_gone) gone.push_back(name);
  }
  for (const std::string& name : gone) drop(name);
}

void Tracker::drop(std::string_view node) {
  const auto it = members_.find(node);
  if (it == members_.end()) return;
  members_.erase(it);
  for (auto& [id, record] : records_) {
    const auto answer = record.answers.find(node);
    if (answer != record.answers.end() && !answer->second.acknowledged) {
      record.answers.erase(answer);
    }
  }
}

void Tracker::hear_anew(MonoTime now) {
  for (auto& [name, member] : members_) member.heard = now;
}

void Tracker::begin_stream() {
  for (auto& [name, member] : members_) {
    member.record.cursor = {};
    member.registered = false;
  }
  by_place_.clear();
  for (auto& [id, record] : records_) {
    const bool complete = std::all_of(record.answers.begin(), record.answers.end(),
                                      [](const auto& a) { return a.second.acknowledged; });
    if (!complete) record.place.reset();
  }
}

std::vector<std::pair<std::string, NodeRecord>> Tracker::silent(MonoTime now, Millis time) const {
  std::vector<std::pair<std::string, NodeRecord>> out;
  for (const auto& [name, member] : members_) {
    if (now - member.heard >= time) out.emplace_back(name, member.record);
  }
  return out;
}

std::vector<std::string> Tracker::behind(StreamId place) const {
  std::vector<std::string> out;
  for (const auto& [name, member] : members_) {
    if (member.record.cursor < place) out.push_back(name);
  }
  return out;
}

std::optional<StreamId> Tracker::slowest() const {
  std::optional<StreamId> out;
  for (const auto& [name, member] : members_) {
    if (!out || member.record.cursor < *out) out = member.record.cursor;
  }
  return out;
}

std::optional<StreamId> Tracker::slowest_shield(std::string_view besides) const {
  std::optional<StreamId> out;
  for (const auto& [name, member] : members_) {
    if (!is_shield(member.record) || name == besides) continue;
    if (!out || member.record.cursor < *out) out = member.record.cursor;
  }
  return out;
}

Tracker::Record& Tracker::record(const std::string& id, MonoTime now) {
  const auto [it, is_new] = records_.try_emplace(id);
  if (!is_new) return it->second;
  it->second.since = now;
  oldest_first_.push_back(id);
  while (oldest_first_.size() > kMaxPurges) {
    const auto oldest = records_.find(oldest_first_.front());
    if (oldest->second.place) by_place_.erase(*oldest->second.place);
    records_.erase(oldest);
    oldest_first_.pop_front();
  }
  return it->second;
}

void Tracker::accept(const std::string& id, MonoTime now) {
  Record& r = record(id, now);
  for (const auto& [name, member] : members_) r.answers[name].part.role = member.record.role;
}

void Tracker::place(const std::string& id, StreamId place, MonoTime now) {
  Record& r = record(id, now);
  if (r.place && *r.place != place) {  // again, at a later place: all have to do it again
    if (*r.place > place) return;
    by_place_.erase(*r.place);
    for (auto& [node, answer] : r.answers) answer.acknowledged = false;
  }
  r.place = place;
  by_place_[place] = id;
  for (const auto& [name, member] : members_) {
    Answer& answer = r.answers[name];
    answer.part.role = member.record.role;
    if (!answer.acknowledged && member.record.cursor >= place) {
      answer.acknowledged = true;
      answer.part.ms = millis(now - r.since);
    }
  }
  std::erase_if(r.answers, [&](const auto& a) {
    return !a.second.acknowledged && !members_.contains(a.first);
  });
}

void Tracker::acknowledge(std::string_view node, Member& member, StreamId from, MonoTime now) {
  auto it = by_place_.upper_bound(from);
  for (; it != by_place_.end() && it->first <= member.record.cursor; ++it) {
    Record& r = records_.find(it->second)->second;
    const auto answer = r.answers.find(node);
    if (answer == r.answers.end() || answer->second.acknowledged) continue;
    answer->second.acknowledged = true;
    answer->second.part.ms = millis(now - r.since);
  }
}

void Tracker::note(const std::string& id, const purge::NodePart& part) {
  const auto it = records_.find(id);
  if (it == records_.end()) return;
  const auto answer = it->second.answers.find(part.node);
  if (answer == it->second.answers.end()) return;
  const double ms = answer->second.part.ms;
  answer->second.part = part;
  answer->second.part.ms = ms;
}

PurgeStatus Tracker::status(std::string_view id, MonoTime now) const {
  PurgeStatus out;
  const auto it = records_.find(id);
  if (it == records_.end()) return out;
  out.place = it->second.place;
  for (const auto& [name, answer] : it->second.answers) {
    NodeStatus& node = out.nodes.emplace_back();
    node.part = answer.part;
    node.part.node = name;
    node.acknowledged = answer.acknowledged;
    const auto member = members_.find(name);
    node.silent = member != members_.end() && now - member->second.heard > kSilent;
  }
  return out;
}

}  // namespace seawall::cluster
