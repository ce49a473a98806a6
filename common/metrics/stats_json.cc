#include "common/metrics/stats_json.h"

#include "common/metrics/json_writer.h"

namespace seawall::metrics {
namespace {

constexpr const char* kStatusNames[kStatusClasses] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

void write_latency(JsonWriter& json, std::string_view name, const HistogramTotals& histogram) {
  const auto millis = [&](double p) { return histogram.percentile(p) / 1e3; };
  json.key(name);
  json.begin_object();
  json.field("count", histogram.count);
  json.field("mean_ms", histogram.count == 0 ? 0.0
                                             : static_cast<double>(histogram.sum_micros) / 1e3 /
                                                   static_cast<double>(histogram.count));
  json.field("p50_ms", millis(50));
  json.field("p95_ms", millis(95));
  json.field("p99_ms", millis(99));
  json.end_object();
}

void write_summary(JsonWriter& json, const Report& report) {
  const Summary sum = summarise(report.totals);
  json.field("requests", sum.requests);
  json.field("hit_ratio", sum.hit_ratio());
  json.field("local_hits", sum.local_hits);
  json.field("shield_hits", sum.shield_hits);
  json.field("origin_offload", sum.origin_offload());
  json.field("error_rate", sum.error_rate());
  json.field("bytes_to_viewers", sum.bytes_to_viewers);
  json.field("bytes_from_upstream", sum.bytes_from_upstream);
  HistogramTotals ttfb = report.totals.ttfb_hit;
  ttfb.add(report.totals.ttfb_other);
  json.key("latency");
  json.begin_object();
  write_latency(json, "ttfb", ttfb);
  write_latency(json, "ttfb_store", report.totals.ttfb_hit);
  write_latency(json, "ttfb_upstream", report.totals.ttfb_other);
  write_latency(json, "total", report.totals.total);
  json.end_object();
}

void write_rates(JsonWriter& json, const Rates& rates) {
  json.key("rates");
  json.begin_object();
  json.field("over_seconds", rates.seconds);
  json.field("requests_per_second", rates.requests_per_second);
  json.field("upstream_requests_per_second", rates.upstream_requests_per_second);
  json.field("errors_per_second", rates.errors_per_second);
  json.field("bits_per_second_to_viewers", rates.bits_per_second_to_viewers);
  json.field("bits_per_second_from_upstream", rates.bits_per_second_from_upstream);
  json.end_object();
}

void write_node(JsonWriter& json, const NodeFacts& f) {
  json.field("role", std::string_view(f.role));
  json.field("node", std::string_view(f.node));
  json.field("version", std::string_view(f.version));
  json.field("uptime_seconds", f.uptime_seconds);
  json.field("ready", f.ready);
  json.field("draining", f.draining);
  json.field("workers", f.workers);
  json.field("resident_bytes", f.rss_bytes);
  json.field("config_generation", f.config_generation);
  json.field("failed_reloads", f.failed_reloads);
}

void write_store(JsonWriter& json, const NodeFacts& f) {
  json.key("store");
  json.begin_object();
  json.field("entries", f.store_entries);
  json.field("bytes", f.store_bytes);
  json.field("limit_bytes", f.store_limit_bytes);
  json.field("evictions", f.store_evictions);
  json.field("evicted_bytes", f.store_evicted_bytes);
  json.field("fills_open", f.fills_open);
  json.end_object();
}

void write_purge_log(JsonWriter& json, const NodeFacts& f) {
  json.key("purge_log");
  json.begin_object();
  json.field("position", f.purge_position);
  json.field("swept", f.purge_swept);
  json.field("low_water", f.purge_low_water);
  json.field("entries", f.purge_entries);
  json.field("bytes", f.purge_bytes);
  json.field("refused", f.purge_refused);
  json.field("owed", f.purges_owed);
  json.key("targets");
  json.begin_object();
  for (const auto& [kind, count] : f.purge_targets) json.field(kind, count);
  json.end_object();
  json.end_object();
}

void write_servers(JsonWriter& json, const std::vector<ServerFacts>& servers) {
  json.key("upstream_servers");
  json.begin_array();
  for (const ServerFacts& s : servers) {
    json.begin_object();
    json.field("group", std::string_view(s.group));
    json.field("server", std::string_view(s.server));
    if (!s.zone.empty()) json.field("zone", std::string_view(s.zone));
    json.field("state", s.state);
    json.field("requests", s.requests);
    json.field("failures", s.failures);
    json.field("ejections", s.ejections);
    json.field("in_use", s.in_use);
    json.field("breaker", std::string_view(s.full ? "open" : "closed"));
    json.field("refusals", s.refusals);
    json.end_object();
  }
  json.end_array();
}

void write_fleet(JsonWriter& json, const FleetFacts& f) {
  json.key("fleet");
  json.begin_object();
  json.field("connected", f.connected);
  json.field("cut_off_seconds", f.cut_off_seconds);
  json.field("position", std::string_view(f.position));
  json.field("nodes", f.nodes);
  json.field("nodes_behind", f.nodes_behind);
  json.field("unsent", f.unsent);
  json.field("waiting", f.waiting);
  json.field("appended", f.appended);
  json.field("applied", f.applied);
  json.field("connects", f.connects);
  json.field("purges_of_all", f.purges_of_all);
  json.end_object();
}

void write_upstream(JsonWriter& json, const NodeFacts& f) {
  json.key("upstream");
  json.begin_object();
  json.field("pool_idle", f.pool_idle);
  json.field("pool_active", f.pool_active);
  json.field("pool_pending", f.pool_pending);
  json.field("servers_healthy", f.servers_healthy);
  json.field("servers", f.servers_total);
  json.end_object();
}

void write_logs(JsonWriter& json, const NodeFacts& f) {
  json.key("logs");
  json.begin_object();
  json.field("access_records", f.access_records_written);
  json.field("access_records_dropped", f.access_records_dropped);
  json.field("error_lines_suppressed", f.error_lines_suppressed);
  json.end_object();
}

void write_counters(JsonWriter& json, const Totals& totals) {
  json.key("counters");
  json.begin_object();
  json.field("open_viewer_connections", totals.open_viewer_connections);
  json.field("requests_in_flight", totals.requests_in_flight);
#define X(member, name, help) json.field(#member, totals.member);
  SEAWALL_LOOP_COUNTERS(X)
#undef X
  json.end_object();
}

// {"status": {"2xx": n, ...}, "cache": {"hit": n, ...}}: sums, not the full table that /metrics
// has.
void write_site(JsonWriter& json, std::string_view name, const SiteTotals& site) {
  uint64_t by_status[kStatusClasses] = {};
  uint64_t by_result[kCacheResults] = {};
  uint64_t requests = 0;
  for (size_t s = 0; s < kStatusClasses; ++s) {
    for (size_t r = 0; r < kCacheResults; ++r) {
      by_status[s] += site.requests[s][r];
      by_result[r] += site.requests[s][r];
      requests += site.requests[s][r];
    }
  }
  if (requests == 0 && site.bytes_from_upstream == 0) return;
  json.key(name);
  json.begin_object();
  json.field("requests", requests);
  json.key("status");
  json.begin_object();
  for (size_t s = 0; s < kStatusClasses; ++s) {
    if (by_status[s] != 0) json.field(kStatusNames[s], by_status[s]);
  }
  json.end_object();
  json.key("cache");
  json.begin_object();
  for (size_t r = 0; r < kCacheResults; ++r) {
    if (by_result[r] != 0) json.field(to_string(static_cast<CacheResult>(r)), by_result[r]);
  }
  json.end_object();
  json.field("bytes_to_viewers", site.bytes_to_viewers);
  json.field("bytes_from_upstream", site.bytes_from_upstream);
  json.end_object();
}

}  // namespace

std::string render_stats_json(const Report& report) {
  JsonWriter json;
  json.begin_object();
  write_node(json, report.facts);
  write_summary(json, report);
  write_rates(json, report.rates);
  write_store(json, report.facts);
  write_purge_log(json, report.facts);
  if (report.facts.fleet) write_fleet(json, *report.facts.fleet);
  write_upstream(json, report.facts);
  write_servers(json, report.servers);
  write_logs(json, report.facts);
  write_counters(json, report.totals);
  json.key("sites");
  json.begin_object();
  for (size_t i = 0; i < report.totals.sites.size(); ++i) {
    const bool named = i < report.site_names.size();
    if (named) write_site(json, report.site_names[i], report.totals.sites[i]);
  }
  json.end_object();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace seawall::metrics
