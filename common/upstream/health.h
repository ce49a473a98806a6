// What is thought of one server, and why: from the requests it gets and from probes. No clock, no
// thread, no log: see health_board.h for the one that all loops of a node share.
//
// A server is ejected for a while when `failures` requests in a row got no answer, or when of those
// in the window too large a share did, got 502, 503 or 504, or a body that broke off. Each ejection
// that follows the one before without a good while between them lasts twice as long. After it, one
// failure more ejects again. Probes that fail take a server out until probes succeed. Who compares
// servers (see latency_outlier.h) may find one to be an outlier.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"
#include "common/upstream/config.h"
#include "common/upstream/sliding_counts.h"

namespace seawall::upstream {

enum class Outcome : uint8_t {
  kGood,
  kBadAnswer,  // it lives, but a 502, 503 or 504 of its own making
  kNoAnswer,   // not to be reached, silent, or no HTTP
  kCut         // what was noted as good before broke off: no request more, but a failure more
};

class Health {
 public:
  enum class State : uint8_t { kUp, kEjected, kDown };
  // Something to tell the operator.
  struct Change {
    State state = State::kUp;
    const char* why = "";
    Millis time{0};  // kEjected: for so long
  };
  static constexpr Millis kMaxEjection{30000};

  explicit Health(const HealthRules& rules) : rules_(rules), window_(rules.window) {}
  // What is known stays known.
  void configure(const HealthRules& rules);

  std::optional<Change> note(Outcome outcome, MonoTime now);
  std::optional<Change> note_probe(bool good, MonoTime now);
  std::optional<Change> note_outlier(MonoTime now);

  // When it is usable (again): in the past, a time to come, or MonoTime::max() while probes fail.
  // The epoch: it never was ejected.
  MonoTime usable_from() const { return usable_from_; }
  State state(MonoTime now) const;
  uint64_t ejections() const { return ejections_; }

 private:
  Change eject(const char* why, MonoTime now);
  Change recover(const char* why, MonoTime now);

  HealthRules rules_;
  SlidingCounts window_;
  MonoTime usable_from_{};
  int failures_ = 0;     // in a row
  int doublings_ = 0;    // of the next ejection's time
  int good_probes_ = 0;  // in a row
  int bad_probes_ = 0;
  // The last ejection, and not by failures in a row: a single answer does not take it back.
  bool by_share_ = false;
  bool was_out_ = false;  // and has not answered since
  uint64_t ejections_ = 0;
};

// The share of its weight that a server gets: all, but after an ejection from a tenth to all,
// linearly within `slow_start`. `usable_from` must not be in the future.
double slow_start_share(MonoTime usable_from, Millis slow_start, MonoTime now);

}  // namespace seawall::upstream
