// libuv's and the system's error numbers as our Errors. For net/ only.
#pragma once

#include "common/base/result.h"

namespace seawall::net {

// `status`: a negative libuv status (the negated errno). The details are literals.
const char* uv_detail(int status);
inline Error uv_error(ErrorCode code, int status, Side side = Side::kNode) {
  return {.code = code, .side = side, .retryable = false, .detail = uv_detail(status)};
}

}  // namespace seawall::net
