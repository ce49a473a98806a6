#include "tests/checker/tally.h"

#include <algorithm>
#include <cstdio>

namespace seawall::checker {
namespace {

constexpr uint64_t kPrinted = 20;

}  // namespace

void Tally::count(std::string_view name, uint64_t more) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(name);
  if (found != counts_.end()) {
    found->second += more;
  } else {
    counts_.emplace(name, more);
  }
}

void Tally::violation(std::string text) {
  if (++violations_ > kPrinted) return;
  const std::lock_guard lock(mutex_);
  std::fprintf(stderr, "VIOLATION %s\n", text.c_str());
}

void Tally::completed(std::string_view kind, double ms) {
  count("complete." + std::string(kind));
  const std::lock_guard lock(mutex_);
  latencies_.push_back(static_cast<float>(ms));
  ++complete_;
}

Tally::Counts Tally::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

double Tally::latency(double share) const {
  std::vector<float> sorted;
  {
    const std::lock_guard lock(mutex_);
    sorted = latencies_;
  }
  if (sorted.empty()) return 0;
  std::sort(sorted.begin(), sorted.end());
  const auto at = static_cast<size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(sorted.size() - 1, at)];
}

}  // namespace seawall::checker
