// Targets, hosts, paths and queries: the normal form is one that stays, never grows, keeps its
// meaning, and leaves no dot segment behind.
#include <algorithm>
#include <string>

#include "common/base/ascii.h"
#include "common/http/url.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

namespace {

// All triplets decoded: what a path means, but for the structure that encoded slashes hide.
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool triplet = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                         hex_value(text[i + 2]) >= 0;
    out +=
        triplet ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])) : text[i];
    if (triplet) i += 2;
  }
  return out;
}

ptrdiff_t count_of(std::string_view text, char c) {
  return std::count(text.begin(), text.end(), c);
}

void check_percent(std::string_view text) {
  // Exactly as large as promised, so that the sanitizer sees a byte too many.
  std::vector<char> buffer(text.size());
  const std::string once(normalize_percent(text, buffer));
  REQUIRE_THAT(once.size() <= text.size());
  REQUIRE_THAT(decoded(once) == decoded(text));
  for (const char c : {'/', '?', '&', '=', '+', ';'}) {
    REQUIRE_THAT(count_of(once, c) == count_of(text, c));
  }
  std::vector<char> again(once.size());
  REQUIRE_THAT(normalize_percent(once, again) == once);
}

void check_path(std::string_view path) {
  std::vector<char> buffer(path.size());
  const std::string once(normalize_path(path, buffer));
  REQUIRE_THAT(once.size() <= path.size() && once.starts_with('/'));
  const std::string closed = once + "/";
  REQUIRE_THAT(closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos);
  std::vector<char> again(once.size());
  REQUIRE_THAT(normalize_path(once, again) == once);
  REQUIRE_THAT(normalize_percent(once, again) == once);
}

void check_authority(std::string_view text) {
  for (const Scheme scheme : {Scheme::kHttp, Scheme::kHttps}) {
    std::vector<char> buffer(kAuthorityBytes);
    const std::optional<Authority> one = normalize_authority(text, scheme, buffer);
    if (!one) continue;
    const std::string host(one->host);
    const std::string host_port(one->host_port);
    REQUIRE_THAT(!host.empty() && host_port.starts_with(host) && one->port != 0);
    REQUIRE_THAT((host == host_port) == (one->port == default_port(scheme)));
    for (const char c : host) {
      REQUIRE_THAT(c == to_lower(c) && static_cast<uint8_t>(c) > 0x20 && c != '@' && c != '/');
    }
    std::vector<char> other(kAuthorityBytes);
    const std::optional<Authority> again = normalize_authority(host_port, scheme, other);
    REQUIRE_THAT(again && again->host == host && again->host_port == host_port);
    REQUIRE_THAT(again->port == one->port);
  }
}

void check_query(std::string_view query) {
  std::string joined;
  QueryReader reader(query);
  QueryParameter parameter;
  for (bool first = true; reader.next(parameter); first = false) {
    if (!first) joined += '&';
    joined += parameter.text;
    const std::string whole = std::string(parameter.name) + (parameter.has_value ? "=" : "") +
                              std::string(parameter.value);
    REQUIRE_THAT(whole == parameter.text);
  }
  REQUIRE_THAT(joined == query);
  check_percent(query);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  check_authority(text);
  check_percent(text);
  check_query(text);
  check_path("/" + std::string(text));
  if (const std::optional<Target> target = split_target(text)) {
    if (target->form != Target::Form::kAsterisk) check_path(target->path);
    check_query(target->query);
    if (target->form == Target::Form::kAbsolute) check_authority(target->authority);
    REQUIRE_THAT(target->has_query || target->query.empty());
  }
  return 0;
}
