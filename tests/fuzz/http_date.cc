// Dates: what is read is in range, is written as an IMF-fixdate that reads back the same, and an
// rfc850 year is never more than 50 years ahead.
#include <cstring>

#include "common/http/date.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t clock = 0;
  if (size < sizeof clock) return 0;
  std::memcpy(&clock, data, sizeof clock);
  const HttpTime now(Seconds{clock});
  const std::string_view text = as_text(data + sizeof clock, size - sizeof clock);

  char out[kHttpDateBytes + 1];
  out[kHttpDateBytes] = '#';
  REQUIRE_THAT(write_http_date(out, now) == out + kHttpDateBytes);
  REQUIRE_THAT(parse_http_date({out, kHttpDateBytes}, now) == now);

  const std::optional<HttpTime> time = parse_http_date(text, now);
  if (time) {
    REQUIRE_THAT(text.size() >= 24 && text.size() <= 33);
    const bool is_rfc850 = text.find('-') != std::string_view::npos;
    constexpr Seconds kFiftyYears{(50 * 365 + 13) * 86400};
    REQUIRE_THAT(!is_rfc850 || *time <= now + kFiftyYears);
    const bool is_year_10000 = *time == HttpTime(Seconds{253402300800});  // by a leap second
    write_http_date(out, *time);
    REQUIRE_THAT(is_year_10000 || parse_http_date({out, kHttpDateBytes}, now) == *time);
  }
  REQUIRE_THAT(out[kHttpDateBytes] == '#');

  int64_t any = 0;
  std::memcpy(&any, data, size < sizeof any ? size : sizeof any);
  write_http_date(out, HttpTime(Seconds{any}));
  REQUIRE_THAT(out[kHttpDateBytes] == '#');
  REQUIRE_THAT(parse_http_date({out, kHttpDateBytes}, now).has_value());
  return 0;
}
