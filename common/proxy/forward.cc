#include "common/proxy/forward.h"

#include <algorithm>
#include <charconv>

#include "common/h1/connection.h"
#include "common/http/tokens.h"
#include "common/proxy/head_edits.h"

namespace seawall::proxy {
namespace {

using http::FieldId;

// Fields by which frameworks let a client choose host, path, method or address (cache poisoning:
// Kettle 2018, 2020). Lower case.
constexpr std::string_view kSteering[] = {
    "x-forwarded-host", "x-forwarded-scheme",  "x-forwarded-port",       "x-forwarded-prefix",
    "x-forwarded-path", "x-forwarded-server",  "x-forwarded-by",         "x-forwarded-ssl",
    "x-host",           "x-original-url",      "x-original-host",        "x-rewrite-url",
    "x-original-uri",   "x-http-method",       "x-http-method-override", "x-method-override",
    "client-ip",        "x-client-ip",         "true-client-ip",         "cf-connecting-ip",
    "x-real-ip",        "x-cluster-client-ip", "x-http-host-override",   "x-http-destinationurl",
    "x-proxy-url",      "x-wap-profile-host",  "front-end-https",        "fastly-client-ip",
    "x-forwarded",      "forwarded-for",       "x-device-class",         "proxy-host",
};

bool is_steering(std::string_view name) {
  return std::any_of(std::begin(kSteering), std::end(kSteering),
                     [&](std::string_view s) { return iequals(name, s); });
}

bool is_allowed(const cache::Behavior& behavior, std::string_view name) {
  return std::any_of(behavior.allow_fields.begin(), behavior.allow_fields.end(),
                     [&](const std::string& allowed) { return iequals(name, allowed); });
}

class LineBuilder {
 public:
  explicit LineBuilder(std::string& out) : out_(out) {}
  void line(std::string_view name, std::string_view value) { http::append_line(out_, name, value); }

 private:
  std::string& out_;
};

class Forwarder {
 public:
  Forwarder(Worker& worker, const Peer& peer, const http::RequestHead& head, const Route& route,
            const upstream::GroupConfig& group, const ForwardPlan& plan)
      : worker_(worker), peer_(peer), head_(head), route_(route), group_(group), plan_(plan) {}

  upstream::ExchangeRequest build();

 private:
  bool cacheable() const { return plan_.form == ForwardPlan::Form::kCacheable; }
  bool to_shield() const { return group_.kind == upstream::GroupKind::kShield; }
  bool dropped(const http::Field& field) const;
  void viewer_fields();
  void our_fields();
  void begin_list(FieldId id, std::string_view name);
  void normalised_fields();
  std::string host() const;
  std::string target() const;

