// Targeted cache control: CDN-Cache-Control and its kind (RFC 9213), and the older
// Surrogate-Control (W3C Edge Architecture).
#pragma once

#include <optional>
#include <string_view>

#include "common/base/time.h"
#include "common/http/cache_control.h"
#include "common/http/field.h"

namespace seawall::http {

// The field `name` of a response as a structured dictionary. nullopt if it is absent, empty or
// malformed: then it is ignored whole (RFC 9213 §2.1). A member of the wrong type is no directive,
// except that one for a lifetime makes it 0.
std::optional<CacheControl> parse_targeted(Fields response, std::string_view name);

struct SurrogateControl {
  CacheControl control;
  bool esi = false;  // content="ESI/1.0" is asked for
};
// A list like Cache-Control. `max-age=3600+600` is a lifetime and a time for which stale is fine:
// stale_while_revalidate and stale_if_error. nullopt if it is absent or names no caching directive
// that we know.
std::optional<SurrogateControl> parse_surrogate_control(Fields response);

}  // namespace seawall::http
