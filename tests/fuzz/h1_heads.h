// What the fuzz targets of both kinds of heads check.
#pragma once

#include <array>
#include <cstdlib>
#include <string_view>

#include "common/h1/connection.h"
#include "common/h1/framing.h"
#include "common/h1/head_parser.h"
#include "common/h1/writer.h"
#include "common/http/tokens.h"

#define REQUIRE(condition)          \
  do {                              \
    if (!(condition)) std::abort(); \
  } while (false)

namespace seawall::fuzz {

inline constexpr size_t kBufferBytes = 8192;
using Buffer = std::array<char, kBufferBytes>;

inline void check_inside(std::string_view part, std::string_view whole) {
  REQUIRE(part.data() >= whole.data());
  REQUIRE(part.data() + part.size() <= whole.data() + whole.size());
}

inline void check_fields(http::Fields fields, std::string_view head, const h1::HeadLimits& limits) {
  REQUIRE(fields.size() <= limits.fields);
  for (const http::Field& field : fields) {
    check_inside(field.name, head);
    check_inside(field.value, head);
    REQUIRE(http::is_token(field.name));
    REQUIRE(http::is_field_value(field.value));
    REQUIRE(trim_ows(field.value) == field.value);
    REQUIRE(http::field_id(field.name) == field.id);
  }
}

inline void check_same(http::Fields a, http::Fields b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].name == b[i].name && a[i].value == b[i].value && a[i].id == b[i].id);
  }
}

// Every prefix (of long inputs: every eleventh) gives kNeedMore or the answer for the whole, and a
// caller who parses only when worth_parsing() says so gets a head as soon as it is complete.
template <class Parse>
void check_prefixes(std::string_view bytes, const h1::HeadResult& whole,
                    const h1::HeadLimits& limits, Parse&& parse) {
  const size_t step = bytes.size() <= 256 ? 1 : 11;
  h1::HeadStatus fed = h1::HeadStatus::kNeedMore;
  size_t scanned = 0;
  for (size_t n = 1; n <= bytes.size(); scanned = n, n += step) {
    const std::string_view prefix = bytes.substr(0, n);
    const h1::HeadResult result = parse(prefix);
    if (result.status != h1::HeadStatus::kNeedMore) {
      REQUIRE(result.status == whole.status && result.consumed == whole.consumed);
      REQUIRE(result.error_status == whole.error_status);
    }
    if (fed == h1::HeadStatus::kNeedMore && h1::worth_parsing(prefix, scanned, limits)) {
      fed = result.status;
    }
    if (whole.status == h1::HeadStatus::kDone && n >= whole.consumed) {
      REQUIRE(fed == h1::HeadStatus::kDone);
    }
  }
}

}  // namespace seawall::fuzz
