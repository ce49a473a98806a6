// Variants: a byte for the rules, the response's fields, an empty line, then the request's. The key
// of a request is always the same, changes with the presence of a named field, is not touched by
// other fields, and what the origin is sent has the same key as what the viewer sent.
#include <array>
#include <string>

#include "common/cache/vary.h"
#include "tests/fuzz/cache_fuzz.h"

using namespace seawall;
using namespace seawall::cache;

namespace {

VaryRules rules_from(uint8_t choice) {
  VaryRules rules;
  if (choice & 1) rules.encodings.clear();
  if (choice & 2) rules.languages = {"en", "de", "pt-br"};
  rules.device_class = (choice & 4) != 0;
  return rules;
}

using Buffer = std::array<char, 8192>;

std::string key_of(const VarySpec& spec, http::Fields request, const VaryRules& rules) {
  static Buffer out;
  const auto size = write_vary_key(spec.names, request, rules, out);
  REQUIRE_THAT(size.has_value());
  // One byte less does not fit, and is noticed.
  if (*size > 0)
    REQUIRE_THAT(!write_vary_key(spec.names, request, rules, std::span(out).first(*size - 1)));
  REQUIRE_THAT(write_vary_key(spec.names, request, rules, out) == size);
  return {out.data(), *size};
}

// The request's lines of a normalised field replaced, as for the origin.
void check_forwarded(const VarySpec& spec, std::vector<http::Field> request, const VaryRules& rules,
                     const std::string& key) {
  if (rules.device_class) return;  // the origin gets the class, not what it was made of
  for (const char* name : {"accept-encoding", "accept-language"}) {
    std::array<char, 256> out;
    const NormalField field = normalised_field(name, request, rules, out);
    if (field.change != FieldChange::kSet) continue;
    const http::FieldId id = http::field_id(name);
    std::erase_if(request, [&](const http::Field& line) { return line.id == id; });
    const std::string value(field.value);
    request.push_back({name, value, id});
    REQUIRE_THAT(key_of(spec, request, rules) == key);
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 4096) return 0;
  const VaryRules rules = rules_from(data[0]);
  std::string_view text = as_text(data + 1, size - 1);
  const VarySpec spec = parse_vary(take_fields(text));
  std::vector<http::Field> request = take_fields(text);
  REQUIRE_THAT(to_lower(spec.names) == spec.names);

  const std::string key = key_of(spec, request, rules);
  REQUIRE_THAT(spec.names.empty() == key.empty());
  REQUIRE_THAT(static_cast<size_t>(std::count(key.begin(), key.end(), '\n')) ==
               (spec.names.empty() ? 0u
                                   : 1u + static_cast<size_t>(std::count(spec.names.begin(),
                                                                         spec.names.end(), ','))));
  check_forwarded(spec, request, rules, key);

  if (("," + spec.names + ",").find(",x-other,") == std::string::npos) {
    request.push_back({"X-Other", "1", http::FieldId::kOther});
    REQUIRE_THAT(key_of(spec, request, rules) == key);
  }
  return 0;
}
