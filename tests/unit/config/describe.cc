#include <algorithm>
#include <sstream>

#include "tests/unit/config/folder.h"

namespace seawall::config {
namespace {

// The innermost dots of a path are added by the writer: `cache.memory_bytes = 268435456`.
class Writer {
 public:
  explicit Writer(std::ostringstream& out, std::string prefix = "")
      : out_(out), prefix_(std::move(prefix)) {}

  Writer in(const std::string& name) const { return Writer(out_, prefix_ + name + "."); }

  template <class T>
  const Writer& put(const char* name, const T& value) const {
    out_ << prefix_ << name << " = ";
    write(value);
    out_ << "\n";
    return *this;
  }

 private:
  template <class T>
  void write(const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      out_ << static_cast<int>(value);
    } else {
      out_ << value;
    }
  }
  void write(Seconds value) const { out_ << value.count() << "s"; }
  void write(Millis value) const { out_ << value.count() << "ms"; }
  template <class T>
  void write(const std::optional<T>& value) const {
    if (value) {
      write(*value);
    } else {
      out_ << "none";
    }
  }
  template <class T>
  void write(const std::vector<T>& values) const {
    for (const T& value : values) {
      write(value);
      out_ << " ";
    }
  }
  void write(const AddressBlock& block) const {
    for (const uint8_t byte : block.bytes) out_ << static_cast<int>(byte) << ".";
    out_ << "/" << block.prefix_bits;
  }
  void write(const Certificate& pair) const {
    out_ << pair.certificate_file << "+" << pair.key_file;
  }
  void write(const cache::StatusTtl& entry) const {
    out_ << entry.first << "-" << entry.last << ":" << entry.ttl.count();
  }
  void write(const cache::HeaderEdit& edit) const {
    out_ << static_cast<int>(edit.op) << " " << edit.name << ": " << edit.value << ";";
  }
  void write(const cache::KeyPart& part) const {
    out_ << (part.kind == cache::KeyPart::Kind::kCookie ? "cookie " : "header ") << part.name;
    if (!part.mapped) return;
    for (const auto& [from, to] : part.map) out_ << " " << from << "→" << to;
    out_ << " else " << part.unmapped;
  }

  std::ostringstream& out_;
  std::string prefix_;
};

void put(const Writer& w, const proxy::Limits& l) {
  w.put("head_bytes", l.head_bytes).put("head_fields", l.head_fields);
  w.put("url_bytes", l.url_bytes).put("body_bytes", l.body_bytes);
  w.put("upstream_head_bytes", l.upstream_head_bytes).put("head_time", l.head_time);
  w.put("body_idle_time", l.body_idle_time).put("keep_alive_time", l.keep_alive_time);
  w.put("write_idle_time", l.write_idle_time).put("connections", l.connections);
  w.put("requests_per_connection", l.requests_per_connection);
  w.put("drain_time", l.drain_time).put("max_ranges", l.max_ranges);
  w.put("ticket_key_time", l.ticket_key_time).put("memory", l.memory);
  w.put("connections_per_address", l.connections_per_address).put("min_rate", l.min_rate);
}

void put(const Writer& w, const upstream::GroupConfig& g) {
  w.put("name", g.name).put("kind", g.kind).put("host_rule", g.host_rule);
  w.put("policy", g.policy).put("load_factor", g.load_factor).put("zone", g.zone);
  w.put("fallback", g.fallback).put("max_ejected", g.max_ejected);
  const upstream::HealthRules& h = g.health;
  w.in("ejection").put("failures", h.failures).put("ratio", h.failure_ratio);
  w.in("ejection").put("window", h.window).put("min", h.min_requests).put("time", h.ejection);
  w.in("ejection").put("latency", h.latency_factor);
  w.in("health").put("path", h.probe.path).put("host", h.probe.host).put("body", h.probe.body);
  w.in("health").put("interval", h.probe.interval).put("jitter", h.probe.jitter);
  w.in("health").put("timeout", h.probe.timeout).put("status", h.probe.status);
  w.in("health").put("healthy", h.probe.healthy_after).put("un", h.probe.unhealthy_after);
  w.put("slow_start", g.slow_start).put("pending_time", g.pending_time);
  w.in("retry").put("on", int{g.retry.on}).put("max", g.retry.max);
  w.in("retry").put("budget", g.retry.budget).put("floor", g.retry.floor);
  w.in("retry").put("hedge", g.retry.hedge);
  w.put("host_name", g.host_name).put("max_connections", g.max_connections);
  w.put("max_idle", g.max_idle).put("max_pending", g.max_pending).put("head", g.head_bytes);
  for (const upstream::ServerConfig& s : g.servers) {
    w.in("server").put("url", s.url).put("tls", s.tls).put("host", s.host).put("port", s.port);
    w.in("server")
        .put("weight", s.weight)
        .put("backup", s.backup)
        .put("zone", s.zone)
        .put("srv", s.srv);
  }
  const upstream::TlsClientConfig& tls = g.tls;
  w.in("tls").put("verify", tls.verify).put("ca", tls.ca_file).put("sni", tls.sni);
  w.in("tls").put("certificate", tls.certificate_file).put("key", tls.key_file);
  w.in("tls")
      .put("tls13_only", tls.tls13_only)
      .put("verify_name", tls.verify_name)
      .put("pins", tls.pins);
  const upstream::Signing& sign = g.signing;
  w.in("signing").put("kind", sign.kind).put("id", sign.key.id).put("secret", sign.key.secret);
  w.in("signing").put("access", sign.aws.access_key).put("region", sign.aws.region);
  w.in("signing").put("key", sign.aws.secret_key).put("token", sign.aws.session_token);
  const upstream::Timeouts& t = g.timeouts;
  w.in("timeouts").put("dns", t.dns).put("connect", t.connect).put("tls", t.tls);
  w.in("timeouts").put("first_byte", t.first_byte).put("between_bytes", t.between_bytes);
  w.in("timeouts").put("total", t.total).put("pool_idle", t.pool_idle);
}

void put(const Writer& w, const cache::Behavior& b) {
  w.put("pattern", b.pattern).put("cache", b.cache).put("redirect", b.redirect_to_https);
  w.put("upgrade", b.allow_upgrade).put("refuse_html", b.refuse_html_on_static);
  w.put("expose_tags", b.expose_tags);
  w.put("methods", b.methods).put("upstream", b.upstream).put("set_cookie", b.set_cookie);
  w.put("request_directives", b.request_directives).put("range_on_miss", b.range_on_miss);
  w.put("targets", b.targets).put("surrogate_control", b.surrogate_control);
  w.put("allow_fields", b.allow_fields).put("to_viewer", b.to_viewer).put("to_origin", b.to_origin);
  const cache::TtlRules& ttl = b.ttl;
  w.in("ttl").put("min", ttl.min).put("default", ttl.default_ttl).put("max", ttl.max);
  w.in("ttl").put("override", ttl.override_ttl).put("status", ttl.per_status);
  w.in("ttl").put("negative", ttl.negative).put("jitter", ttl.jitter);
  w.in("refresh").put("beta", b.refresh.beta).put("ahead", b.refresh.ahead);
  w.in("refresh").put("hot", b.refresh.hot);
  w.in("ttl").put("heuristic", ttl.heuristic).put("percent", ttl.heuristic_percent);
  w.in("ttl").put("heuristic_max", ttl.heuristic_max);
  w.in("stale").put("on_unreachable", b.stale.on_unreachable).put("on_5xx", b.stale.on_5xx);
  w.in("stale").put("allow_with_s_maxage", b.stale.allow_with_s_maxage);
  w.in("key").put("query_mode", b.key.query_mode).put("query", b.key.query);
  w.in("key").put("fold", b.key.fold_path_case).put("parts", b.key.parts);
  w.in("vary").put("encodings", b.vary.encodings).put("languages", b.vary.languages);
  w.in("vary").put("device", b.vary.device_class).put("max_variants", b.vary.max_variants);
}

}  // namespace

