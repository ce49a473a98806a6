#include "common/net/uv_error.h"

#include <uv.h>

namespace seawall::net {

const char* uv_detail(int status) {
  switch (status) {
// uv_strerror() would do, but it leaks a string for numbers that it doesn't know.
#define SEAWALL_UV_CASE(name, text) \
  case UV_##name:                   \
    return text;
    UV_ERRNO_MAP(SEAWALL_UV_CASE)
#undef SEAWALL_UV_CASE
    default:
      return "unknown system error";
  }
}

}  // namespace seawall::net
