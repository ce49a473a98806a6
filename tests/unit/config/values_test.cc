// Configurations that are right, and the values that come of them.
#include "catch.h"
#include "common/config/cidr.h"
#include "tests/unit/config/folder.h"

namespace seawall::config {
namespace {

std::shared_ptr<const Snapshot> good(const LoadResult& result) {
  INFO(format(result.problems));
  REQUIRE(result.snapshot);
  CHECK(result.problems.empty());
  return result.snapshot;
}

std::shared_ptr<const Snapshot> good(std::string_view shape, std::string_view members,
                                     Role role = Role::kEdge) {
  return good(load_text(config_with(shape, members), role));
}

std::string names(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += value + " ";
  return out;
}

}  // namespace

TEST_CASE("the smallest configuration has the documented defaults") {
  const auto s = good("node", "");
  CHECK(s->role == Role::kEdge);
  CHECK(s->node_name.starts_with("edge-"));
  CHECK(s->workers == 0);
  CHECK(s->admin.enabled);
  CHECK(s->admin.address == "127.0.0.1");
  CHECK(s->cache.memory_bytes == 256u << 20);
  CHECK(s->cache.shards == 64);
  CHECK(s->cache.eviction == Eviction::kSieve);
  CHECK(s->log.access_path == "-");
  CHECK(s->trusted_edges.empty());
  CHECK_FALSE(s->trust_client_certificates);
  const auto address = [](std::string_view text) {
    return std::to_array(parse_block(text).value().bytes);
  };
  CHECK(contains(s->purge_allowed, address("127.0.0.1")));
  CHECK(contains(s->purge_allowed, address("127.9.9.9")));
  CHECK(contains(s->purge_allowed, address("::1")));
  CHECK_FALSE(contains(s->purge_allowed, address("10.0.0.1")));
  CHECK(s->groups.at(0).tls.verify);
  CHECK(s->groups.at(0).host_rule == upstream::HostRule::kViewer);
  CHECK(s->groups.at(0).kind == upstream::GroupKind::kOrigin);

  const auto& sites = s->sites->sites();
  REQUIRE(sites.size() == 1);
  CHECK(sites[0].name == "*");
  CHECK(sites[0].upstream == "origin");
  REQUIRE(sites[0].behaviors.size() == 1);
  const cache::Behavior& b = sites[0].behaviors[0];
  CHECK(b.pattern == "*");
  CHECK(b.source.line == 1);
  CHECK(b.cache);
  CHECK(b.ttl.min == Seconds(0));
  CHECK_FALSE(b.ttl.default_ttl);
  CHECK(b.ttl.heuristic);
  CHECK(b.ttl.max == Seconds(365 * 86400));
  CHECK_FALSE(b.ttl.override_ttl);
  CHECK(b.stale.on_unreachable == Seconds(3600));
  CHECK(b.stale.on_5xx == Seconds(0));
  CHECK(b.set_cookie == cache::SetCookieRule::kStore);
  CHECK(b.request_directives == cache::RequestDirectives::kIgnore);
  CHECK(b.methods.empty());
  CHECK(b.key.query_mode == cache::QueryMode::kAllBut);
  CHECK(names(b.key.query).starts_with("utm_* fbclid gclid "));
  CHECK_FALSE(b.key.fold_path_case);
  CHECK(names(b.vary.encodings) == "br zstd gzip ");
  CHECK(b.vary.languages.empty());
  CHECK_FALSE(b.vary.device_class);
  CHECK(b.vary.max_variants == 16);
  CHECK_FALSE(b.redirect_to_https);
  CHECK(names(b.targets) == "cdn-cache-control ");
}

TEST_CASE("a shield's own name differs from that of an edge on the same machine") {
  CHECK(good("node", "", Role::kShield)->node_name.starts_with("shield-"));
  CHECK(good("node", "\"node\": \"fra-1\"")->node_name == "fra-1");
}

TEST_CASE("listeners are read in both forms") {
  const auto s = good("node", R"("listen": ["0.0.0.0:80", "[::1]:81", ":82", "1.2.3.4:0",
      "1.2.3.4:0", {"port": 83, "backlog": 9, "tls": {"client_ca": "ca.pem", "certificates": [
      {"certificate": "cert.pem", "key": "key.pem"}, {"certificate": "cert.pem", "key": "key.pem"}
      ]}}, {"address": "127.0.0.1", "port": 84}])");
  std::string seen;
  for (const ListenerConfig& l : s->listeners) {
    seen += l.address + " " + std::to_string(l.port) + (l.tls ? " tls" : "") + ", ";
  }
  CHECK(seen == "0.0.0.0 80, ::1 81, :: 82, 1.2.3.4 0, 1.2.3.4 0, :: 83 tls, 127.0.0.1 84, ");
  const ListenerConfig& tls = s->listeners[5];
  CHECK(tls.backlog == 9);
  REQUIRE(tls.certificates.size() == 2);
  CHECK(tls.certificates[0].certificate_file.ends_with("/cert.pem"));
  CHECK(tls.certificates[0].certificate_file.starts_with("/"));
  CHECK(tls.client_ca_file.ends_with("/ca.pem"));

