// Which of a response's fields controls this cache (RFC 9213 §2.2): the first valid one of
// Behavior::targets, else Surrogate-Control, else Cache-Control. The one that wins decides alone.
#pragma once

#include <cstdint>

#include "common/cache/behavior.h"
#include "common/http/cache_control.h"
#include "common/http/field.h"

namespace seawall::cache {

struct WinningControl {
  enum class Kind : uint8_t { kTargeted, kSurrogateControl, kCacheControl };
  Kind kind = Kind::kCacheControl;
  // Where field lists may be: no targeted field has them.
  http::FieldId field = http::FieldId::kCacheControl;
  http::CacheControl control;
};
WinningControl winning_control(http::Fields response, const Behavior& behavior);

}  // namespace seawall::cache
