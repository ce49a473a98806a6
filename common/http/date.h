// HTTP dates (RFC 9110 §5.6.7): all three formats in, IMF-fixdate out.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "common/base/time.h"

namespace seawall::http {

// IMF-fixdate, rfc850-date (`now` decides the century: never more than 50 years ahead) or
// asctime-date. Names and GMT in any letter case; all else is strict: exact lengths and separators,
// no other zone, no surrounding whitespace, days that exist. Whether the day of the week is the
// right one is not checked. Second 60 is the start of the next minute.
std::optional<HttpTime> parse_http_date(std::string_view text, HttpTime now);

inline constexpr size_t kHttpDateBytes = 29;
// "Sun, 06 Nov 1994 08:49:37 GMT"; returns the end. Years are held within 0 and 9999.
char* write_http_date(char* out, HttpTime time);

}  // namespace seawall::http
