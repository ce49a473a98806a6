#include "common/metrics/report.h"

#include <algorithm>

namespace seawall::metrics {
namespace {

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void add(Summary& sum, size_t status, CacheResult result, uint64_t n) {
  sum.requests += n;
  if (status == 5) sum.errors += n;
  switch (result) {
    case CacheResult::kHit:
    case CacheResult::kRefreshHit:
    case CacheResult::kStale:
      sum.local_hits += n;
      sum.cacheable += n;
      break;
    case CacheResult::kShieldHit:
    case CacheResult::kShieldRefreshHit:
    case CacheResult::kShieldStale:
      sum.shield_hits += n;
      sum.cacheable += n;
      break;
    case CacheResult::kMiss:
      sum.cacheable += n;
      break;
    case CacheResult::kPass:
    case CacheResult::kError:
    case CacheResult::kOther:
      break;
  }
}

}  // namespace

double Summary::hit_ratio() const { return ratio(local_hits, cacheable); }
double Summary::origin_offload() const {
  return bytes_to_viewers == 0 ? 0
                               : std::max(0.0, 1 - ratio(bytes_from_upstream, bytes_to_viewers));
}
double Summary::error_rate() const { return ratio(errors, requests); }

Summary summarise(const Totals& totals) {
  Summary sum;
  for (const SiteTotals& site : totals.sites) {
    for (size_t s = 0; s < kStatusClasses; ++s) {
      for (size_t r = 0; r < kCacheResults; ++r)
        add(sum, s, static_cast<CacheResult>(r), site.requests[s][r]);
    }
    sum.bytes_to_viewers += site.bytes_to_viewers;
    sum.bytes_from_upstream += site.bytes_from_upstream;
  }
  return sum;
}

}  // namespace seawall::metrics
