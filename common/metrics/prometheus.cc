// Families appear once, with HELP and TYPE first and all their samples together, as the format
// demands (https://prometheus.io/docs/instrumenting/exposition_formats/). Every name starts with
// `seawall_`; units are base units: seconds and bytes.
#include "common/metrics/prometheus.h"

#include <charconv>
#include <string_view>

namespace seawall::metrics {
namespace {

// Buckets of a histogram: the powers of two from 64 µs to 67 s, which are floors of our own buckets
// and so are exact, but for a value of just that many µs.
constexpr int kFirstPower = 6;
constexpr int kLastPower = 26;

constexpr std::string_view kStatusNames[kStatusClasses] = {"none", "1xx", "2xx",
                                                           "3xx",  "4xx", "5xx"};

class Text {
 public:
  explicit Text(std::string& out) : out_(out) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    out_ += "# HELP seawall_";
    out_ += name;
    out_ += ' ';
    escape(help);
    out_ += "\n# TYPE seawall_";
    out_ += name;
    out_ += ' ';
    out_ += type;
    out_ += '\n';
  }
  Text& sample(std::string_view name) {
    out_ += "seawall_";
    out_ += name;
    labelled_ = false;
    return *this;
  }
  Text& label(std::string_view name, std::string_view value) {
    out_ += labelled_ ? ',' : '{';
    labelled_ = true;
    out_ += name;
    out_ += "=\"";
    escape(value);
    out_ += '"';
    return *this;
  }
  template <class T>
  void value(T number) {
    out_ += labelled_ ? "} " : " ";
    number_text(number);
    out_ += '\n';
  }
  template <class T>
  void metric(std::string_view name, std::string_view type, std::string_view help, T number) {
    family(name, type, help);
    sample(name).value(number);
  }

 private:
  template <class T>
  void number_text(T number) {
    char text[32];
    out_.append(text, std::to_chars(text, text + sizeof text, number).ptr);
  }
  void escape(std::string_view text) {
    for (const char c : text) {
      if (c == '\\' || c == '"') out_ += '\\';
      if (c == '\n') {
        out_ += "\\n";
      } else {
        out_ += c;
      }
    }
  }

  std::string& out_;
  bool labelled_ = false;
};

std::string seconds_text(uint64_t micros) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, static_cast<double>(micros) / 1e6).ptr};
}

bool has_traffic(const SiteTotals& site) {
  uint64_t n = site.bytes_to_viewers | site.bytes_from_upstream;
  for (const auto& by_result : site.requests) {
    for (const uint64_t count : by_result) n |= count;
  }
  return n != 0;
}

std::string_view site_name(const Report& report, size_t slot) {
  return slot < report.site_names.size() ? std::string_view(report.site_names[slot]) : "_other";
}

void render_sites(Text& text, const Report& report) {
  const auto& sites = report.totals.sites;
  text.family("requests_total", "counter",
              "Requests answered, by site, status class and what the cache did.");
  for (size_t i = 0; i < sites.size(); ++i) {
    for (size_t s = 0; s < kStatusClasses; ++s) {
      for (size_t r = 0; r < kCacheResults; ++r) {
        if (sites[i].requests[s][r] == 0) continue;
        text.sample("requests_total")
            .label("site", site_name(report, i))
            .label("status", kStatusNames[s])
            .label("cache", to_string(static_cast<CacheResult>(r)))
            .value(sites[i].requests[s][r]);
      }
    }
  }
  const auto bytes = [&](std::string_view name, std::string_view help,
                         uint64_t SiteTotals::*member) {
    text.family(name, "counter", help);
    for (size_t i = 0; i < sites.size(); ++i) {
      if (!has_traffic(sites[i])) continue;
      text.sample(name).label("site", site_name(report, i)).value(sites[i].*member);
    }
  };
  bytes("viewer_bytes_total", "Bytes sent to viewers, heads included.",
        &SiteTotals::bytes_to_viewers);
  bytes("upstream_bytes_total", "Bytes received from upstream, heads included.",
        &SiteTotals::bytes_from_upstream);
}

