// The Age field of a response (RFC 9111 §5.1).
#pragma once

#include <optional>

#include "common/base/time.h"
#include "common/http/field.h"

namespace seawall::http {

// The first member of the first line that has one; nullopt if there is none, or if that one is no
// non-negative integer. Saturates at kMaxDeltaSeconds.
std::optional<Seconds> parse_age(Fields response);

}  // namespace seawall::http