  CHECK_FALSE(good("node", "\"admin\": false")->admin.enabled);
  CHECK(good("node", "\"admin\": \"[::1]:9\"")->admin.address == "::1");
  CHECK(good("node", "\"admin\": {\"port\": 9}")->admin.address == "127.0.0.1");
}

TEST_CASE("the sections of a node are read with their units") {
  const auto s = good("node", R"("workers": 3,
      "cache": {"memory": "1GB", "shards": 8, "max_object": "512k", "eviction": "s3-fifo"},
      "log": {"access": false, "error": {"path": "error.log", "level": "debug"}},
      "limits": {"head_bytes": "8k", "head_time": "1m30s", "drain_time": 2.5, "body_bytes": 0,
                 "upstream_head_bytes": "128k", "ticket_key_time": "1h",
                 "connections_per_address": 9, "min_rate": 0, "memory": "2GiB"},
      "purge": {"allow": ["10.0.0.0/8"]})");
  CHECK(s->workers == 3);
  CHECK(s->cache.memory_bytes == 1'000'000'000);
  CHECK(s->cache.shards == 8);
  CHECK(s->cache.max_object_bytes == 512 * 1024);
  CHECK(s->cache.eviction == Eviction::kS3Fifo);
  CHECK(s->log.access_path.empty());
  CHECK(s->log.error_path.ends_with("/error.log"));
  CHECK(s->log.error_path.starts_with("/"));
  CHECK(s->log.level == LogLevel::kDebug);
  CHECK(s->limits.head_bytes == 8192);
  CHECK(s->limits.head_time == Millis(90'000));
  CHECK(s->limits.drain_time == Millis(2500));
  CHECK(s->limits.body_bytes == 0);
  CHECK(s->limits.connections_per_address == 9);
  CHECK(s->limits.min_rate == 0);
  CHECK(s->limits.memory == uint64_t{2} << 30);
  CHECK(s->limits.ticket_key_time == Millis(3'600'000));
  CHECK(s->groups.at(0).head_bytes == 128 * 1024);
  CHECK(s->purge_allowed.size() == 1);
  CHECK(good("node", "\"purge\": {\"allow\": []}")->purge_allowed.empty());
  CHECK(good("node", "\"workers\": \"auto\"")->workers == 0);
}

TEST_CASE("a shield trusts the edges that are named") {
  const auto s = good("node", R"("listen": [{"port": 0, "tls": {"client_ca": "ca.pem",
      "certificates": [{"certificate": "cert.pem", "key": "key.pem"}]}}],
      "trusted_edges": ["10.0.0.0/8", "client-certificate", "2001:db8::1"])",
                      Role::kShield);
  CHECK(s->role == Role::kShield);
  CHECK(s->trusted_edges.size() == 2);
  CHECK(s->trust_client_certificates);
}

