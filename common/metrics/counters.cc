#include "common/metrics/counters.h"

#include <algorithm>

namespace seawall::metrics {

LoopCounters::LoopCounters(size_t site_slots)
    : site_slots_(std::max<size_t>(site_slots, 1)),
      sites_(std::make_unique<SiteCounters[]>(std::max<size_t>(site_slots, 1))) {}

void LoopCounters::add_to(Totals& totals) const {
  if (totals.sites.size() < site_slots_) totals.sites.resize(site_slots_);
  for (size_t i = 0; i < site_slots_; ++i) {
    SiteTotals& to = totals.sites[i];
    for (size_t s = 0; s < kStatusClasses; ++s) {
      for (size_t r = 0; r < kCacheResults; ++r)
        to.requests[s][r] += sites_[i].requests[s][r].get();
    }
    to.bytes_to_viewers += sites_[i].bytes_to_viewers.get();
    to.bytes_from_upstream += sites_[i].bytes_from_upstream.get();
  }
  ttfb_hit_.add_to(totals.ttfb_hit);
  ttfb_other_.add_to(totals.ttfb_other);
  total_.add_to(totals.total);
  totals.open_viewer_connections += open_viewer_connections.get();
  totals.requests_in_flight += requests_in_flight.get();
#define X(member, name, help) totals.member += member.get();
  SEAWALL_LOOP_COUNTERS(X)
#undef X
}

}  // namespace seawall::metrics