  Worker& worker_;
  const Peer& peer_;
  const http::RequestHead& head_;
  const Route& route_;
  const upstream::GroupConfig& group_;
  const ForwardPlan& plan_;
  h1::ConnectionOptions options_;
  upstream::ExchangeRequest out_;
  LineBuilder lines_{out_.fields};
};

// The fields that we write ourselves, or that end at this hop.
bool Forwarder::dropped(const http::Field& f) const {
  switch (f.id) {
    case FieldId::kHost:
    case FieldId::kConnection:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kProxyAuthorization:
    case FieldId::kProxyAuthenticate:
    case FieldId::kTe:
    case FieldId::kTrailer:
    case FieldId::kTransferEncoding:
    case FieldId::kContentLength:
    case FieldId::kUpgrade:
    case FieldId::kExpect:
    case FieldId::kVia:
    case FieldId::kForwarded:
    case FieldId::kXForwardedFor:
    case FieldId::kXForwardedProto:
    case FieldId::kCdnLoop:
    case FieldId::kSeawallInternal:
    case FieldId::kSoftPurge:
      return true;
    case FieldId::kIfNoneMatch:
    case FieldId::kIfModifiedSince:
    case FieldId::kRange:
    case FieldId::kIfRange:
      if (cacheable() && !plan_.keep_range) return true;
      break;
    case FieldId::kAcceptEncoding:
    case FieldId::kAcceptLanguage:
    case FieldId::kUserAgent:
      if (cacheable()) return true;  // normalised_fields() writes them
      break;
    default:
      break;
  }
  if (cacheable() && route_.behavior->vary.device_class && iequals(f.name, "x-device-class")) {
    return true;  // the same
  }
  if (options_.names_fields && h1::connection_names(head_.fields, f.name)) return true;
  if (upstream::is_signing_field(group_.signing, f.name)) return true;
  if (f.id == FieldId::kOther || f.id == FieldId::kXForwardedHost || f.id == FieldId::kClientIp) {
    return is_steering(f.name) && !is_allowed(*route_.behavior, f.name) &&
           !(route_.internal.present && peer_.trusted_edge);
  }
  return false;
}

void Forwarder::viewer_fields() {
  for (const http::Field& f : head_.fields) {
    if (!dropped(f)) lines_.line(f.name, f.value);
  }
}

// A list field with its members so far; ours follow.
void Forwarder::begin_list(FieldId id, std::string_view name) {
  out_.fields.append(name).append(": ");
  if (!head_.present.has(id)) return;
  for (const http::Field& f : head_.fields) {
    if (f.id == id && !f.value.empty()) out_.fields.append(f.value).append(", ");
  }
}

void Forwarder::our_fields() {
  char ip[net::Address::kMaxIpText];
  const std::string_view address(ip, peer_.address.format_ip(ip));
  const std::string_view scheme = http::scheme_name(route_.target.scheme);
  std::string& out = out_.fields;
  if (peer_.trusted_edge) {
    begin_list(FieldId::kXForwardedFor, "X-Forwarded-For");
    out.append(address).append("\r\n");
  } else {
    lines_.line("X-Forwarded-For", address);
  }
  lines_.line("X-Forwarded-Proto", scheme);
  if (peer_.trusted_edge) {
    begin_list(FieldId::kForwarded, "Forwarded");
  } else {
    out.append("Forwarded: ");
  }
  const bool v6 = address.find(':') != std::string_view::npos;
  out.append(v6 ? "for=\"[" : "for=").append(address).append(v6 ? "]\";proto=" : ";proto=");
  out.append(scheme).append(";host=\"").append(route_.target.host_port).append("\"\r\n");
  begin_list(FieldId::kVia, "Via");
  out.append(head_.minor_version == 0 ? "1.0 " : "1.1 ").append(worker_.node().name);
  out.append("\r\n");
  begin_list(FieldId::kCdnLoop, "CDN-Loop");
  out.append(worker_.node().loop_id).append("\r\n");
  if (to_shield()) {
    char hex[17];
    const auto end = std::to_chars(hex, hex + 16, worker_.settings()->rules_hash, 16).ptr;
    std::string internal = "scheme=";
    internal.append(scheme).append(", rules=").append(hex, end);
    if (plan_.revalidate) internal += ", revalidate";
    if (plan_.refetch) internal += ", refetch";
    if (plan_.crowd) internal += ", crowd";
    lines_.line("Seawall-Internal", internal);
  }
}

// What the cache compares is what the upstream sees.
void Forwarder::normalised_fields() {
  static constexpr struct {
    FieldId id;
    std::string_view key;
    std::string_view name;
  } kNormalised[] = {{FieldId::kAcceptEncoding, "accept-encoding", "Accept-Encoding"},
                     {FieldId::kAcceptLanguage, "accept-language", "Accept-Language"},
                     {FieldId::kUserAgent, "user-agent", "User-Agent"},
                     {FieldId::kOther, "x-device-class", "X-Device-Class"}};
  char buffer[1024];
  for (const auto& n : kNormalised) {
    const cache::NormalField normal =
        cache::normalised_field(n.key, head_.fields, route_.behavior->vary, buffer);
    if (normal.change == cache::FieldChange::kSet) {
      lines_.line(n.name, normal.value);
    } else if (normal.change == cache::FieldChange::kKeep && n.id != FieldId::kOther) {
      for (const http::Field& f : head_.fields) {
        if (f.id == n.id) lines_.line(f.name, f.value);
      }
    }
  }
}

std::string Forwarder::host() const {
  if (to_shield() || group_.host_rule == upstream::HostRule::kViewer) {
    return std::string(route_.target.host_port);
  }
  return group_.host_rule == upstream::HostRule::kName ? group_.host_name : std::string();
}

std::string Forwarder::target() const {
  std::string out;
  if (cacheable()) {
    out.append(route_.key.target);
  } else {
    out.append(route_.target.raw_path);
    if (route_.target.has_query) out.append("?").append(route_.target.query);
  }
  const bool aws = group_.signing.kind == upstream::Signing::Kind::kAws;
  return aws ? crypto::aws_viewer_target(out) : out;
}

upstream::ExchangeRequest Forwarder::build() {
  using BodyKind = upstream::ExchangeRequest::BodyKind;
  options_ = h1::connection_options(head_);
  out_.method = head_.method;
  out_.key = route_.key.hash.low;
  std::string& line = out_.start_line;
  line.reserve(head_.method_token.size() + head_.target.size() + route_.key.target.size() + 16);
  line.append(head_.method_token).append(" ");
  line.append(target()).append(" HTTP/1.1\r\n");
  out_.host = host();
  out_.fields.reserve(1024);
  viewer_fields();
  if (cacheable()) normalised_fields();
  our_fields();
  if (!plan_.if_none_match.empty()) lines_.line("If-None-Match", plan_.if_none_match);
  if (!plan_.if_modified_since.empty()) lines_.line("If-Modified-Since", plan_.if_modified_since);
  if (!to_shield()) apply_edits(route_.behavior->to_origin, out_.fields);
  out_.body = plan_.body;
  if (plan_.body == BodyKind::kChunked) lines_.line("Transfer-Encoding", "chunked");
  if (plan_.body == BodyKind::kLength) {
    lines_.line("Content-Length", std::to_string(plan_.body_length));
  }
  if (!plan_.upgrade.empty()) {
    out_.upgrade = true;
    lines_.line("Connection", "upgrade");
    lines_.line("Upgrade", plan_.upgrade);
  }
  return std::move(out_);
}

}  // namespace

upstream::ExchangeRequest build_forward(Worker& worker, const Peer& peer,
                                        const http::RequestHead& head, const Route& route,
                                        const upstream::GroupConfig& group,
                                        const ForwardPlan& plan) {
  return Forwarder(worker, peer, head, route, group, plan).build();
}

bool is_loop(const NodeInfo& node, http::Fields fields) {
  http::FieldListReader list(fields, FieldId::kCdnLoop);
  std::string_view member;
  while (list.next(member)) {
    if (trim_ows(member.substr(0, member.find(';'))) == node.loop_id) return true;
  }
  return false;
}

}  // namespace seawall::proxy
