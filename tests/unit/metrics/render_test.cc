#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "catch.h"
#include "common/metrics/json_writer.h"
#include "common/metrics/prometheus.h"
#include "common/metrics/stats_json.h"

namespace seawall::metrics {
namespace {

Report report() {
  LoopCounters loop(3);
  loop.count_request({.site = 1,
                      .status = 200,
                      .result = CacheResult::kHit,
                      .bytes_to_viewer = 1000,
                      .ttfb_us = 50,
                      .total_us = 60});
  loop.count_request({.site = 1,
                      .status = 200,
                      .result = CacheResult::kMiss,
                      .bytes_to_viewer = 1000,
                      .bytes_from_upstream = 900,
                      .ttfb_us = 70000,
                      .total_us = 80000});
  loop.tls_handshakes.add(4);
  Report r;
  loop.add_to(r.totals);
  r.site_names = {"_other", "a\"b\\c\nd"};
  r.facts.role = "edge";
  r.facts.node = "n1";
  r.facts.ready = true;
  r.facts.store_entries = 12;
  r.facts.servers_total = 3;
  r.facts.servers_healthy = 2;
  r.servers.push_back({"origin", "http://a", "fra", "ejected", false, 7, 3, 1, 5, true, 2});
  return r;
}

TEST_CASE("each Prometheus family stands once, with HELP and TYPE before its samples") {
  std::istringstream text(render_prometheus(report()));
  std::map<std::string, std::string> types;
  std::set<std::string> series;
  std::string current;
  for (std::string line; std::getline(text, line);) {
    INFO(line);
    if (line.rfind("# HELP ", 0) == 0) {
      current = line.substr(7, line.find(' ', 7) - 7);
      REQUIRE(types.count(current) == 0);
      continue;
    }
    if (line.rfind("# TYPE ", 0) == 0) {
      REQUIRE(line.substr(7, current.size() + 1) == current + " ");
      types[current] = line.substr(7 + current.size() + 1);
      continue;
    }
    REQUIRE(types.count(current) == 1);
    const std::string name = line.substr(0, line.find_first_of("{ "));
    if (types[current] == "histogram") {
      CHECK(
          (name == current + "_bucket" || name == current + "_sum" || name == current + "_count"));
    } else {
      CHECK(name == current);
    }
    if (types[current] == "counter") CHECK(name.size() > 6);
    CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
    const double value = std::stod(line.substr(line.rfind(' ') + 1));
    CHECK(std::isfinite(value));
  }
  CHECK(types.size() > 30);
  CHECK(types["seawall_requests_total"] == "counter");
  CHECK(types["seawall_ttfb_seconds"] == "histogram");
  CHECK(types["seawall_store_entries"] == "gauge");
}

TEST_CASE("values and labels are the report's, with quotes, backslashes and newlines escaped") {
  const std::string text = render_prometheus(report());
  for (const char* line : {
           "seawall_requests_total{site=\"a\\\"b\\\\c\\nd\",status=\"2xx\",cache=\"hit\"} 1\n",
           "seawall_requests_total{site=\"a\\\"b\\\\c\\nd\",status=\"2xx\",cache=\"miss\"} 1\n",
           "seawall_viewer_bytes_total{site=\"a\\\"b\\\\c\\nd\"} 2000\n",
           "seawall_upstream_bytes_total{site=\"a\\\"b\\\\c\\nd\"} 900\n",
           "seawall_info{role=\"edge\",node=\"n1\",version=\"\"} 1\n",
           "seawall_ready 1\n",
           "seawall_store_entries 12\n",
           "seawall_tls_handshakes_total 4\n",
           "seawall_upstream_servers{state=\"unhealthy\"} 1\n",
           "seawall_upstream_server_up{group=\"origin\",server=\"http://a\"} 0\n",
           "seawall_upstream_server_failures_total{group=\"origin\",server=\"http://a\"} 3\n",
           "seawall_ttfb_seconds_bucket{served=\"store\",le=\"6.4e-05\"} 1\n",
           "seawall_ttfb_seconds_bucket{served=\"store\",le=\"+Inf\"} 1\n",
           "seawall_ttfb_seconds_count{served=\"upstream\"} 1\n",
           "seawall_request_seconds_bucket{le=\"+Inf\"} 2\n",
           "seawall_request_seconds_count 2\n",
       }) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("_other") == std::string::npos);  // no traffic
}

TEST_CASE("histogram buckets only grow and end at the count") {
  LoopCounters loop(1);
  for (uint64_t us = 1; us < 200000000; us *= 3)
    loop.count_request({.ttfb_us = us, .total_us = us});
  Report r;
  loop.add_to(r.totals);
  std::istringstream text(render_prometheus(r));
  double before = 0;
  int buckets = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("seawall_request_seconds_bucket", 0) != 0) continue;
    const double value = std::stod(line.substr(line.rfind(' ') + 1));
    CHECK(value >= before);
    before = value;
    ++buckets;
  }
  CHECK(buckets == 22);
  CHECK(before == static_cast<double>(r.totals.total.count));
}

TEST_CASE("stats are one JSON object with ratios, percentiles, rates and sites") {
  const std::string text = render_stats_json(report());
  CHECK(text.front() == '{');
  CHECK(text.substr(text.size() - 2) == "}\n");
  CHECK(std::count(text.begin(), text.end(), '{') == std::count(text.begin(), text.end(), '}'));
  for (const char* part :
       {"\"role\":\"edge\"", "\"ready\":true", "\"requests\":2", "\"hit_ratio\":0.5",
        "\"origin_offload\":0.55", "\"error_rate\":0", "\"p50_ms\":", "\"p95_ms\":", "\"p99_ms\":",
        "\"bits_per_second_to_viewers\":0", "\"tls_handshakes\":4",
        "\"upstream_servers\":[{\"group\":\"origin\",\"server\":\"http://a\",\"zone\":\"fra\","
        "\"state\":\"ejected\",\"requests\":7,\"failures\":3,\"ejections\":1,\"in_use\":5,"
        "\"breaker\":\"open\","
        "\"refusals\":2}]",
        "\"sites\":{\"a\\\"b\\\\c\\nd\":{\"requests\":2,\"status\":{\"2xx\":2},"
        "\"cache\":{\"hit\":1,\"miss\":1},\"bytes_to_viewers\":2000,\"bytes_from_upstream\":900}"
        "}"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find(",,") == std::string::npos);
  CHECK(text.find("{,") == std::string::npos);
  CHECK(text.find(",}") == std::string::npos);
}

TEST_CASE("the JSON writer puts commas where they belong and escapes what it must") {
  JsonWriter json;
  json.begin_object();
  json.field("a", uint64_t{1});
  json.key("b");
  json.begin_array();
  json.value("x\"\n\xff");
  json.value(int64_t{-2});
  json.begin_object();
  json.end_object();
  json.value(true);
  json.value(1.5);
  json.value(std::numeric_limits<double>::infinity());
  json.end_array();
  json.field("c", "");
  json.end_object();
  CHECK(json.text() == "{\"a\":1,\"b\":[\"x\\\"\\n\xef\xbf\xbd\",-2,{},true,1.5,null],\"c\":\"\"}");
}

}  // namespace
}  // namespace seawall::metrics