TEST_CASE("upstream groups are read with their servers") {
  const auto s = good("node", R"("zone": "fra", "upstreams": {
      "default": {"kind": "shield", "servers": ["https://Shield.example", "https://[2001:DB8::1]:8443/"],
        "tls": {"ca": "ca.pem", "certificate": "cert.pem", "key": "key.pem", "min_version": "1.3",
                "sni": "S.example", "verify": false},
        "timeouts": {"connect": "250ms", "total": "1m", "pool_idle": 0}, "fallback": "api"},
      "api": {"servers": [{"url": "http://10.0.0.1:8000", "weight": 5},
                          {"url": "http://10.0.0.2", "backup": true, "zone": "ams"}],
        "policy": "ordered", "load_factor": 2, "max_ejected": 0.25, "slow_start": "3s",
        "health": {"path": "/up?x", "host": "H.example", "interval": "1s", "jitter": 0.5,
                   "timeout": "2s", "status": 204, "body": "fine", "healthy_after": 4,
                   "unhealthy_after": 5},
        "retry": {"on": ["timeout", "503"], "max": 4, "budget": 0.5, "floor": 7,
                  "hedge": true},
        "pending_time": "8s",
        "ejection": {"failures": 6, "ratio": 0.75, "window": "7s", "min_requests": 8, "time": "9s",
                     "latency": 2.5},
        "host": "www.example.com:8080", "max_connections": 1, "max_idle": 2, "max_pending": 3},
      "server": {"servers": ["http://a"], "host": "server"}})");
  REQUIRE(s->groups.size() == 3);
  const upstream::GroupConfig& shield = s->groups[0];
  CHECK(shield.name == "default");
  CHECK(shield.kind == upstream::GroupKind::kShield);
  REQUIRE(shield.servers.size() == 2);
  CHECK(shield.servers[0].tls);
  CHECK(shield.servers[0].host == "shield.example");
  CHECK(shield.servers[0].port == 443);
  CHECK(shield.servers[0].url == "https://Shield.example");
  CHECK(shield.servers[1].host == "2001:db8::1");
  CHECK(shield.servers[1].port == 8443);
  CHECK(shield.tls.ca_file.ends_with("/ca.pem"));
  CHECK(shield.tls.certificate_file.ends_with("/cert.pem"));
  CHECK(shield.tls.tls13_only);
  CHECK(shield.tls.sni == "s.example");
  CHECK_FALSE(shield.tls.verify);
  CHECK(shield.timeouts.connect == Millis(250));
  CHECK(shield.timeouts.total == Millis(60'000));
  CHECK(shield.timeouts.dns == Millis(5000));
  const upstream::GroupConfig& api = s->groups[1];
  CHECK_FALSE(api.servers[0].tls);
  CHECK(api.servers[0].weight == 5);
  CHECK(api.servers[1].port == 80);
  CHECK(api.servers[1].backup);
  CHECK(api.servers[1].zone == "ams");
  CHECK(api.zone == "fra");
  CHECK(api.policy == upstream::Policy::kOrdered);
  CHECK(api.load_factor == 2);
  CHECK(api.max_ejected == 0.25);
  CHECK(api.slow_start == Millis(3000));
  CHECK(api.retry.on == (upstream::RetryRules::kTimeout | upstream::RetryRules::k503));
  CHECK(api.retry.max == 4);
  CHECK(api.retry.budget == 0.5);
  CHECK(api.retry.floor == 7);
  CHECK(api.retry.hedge);
  CHECK(api.health.latency_factor == 2.5);
  CHECK(api.pending_time == Millis(8000));
  CHECK(api.health.probe.path == "/up?x");
  CHECK(api.health.probe.host == "h.example");
  CHECK(api.health.probe.interval == Millis(1000));
  CHECK(api.health.probe.jitter == 0.5);
  CHECK(api.health.probe.timeout == Millis(2000));
  CHECK(api.health.probe.status == 204);
  CHECK(api.health.probe.body == "fine");
  CHECK(api.health.probe.healthy_after == 4);
  CHECK(api.health.probe.unhealthy_after == 5);
  CHECK(api.health.failures == 6);
  CHECK(api.health.failure_ratio == 0.75);
  CHECK(api.health.window == Millis(7000));
  CHECK(api.health.min_requests == 8);
  CHECK(api.health.ejection == Millis(9000));
  CHECK(shield.policy == upstream::Policy::kConsistentHash);
  CHECK(shield.fallback == "api");
  CHECK(s->groups[2].policy == upstream::Policy::kLeastRequests);
  CHECK(api.host_rule == upstream::HostRule::kName);
  CHECK(api.host_name == "www.example.com:8080");
  CHECK(api.max_connections == 1);
  CHECK(api.max_idle == 2);
  CHECK(api.max_pending == 3);
  CHECK(s->groups[2].host_rule == upstream::HostRule::kServer);
  CHECK(s->sites->sites()[0].upstream == "default");
}

TEST_CASE("a group that only stands in for another is not what a site means by default") {
  const auto s = good("node", R"("upstreams": {
      "shields": {"kind": "shield", "servers": ["http://a"], "fallback": "origin"},
      "origin": {"servers": ["http://b"]}})");
  CHECK(s->sites->sites()[0].upstream == "shields");
}

