// Variants (RFC 9111 §4.1): what a stored response's Vary names, and what a request has there, in
// the normal form in which requests are compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/cache/behavior.h"
#include "common/http/field.h"

namespace seawall::cache {

struct VarySpec {
  bool star = false;  // never matches: `*`, or what is no field name
  std::string names;  // lower case, sorted, each once, with ',' between them; kept with the variant
};
// All Vary lines; allocates, at store time.
VarySpec parse_vary(http::Fields response);

// What `request` has in the fields of `names` (VarySpec::names): equal bytes, same variant. Returns
// the length, 0 for no names; nullopt if `out` is too small, then nothing matches.
std::optional<size_t> write_vary_key(std::string_view names, http::Fields request,
                                     const VaryRules& rules, std::span<char> out);

enum class FieldChange : uint8_t {
  kKeep,    // forward its lines as they are
  kSet,     // forward one line with `value` instead
  kRemove,  // forward none
};
struct NormalField {
  FieldChange change = FieldChange::kKeep;
  std::string_view value;  // in `out`, in `rules`, or static
};
// What the origin gets of a request field that the rules normalise: Accept-Encoding always,
// Accept-Language, User-Agent and X-Device-Class where configured. `name` is in lower case. kKeep
// also if `out` is too small (64 bytes do for the defaults).
NormalField normalised_field(std::string_view name, http::Fields request, const VaryRules& rules,
                             std::span<char> out);

enum class DeviceClass : uint8_t { kDesktop, kMobile, kTablet, kBot };
DeviceClass device_class(std::string_view user_agent);
std::string_view to_string(DeviceClass device);

}  // namespace seawall::cache
