#include "common/http/date.h"

#include <ctime>
#include <string>

#include "catch.h"

namespace seawall::http {
namespace {

constexpr int64_t kNow = 1700000000;  // 2023-11-14T22:13:20Z
HttpTime at(int64_t seconds) { return HttpTime(Seconds{seconds}); }

std::optional<int64_t> parse(std::string_view text, int64_t now = kNow) {
  const std::optional<HttpTime> time = parse_http_date(text, at(now));
  if (!time) return std::nullopt;
  return time->time_since_epoch().count();
}

std::string write(int64_t seconds) {
  char out[kHttpDateBytes];
  const char* end = write_http_date(out, at(seconds));
  REQUIRE(end - out == kHttpDateBytes);
  return {out, kHttpDateBytes};
}

}  // namespace

TEST_CASE("the three formats of RFC 9110 5.6.7 say the same") {
  CHECK(parse("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK(parse("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
  CHECK(parse("Sun Nov  6 08:49:37 1994") == 784111777);
  CHECK(parse("Sun Nov 16 08:49:37 1994") == 784111777 + 10 * 86400);
  CHECK(write(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("names and GMT have any letter case") {
  CHECK(parse("sUN, 06 nOV 1994 08:49:37 gmt") == 784111777);
  CHECK(parse("SUNDAY, 06-NOV-94 08:49:37 gMt") == 784111777);
  CHECK(parse("sun nov  6 08:49:37 1994") == 784111777);
  CHECK(parse("THU, 18 AUG 2050 02:01:18 GMT") == 2544400878);
}

TEST_CASE("dates beyond 2038 and before 1970") {
  CHECK(parse("Tue, 19 Jan 2038 03:14:08 GMT") == 2147483648);
  CHECK(parse("Fri, 31 Dec 9999 23:59:59 GMT") == 253402300799);
  CHECK(parse("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(parse("Wed, 31 Dec 1969 23:59:59 GMT") == -1);
  CHECK(parse("Mon, 01 Jan 0001 00:00:00 GMT") == -62135596800);
  CHECK(parse("Sat, 01 Jan 0000 00:00:00 GMT") == -62167219200);
}

TEST_CASE("days that exist, and only those") {
  CHECK(parse("Thu, 29 Feb 2024 00:00:00 GMT") == 1709164800);
  CHECK(parse("Tue, 29 Feb 2000 00:00:00 GMT") == 951782400);
  for (const std::string_view text :
       {"Wed, 29 Feb 2023 00:00:00 GMT", "Mon, 29 Feb 2100 00:00:00 GMT",
        "Thu, 30 Feb 2024 00:00:00 GMT", "Thu, 31 Apr 2024 00:00:00 GMT",
        "Thu, 32 Jan 2024 00:00:00 GMT", "Thu, 00 Jan 2024 00:00:00 GMT",
        "Thu Feb 30 00:00:00 2024", "Thursday, 29-Feb-23 00:00:00 GMT"}) {
    INFO(text);
    CHECK_FALSE(parse(text).has_value());
  }
}

TEST_CASE("a leap second is the start of the next minute") {
  CHECK(parse("Sat, 31 Dec 2016 23:59:60 GMT") == parse("Sun, 01 Jan 2017 00:00:00 GMT"));
  CHECK_FALSE(parse("Sat, 31 Dec 2016 23:59:61 GMT").has_value());
}

TEST_CASE("rfc850's two-digit year is never more than 50 years ahead") {
  const auto year_of = [](std::string_view two_digits, int64_t now) {
    const auto time = parse("Monday, 01-Jan-" + std::string(two_digits) + " 00:00:00 GMT", now);
    REQUIRE(time.has_value());
    return write(*time).substr(12, 4);
  };
  CHECK(year_of("24", kNow) == "2024");
  CHECK(year_of("73", kNow) == "2073");  // 50 years ahead, less some months
  CHECK(year_of("74", kNow) == "1974");  // 50 years and some months
  CHECK(year_of("99", kNow) == "1999");
  CHECK(year_of("00", kNow) == "2000");
  CHECK(year_of("23", 4070908800) == "2123");  // now: 2099
  CHECK(year_of("49", 4070908800) == "2149");  // exactly 50 years ahead
  CHECK(year_of("50", 4070908800) == "2050");
  CHECK(year_of("70", 0) == "1970");
  CHECK(year_of("20", 0) == "2020");  // 1970 to 2020 is 50 years, not more
  CHECK(year_of("21", 0) == "1921");
  CHECK(parse("Thursday, 29-Feb-24 00:00:00 GMT") == 1709164800);
}

TEST_CASE("a second decides between the centuries of an rfc850 date") {
  const int64_t limit = *parse("Sun, 14 Nov 2073 22:13:20 GMT");
  CHECK(parse("Tuesday, 14-Nov-73 22:13:20 GMT") == limit);
  CHECK(parse("Tuesday, 14-Nov-73 22:13:21 GMT") == *parse("Wed, 14 Nov 1973 22:13:21 GMT"));
}

TEST_CASE("what is no HTTP date") {
  for (const std::string_view text : {
           "",
           "0",
           "-1",
           "now",
           "Sun",
           "Sunday",
           "Sun,",
           "Sunday,",
           "Sun, 06 Nov 1994 08:49:37 UTC",
           "Sun, 06 Nov 1994 08:49:37 EST",
           "Sun, 06 Nov 1994 08:49:37 +0000",
           "Sun, 06 Nov 1994 08:49:37 Z",
           "Sun, 06 Nov 1994 08:49:37",
           "Sun 06 Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov 94 08:49:37 GMT",
           "Sun, 6 Nov 1994 08:49:37 GMT",
           "Sun, 06  Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov  1994 08:49:37 GMT",
           "Sun,  06 Nov 1994 08:49:37 GMT",
           "Sun,06 Nov 1994 08:49:37 GMT",
           "Sun, 06-Nov-1994 08:49:37 GMT",
           "Sun, 06-Nov-94 08:49:37 GMT",
           "Sunday, 06 Nov 1994 08:49:37 GMT",
           "Sunday, 06-Nov-1994 08:49:37 GMT",
           "Sunday, 6-Nov-94 08:49:37 GMT",
           "Sunday 06-Nov-94 08:49:37 GMT",
           "Sun, 06 Nov 1994 08.49.37 GMT",
           "Sun, 06 Nov 1994 8:49:37 GMT",
           "Sun, 06 Nov 1994 08:49 GMT",
           "Sun, 06 Nov 1994 24:00:00 GMT",
           "Sun, 06 Nov 1994 08:60:37 GMT",
           "Sun, 06 Nov 19940 08:49:37 GMT",
           "Sun, 06 Now 1994 08:49:37 GMT",
           "Sum, 06 Nov 1994 08:49:37 GMT",
           "Sunda, 06-Nov-94 08:49:37 GMT",
           "Sundayy, 06-Nov-94 08:49:37 GMT",
           " Sun, 06 Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov 1994 08:49:37 GMT ",
           "Sun, 06 Nov 1994 08:49:37 GMT, x",
           "Sun, -6 Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov +994 08:49:37 GMT",
           "Sun Nov 6 08:49:37 1994",
           "Sun Nov 006 08:49:37 1994",
           "Sun Nov  6 08:49:37 94",
           "Sun Nov  6 8:49:37 1994",
           "Sun Nov  6 08:49:37 1994 GMT",
           "Sunday Nov  6 08:49:37 1994",
           "Sun  Nov  6 08:49:37 1994",
           "1994-11-06T08:49:37Z",
           "784111777",
       }) {
    INFO(text);
    CHECK_FALSE(parse(text).has_value());
  }
}

TEST_CASE("no prefix of a date is a date") {
  for (const std::string whole : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                  "Sun Nov  6 08:49:37 1994"}) {
    for (size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(parse(whole.substr(0, n)).has_value());
    CHECK_FALSE(parse(whole + '\0').has_value());
  }
}

TEST_CASE("dates agree with the C library over the years 1600 to 2600") {
  for (int64_t seconds = -11676096000; seconds < 19880899200; seconds += 3333337) {
    const std::time_t time = static_cast<std::time_t>(seconds);
    std::tm tm{};
    gmtime_r(&time, &tm);
    char imf[64];
    char asctime[64];
    std::strftime(imf, sizeof imf, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    std::strftime(asctime, sizeof asctime, "%a %b %e %H:%M:%S %Y", &tm);
    if (write(seconds) != imf) FAIL(imf << " was written as " << write(seconds));
    if (parse(imf) != seconds) FAIL(imf);
    if (parse(asctime) != seconds) FAIL(asctime);
  }
}

TEST_CASE("years that four digits can't hold are clamped") {
  CHECK(write(253402300800) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(write(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(write(INT64_MIN) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

}  // namespace seawall::http
