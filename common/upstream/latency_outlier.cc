#include "common/upstream/latency_outlier.h"

#include <algorithm>
#include <vector>

namespace seawall::upstream {

bool is_latency_outlier(std::span<const ServerLatency> servers, size_t which,
                        const OutlierRules& rules) {
  const auto counts = [&](const ServerLatency& s) {
    return !s.out && s.count >= static_cast<uint64_t>(rules.min_requests);
  };
  if (rules.factor <= 0 || !counts(servers[which])) return false;
  std::vector<Micros> others;
  size_t out = 1;  // it would be
  for (size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].out) ++out;
    if (i != which && counts(servers[i])) others.push_back(servers[i].p95);
  }
  const double share = static_cast<double>(out) / static_cast<double>(servers.size());
  if (others.empty() || share > rules.max_ejected) return false;
  // Of an even number the lower one: two servers of which one is slow are no reason to wait.
  const auto median = others.begin() + static_cast<std::ptrdiff_t>((others.size() - 1) / 2);
  std::nth_element(others.begin(), median, others.end());
  const auto own = static_cast<double>(servers[which].p95.count());
  return own > rules.factor * static_cast<double>(median->count());
}

}  // namespace seawall::upstream
