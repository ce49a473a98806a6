// `upstreams`: named groups of servers and how they are reached.
#include <algorithm>

#include "common/base/ascii.h"
#include "common/config/sections.h"
#include "common/config/suggest.h"
#include "common/config/url_setting.h"
#include "common/http/url.h"

namespace seawall::config {
namespace {

using upstream::GroupConfig;
using upstream::GroupKind;
using upstream::HealthRules;
using upstream::HostRule;
using upstream::Policy;
using upstream::ProbeRules;
using upstream::RetryRules;
using upstream::ServerConfig;
using upstream::Timeouts;
using upstream::TlsClientConfig;

constexpr int64_t kDay = 86400 * 1000;
constexpr std::string_view kUrlForm = "\"https://host:port\" or \"http://host:port\", without path";

void read_url(Reader& reader, const Node& node, ServerConfig& out) {
  const auto text = reader.text(node, kUrlForm);
  if (!text) return;
  auto url = parse_url_setting(*text, {"http://", 80}, {"https://", 443});
  if (!url) return reader.error(node, show(node) + " is no server", std::string(kUrlForm));
  out.url = *text;
  out.tls = url->tls;
  out.host = std::move(url->host);
  out.port = url->port;
}

void read_zone(Reader& reader, const Node& node, ServerConfig& out) {
  if (auto zone = reader.token(node, "a zone")) out.zone = *zone;
}

// RFC 2782: "_Service._Proto.Name".
void read_srv(Reader& reader, const Node& node, ServerConfig& out) {
  constexpr std::string_view kForm = "a service such as \"_http._tcp.example.net\"";
  const auto text = reader.text(node, kForm);
  if (!text) return;
  const size_t second = text->find("._");
  const size_t name = second == std::string::npos ? second : text->find('.', second + 2);
  const bool good = text->size() < 254 && text->starts_with("_") && name != std::string::npos &&
                    name + 1 < text->size() && text->find("..") == std::string::npos &&
                    std::all_of(text->begin(), text->end(), [](char c) {
                      return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
                    });
  if (good) {
    out.srv = *text;
  } else {
    reader.error(node, show(node) + " is no service", std::string(kForm));
  }
}

constexpr Key<ServerConfig> kServerKeys[] = {
    {"url", read_url, "", Presence::kRequired},
    {"srv", read_srv},
    {"weight", integer<&ServerConfig::weight, 1, 1000>},
    {"backup", flag<&ServerConfig::backup>},
    {"zone", read_zone},
};
constexpr Shape<ServerConfig> kServer = {"server", kServerKeys};

void add_server(Reader& reader, const Node& node, GroupConfig& out) {
  ServerConfig server;
  if (node.is(Node::Kind::kObject)) {
    read_object(reader, node, kServer, server);
  } else {
    read_url(reader, node, server);
  }
  if (server.url.empty()) return;
  if (!server.srv.empty() && out.kind == GroupKind::kShield) {
    reader.error(*node.find("srv"), "a service may be several shields, and each is told of purges",
                 "a server for each shield");
  }
  for (const ServerConfig& other : out.servers) {
    if (other.host != server.host || other.port != server.port) continue;
    reader.error(node, server.url + " is in this group already", "each server once");
  }
  out.servers.push_back(std::move(server));
}

void read_servers(Reader& reader, const Node& node, GroupConfig& out) {
  const bool ok =
      read_array(reader, node, [&](const Node& item) { add_server(reader, item, out); });
  if (!ok) return;
  if (node.items.empty()) {
    reader.error(node, "no server", "at least one: " + std::string(kUrlForm));
  } else if (!out.servers.empty() && std::all_of(out.servers.begin(), out.servers.end(),
                                                 [](const auto& s) { return s.backup; })) {
    reader.error(node, "all servers are backups", "at least one that is not");
  }
}

void read_ca(Reader& reader, const Node& node, TlsClientConfig& out) {
  file<&TlsClientConfig::ca_file>(reader, node, out);
  reader.check_certificate(node, out.ca_file, "");
}

void read_sni(Reader& reader, const Node& node, TlsClientConfig& out) {
  if (auto name = reader.host(node)) out.sni = *name;
}

void read_verify_name(Reader& reader, const Node& node, TlsClientConfig& out) {
  if (auto name = reader.host(node)) out.verify_name = *name;
}

// 32 bytes in base64 end with one '='.
void read_pins(Reader& reader, const Node& node, TlsClientConfig& out) {
  constexpr std::string_view kForm = "\"sha256/\" and the SHA-256 of a public key in base64";
  read_array(reader, node, [&](const Node& item) {
    const auto text = reader.text(item, kForm);
    if (!text) return;
    const bool good = text->size() == 51 && text->starts_with("sha256/") && text->back() == '=' &&
                      std::all_of(text->begin() + 7, text->end() - 1, [](char c) {
                        return is_alpha(c) || is_digit(c) || c == '+' || c == '/';
                      });
    if (!good) return reader.error(item, show(item) + " is no pin", std::string(kForm));
    out.pins.push_back(*text);
  });
}

constexpr Choice<bool> kMinVersions[] = {{"1.2", false}, {"1.3", true}};

constexpr Key<TlsClientConfig> kTlsKeys[] = {
    {"verify", flag<&TlsClientConfig::verify>},
    {"ca", read_ca},
    {"certificate", file<&TlsClientConfig::certificate_file>},
    {"key", file<&TlsClientConfig::key_file>},
    {"sni", read_sni},
    {"verify_name", read_verify_name},
    {"pins", read_pins},
    {"min_version", choice<&TlsClientConfig::tls13_only, kMinVersions>},
};
constexpr Shape<TlsClientConfig> kTls = {"upstream_tls", kTlsKeys};

void read_tls(Reader& reader, const Node& node, GroupConfig& out) {
  if (!read_object(reader, node, kTls, out.tls)) return;
  const Node* certificate = node.find("certificate");
  const Node* key = node.find("key");
  if ((certificate == nullptr) != (key == nullptr)) {
    reader.error(certificate != nullptr ? *certificate : *key,
                 certificate != nullptr ? "\"key\" is missing" : "\"certificate\" is missing",
                 "a client certificate together with its key");
  } else if (!out.tls.key_file.empty()) {
    reader.check_certificate(*certificate, out.tls.certificate_file, out.tls.key_file);
  }
}

constexpr Key<Timeouts> kTimeoutKeys[] = {
    {"dns", duration<&Timeouts::dns, 1, kDay>},
    {"connect", duration<&Timeouts::connect, 1, kDay>},
    {"tls", duration<&Timeouts::tls, 1, kDay>},
    {"first_byte", duration<&Timeouts::first_byte, 1, kDay>},
    {"between_bytes", duration<&Timeouts::between_bytes, 1, kDay>},
    {"total", duration<&Timeouts::total, 0, kDay>},
    {"pool_idle", duration<&Timeouts::pool_idle, 0, kDay>},
};
constexpr Shape<Timeouts> kTimeouts = {"timeouts", kTimeoutKeys};

// "viewer", "server", or a host that is sent instead.
void read_host(Reader& reader, const Node& node, GroupConfig& out) {
  constexpr std::string_view kRules[] = {"viewer", "server"};
  constexpr std::string_view kExpected =
      "\"viewer\", \"server\" or a host name such as \"www.example.com\"";
  const auto text = reader.text(node, kExpected);
  if (!text) return;
  if (*text == "viewer" || *text == "server") {
    out.host_rule = *text == "viewer" ? HostRule::kViewer : HostRule::kServer;
    return;
  }
  // A name of one label that looks like a rule is a mistyped rule.
  const bool one_label = text->find_first_of(".:0123456789") == std::string::npos;
  const std::string hint = one_label ? did_you_mean(*text, kRules) : "";
  char buffer[http::kAuthorityBytes];
  if (hint.empty() && http::normalize_authority(*text, http::Scheme::kHttps, buffer)) {
    out.host_rule = HostRule::kName;
    out.host_name = *text;
    return;
  }
  reader.error(node, show(node) + " is no host" + hint, std::string(kExpected));
}

constexpr Choice<GroupKind> kKinds[] = {{"origin", GroupKind::kOrigin},
                                        {"shield", GroupKind::kShield}};

void read_probe_path(Reader& reader, const Node& node, ProbeRules& out) {
  constexpr std::string_view kExpected = "a path such as \"/healthz\"";
  const auto text = reader.text(node, kExpected);
  if (!text) return;
  const bool visible =
      std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < 127; });
  if (text->front() == '/' && visible) {
    out.path = *text;
  } else {
    reader.error(node, show(node) + " is no path", std::string(kExpected));
  }
}

