// What the fuzz targets of common/cache share: input text as field lines, and a check that holds in
// every build.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/base/ascii.h"
#include "common/http/field.h"

#define REQUIRE_THAT(condition)                                            \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

namespace seawall::cache {

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The text up to the next line feed, which is taken off with it.
inline std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// "Name: value" lines up to an empty one; what the codec would refuse is left out.
inline std::vector<http::Field> take_fields(std::string_view& text) {
  std::vector<http::Field> fields;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) continue;
    if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos)
      continue;
    const std::string_view name = line.substr(0, colon);
    fields.push_back({name, trim_ows(line.substr(colon + 1)), http::field_id(name)});
  }
  return fields;
}

}  // namespace seawall::cache
