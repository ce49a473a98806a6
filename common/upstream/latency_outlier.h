// Which server of a group answers so much later than its others that it is rather left out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/time.h"

namespace seawall::upstream {

// What is known of one server of a group that is no backup.
struct ServerLatency {
  Micros p95{0};
  uint64_t count = 0;  // answers in the window
  bool out = false;    // ejected, or down
};

struct OutlierRules {
  double factor = 0;  // of the median of the others; 0: nobody is an outlier
  int min_requests = 20;
  double max_ejected = 0.5;  // of the servers
};

// Servers with fewer answers than `min_requests`, and those that are out, are compared with nobody.
bool is_latency_outlier(std::span<const ServerLatency> servers, size_t which,
                        const OutlierRules& rules);

}  // namespace seawall::upstream