TEST_CASE("every member of a behavior can be set") {
  const auto s = good("node", R"("sites": [{"hosts": ["A.Example", "*.B.example", "*", "[::1]"],
    "name": "n", "upstream": "origin", "behaviors": [
      {"path": "/api/v?/*", "cache": false,
       "ttl": {"min": "1m", "default": "2m", "max": 180, "override": "4m",
               "status": {"4xx": "1s", "404": "10s", "5xx": 0}, "negative": "7s", "jitter": 10,
               "heuristic": {"percent": 20, "max": "2d"}},
       "stale": {"on_unreachable": "1d", "on_5xx": "5m", "allow_with_s_maxage": true},
       "refresh": {"beta": 1.5, "ahead": 90, "hot": 100},
       "set_cookie": "strip", "request_directives": "obey", "range_on_miss": "forward",
       "targets": ["My-CDN-Cache-Control", "cdn-cache-control"], "surrogate_control": false,
       "key": {"query": {"only": ["id", "p_*"]}, "fold_path_case": true,
               "cookies": [{"name": "Tier", "map": {"p": "pro", "e": "ent"}, "default": "free"}, "b"],
               "headers": ["X-Country"]},
       "vary": {"encodings": ["GZIP"], "languages": ["en", "de-CH"], "device_class": true,
                "max_variants": 4},
       "allow_fields": ["X-Forwarded-Host"], "methods": ["GET", "HEAD", "BREW"],
       "redirect_to_https": true, "allow_upgrade": true, "refuse_html_on_static": true,
       "expose_tags": true, "upstream": "origin",
       "headers": {"to_viewer": {"add": {"Link": ["a", "b"]}, "set": {"X-A": "1"}, "remove": ["X-B"]},
                   "to_origin": {"set": {"X-C": "ü"}}}}]}])");
  const cache::Site& site = s->sites->sites().at(0);
  CHECK(names(site.hosts) == "a.example *.b.example * [::1] ");
  CHECK(site.name == "n");
  REQUIRE(site.behaviors.size() == 2);
  CHECK(site.behaviors[1].pattern == "*");
  CHECK(site.behaviors[1].cache);
  const cache::Behavior& b = site.behaviors[0];
  CHECK(b.pattern == "/api/v?/*");
  CHECK(b.source.line == 3);
  CHECK(b.source.file.ends_with("/node.json"));
  CHECK_FALSE(b.cache);
  CHECK(b.ttl.min == Seconds(60));
  CHECK(b.ttl.default_ttl == Seconds(120));
  CHECK(b.ttl.max == Seconds(180));
  CHECK(b.ttl.override_ttl == Seconds(240));
  CHECK(b.ttl.negative == Seconds(7));
  CHECK(b.ttl.jitter == 10);
  CHECK(b.refresh.beta == 1.5);
  CHECK(b.refresh.ahead == 90);
  CHECK(b.refresh.hot == 100);
  REQUIRE(b.ttl.per_status.size() == 3);
  CHECK(b.ttl.per_status[0].first == 404);  // codes before classes
  CHECK(b.ttl.per_status[0].last == 404);
  CHECK(b.ttl.per_status[0].ttl == Seconds(10));
  CHECK(b.ttl.per_status[1].first == 400);
  CHECK(b.ttl.per_status[1].last == 499);
  CHECK(b.ttl.per_status[2].ttl == Seconds(0));
  CHECK(b.ttl.heuristic);
  CHECK(b.ttl.heuristic_percent == 20);
  CHECK(b.ttl.heuristic_max == Seconds(2 * 86400));
  CHECK(b.stale.on_unreachable == Seconds(86400));
  CHECK(b.stale.on_5xx == Seconds(300));
  CHECK(b.stale.allow_with_s_maxage);
  CHECK(b.set_cookie == cache::SetCookieRule::kStrip);
  CHECK(b.request_directives == cache::RequestDirectives::kObey);
  CHECK(b.range_on_miss == cache::RangeOnMiss::kForward);
  CHECK(names(b.targets) == "my-cdn-cache-control cdn-cache-control ");
  CHECK_FALSE(b.surrogate_control);
  CHECK(b.key.query_mode == cache::QueryMode::kOnly);
  CHECK(names(b.key.query) == "id p_* ");
  CHECK(b.key.fold_path_case);
  REQUIRE(b.key.parts.size() == 3);
  CHECK(b.key.parts[0].kind == cache::KeyPart::Kind::kHeader);  // headers before cookies
  CHECK(b.key.parts[0].name == "x-country");
  CHECK_FALSE(b.key.parts[0].mapped);
  CHECK(b.key.parts[1].name == "Tier");  // names of cookies have case
  CHECK(b.key.parts[1].mapped);
  CHECK(b.key.parts[1].map ==
        std::vector<std::pair<std::string, std::string>>{{"p", "pro"}, {"e", "ent"}});
  CHECK(b.key.parts[1].unmapped == "free");
  CHECK(b.key.parts[2].name == "b");
  CHECK(names(b.vary.encodings) == "gzip ");
  CHECK(names(b.vary.languages) == "en de-CH ");
  CHECK(b.vary.device_class);
  CHECK(b.vary.max_variants == 4);
  CHECK(names(b.allow_fields) == "x-forwarded-host ");
  CHECK(names(b.methods) == "GET HEAD BREW ");
  CHECK(b.redirect_to_https);
  CHECK(b.allow_upgrade);
  CHECK(b.refuse_html_on_static);
  CHECK(b.expose_tags);
  CHECK(b.upstream == "origin");
  REQUIRE(b.to_viewer.size() == 4);
  CHECK(b.to_viewer[0].op == cache::HeaderEdit::Op::kRemove);  // remove, set, add
  CHECK(b.to_viewer[0].name == "X-B");
  CHECK(b.to_viewer[1].op == cache::HeaderEdit::Op::kSet);
  CHECK(b.to_viewer[2].op == cache::HeaderEdit::Op::kAdd);
  CHECK(b.to_viewer[3].value == "b");
  CHECK(b.to_origin.at(0).value == "ü");
}

