// A URL that says where to connect: scheme, host and port, nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seawall::config {

struct UrlScheme {
  std::string_view prefix;  // "https://"
  uint16_t port = 0;        // where none is given
};

struct UrlSetting {
  bool tls = false;
  std::string host;  // in lower case, without brackets
  uint16_t port = 0;
};

// Nothing where it is not one of the two with an authority as http has it; a slash at the end is
// fine.
std::optional<UrlSetting> parse_url_setting(std::string_view text, const UrlScheme& plain,
                                            const UrlScheme& tls);

}  // namespace seawall::config
