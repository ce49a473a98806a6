// How many requests of a group may be sent again: a share of those of the last ten seconds, and a
// few a second on top, so that single requests can be repeated, too. A tier that fails then gets a
// little more traffic, never a multiple of it. One loop's; `now` is an argument.
#pragma once

#include "common/upstream/config.h"
#include "common/upstream/sliding_counts.h"

namespace seawall::upstream {

class RetryBudget {
 public:
  static constexpr Seconds kWindow{10};

  explicit RetryBudget(const RetryRules& rules) : rules_(rules), counts_(kWindow) {}

  void note_request(MonoTime now) { counts_.add(now, 1, 0); }
  // Takes one retry out of it; false: there is none left.
  bool take(MonoTime now) {
    const SlidingCounts::Sums sums = counts_.sums(now);
    const double allowed = rules_.budget * static_cast<double>(sums.all) +
                           static_cast<double>(rules_.floor * kWindow.count());
    if (static_cast<double>(sums.marked + 1) > allowed) return false;
    counts_.add(now, 0, 1);
    return true;
  }

 private:
  const RetryRules rules_;
  SlidingCounts counts_;
};

}  // namespace seawall::upstream
