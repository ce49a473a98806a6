#include "common/config/url_setting.h"

#include "common/http/url.h"

namespace seawall::config {

std::optional<UrlSetting> parse_url_setting(std::string_view text, const UrlScheme& plain,
                                            const UrlScheme& tls) {
  UrlSetting out;
  out.tls = text.starts_with(tls.prefix);
  const UrlScheme& scheme = out.tls ? tls : plain;
  if (!text.starts_with(scheme.prefix)) return std::nullopt;
  text.remove_prefix(scheme.prefix.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  std::string full(text);
  const bool has_port = text.find(':') != std::string_view::npos && !text.ends_with(']');
  if (!has_port) full += ':';
  if (full.ends_with(':')) full += std::to_string(scheme.port);
  char buffer[http::kAuthorityBytes];
  const auto authority = http::normalize_authority(full, http::Scheme::kHttp, buffer);
  if (!authority || authority->port == 0) return std::nullopt;
  std::string_view host = authority->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  out.host = host;
  out.port = authority->port;
  return out;
}

}  // namespace seawall::config
