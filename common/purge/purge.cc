#include "common/purge/purge.h"

#include <cstdio>

#include "common/base/hash.h"
#include "common/http/tokens.h"
#include "common/purge/pattern.h"
#include "common/purge/tags.h"

namespace seawall::purge {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kUrl:
      return "url";
    case Kind::kPrefix:
      return "prefix";
    case Kind::kWildcard:
      return "wildcard";
    case Kind::kTag:
      return "tag";
    case Kind::kAll:
      return "all";
  }
  return "";
}

Target Target::url(std::string_view host_port, std::string_view target) {
  Target t;
  t.text.reserve(host_port.size() + target.size());
  t.text.append(host_port).append(target);
  t.hash = hash64(t.text);
  return t;
}

Target Target::tag(std::string_view tag, std::vector<std::string> hosts) {
  return {Kind::kTag, tag_hash(tag), std::string(tag), std::move(hosts)};
}

Target Target::all(std::vector<std::string> hosts) { return {Kind::kAll, 0, {}, std::move(hosts)}; }

std::optional<Target> Target::pattern(std::string_view text, std::vector<std::string> hosts) {
  if (text.empty() || text.size() > kMaxPatternBytes) return std::nullopt;
  if (text.front() != '/' && text.front() != '*') return std::nullopt;
  if (!http::is_field_value(text)) return std::nullopt;
  const Pattern compiled(text);
  if (!compiled.is_prefix()) return Target{Kind::kWildcard, 0, std::string(text), std::move(hosts)};
  if (compiled.first().empty()) return all(std::move(hosts));
  return Target{Kind::kPrefix, 0, compiled.first(), std::move(hosts)};
}

std::string make_id(uint64_t random_high, uint64_t random_low) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(random_high),
                static_cast<unsigned long long>(random_low));
  return text;
}

}  // namespace seawall::purge