void read_probe_host(Reader& reader, const Node& node, ProbeRules& out) {
  if (auto name = reader.host(node)) out.host = *name;
}

void read_probe_body(Reader& reader, const Node& node, ProbeRules& out) {
  if (auto text = reader.text(node, "a text that the body contains")) out.body = *text;
}

constexpr Key<ProbeRules> kProbeKeys[] = {
    {"path", read_probe_path, "", Presence::kRequired},
    {"host", read_probe_host},
    {"interval", duration<&ProbeRules::interval, 1, kDay>},
    {"jitter", number<&ProbeRules::jitter, 0, 1>},
    {"timeout", duration<&ProbeRules::timeout, 1, kDay>},
    {"status", integer<&ProbeRules::status, 100, 599>},
    {"body", read_probe_body},
    {"healthy_after", integer<&ProbeRules::healthy_after, 1, 1000>},
    {"unhealthy_after", integer<&ProbeRules::unhealthy_after, 1, 1000>},
};
constexpr Shape<ProbeRules> kProbe = {"health", kProbeKeys};

void read_health(Reader& reader, const Node& node, GroupConfig& out) {
  read_object(reader, node, kProbe, out.health.probe);
}

constexpr Key<HealthRules> kEjectionKeys[] = {
    {"failures", integer<&HealthRules::failures, 0, 1000>},
    {"ratio", number<&HealthRules::failure_ratio, 0, 1>},
    {"window", duration<&HealthRules::window, 10, kDay>},
    {"latency", number<&HealthRules::latency_factor, 0, 1000>},
    {"min_requests", integer<&HealthRules::min_requests, 1, 1'000'000>},
    {"time", duration<&HealthRules::ejection, 1, kDay>},
};
constexpr Shape<HealthRules> kEjection = {"ejection", kEjectionKeys};