TEST_CASE("behaviors start from the defaults of their site, the closing one too") {
  const auto s = good("node", R"("sites": [{"hosts": ["*"],
    "behaviors": [
      {"path": "/a", "cache": true, "ttl": {"default": null, "heuristic": true, "status": {}},
       "key": {"cookies": ["c"]}, "headers": {"to_viewer": {"set": {"X-A": "2"}}}},
      {"path": "/b", "ttl": {"heuristic": {"percent": 5}}}],
    "defaults": {"cache": false, "set_cookie": "refuse",
      "ttl": {"default": "5m", "max": "1h", "heuristic": false, "status": {"404": "9s"}},
      "key": {"query": "none", "headers": ["x-h"], "cookies": ["d", "e"]},
      "headers": {"to_viewer": {"remove": ["X-B"]}, "to_origin": {"set": {"X-O": "1"}}}}}])");
  const auto& behaviors = s->sites->sites().at(0).behaviors;
  REQUIRE(behaviors.size() == 3);
  const cache::Behavior& a = behaviors[0];
  CHECK(a.cache);
  CHECK(a.set_cookie == cache::SetCookieRule::kRefuse);
  CHECK_FALSE(a.ttl.default_ttl);
  CHECK(a.ttl.heuristic);
  CHECK(a.ttl.max == Seconds(3600));
  CHECK(a.ttl.per_status.empty());
  CHECK(a.key.query_mode == cache::QueryMode::kNone);
  REQUIRE(a.key.parts.size() == 2);  // the headers stay, the cookies are replaced
  CHECK(a.key.parts[0].name == "x-h");
  CHECK(a.key.parts[1].name == "c");
  CHECK(a.to_viewer.size() == 1);
  CHECK(a.to_origin.size() == 1);
  const cache::Behavior& b = behaviors[1];
  CHECK_FALSE(b.cache);
  CHECK(b.ttl.default_ttl == Seconds(300));
  CHECK(b.ttl.heuristic);
  CHECK(b.ttl.heuristic_percent == 5);
  CHECK(b.key.parts.size() == 3);
  CHECK(b.to_viewer.at(0).name == "X-B");
  const cache::Behavior& last = behaviors[2];
  CHECK(last.pattern == "*");
  CHECK_FALSE(last.cache);
  CHECK(last.source.line == 6);
  CHECK(last.ttl.per_status.size() == 1);
}