void render_histogram(Text& text, std::string_view name, std::string_view served,
                      const HistogramTotals& histogram) {
  const std::string bucket = std::string(name) + "_bucket";
  const auto series = [&](std::string_view sample) -> Text& {
    text.sample(sample);
    if (!served.empty()) text.label("served", served);
    return text;
  };
  for (int power = kFirstPower; power <= kLastPower; ++power) {
    const uint64_t bound = 1ull << power;
    series(bucket).label("le", seconds_text(bound)).value(histogram.count_below(bound));
  }
  series(bucket).label("le", "+Inf").value(histogram.count);
  series(std::string(name) + "_sum").value(static_cast<double>(histogram.sum_micros) / 1e6);
  series(std::string(name) + "_count").value(histogram.count);
}

void render_histograms(Text& text, const Totals& totals) {
  text.family("ttfb_seconds", "histogram",
              "Time from the end of a request's head to the first byte of its answer.");
  render_histogram(text, "ttfb_seconds", "store", totals.ttfb_hit);
  render_histogram(text, "ttfb_seconds", "upstream", totals.ttfb_other);
  text.family("request_seconds", "histogram",
              "Time from the end of a request's head to the last byte of its answer.");
  render_histogram(text, "request_seconds", "", totals.total);
}

void render_node(Text& text, const NodeFacts& f) {
  text.family("info", "gauge", "What runs here.");
  text.sample("info")
      .label("role", f.role)
      .label("node", f.node)
      .label("version", f.version)
      .value(1);
  text.metric("uptime_seconds", "gauge", "Since the process started.", f.uptime_seconds);
  text.metric("ready", "gauge", "1 while /readyz says yes.", f.ready ? 1 : 0);
  text.metric("draining", "gauge", "1 after SIGTERM.", f.draining ? 1 : 0);
  text.metric("workers", "gauge", "Loops.", f.workers);
  text.metric("resident_bytes", "gauge", "Resident memory of the process.", f.rss_bytes);
  text.metric("config_generation", "gauge", "1 at start, one more with each reload that worked.",
              f.config_generation);
  text.metric("failed_reloads_total", "counter", "Reloads refused.", f.failed_reloads);
  text.metric("access_records_total", "counter", "Lines written to the access log.",
              f.access_records_written);
  text.metric("access_records_dropped_total", "counter",
              "Access log records lost because their ring was full or writing failed.",
              f.access_records_dropped);
  text.metric("error_lines_suppressed_total", "counter", "Error log lines held back.",
              f.error_lines_suppressed);
}

void render_store_and_pool(Text& text, const NodeFacts& f) {
  text.metric("store_entries", "gauge", "Stored answers.", f.store_entries);
  text.metric("store_bytes", "gauge", "Memory charged to the store's budget.", f.store_bytes);
  text.metric("store_limit_bytes", "gauge", "The store's budget.", f.store_limit_bytes);
  text.metric("store_evictions_total", "counter", "Entries evicted for space.", f.store_evictions);
  text.metric("store_evicted_bytes_total", "counter", "Bytes evicted for space.",
              f.store_evicted_bytes);
  text.metric("fills_open", "gauge", "Fetches that may be stored and are not complete.",
              f.fills_open);
  text.family("pool_connections", "gauge", "Upstream connections.");
  text.sample("pool_connections").label("state", "idle").value(f.pool_idle);
  text.sample("pool_connections").label("state", "active").value(f.pool_active);
  text.metric("upstream_pending", "gauge", "Requests that wait for an upstream connection.",
              f.pool_pending);
  text.family("upstream_servers", "gauge", "Configured upstream servers.");
  text.sample("upstream_servers").label("state", "healthy").value(f.servers_healthy);
  text.sample("upstream_servers")
      .label("state", "unhealthy")
      .value(f.servers_total - f.servers_healthy);
}

