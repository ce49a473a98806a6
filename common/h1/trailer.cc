#include "common/h1/trailer.h"

#include <algorithm>
#include <array>

#include "common/base/ascii.h"
#include "common/http/tokens.h"

namespace seawall::h1 {
namespace {

using http::FieldId;

// Those without a FieldId that RFC 9110 §6.5.1 means, and headers that frameworks route by.
constexpr std::array<std::string_view, 14> kForbidden = {
    "max-forwards",    "www-authenticate",       "authentication-info", "http2-settings",
    "x-host",          "x-http-method-override", "x-http-method",       "x-method-override",
    "x-original-host", "x-original-url",         "x-rewrite-url",       "x-real-ip",
    "x-device-class",  "true-client-ip",
};
constexpr std::array<std::string_view, 4> kForbiddenPrefixes = {"x-forwarded-", "seawall-",
                                                                "access-control-", "proxy-"};

}  // namespace

bool parse_field_line(std::string_view line, http::Field& out) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) return false;
  out.name = line.substr(0, colon);
  out.value = trim_ows(line.substr(colon + 1));
  out.id = http::field_id(out.name);
  return http::is_field_value(out.value);
}

bool is_allowed_trailer(const http::Field& field) {
  if (field.id == FieldId::kEtag) return true;
  if (field.id != FieldId::kOther) return false;
  for (std::string_view name : kForbidden) {
    if (iequals(field.name, name)) return false;
  }
  return std::none_of(kForbiddenPrefixes.begin(), kForbiddenPrefixes.end(),
                      [&](std::string_view prefix) {
                        return iequals(field.name.substr(0, prefix.size()), prefix);
                      });
}

bool append_trailer(std::string& block, std::string_view line) {
  http::Field field;
  if (!parse_field_line(line, field)) return false;
  if (is_allowed_trailer(field)) {
    block.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return true;
}

}  // namespace seawall::h1
