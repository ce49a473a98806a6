// What the fuzz targets of common/http share: input bytes as field lines, and a check that holds in
// every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/http/field.h"

#define REQUIRE_THAT(condition)                                            \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

namespace seawall::http {

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// One field line per line of the input.
inline std::vector<Field> as_lines(FieldId id, std::string_view text) {
  std::vector<Field> fields;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    fields.push_back({field_name(id), text.substr(0, end), id});
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return fields;
}

}  // namespace seawall::http
