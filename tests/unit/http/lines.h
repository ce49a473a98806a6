// Field lines for the tests of common/http.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "common/http/field.h"

namespace seawall::http {

inline std::vector<Field> lines(std::string_view name,
                                std::initializer_list<std::string_view> values) {
  std::vector<Field> out;
  for (const std::string_view value : values) out.push_back({name, value, field_id(name)});
  return out;
}

template <class Reader>
std::vector<std::string_view> all_of(Reader reader) {
  std::vector<std::string_view> out;
  std::string_view one;
  while (reader.next(one)) out.push_back(one);
  return out;
}

}  // namespace seawall::http
