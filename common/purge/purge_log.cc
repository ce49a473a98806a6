// One table holds the marks of all kinds but wildcards: key (kind, scope, hash) → the numbers of
// the entries that name it, in order. Prefixes are found by the hashes of the path's beginnings,
// one pass over the path for all lengths.
//
// Invariant: an object that remembers the soft purge S was hit by no soft purge before S that still
// holds. So when S is taken back, only entries behind S need to be looked at.
#include "common/purge/purge_log.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "common/base/hash.h"
#include "common/purge/scope_table.h"

namespace seawall::purge {
namespace {

constexpr uint64_t kSoftBit = 1;
constexpr uint64_t kManyBit = 2;  // stands for earlier ones, too, behind the mark before it
constexpr int kMarkBits = 2;
// Beyond so many marks under one key a hard one takes the place of the hard one before it: what is
// hit stays the same, its number is a later one.
constexpr size_t kExactMarks = 64;
constexpr uint64_t kRecordBytes = 400;  // about: with its nodes in the indices

uint64_t encode(uint64_t number, Mode mode) {
  return number << kMarkBits | (mode == Mode::kSoft ? kSoftBit : 0);
}

uint64_t number_of(uint64_t mark) { return mark >> kMarkBits; }

// FNV-1a, which gives the hashes of all beginnings in one pass; a collision purges too much.
class PrefixHash {
 public:
  void add(char c) { state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3; }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0xcbf29ce484222325;
};

uint64_t prefix_hash(std::string_view text) {
  PrefixHash hash;
  for (const char c : text) hash.add(c);
  return hash.value();
}

uint64_t mark_key(Kind kind, uint64_t scope, uint64_t hash) {
  uint64_t k = hash ^ (scope + 1) * 0x9e3779b97f4a7c15 ^ static_cast<uint64_t>(kind) << 59;
  k = (k ^ k >> 32) * 0xd6e8feb86659fd93;
  return k ^ k >> 32;
}

uint64_t content_hash(const Target& target) {
  return target.kind == Kind::kPrefix ? prefix_hash(target.text) : target.hash;
}

struct KeyIsHash {
  size_t operator()(uint64_t key) const { return key; }
};

// The oldest hard and the oldest soft entry behind two numbers.
struct Search {
  uint64_t hard_after = 0;
  uint64_t soft_after = 0;
  bool wants_soft = true;
  uint64_t hard = 0;
  uint64_t hard_from = 0;  // of all those noted, the oldest number that one may stand for
  uint64_t soft = 0;

  uint64_t after() const { return wants_soft ? std::min(hard_after, soft_after) : hard_after; }
  // All that is wanted was found before `number`.
  bool has_older_than(uint64_t number) const {
    return hard && hard < number && (!wants_soft || (soft && soft < number));
  }
  void note_soft(uint64_t number) {
    if (wants_soft && number > soft_after && (!soft || number < soft)) soft = number;
  }
  // `from`: the oldest that it may stand for.
  void note_hard(uint64_t number, uint64_t from) {
    if (number <= hard_after) return;
    from = std::max(from, hard_after + 1);
    if (!hard || number < hard) hard = number;
    if (!hard_from || from < hard_from) hard_from = from;
  }
};

}  // namespace

struct PurgeLog::State {
  struct Record {
    LogEntry entry;
    std::vector<Scope*> scopes;  // by target
    uint64_t bytes = 0;
  };
  using Marks = std::vector<uint64_t>;  // encode()d, in order

  mutable std::shared_mutex mutex;
  std::unordered_map<uint64_t, Marks, KeyIsHash> marks;
  ScopeTable scopes;
  std::map<uint64_t, Record> records;
  std::unordered_multimap<std::string, uint64_t> by_id;
  std::unordered_map<uint64_t, uint64_t> undone;  // soft number → the undo's
  std::deque<LogEntry> history;
  std::array<uint64_t, kKinds> targets{};
  uint64_t target_count = 0;
  uint64_t bytes = 0;
  uint64_t history_targets = 0;
  uint64_t low_water = 0;
  uint64_t newest_undo = 0;
  uint64_t refused = 0;