TEST_CASE("a behavior for all paths closes a site, wherever it came from") {
  const auto s = good("site", R"("behaviors": [{"path": "/a"}, {"path": "*", "cache": false}])");
  CHECK(s->sites->sites()[0].behaviors.size() == 2);
  CHECK_FALSE(s->sites->sites()[0].behaviors[1].cache);
  CHECK(good("site", "\"behaviors\": []")->sites->sites()[0].behaviors.size() == 1);
}

TEST_CASE("a parameter rule of one kind leaves nothing of another") {
  const auto s = good("site", R"("defaults": {"key": {"query": {"only": ["a"]}}},
      "behaviors": [{"path": "/a", "key": {"query": "all"}},
                    {"path": "/b", "key": {"query": {"all_but": ["x"]}}}])");
  const auto& behaviors = s->sites->sites()[0].behaviors;
  CHECK(behaviors[0].key.query_mode == cache::QueryMode::kAll);
  CHECK(behaviors[0].key.query.empty());
  CHECK(behaviors[1].key.query_mode == cache::QueryMode::kAllBut);
  CHECK(names(behaviors[1].key.query) == "x ");
}

TEST_CASE("edge and shield share a file of sites, in either form, with the same rules") {
  const Folder folder;
  const std::string list = R"([{"hosts": ["a.example"], "behaviors": [{"path": "/x", "key":
      {"query": "none"}}]}])";
  folder.write("array.json", list);
  folder.write("object.json", "// shared\n{\"$schema\": \"s\", \"sites\": " + list + "}");
  const auto edge = good(load(
      folder.write("edge.json", config_with("node", "\"sites\": \"array.json\"")), Role::kEdge));
  const auto shield = good(
      load(folder.write("shield.json", config_with("node", R"("sites": "object.json", "upstreams":
          {"default": {"servers": ["http://b"]}, "other": {"servers": ["http://c"]}})")),
           Role::kShield));
  CHECK(edge->sites->sites()[0].upstream == "origin");
  CHECK(shield->sites->sites()[0].upstream == "default");
  CHECK(edge->sites->sites()[0].source.file == folder.path("array.json"));
  CHECK(shield->sites->sites()[0].source.line == 2);
  CHECK(edge->sites->rules_hash() == shield->sites->rules_hash());
  const auto other = good(
      load(folder.write("other.json", config_with("site", R"("hosts": ["a.example"], "behaviors":
          [{"path": "/x", "key": {"query": "all"}}])")),
           Role::kShield));
  CHECK(other->sites->rules_hash() != shield->sites->rules_hash());
}

TEST_CASE("the caller's check sees each pair and each list of authorities once") {
  std::string seen;
  const CertificateCheck check = [&](const std::string& certificate, const std::string& key) {
    seen +=
        certificate.substr(certificate.rfind('/') + 1) + "+" + key.substr(key.rfind('/') + 1) + " ";
    return std::nullopt;
  };
  good(load_text(config_with("listener_tls", "\"client_ca\": \"ca.pem\""), Role::kEdge, check));
  CHECK(seen == "cert.pem+key.pem ca.pem+ ");
  seen.clear();
  good(load_text(config_with("upstream_tls", R"("key": "key.pem", "certificate": "cert.pem",
                                                "ca": "ca.pem")"),
                 Role::kEdge, check));
  CHECK(seen == "ca.pem+ cert.pem+key.pem ");
}

TEST_CASE("a server may be a service, and its key pinned") {
  const auto s =
      good("upstream", R"("servers": [{"url": "https://a.example", "srv": "_https._tcp.a.example"}],
      "tls": {"verify_name": "B.example", "pins": ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+=",
                                                   "sha256/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB/="]})");
  REQUIRE(s->groups.size() == 1);
  CHECK(s->groups[0].servers[0].srv == "_https._tcp.a.example");
  CHECK(s->groups[0].servers[0].host == "a.example");
  CHECK(s->groups[0].tls.verify_name == "b.example");
  CHECK(s->groups[0].tls.pins.size() == 2);
}

