// The judge: knows what the origin has said, what was purged when, and what the weather excuses,
// and finds every answer that no correct cache could have given.
//
// Times are the world's. An answer's age is taken from when the origin made it to when its request
// began, which is the least that the node can have known it to be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/content.h"
#include "tests/sim/message_reader.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/trace.h"
#include "tests/sim/weather.h"

namespace seawall::sim {

// What a viewer asks, once.
struct Ask {
  uint64_t id = 0;
  std::string method = "GET";
  const Resource* resource = nullptr;
  int flavour = 0;
  bool authorized = false;
  bool only_if_cached = false;
  std::optional<std::pair<uint64_t, uint64_t>> range;  // first, last
  std::string if_none_match;
  uint64_t body_length = 0;
  MonoTime begun{};  // its first byte was given to the network
};

// What the body of an answer has to be, after its head was judged.
struct Expected {
  bool known = false;  // else the body is one of ours, and of no interest
  Representation what;
  uint64_t first = 0;
  uint64_t end = 0;
};

class Oracle {
 public:
  // `weather`: all that goes wrong until settled().
  Oracle(const Scheduler& scheduler, Catalogue& catalogue, const Weather& weather, Trace& trace)
      : scheduler_(scheduler), catalogue_(catalogue), weather_(weather), trace_(trace) {}

  // --- what viewers get ---
  Expected judge(const Ask& ask, const Head& head);
  // --- what the origin gets ---
  void upload_done(uint64_t request, bool whole);
  // --- purges ---
  struct Purge {
    // kUndo: of the purge `what` names by its id.
    enum class Kind : uint8_t { kUrl, kTag, kPrefix, kUndo } kind = Kind::kUrl;
    bool soft = false;     // kUndo: of what is taken back
    bool posted = false;   // as JSON, not by the method PURGE
    bool dry_run = false;  // counts, and takes nothing away
    std::string id;        // of its receipt
    std::string host;
    std::string what;  // path, tag, or the beginning of paths
    MonoTime started{};
    MonoTime done{};
    bool complete = false;  // acknowledged by all; else it binds until the edge is killed
  };
  void purged(Purge purge);
  // An undo is on its way: from now on the purge need not hold.
  void taking_back(const std::string& id);
  // --- what excuses ---
  void edge_killed();
  MonoTime edge_killed_at() const { return edge_killed_at_; }
  // All is over that had gone wrong, and whatever it did to requests: from now on it is calm.
  void settled() { weather_ = {}; }
  const Weather& weather() const { return weather_; }
  void clock_jumped_back(Millis by) { jumps_.emplace_back(scheduler_.now(), by); }

  void violation(const char* format, ...) __attribute__((format(printf, 2, 3)));
  const std::vector<std::string>& violations() const { return violations_; }

  struct Counts {
    uint64_t answers = 0;
    uint64_t hits = 0;
    uint64_t errors = 0;
    uint64_t cut = 0;
    uint64_t purges = 0;
  };
  Counts counts;

 private:
  void judge_error(const Ask& ask, const Head& head);
  void judge_not_modified(const Ask& ask, const Head& head);
  Expected judge_content(const Ask& ask, const Head& head, const Record& record);
  void judge_age(const Ask& ask, const Record& record);
  void judge_purges(const Ask& ask, const Record& record);
  bool hits(const Purge& purge, const Record& record) const;
  Millis set_back_since(MonoTime time) const;
  Seconds stale_window(const Policy& policy) const;
  const Record* longest_usable(const Representation& what) const;

  const Scheduler& scheduler_;
  Catalogue& catalogue_;
  Weather weather_;
  Trace& trace_;
  std::vector<Purge> purges_;
  std::map<uint64_t, int> uploads_;
  std::vector<std::pair<MonoTime, Millis>> jumps_;
  MonoTime edge_killed_at_{};
  std::vector<std::string> violations_;
};

}  // namespace seawall::sim