  void search(const Subject& subject, Search& search) const;
  void search_marks(uint64_t key, Search& search) const;
  void search_paths(const Scope& scope, std::string_view path, std::string_view target,
                    Search& search) const;
  void add_target(Record& record, const Target& target);
  void remove_targets(Record& record);
  void drop(std::map<uint64_t, Record>::iterator it, const LogLimits& limits);
  void shed(WallTime now, const LogLimits& limits, uint64_t swept);
  void drop_old(WallTime now, const LogLimits& limits, uint64_t swept, uint64_t owed);
  std::optional<LogEntry> newest(std::string_view id) const;
  uint64_t wildcards() const { return targets[static_cast<size_t>(Kind::kWildcard)]; }
};

void PurgeLog::State::search_marks(uint64_t key, Search& search) const {
  const auto it = marks.find(key);
  if (it == marks.end()) return;
  const Marks& numbers = it->second;
  auto at = std::lower_bound(numbers.begin(), numbers.end(), (search.after() + 1) << kMarkBits);
  for (; at != numbers.end(); ++at) {
    const uint64_t number = number_of(*at);
    const bool many = *at & kManyBit;
    if (!many && search.has_older_than(number)) break;
    if (*at & kSoftBit) {
      search.note_soft(number);
    } else if (many) {
      search.note_hard(number, at == numbers.begin() ? 0 : number_of(at[-1]) + 1);
    } else {
      search.note_hard(number, number);
    }
  }
}

void PurgeLog::State::search_paths(const Scope& scope, std::string_view path,
                                   std::string_view target, Search& search) const {
  PrefixHash hash;
  size_t length = 0;
  for (const auto& [wanted, count] : scope.prefix_lengths) {
    if (wanted > path.size()) break;
    while (length < wanted) hash.add(path[length++]);
    search_marks(mark_key(Kind::kPrefix, scope.id, hash.value()), search);
  }
  const auto newer = [](uint64_t number, const Wildcard& w) { return number < w.number; };
  auto at = std::upper_bound(scope.wildcards.begin(), scope.wildcards.end(), search.after(), newer);
  for (; at != scope.wildcards.end(); ++at) {
    if (!at->pattern.matches(path, target)) continue;
    if (at->soft) {
      search.note_soft(at->number);
    } else {
      search.note_hard(at->number, at->number);
    }
  }
}

void PurgeLog::State::search(const Subject& subject, Search& search) const {
  if (targets[static_cast<size_t>(Kind::kUrl)]) {
    search_marks(mark_key(Kind::kUrl, 0, subject.url_hash), search);
  }
  const bool any_path =
      targets[static_cast<size_t>(Kind::kPrefix)] || targets[static_cast<size_t>(Kind::kWildcard)];
  std::string path_buffer, target_buffer;
  std::string_view path, target;
  if (any_path) {
    path = fold_stars(subject.target.substr(0, subject.path_size), path_buffer);
    target = fold_stars(subject.target, target_buffer);
  }
  scopes.for_each(subject.host, [&](const Scope& scope) {
    if (targets[static_cast<size_t>(Kind::kAll)]) {
      search_marks(mark_key(Kind::kAll, scope.id, 0), search);
    }
    if (targets[static_cast<size_t>(Kind::kTag)]) {
      for (const uint64_t tag : subject.tags) {
        search_marks(mark_key(Kind::kTag, scope.id, tag), search);
      }
    }
    if (any_path) search_paths(scope, path, target, search);
  });
}

void PurgeLog::State::add_target(Record& record, const Target& target) {
  const bool is_url = target.kind == Kind::kUrl;
  Scope* scope = scopes.use(is_url ? std::vector<std::string>() : target.hosts);
  record.scopes.push_back(scope);
  const LogEntry& entry = record.entry;
  if (target.kind == Kind::kWildcard) {
    scope->wildcards.push_back(
        {entry.number, entry.purge.mode == Mode::kSoft, Pattern(target.text)});
  } else {
    if (target.kind == Kind::kPrefix) ++scope->prefix_lengths[target.text.size()];
    Marks& numbers = marks[mark_key(target.kind, scope->id, content_hash(target))];
    const uint64_t mark = encode(entry.number, entry.purge.mode);
    const bool replaces = numbers.size() >= kExactMarks && !(numbers.back() & kSoftBit);
    if (replaces && entry.purge.mode == Mode::kHard) {
      numbers.back() = mark | kManyBit;
    } else {
      numbers.push_back(mark);
    }
  }
  ++targets[static_cast<size_t>(target.kind)];
  ++target_count;
  record.bytes += sizeof(Target) + target.text.capacity() + sizeof(Scope*) + 80;  // 80: its mark
  for (const std::string& host : target.hosts) record.bytes += sizeof host + host.capacity();
}

// The entry hits nothing any more. Its targets stay in the entry, for people.
void PurgeLog::State::remove_targets(Record& record) {
  const LogEntry& entry = record.entry;
  for (size_t i = 0; i < record.scopes.size(); ++i) {
    const Target& target = entry.purge.targets[i];
    Scope* scope = record.scopes[i];
    if (target.kind == Kind::kWildcard) {
      std::erase_if(scope->wildcards, [&](const Wildcard& w) { return w.number == entry.number; });
    } else {
      if (target.kind == Kind::kPrefix && --scope->prefix_lengths[target.text.size()] == 0) {
        scope->prefix_lengths.erase(target.text.size());
      }
      const auto it = marks.find(mark_key(target.kind, scope->id, content_hash(target)));
      if (it != marks.end()) {
        std::erase_if(it->second, [&](uint64_t m) { return number_of(m) == entry.number; });
        if (it->second.empty()) marks.erase(it);
      }
    }
    scopes.release(scope);
    --targets[static_cast<size_t>(target.kind)];
    --target_count;
  }
  record.scopes.clear();
}

void PurgeLog::State::drop(std::map<uint64_t, Record>::iterator it, const LogLimits& limits) {
  Record& record = it->second;
  remove_targets(record);
  const auto [begin, end] = by_id.equal_range(record.entry.purge.id);
  const auto id =
      std::find_if(begin, end, [&](const auto& known) { return known.second == it->first; });
  if (id != end) by_id.erase(id);
  if (!record.entry.undo_of.empty()) {
    std::erase_if(undone, [&](const auto& u) { return u.second == it->first; });
  }
  low_water = std::max(low_water, it->first);
  bytes -= record.bytes;
  if (!record.entry.purge.local && limits.history > 0) {
    record.entry.swept = true;
    history.push_back(std::move(record.entry));
    history_targets += history.back().purge.targets.size();
    while (history.size() > limits.history || history_targets > limits.targets) {
      history_targets -= history.front().purge.targets.size();
      history.pop_front();
    }
  }
  records.erase(it);
}

// Entries that every stored object was checked against, oldest first. A soft one stays as long as
// it can be taken back, and as long as one that was taken back may still send objects to it.
void PurgeLog::State::drop_old(WallTime now, const LogLimits& limits, uint64_t swept,
                               uint64_t owed) {
  for (auto it = records.begin(); it != records.end() && it->first <= swept;) {
    const LogEntry& entry = it->second.entry;
    const Millis age = now - entry.time;
    if (age < limits.min_age || (owed && it->first >= owed)) break;
    const bool is_soft = entry.purge.mode == Mode::kSoft && !entry.undone && entry.undo_of.empty();
    const auto here = it++;
    if (is_soft && (age < limits.undo_window || newest_undo > swept)) continue;
    drop(here, limits);
  }
}

// Room at any price but that of a wrong answer: what is swept goes before its time.
void PurgeLog::State::shed(WallTime now, const LogLimits& limits, uint64_t swept) {
  LogLimits none = limits;
  none.min_age = none.undo_window = -Seconds(1'000'000'000);
  drop_old(now, none, swept, 0);
}

std::optional<LogEntry> PurgeLog::State::newest(std::string_view id) const {
  const auto [begin, end] = by_id.equal_range(std::string(id));
  uint64_t number = 0;
  Amount amount;
  const auto add = [&](const LogEntry& entry) {
    amount.objects += entry.amount.objects;
    amount.bytes += entry.amount.bytes;
  };
  for (auto it = begin; it != end; ++it) {
    number = std::max(number, it->second);
    add(records.at(it->second).entry);
  }
  std::optional<LogEntry> found;
  if (number) {
    found = records.at(number).entry;
  } else {
    for (const LogEntry& entry : history) {
      if (entry.purge.id != id) continue;
      found = entry;
      add(entry);
    }
  }
  if (found) found->amount = amount;
  return found;
}

PurgeLog::PurgeLog(const LogLimits& limits) : limits_(limits), state_(std::make_unique<State>()) {}
PurgeLog::~PurgeLog() = default;

Result<uint64_t> PurgeLog::append(Purge purge, WallTime now, std::span<const std::string> lacking) {
  if (purge.targets.empty() || (purge.id.empty() && !purge.local)) {
    return Error{ErrorCode::kInvalid, Side::kViewer, true, "a purge needs an id and a target"};
  }
  const auto is_wildcard = [](const Target& t) { return t.kind == Kind::kWildcard; };
  const auto wildcards =
      static_cast<size_t>(std::count_if(purge.targets.begin(), purge.targets.end(), is_wildcard));
  std::unique_lock lock(state_->mutex);
  State& s = *state_;
  const auto is_full = [&] { return s.target_count + purge.targets.size() > limits_.targets; };
  const auto has_wildcards = [&] { return s.wildcards() + wildcards > limits_.wildcards; };
  if (is_full() || (wildcards && has_wildcards())) s.shed(now, limits_, swept_.load());
  if (is_full()) {
    ++s.refused;
    return Error{ErrorCode::kOverload, Side::kNode, true, "the purge log is full: try again"};
  }
  if (wildcards && has_wildcards()) {
    ++s.refused;
    return Error{ErrorCode::kOverload, Side::kNode, true,
                 "too many wildcard purges are not swept yet: try again"};
  }
  const uint64_t number = position_.load(std::memory_order_relaxed) + 1;
  State::Record& record = s.records[number];
  record.entry.number = number;
  record.entry.time = now;
  record.entry.purge = std::move(purge);
  record.bytes = kRecordBytes;
  for (const Target& target : record.entry.purge.targets) s.add_target(record, target);
  s.bytes += record.bytes;
  if (!record.entry.purge.id.empty()) s.by_id.emplace(record.entry.purge.id, number);
  for (const std::string& server : lacking) debts_.owe(server, number);
  position_.store(number, std::memory_order_release);
  return number;
}

Result<uint64_t> PurgeLog::undo(std::string_view id, std::string undo_id, WallTime now) {
  std::unique_lock lock(state_->mutex);
  State& s = *state_;
  const auto no = [](const char* why) {
    return Error{ErrorCode::kInvalid, Side::kViewer, true, why};
  };
  std::vector<State::Record*> found;
  const auto [begin, end] = s.by_id.equal_range(std::string(id));
  for (auto it = begin; it != end; ++it) found.push_back(&s.records.at(it->second));
  if (found.empty()) {
    return no(s.newest(id) ? "too late to take that purge back" : "no purge has that id");
  }
  const LogEntry& newest = found.front()->entry;
  if (newest.purge.mode == Mode::kHard) return no("a hard purge can't be taken back");
  std::erase_if(found, [](const State::Record* record) { return record->entry.undone; });
  if (found.empty()) return no("that purge was taken back already");
  for (const State::Record* record : found) {
    if (now - record->entry.time >= limits_.undo_window)
      return no("too late to take that purge back");
  }
  const uint64_t number = position_.load(std::memory_order_relaxed) + 1;
  for (State::Record* record : found) {
    s.remove_targets(*record);
    record->entry.undone = true;
    s.undone[record->entry.number] = number;
  }
  State::Record& record = s.records[number];
  record.entry.number = number;
  record.entry.time = now;
  record.entry.purge.id = std::move(undo_id);
  record.entry.undo_of = id;
  record.bytes = kRecordBytes;
  s.bytes += record.bytes;
  s.by_id.emplace(record.entry.purge.id, number);
  s.newest_undo = number;
  position_.store(number, std::memory_order_release);
  return number;
}

Finding PurgeLog::check(const Subject& subject, const Standing& from) const {
  std::shared_lock lock(state_->mutex);
  const State& s = *state_;
  Finding finding;
  finding.lost = from.checked < s.low_water;
  finding.standing = from;
  finding.standing.checked = position_.load(std::memory_order_relaxed);
  const auto undo = from.soft ? s.undone.find(from.soft) : s.undone.end();
  const bool taken_back = undo != s.undone.end();
  Search search;
  search.hard_after = from.checked;
  search.soft_after = taken_back ? from.soft : from.checked;
  search.wants_soft = taken_back || !from.soft;
  s.search(subject, search);
  finding.hard = search.hard;
  finding.hard_from = search.hard_from;
  if (!search.wants_soft) return finding;
  finding.standing.soft = search.soft;
  finding.standing.soft_since = search.soft ? s.records.at(search.soft).entry.time : WallTime{};
  if (taken_back && !search.soft) finding.restored = undo->second;
  return finding;
}

void PurgeLog::count(uint64_t number, Amount amount) {
  std::unique_lock lock(state_->mutex);
  const auto it = state_->records.find(number);
  if (it == state_->records.end()) return;
  it->second.entry.amount.objects += amount.objects;
  it->second.entry.amount.bytes += amount.bytes;
}

void PurgeLog::swept(uint64_t number, WallTime now) {
  const uint64_t owed = debts_.oldest();
  std::unique_lock lock(state_->mutex);
  swept_.store(std::max(number, swept_.load()));
  state_->drop_old(now, limits_, swept_.load(), owed);
}

std::optional<LogEntry> PurgeLog::find(std::string_view id) const {
  std::shared_lock lock(state_->mutex);
  std::optional<LogEntry> entry = state_->newest(id);
  if (entry) entry->swept = entry->number <= swept_.load();
  return entry;
}

std::vector<LogEntry> PurgeLog::after(uint64_t number, size_t limit) const {
  std::shared_lock lock(state_->mutex);
  std::vector<LogEntry> found;
  for (const LogEntry& entry : state_->history) {
    if (entry.number > number) found.push_back(entry);
  }
  for (auto it = state_->records.upper_bound(number); it != state_->records.end(); ++it) {
    if (it->second.entry.purge.local) continue;
    found.push_back(it->second.entry);
    found.back().swept = it->first <= swept_.load();
  }
  std::sort(found.begin(), found.end(),
            [](const LogEntry& a, const LogEntry& b) { return a.number < b.number; });
  if (found.size() > limit) found.resize(limit);
  return found;
}

LogStats PurgeLog::stats() const {
  std::shared_lock lock(state_->mutex);
  const State& s = *state_;
  LogStats stats;
  stats.position = position_.load(std::memory_order_relaxed);
  stats.swept = swept_.load();
  stats.low_water = s.low_water;
  stats.entries = s.records.size();
  stats.targets = s.targets;
  stats.bytes = s.bytes;
  stats.refused = s.refused;
  return stats;
}

}  // namespace seawall::purge