std::string describe(const Snapshot& s) {
  std::ostringstream out;
  const Writer w(out);
  w.put("role", s.role).put("node_name", s.node_name).put("workers", s.workers);
  w.put("zone", s.zone);
  w.put("trusted_edges", s.trusted_edges).put("trust_certs", s.trust_client_certificates);
  w.put("purge_allowed", s.purge_allowed).put("undo_window", s.undo_window);
  w.in("auth").put("window", s.auth.window).put("max_requests", s.auth.max_nonces);
  for (const crypto::AuthKey& k : s.auth.keys) w.in("auth").put("id", k.id).put("key", k.secret);
  w.in("purge").put("path", s.purge.path).put("rate", s.purge.rate);
  w.in("purge").put("body_bytes", s.purge.body_bytes);
  w.in("dns").put("servers", s.dns.servers).put("keep", s.dns.keep);
  w.in("dns").put("min", s.dns.min_ttl).put("max", s.dns.max_ttl);
  w.in("dns").put("failure", s.dns.failure_ttl);
  w.in("fleet").put("url", s.fleet.url).put("host", s.fleet.host).put("port", s.fleet.port);
  w.in("fleet").put("tls", s.fleet.tls).put("verify", s.fleet.verify).put("ca", s.fleet.ca_file);
  w.in("fleet").put("user", s.fleet.user).put("password", s.fleet.password_file);
  w.in("fleet").put("name", s.fleet.name).put("keep", s.fleet.keep);
  w.in("fleet").put("forget_after", s.fleet.forget_after);
  for (const proxy::PurgeToken& t : s.purge.tokens) {
    w.in("token").put("name", t.name).put("sha256", crypto::to_hex(t.sha256));
    w.in("token").put("scopes", int{t.grant.scopes}).put("sites", t.grant.sites);
  }
  for (const ListenerConfig& l : s.listeners) {
    w.in("listen").put("address", l.address).put("port", l.port).put("backlog", l.backlog);
    w.in("listen").put("tls", l.tls).put("certificates", l.certificates);
    w.in("listen").put("client_ca", l.client_ca_file).put("auth", l.requires_auth);
  }
  w.in("admin").put("on", s.admin.enabled).put("address", s.admin.address);
  w.in("admin").put("port", s.admin.port);
  w.in("cache").put("memory", s.cache.memory_bytes).put("shards", s.cache.shards);
  w.in("cache").put("max_object", s.cache.max_object_bytes).put("eviction", s.cache.eviction);
  w.in("log").put("access", s.log.access_path).put("format", s.log.access_format);
  w.in("log").put("error", s.log.error_path).put("level", s.log.level);
  put(w.in("limits"), s.limits);
  for (const upstream::GroupConfig& group : s.groups) put(w.in("group"), group);
  for (const cache::Site& site : s.sites->sites()) {
    w.in("site").put("name", site.name).put("hosts", site.hosts).put("upstream", site.upstream);
    w.in("site").put("index", site.index);
    for (const cache::Behavior& b : site.behaviors) put(w.in("site.behavior"), b);
  }
  return out.str();
}

}  // namespace seawall::config
