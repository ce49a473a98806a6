// Keys: the first byte chooses the rules, then a line for the host, one for the target, then the
// request's fields. A key is made or refused; made again from what is forwarded, it is the same;
// its parts are where they are said to be; what the rules drop is not in it.
#include <string>

#include "common/cache/key.h"
#include "common/cache/path_matcher.h"
#include "tests/fuzz/cache_fuzz.h"

using namespace seawall;
using namespace seawall::cache;

namespace {

KeyRules rules_from(uint8_t choice) {
  KeyRules rules;
  rules.query_mode = static_cast<QueryMode>(choice & 3);
  rules.fold_path_case = (choice & 4) != 0;
  if (choice & 8) rules.query = {"a*", "?", ""};
  if (choice & 16) {
    rules.parts.push_back({KeyPart::Kind::kHeader, "x-tenant", false, {}, ""});
    rules.parts.push_back({KeyPart::Kind::kCookie, "tier", (choice & 32) != 0, {{"a", "b"}}, "c"});
  }
  return rules;
}

void check_parameters(const Key& key, const KeyRules& rules) {
  http::QueryReader reader(key.query);
  http::QueryParameter parameter;
  std::string before;
  while (reader.next(parameter)) {
    const bool listed = std::any_of(
        rules.query.begin(), rules.query.end(),
        [&](const std::string& pattern) { return glob_match(pattern, parameter.name); });
    REQUIRE_THAT(rules.query_mode != QueryMode::kNone);
    REQUIRE_THAT(rules.query_mode != QueryMode::kOnly || listed);
    REQUIRE_THAT(rules.query_mode != QueryMode::kAllBut || !listed);
    REQUIRE_THAT(before <= parameter.name);
    before = std::string(parameter.name);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static KeyBuffer buffer(2048), other(2048);
  const KeyRules rules = rules_from(data[0]);
  const auto scheme = data[0] & 64 ? http::Scheme::kHttps : http::Scheme::kHttp;
  std::string_view text = as_text(data + 1, size - 1);
  const std::string_view host = take_line(text), target = take_line(text);
  const std::vector<http::Field> request = take_fields(text);
  const std::vector<std::string> allowed = {"x-forwarded-host"};

  const auto normal = normalise_target(scheme, host, target, buffer);
  if (!normal) return 0;
  const auto key = make_key(*normal, request, rules, allowed, buffer);
  if (!key) {
    REQUIRE_THAT(key.error().code == ErrorCode::kTooLarge);
    return 0;
  }
  REQUIRE_THAT(key->target.starts_with(key->path));
  REQUIRE_THAT(key->path.starts_with('/') || key->path == "*");
  REQUIRE_THAT(key->hash == hash128(key->text));
  REQUIRE_THAT(key->text.find(key->host_port) != std::string_view::npos);
  REQUIRE_THAT(key->query.empty() || key->target.ends_with(key->query));
  check_parameters(*key, rules);

  // What is forwarded, as the next tier gets it.
  const std::string forwarded(key->target), next_host(key->host_port);
  const auto again = normalise_target(scheme, next_host, forwarded, other);
  REQUIRE_THAT(again.ok());
  KeyTrace trace;
  const auto same = make_key(*again, request, rules, allowed, other, &trace);
  REQUIRE_THAT(same.ok());
  REQUIRE_THAT(same->text == key->text && same->hash == key->hash);
  REQUIRE_THAT(same->url_hash() == key->url_hash());
  return 0;
}
