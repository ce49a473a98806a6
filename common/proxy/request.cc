#include "common/proxy/request.h"

#include <charconv>

#include "common/http/tokens.h"
#include "common/proxy/node.h"

namespace seawall::proxy {
namespace {

constexpr size_t kMaxVaryKey = 4096;  // longer selecting values match nothing

// What frames the message or guards this hop: no viewer can make us overlook it.
bool is_exempt(http::FieldId id) {
  using http::FieldId;
  switch (id) {
    case FieldId::kConnection:
    case FieldId::kContentLength:
    case FieldId::kTransferEncoding:
    case FieldId::kTrailer:
    case FieldId::kHost:
    case FieldId::kUpgrade:
    case FieldId::kExpect:
    case FieldId::kCdnLoop:
    case FieldId::kVia:
    case FieldId::kForwarded:
    case FieldId::kXForwardedFor:
    case FieldId::kSeawallInternal:
      return true;
    default:
      return false;
  }
}

}  // namespace

void drop_named_fields(http::RequestHead& head, h1::ConnectionOptions options,
                       std::vector<http::Field>& kept) {
  if (!options.names_fields) return;
  for (const http::Field& f : head.fields) {
    if (is_exempt(f.id) || !h1::connection_names(head.fields, f.name)) kept.push_back(f);
  }
  head.fields = kept;
}

OwnedHead::OwnedHead(const http::RequestHead& head) : head_(head) {
  size_t size = head.method_token.size() + head.target.size();
  for (const http::Field& f : head.fields) size += f.name.size() + f.value.size();
  bytes_.reserve(size);
  fields_.reserve(head.fields.size());
  const auto keep = [this](std::string_view text) {
    const char* at = bytes_.data() + bytes_.size();
    bytes_.append(text);
    return std::string_view(at, text.size());
  };
  head_.method_token = keep(head.method_token);
  head_.target = keep(head.target);
  for (const http::Field& f : head.fields) {
    const std::string_view name = keep(f.name);
    const std::string_view value = keep(f.value);
    fields_.push_back({name, value, f.id});
  }
  head_.fields = fields_;
}

InternalRequest parse_internal(std::string_view value) {
  InternalRequest internal;
  internal.present = true;
  http::ListReader list(value);
  std::string_view member;
  while (list.next(member)) {
    if (member == "revalidate") internal.revalidate = true;
    if (member == "refetch") internal.refetch = true;
    if (member == "crowd") internal.crowd = true;
    if (member == "scheme=https") internal.https = true;
    if (member.starts_with("rules=")) {
      member.remove_prefix(6);
      std::from_chars(member.data(), member.data() + member.size(), internal.rules, 16);
    }
  }
  return internal;
}

Refusal route(Worker& worker, const Peer& peer, const http::RequestHead& head, Route& out) {
  out.facts = cache::read_request(head);
  bool https = peer.tls;
  const http::Field* host_field = http::find(head, http::FieldId::kHost);
  const std::string_view host = host_field ? host_field->value : std::string_view();
  if (peer.trusted_edge) {
    if (const http::Field* internal = http::find(head, http::FieldId::kSeawallInternal)) {
      out.internal = parse_internal(internal->value);
      out.facts.revalidate = out.internal.revalidate || out.internal.refetch;
      https = out.internal.https;
    }
  }
  const Result<cache::NormalTarget> target = cache::normalise_target(
      https ? http::Scheme::kHttps : http::Scheme::kHttp, host, head.target, worker.key_buffer());
  if (!target) {
    return {static_cast<uint16_t>(target.error().code == ErrorCode::kTooLarge ? 414 : 400),
            target.error().detail};
  }
  out.target = *target;
  out.site = worker.settings()->sites->find_site(target->host);
  if (!out.site) return {421, "no site is configured for this host"};
  out.behavior = cache::SiteTable::find_behavior(*out.site, target->path);
  if (!out.behavior) return {404, "no behavior matches this path"};
  const Result<cache::Key> key = cache::make_key(*target, head.fields, out.behavior->key,
                                                 out.behavior->allow_fields, worker.key_buffer());
  if (!key) return {414, key.error().detail};
  out.key = *key;
  out.url_hash = key->url_hash();
  return {};
}

bool RequestMatcher::matches(std::string_view vary, std::string_view vary_key) const {
  if (vary.empty()) return true;
  char buffer[kMaxVaryKey];
  const std::optional<size_t> size = cache::write_vary_key(vary, fields_, rules_, buffer);
  return size && std::string_view(buffer, *size) == vary_key;
}

store::Variant RequestMatcher::variant(std::string_view vary) const {
  char buffer[kMaxVaryKey];
  const std::optional<size_t> size = cache::write_vary_key(vary, fields_, rules_, buffer);
  return size ? store::Variant{std::string(vary), std::string(buffer, *size)} : store::Variant{};
}

}  // namespace seawall::proxy
