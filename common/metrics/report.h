// Report: everything the admin listener shows, at one moment; made by server/, rendered by
// prometheus.h (/metrics) and stats_json.h (/stats).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/metrics/counters.h"
#include "common/metrics/rates.h"

namespace seawall::metrics {

// Of a node that shares its purges through Redis.
struct FleetFacts {
  bool connected = false;
  double cut_off_seconds = 0;
  std::string position;  // of this node in the stream
  uint64_t nodes = 0;
  uint64_t nodes_behind = 0;
  uint64_t unsent = 0;   // purges that are not in the stream yet
  uint64_t waiting = 0;  // accepted here, and not acknowledged by all
  uint64_t appended = 0;
  uint64_t applied = 0;
  uint64_t connects = 0;
  uint64_t purges_of_all = 0;
};

// What is not counted by loops.
struct NodeFacts {
  std::string role;  // "edge" or "shield"
  std::string node;
  std::string version;
  double uptime_seconds = 0;
  bool ready = false;
  bool draining = false;
  uint64_t workers = 0;
  uint64_t rss_bytes = 0;
  uint64_t config_generation = 0;  // 1 at start, +1 with each reload that worked
  uint64_t failed_reloads = 0;

  uint64_t store_entries = 0;
  uint64_t store_bytes = 0;
  uint64_t store_limit_bytes = 0;
  uint64_t store_evictions = 0;
  uint64_t store_evicted_bytes = 0;
  uint64_t fills_open = 0;

  // The purge log.
  uint64_t purge_position = 0;
  uint64_t purge_swept = 0;
  uint64_t purge_low_water = 0;
  uint64_t purge_entries = 0;
  uint64_t purge_bytes = 0;
  uint64_t purge_refused = 0;
  uint64_t purges_owed = 0;                                          // to servers of the next tier
  std::vector<std::pair<std::string_view, uint64_t>> purge_targets;  // by kind

  std::optional<FleetFacts> fleet;

  uint64_t pool_idle = 0;
  uint64_t pool_active = 0;
  uint64_t pool_pending = 0;  // requests that wait for a connection
  uint64_t servers_healthy = 0;
  uint64_t servers_total = 0;

  uint64_t access_records_dropped = 0;
  uint64_t access_records_written = 0;
  uint64_t error_lines_suppressed = 0;
};

// One server of an upstream group, as the node sees it.
struct ServerFacts {
  std::string group;
  std::string server;  // its URL
  std::string zone;
  std::string_view state;  // up, ejected, down
  bool up = true;
  uint64_t requests = 0;
  uint64_t failures = 0;  // no answer, or 502, 503, 504 of an origin
  uint64_t ejections = 0;
  uint64_t in_use = 0;  // connections, of all loops
  bool full = false;    // as many as may be: the circuit breaker is open
  uint64_t refusals = 0;
};

struct Report {
  NodeFacts facts;
  Totals totals;
  std::vector<ServerFacts> servers;
  std::vector<std::string> site_names;  // by slot; a slot without traffic is not rendered
  Rates rates;                          // of about the last minute
};

// Sums over all sites that /stats shows and RateWindow is fed with.
struct Summary {
  uint64_t requests = 0;
  uint64_t local_hits = 0;   // hit, refresh_hit, stale
  uint64_t shield_hits = 0;  // of an edge: shield_hit, shield_refresh_hit, shield_stale
  uint64_t cacheable = 0;    // requests that looked into the store: all but pass, error and other
  uint64_t errors = 0;       // answers with a status of 500 to 599
  uint64_t bytes_to_viewers = 0;
  uint64_t bytes_from_upstream = 0;

  // In 0..1; 0 when nothing was asked.
  double hit_ratio() const;       // local_hits / cacheable
  double origin_offload() const;  // 1 − bytes_from_upstream / bytes_to_viewers, at least 0
  double error_rate() const;      // errors / requests
};
Summary summarise(const Totals& totals);

}  // namespace seawall::metrics