constexpr Choice<uint8_t> kCauses[] = {{"reset", RetryRules::kReset},
                                       {"timeout", RetryRules::kTimeout},
                                       {"502", RetryRules::k502},
                                       {"503", RetryRules::k503},
                                       {"504", RetryRules::k504}};

void read_causes(Reader& reader, const Node& node, RetryRules& out) {
  out.on = 0;
  read_array(reader, node, [&](const Node& item) {
    std::vector<std::string_view> words;
    for (const auto& c : kCauses) words.push_back(c.word);
    if (auto index = reader.choice(item, words)) out.on |= kCauses[*index].value;
  });
}

constexpr Key<RetryRules> kRetryKeys[] = {
    {"on", read_causes},
    {"max", integer<&RetryRules::max, 0, 10>},
    {"budget", number<&RetryRules::budget, 0, 1>},
    {"floor", integer<&RetryRules::floor, 0, 1000>},
    {"hedge", flag<&RetryRules::hedge>},
};
constexpr Shape<RetryRules> kRetry = {"retry", kRetryKeys};

constexpr Choice<Policy> kPolicies[] = {{"least_requests", Policy::kLeastRequests},
                                        {"consistent_hash", Policy::kConsistentHash},
                                        {"round_robin", Policy::kRoundRobin},
                                        {"ordered", Policy::kOrdered}};

void read_kind(Reader& reader, const Node& node, GroupConfig& out) {
  choice<&GroupConfig::kind, kKinds>(reader, node, out);
  if (out.kind == GroupKind::kShield) out.policy = Policy::kConsistentHash;
}

