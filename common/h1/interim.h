// 1xx responses (RFC 9110 §15.2) come before the final one; 101 is final and ends HTTP on the
// connection.
#pragma once

#include <cstdint>

namespace seawall::h1 {

// Another response head follows.
constexpr bool is_interim(uint16_t status) {
  return status >= 100 && status < 200 && status != 101;
}

}  // namespace seawall::h1
