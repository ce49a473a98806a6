// The numbered purge log of a node. Every purge gets the next number; an object remembers the
// number up to which it was checked, so that a hit compares one integer with position() and only
// where they differ looks at what is newer. Nothing is searched for when a purge comes: it is exact
// at once, and a sweep (store/sweep.h) frees the space later.
//
// Thread-safe; one per node. Pure: `now` is an argument, nothing is called back.
//
// Cost of check(): a hash look-up for the URL, and for each scope of hosts that the object's host
// is in (mostly one or two) one look-up per tag of the object, one per length of prefix in the log,
// and a match for each wildcard that is newer than the last check.
//
// Low-water mark: entries that every stored object was checked against are dropped when they are
// `min_age` old. What was last checked before it (a fill that lasted long) counts as hit.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/purge/debts.h"
#include "common/purge/purge.h"

namespace seawall::purge {

struct LogLimits {
  size_t targets = 250'000;  // of all entries together
  size_t wildcards = 1'000;
  size_t history = 10'000;   // entries that are remembered after they were dropped
  Seconds min_age{60};       // longer than a fill waits for its head
  Seconds undo_window{300};  // in which a soft purge can be taken back
};

// What is checked: one stored object.
struct Subject {
  uint64_t url_hash = 0;
  std::string_view host;    // without port
  std::string_view target;  // path[?query] as in the key
  size_t path_size = 0;
  std::span<const uint64_t> tags;
};

// What an object remembers of the log.
struct Standing {
  uint64_t checked = 0;   // all entries up to this number are considered
  uint64_t soft = 0;      // the oldest soft purge that holds for it; 0: none
  WallTime soft_since{};  // when that came
};

struct Finding {
  uint64_t hard = 0;       // the oldest hard purge since Standing::checked that hits; 0: none
  uint64_t hard_from = 0;  // none of those that hit is older; below `hard` where very many were
                           // noted as one
  bool lost = false;       // what would tell is dropped already: to be treated as hit hard
  uint64_t restored = 0;   // the undo by which the standing lost its soft purge; 0: none
  Standing standing;       // where not hard: the new one

  bool purged() const { return hard != 0 || lost; }
};

struct Amount {
  uint64_t objects = 0;
  uint64_t bytes = 0;
};

// One entry, for receipts and the list of purges.
struct LogEntry {
  uint64_t number = 0;
  WallTime time{};
  Purge purge;
  std::string undo_of;  // this entry takes back the soft purge with that id; it has no targets
  bool undone = false;
  Amount amount;  // so far; final once `swept`. Of an undo: what came back
  bool swept = false;
};

struct LogStats {
  uint64_t position = 0;
  uint64_t swept = 0;      // every stored object was checked up to here
  uint64_t low_water = 0;  // entries up to here are dropped (soft ones wait for their window)
  uint64_t entries = 0;
  std::array<uint64_t, kKinds> targets{};  // by kind
  uint64_t bytes = 0;                      // of memory, about
  uint64_t refused = 0;                    // appends that found no room
};

class PurgeLog {
 public:
  explicit PurgeLog(const LogLimits& limits = {});
  ~PurgeLog();
  PurgeLog(const PurgeLog&) = delete;
  PurgeLog& operator=(const PurgeLog&) = delete;

  // The purge's number. It has taken effect when this returns. `lacking`: servers that have not
  // acknowledged it; they owe it from the same moment on. An id may come again (a replay): it
  // gets another number and acts again. kOverload: a limit is reached and the sweep must come
  // first; kInvalid: no targets, or no id.
  Result<uint64_t> append(Purge purge, WallTime now, std::span<const std::string> lacking = {});
  // Takes back every soft purge of that id within its window: a numbered entry under the id
  // `undo_id`. What was soft because of it comes back, unless another purge hits it. kInvalid:
  // unknown, hard, undone already, or too late.
  Result<uint64_t> undo(std::string_view id, std::string undo_id, WallTime now);

  // The newest number; 0 in an empty log.
  uint64_t position() const { return position_.load(std::memory_order_acquire); }
  // Looks at all entries behind `from`.
  Finding check(const Subject& subject, const Standing& from) const;

  // --- the sweep's ---
  // Adds to the amount of an entry; unknown numbers are ignored.
  void count(uint64_t number, Amount amount);
  // Every stored object was checked up to `number`; drops what nobody needs any more.
  void swept(uint64_t number, WallTime now);
  // An entry is there that not all objects were checked against.
  bool needs_sweep() const { return position() > swept_.load(std::memory_order_relaxed); }

  // --- for people and other nodes ---
  // The newest entry with that id, also from the history; its amount is that of all with that id.
  std::optional<LogEntry> find(std::string_view id) const;
  // At most `limit` entries behind `number`, oldest first, local ones left out.
  std::vector<LogEntry> after(uint64_t number, size_t limit) const;
  LogStats stats() const;

  // What servers of the next tier have not acknowledged yet; holds back the low-water mark.
  Debts& debts() { return debts_; }
  const Debts& debts() const { return debts_; }

 private:
  struct State;
  const LogLimits limits_;
  std::atomic<uint64_t> position_{0};
  std::atomic<uint64_t> swept_{0};
  Debts debts_;
  std::unique_ptr<State> state_;
};

}  // namespace seawall::purge
