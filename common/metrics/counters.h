// LoopCounters: all that one loop counts. Written by that loop only; read by any thread, which sums
// the loops' counters into Totals. Numbers of one moment may be torn between counters, never
// within.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/cache_result.h"
#include "common/metrics/counter.h"
#include "common/metrics/histogram.h"

namespace seawall::metrics {

// 0 is for no answer (the viewer left first) and for anything that is no status.
constexpr size_t kStatusClasses = 6;
constexpr size_t status_class(int status) {
  return status >= 100 && status < 600 ? static_cast<size_t>(status) / 100 : 0;
}

// Every plain counter of a loop: X(member, metric name, help). Totals and both renderings follow
// this list.
#define SEAWALL_LOOP_COUNTERS(X)                                                                \
  X(viewer_connections, "viewer_connections_total", "Connections accepted from viewers.")       \
  X(refused_connections, "refused_connections_total", "Connections refused at the limit.")      \
  X(refused_addresses, "refused_addresses_total",                                               \
    "Connections refused because their address has too many.")                                  \
  X(refused_requests, "refused_requests_total", "Requests refused as malformed or too large.")  \
  X(auth_missing, "auth_missing_total", "Requests refused: X-Seawall-Auth is missing.")         \
  X(auth_invalid, "auth_invalid_total", "Requests refused: X-Seawall-Auth is not right.")       \
  X(auth_expired, "auth_expired_total", "Requests refused: made too long ago, or ahead of us.") \
  X(auth_replayed, "auth_replayed_total", "Requests refused: seen before, or no room to tell.") \
  X(aborted_viewers, "aborted_viewers_total", "Answers cut because the viewer left.")           \
  X(tls_handshakes, "tls_handshakes_total", "Full TLS handshakes with viewers.")                \
  X(tls_resumed, "tls_resumed_total", "TLS sessions of viewers that were resumed.")             \
  X(tls_failed, "tls_failed_total", "TLS handshakes with viewers that failed.")                 \
  X(upstream_requests, "upstream_requests_total", "Requests sent upstream.")                    \
  X(upstream_errors, "upstream_errors_total", "Upstream requests that got no complete answer.") \
  X(upstream_5xx, "upstream_5xx_total", "Upstream answers with a status of 500 to 599.")        \
  X(upstream_connects, "upstream_connects_total", "Connections opened upstream.")               \
  X(upstream_reuses, "upstream_reuses_total", "Upstream requests on a pooled connection.")      \
  X(upstream_retries, "upstream_retries_total", "Upstream requests that were sent again.")      \
  X(upstream_retries_refused, "upstream_retries_refused_total",                                 \
    "Retries that the group's budget did not allow.")                                           \
  X(upstream_hedges, "upstream_hedges_total", "Late upstream requests that were sent twice.")   \
  X(upstream_hedges_won, "upstream_hedges_won_total",                                           \
    "Of these, those whose second answer was the one that counted.")                            \
  X(upstream_overloads, "upstream_overloads_total",                                             \
    "Requests refused because all connections of their group were in use.")                     \
  X(revalidations, "revalidations_total", "Conditional requests sent upstream.")                \
  X(collapsed_requests, "collapsed_requests_total",                                             \
    "Requests that joined another's fill instead of fetching.")                                 \
  X(background_refreshes, "background_refreshes_total", "Refreshes with no viewer waiting.")    \
  X(stores, "stores_total", "Answers stored.")                                                  \
  X(store_refused, "store_refused_total", "Storable answers for which there was no space.")     \
  X(shed_fills, "shed_fills_total", "Storable answers not stored since memory ran out.")        \
  X(purges, "purges_total", "Purges accepted.")

// What is counted for each site.
struct SiteCounters {
  std::array<std::array<Counter, kCacheResults>, kStatusClasses> requests;
  Counter bytes_to_viewers;
  Counter bytes_from_upstream;
};

struct SiteTotals {
  std::array<std::array<uint64_t, kCacheResults>, kStatusClasses> requests{};
  uint64_t bytes_to_viewers = 0;
  uint64_t bytes_from_upstream = 0;
};

struct Totals {
  std::vector<SiteTotals> sites;  // by slot; see site_slots.h
  HistogramTotals ttfb_hit;       // answers from this node's store
  HistogramTotals ttfb_other;
  HistogramTotals total;
  int64_t open_viewer_connections = 0;
  int64_t requests_in_flight = 0;
#define X(member, name, help) uint64_t member = 0;
  SEAWALL_LOOP_COUNTERS(X)
#undef X
};

// What one finished request adds.
struct RequestFacts {
  uint32_t site = 0;  // slot
  int status = 0;
  CacheResult result = CacheResult::kOther;
  uint64_t bytes_to_viewer = 0;
  uint64_t bytes_from_upstream = 0;
  uint64_t ttfb_us = 0;
  uint64_t total_us = 0;
};

class LoopCounters {
 public:
  // `site_slots`: see SiteSlots::capacity(). Slots beyond count as slot 0.
  explicit LoopCounters(size_t site_slots);

  // Once per request, when its answer ends. No allocation; about ten plain stores.
  void count_request(const RequestFacts& facts) {
    SiteCounters& site = sites_[facts.site < site_slots_ ? facts.site : 0];
    site.requests[status_class(facts.status)][static_cast<size_t>(facts.result)].add();
    site.bytes_to_viewers.add(facts.bytes_to_viewer);
    if (facts.bytes_from_upstream != 0) site.bytes_from_upstream.add(facts.bytes_from_upstream);
    (is_local_hit(facts.result) ? ttfb_hit_ : ttfb_other_).record(facts.ttfb_us);
    total_.record(facts.total_us);
  }
  // Of what no viewer waited for (background refreshes).
  void count_upstream_bytes(uint32_t site, uint64_t bytes) {
    sites_[site < site_slots_ ? site : 0].bytes_from_upstream.add(bytes);
  }

  // Any thread.
  void add_to(Totals& totals) const;

#define X(member, name, help) Counter member;
  SEAWALL_LOOP_COUNTERS(X)
#undef X
  Gauge open_viewer_connections;
  Gauge requests_in_flight;

 private:
  const size_t site_slots_;
  const std::unique_ptr<SiteCounters[]> sites_;
  Histogram ttfb_hit_;
  Histogram ttfb_other_;
  Histogram total_;
};

}  // namespace seawall::metrics