void read_fallback(Reader& reader, const Node& node, GroupConfig& out) {
  if (auto name = reader.text(node, "the name of another group")) out.fallback = *name;
}

// The kind goes before what depends on it.
constexpr Key<GroupConfig> kGroupKeys[] = {
    {"kind", read_kind},
    {"policy", choice<&GroupConfig::policy, kPolicies>},
    {"load_factor", number<&GroupConfig::load_factor, 1, 100>},
    {"fallback", read_fallback},
    {"health", read_health, "health"},
    {"ejection", object<&GroupConfig::health, kEjection>, "ejection"},
    {"retry", object<&GroupConfig::retry, kRetry>, "retry"},
    {"max_ejected", number<&GroupConfig::max_ejected, 0, 1>},
    {"slow_start", duration<&GroupConfig::slow_start, 0, kDay>},
    {"servers", read_servers, "server", Presence::kRequired},
    {"tls", read_tls, "upstream_tls"},
    {"auth", read_upstream_auth, "upstream_auth"},
    {"s3", read_s3, "s3"},
    {"timeouts", object<&GroupConfig::timeouts, kTimeouts>, "timeouts"},
    {"host", read_host},
    {"max_connections", integer<&GroupConfig::max_connections, 1, 1'000'000>},
    {"max_idle", integer<&GroupConfig::max_idle, 0, 1'000'000>},
    {"max_pending", integer<&GroupConfig::max_pending, 0, 1'000'000>},
    {"pending_time", duration<&GroupConfig::pending_time, 1, kDay>},
};
constexpr Shape<GroupConfig> kGroup = {"upstream", kGroupKeys};

// A fallback is another group, and following fallbacks ends somewhere.
void check_fallbacks(Reader& reader, const Node& node, const std::vector<GroupConfig>& groups) {
  const auto find = [&](const std::string& name) {
    return std::find_if(groups.begin(), groups.end(),
                        [&](const auto& g) { return g.name == name; });
  };
  for (const GroupConfig& group : groups) {
    if (group.fallback.empty()) continue;
    const Node& at = *node.find(group.name)->find("fallback");
    const Reader::Step in_group(reader, group.name);
    const Reader::Step in_key(reader, "fallback");
    if (!reader.upstream(at)) continue;
    reader.fallback_names.push_back(group.fallback);
    size_t steps = 0;
    auto next = find(group.fallback);
    while (next != groups.end() && steps++ < groups.size()) next = find(next->fallback);
    if (next != groups.end()) {
      reader.error(at, "it falls back on itself in the end", "a chain of groups with an end");
    }
  }
}

}  // namespace

void read_upstreams(Reader& reader, const Node& node, Snapshot& out) {
  if (!reader.want_object(node)) return;
  if (node.members.empty()) {
    reader.error(node, "no upstream", "at least one: {\"origin\": {\"servers\": [ … ]}}");
  }
  for (const Member& member : node.members) {
    const Reader::Step step(reader, member.name);
    GroupConfig group;
    group.name = member.name;
    group.head_bytes = out.limits.upstream_head_bytes;
    group.zone = out.zone;
    if (member.name.empty()) reader.error(member.at, "an empty name", "a name for the group");
    read_object(reader, member.value, kGroup, group);
    if (group.kind == GroupKind::kShield && group.host_rule != HostRule::kViewer) {
      reader.error(*member.value.find("host"), "a shield always gets the viewer's Host",
                   "no \"host\" here; the shield's own configuration says what the origin gets");
    }
    check_signing(reader, member.value, group);
    reader.upstream_names.push_back(group.name);
    out.groups.push_back(std::move(group));
  }
  check_fallbacks(reader, node, out.groups);
}

std::vector<ShapeInfo> upstream_shapes() {
  return {describe(kGroup), describe(kServer),   describe(kTls),  describe(kTimeouts),
          describe(kProbe), describe(kEjection), describe(kRetry)};
}

}  // namespace seawall::config