TEST_CASE("DNS servers are addresses, the port optional") {
  const auto s = good("resolver", R"("servers": ["192.0.2.1", "127.0.0.1:5353", "::1", "[::1]:54"],
                                     "min_ttl": "5s", "max_ttl": 60, "keep": "0s")");
  CHECK(s->dns.servers == "192.0.2.1:53,127.0.0.1:5353,[::1]:53,[::1]:54");
  CHECK(s->dns.min_ttl == Seconds(5));
  CHECK(s->dns.max_ttl == Seconds(60));
  CHECK(s->dns.keep == Seconds(0));
  CHECK(s->dns.failure_ttl == Seconds(5));
  CHECK(good("node", "\"workers\": 1")->dns.servers.empty());
  CHECK(good("resolver", "\"min_ttl\": \"2h\"")->dns.max_ttl == Seconds(7200));
  CHECK(good("resolver", "\"max_ttl\": \"0s\"")->dns.min_ttl == Seconds(0));
}

TEST_CASE("a fleet's Redis is a URL without user, its port and TLS optional") {
  const struct {
    const char* url;
    const char* host;
    uint16_t port;
    bool tls;
  } table[] = {
      {"redis://127.0.0.1", "127.0.0.1", 6379, false},
      {"redis://Redis.example.net:6380/", "redis.example.net", 6380, false},
      {"rediss://[::1]", "::1", 6379, true},
      {"rediss://[2001:db8::1]:7000", "2001:db8::1", 7000, true},
  };
  for (const auto& t : table) {
    CAPTURE(t.url);
    const auto s = good("fleet", std::string("\"redis\": \"") + t.url + "\"");
    CHECK(s->fleet.enabled);
    CHECK(s->fleet.host == t.host);
    CHECK(s->fleet.port == t.port);
    CHECK(s->fleet.tls == t.tls);
    CHECK(s->fleet.verify);
    CHECK(s->fleet.name == "default");
  }
  CHECK_FALSE(good("node", "\"workers\": 1")->fleet.enabled);
}

}  // namespace seawall::config
