// Targeted cache control: CDN-Cache-Control and its kind (RFC 9213), and the older
// Surrogate-Control (W3C Edge Architecture).
#pragma once

#include <optional>
#include <string_view>

#include "common/http/cache_control.h"
#include "common/http/field.h"

namespace seawall::http {

// The field `name` of a response as a structured dictionary. nullopt if it is absent, empty or
// malformed: then it is ignored whole (RFC 9213 §2.1). Values of the wrong type are not consumed: a
// lifetime then is 0; a directive that restricts counts unless it is `?0`; others are ignored.
// no-cache and private with field names count as without.
std::optional<CacheControl> parse_targeted(Fields response, std::string_view name);

// A list like Cache-Control. `max-age=3600+600` is a lifetime and a time for which stale is fine:
// stale_while_revalidate and stale_if_error. What is addressed to a named surrogate (`;token`) is
// not for us; content="…" is ignored. nullopt if the field is absent or holds no caching directive.
std::optional<CacheControl> parse_surrogate_control(Fields response);

}  // namespace seawall::http