void render_servers(Text& text, const std::vector<ServerFacts>& servers) {
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto value) {
    text.family(name, type, help);
    for (const ServerFacts& s : servers) {
      text.sample(name).label("group", s.group).label("server", s.server).value(value(s));
    }
  };
  each("upstream_server_up", "gauge", "Whether requests are sent to this server.",
       [](const ServerFacts& s) { return uint64_t{s.up}; });
  each("upstream_server_requests_total", "counter", "Requests to this server, probes not counted.",
       [](const ServerFacts& s) { return s.requests; });
  each("upstream_server_failures_total", "counter",
       "Of these, without an answer or, of an origin, with 502, 503 or 504.",
       [](const ServerFacts& s) { return s.failures; });
  each("upstream_server_ejections_total", "counter", "How often this server was taken out.",
       [](const ServerFacts& s) { return s.ejections; });
  each("upstream_server_connections_in_use", "gauge", "Connections in use, of the whole node.",
       [](const ServerFacts& s) { return s.in_use; });
  each("upstream_server_breaker_open", "gauge", "Whether it has as many as it may.",
       [](const ServerFacts& s) { return uint64_t{s.full}; });
  each("upstream_server_breaker_refusals_total", "counter",
       "Requests that found it so, and waited or were refused.",
       [](const ServerFacts& s) { return s.refusals; });
}

void render_purge_log(Text& text, const NodeFacts& f) {
  text.metric("purge_log_position", "gauge", "Number of the newest purge.", f.purge_position);
  text.metric("purge_log_swept", "gauge", "Every stored answer was checked up to this purge.",
              f.purge_swept);
  text.metric("purge_log_low_water", "gauge", "Purges up to this one are dropped.",
              f.purge_low_water);
  text.metric("purge_log_entries", "gauge", "Purges that are kept.", f.purge_entries);
  text.family("purge_log_targets", "gauge", "What the kept purges name.");
  for (const auto& [kind, count] : f.purge_targets) {
    text.sample("purge_log_targets").label("kind", kind).value(count);
  }
  text.metric("purge_log_bytes", "gauge", "Memory of the purge log, about.", f.purge_bytes);
  text.metric("purge_log_refused_total", "counter", "Purges refused because the log was full.",
              f.purge_refused);
  text.metric("purges_owed", "gauge", "Purges that shields have not acknowledged yet.",
              f.purges_owed);
}

void render_fleet(Text& text, const FleetFacts& f) {
  text.metric("fleet_connected", "gauge", "Whether Redis can be reached.",
              static_cast<uint64_t>(f.connected));
  text.metric("fleet_cut_off_seconds", "gauge", "For how long Redis could not be reached.",
              static_cast<uint64_t>(f.cut_off_seconds));
  text.metric("fleet_nodes", "gauge", "Nodes that have to acknowledge purges.", f.nodes);
  text.metric("fleet_nodes_behind", "gauge", "Nodes that have applied less than this one.",
              f.nodes_behind);
  text.metric("fleet_unsent", "gauge", "Purges that wait for Redis.", f.unsent);
  text.metric("fleet_waiting", "gauge", "Purges accepted here that not all have acknowledged.",
              f.waiting);
  text.metric("fleet_appended_total", "counter", "Purges this node has put into the stream.",
              f.appended);
  text.metric("fleet_applied_total", "counter", "Entries of the stream that took effect here.",
              f.applied);
  text.metric("fleet_connects_total", "counter", "Times this node has joined its fleet.",
              f.connects);
  text.metric("fleet_purges_of_all_total", "counter",
              "Times everything was purged since entries could not be read.", f.purges_of_all);
}

}  // namespace

std::string render_prometheus(const Report& report) {
  std::string out;
  out.reserve(32 * 1024);
  Text text(out);
  render_node(text, report.facts);
  render_sites(text, report);
  render_histograms(text, report.totals);
  text.metric("open_viewer_connections", "gauge", "Viewer connections open now.",
              report.totals.open_viewer_connections);
  text.metric("requests_in_flight", "gauge", "Requests being answered now.",
              report.totals.requests_in_flight);
#define X(member, name, help) text.metric(name, "counter", help, report.totals.member);
  SEAWALL_LOOP_COUNTERS(X)
#undef X
  render_store_and_pool(text, report.facts);
  render_servers(text, report.servers);
  render_purge_log(text, report.facts);
  if (report.facts.fleet) render_fleet(text, *report.facts.fleet);
  return out;
}

}  // namespace seawall::metrics
