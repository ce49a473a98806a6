#include "common/h1/start_line.h"

#include "common/base/ascii.h"
#include "common/h1/head_scan.h"
#include "common/http/tokens.h"

namespace seawall::h1 {
namespace {

using http::Method;

StartLine refuse(uint16_t status, const char* detail) { return {0, status, detail}; }

// `rest` is what follows the target and its space: "HTTP/1.1\r\n…". The minor version, or -1 for
// another version, or -2 for none.
int minor_version(std::string_view rest) {
  constexpr size_t kLength = 8;
  if (rest.size() < kLength || rest.substr(0, 5) != "HTTP/" || !is_digit(rest[5]) ||
      rest[6] != '.' || !is_digit(rest[7])) {
    return -2;
  }
  if (rest[5] != '1' || rest[7] > '1') return -1;
  return rest[7] - '0';
}

// The target's first look tells its form; what is behind it is url.h's business.
bool form_is_valid(Method method, std::string_view target) {
  if (method == Method::kConnect) return true;
  if (target[0] == '/') return true;
  if (target[0] == '*') return target.size() == 1 && method == Method::kOptions;
  return is_alpha(target[0]) && target.find("://") != std::string_view::npos;
}

}  // namespace

StartLine parse_request_line(std::string_view bytes, size_t max_url, http::RequestHead& out) {
  size_t at = 0;
  while (at < bytes.size() && http::is_token_char(bytes[at])) ++at;
  if (at == 0 || at == bytes.size() || bytes[at] != ' ') return refuse(400, "malformed method");
  out.method_token = bytes.substr(0, at);
  out.method = http::method_of(out.method_token);
  ++at;

  out.target = bytes.substr(at, target_end(bytes.substr(at)));
  at += out.target.size();
  if (out.target.empty()) return refuse(400, "no request target");
  if (out.target.size() > max_url) return refuse(414, "request target over the limit");
  if (at == bytes.size() || bytes[at] != ' ') return refuse(400, "malformed request target");
  ++at;

  const int minor = minor_version(bytes.substr(at));
  if (minor == -2) return refuse(400, "malformed version");
  if (minor == -1) return refuse(505, "version is not HTTP/1.0 or 1.1");
  out.minor_version = static_cast<uint8_t>(minor);
  at += 8;
  if (bytes.substr(at, 2) != "\r\n") return refuse(400, "malformed version");
  if (!form_is_valid(out.method, out.target)) return refuse(400, "malformed request target");
  return {at + 2, 0, ""};
}

StartLine parse_status_line(std::string_view bytes, http::ResponseHead& out) {
  const int minor = minor_version(bytes);
  if (minor < 0) return refuse(502, "version of the response is not HTTP/1.0 or 1.1");
  out.minor_version = static_cast<uint8_t>(minor);
  // "HTTP/1.1 200", then a space and the phrase. Common servers leave out that space with the
  // phrase, though RFC 9112 §4 wants it.
  if (bytes.size() < 14 || bytes[8] != ' ' || bytes[9] < '1' || !is_digit(bytes[9]) ||
      !is_digit(bytes[10]) || !is_digit(bytes[11]) || (bytes[12] != ' ' && bytes[12] != '\r')) {
    return refuse(502, "malformed status line");
  }
  out.status =
      static_cast<uint16_t>((bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + bytes[11] - '0');
  const size_t start = bytes[12] == ' ' ? 13 : 12;
  const size_t end = bytes.find('\r', start);
  out.reason_phrase = bytes.substr(start, end - start);
  return {end + 2, 0, ""};
}

bool target_exceeds(std::string_view bytes, size_t max_url) {
  const size_t space = bytes.find_first_of(" \r");
  if (space == std::string_view::npos || bytes[space] != ' ') return false;
  return target_end(bytes.substr(space + 1)) > max_url;
}

}  // namespace seawall::h1
