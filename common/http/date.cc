// Calendar arithmetic on the proleptic Gregorian calendar after Howard Hinnant, "chrono-Compatible
// Low-Level Date Algorithms": a year begins in March, so that the leap day is its last.
#include "common/http/date.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/base/ascii.h"

namespace seawall::http {
namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

// The first three letters in one number, their case ignored; other characters never look like
// letters. 0: there are fewer.
constexpr uint32_t three_letters(std::string_view text) {
  if (text.size() < 3) return 0;
  uint32_t code = 0;
  for (size_t i = 0; i < 3; ++i) code = code << 8 | (static_cast<uint8_t>(text[i]) | 0x20);
  return code;
}
constexpr std::array<uint32_t, 12> kMonthCodes = [] {
  std::array<uint32_t, 12> codes{};
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = three_letters(kMonths.substr(3 * i));
  return codes;
}();
constexpr int64_t kSecondsPerDay = 86400;

struct CivilTime {
  int64_t year = 0;
  int month = 0;  // 1 to 12
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

int64_t days_from_civil(int64_t year, int month, int day) {
  if (month <= 2) --year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

int64_t to_seconds(const CivilTime& t) {
  return days_from_civil(t.year, t.month, t.day) * kSecondsPerDay + t.hour * 3600 + t.minute * 60 +
         t.second;
}

CivilTime from_days(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  CivilTime t;
  t.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  t.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  t.year = year_of_era + era * 400 + (t.month <= 2 ? 1 : 0);
  return t;
}

bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int64_t year, int month) {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kLengths[month - 1];
}

// Reads from the front; after the first mismatch all that follows fails.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  void literal(std::string_view text) {
    if (!iequals(rest_.substr(0, text.size()), text)) {
      fail();
      return;
    }
    rest_.remove_prefix(text.size());
  }
  void literal(char c) {
    if (rest_.empty() || rest_.front() != c) {
      fail();
      return;
    }
    rest_.remove_prefix(1);
  }
  int month() {
    const auto found = std::find(kMonthCodes.begin(), kMonthCodes.end(), three_letters(rest_));
    if (found == kMonthCodes.end()) return fail();
    rest_.remove_prefix(3);
    return static_cast<int>(found - kMonthCodes.begin()) + 1;
  }
  void time(CivilTime& t) {
    t.hour = digits(2);
    literal(':');
    t.minute = digits(2);
    literal(':');
    t.second = digits(2);
  }
  // asctime: the day of the month is two digits, or a blank and one.
  int padded_day() {
    if (!rest_.starts_with(' ')) return digits(2);
    rest_.remove_prefix(1);
    return digits(1);
  }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  int fail() {
    ok_ = false;
    rest_ = {};
    return 1;
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<HttpTime> checked(const Cursor& cursor, const CivilTime& t) {
  if (!cursor.done() || t.day < 1 || t.day > days_in_month(t.year, t.month) || t.hour > 23 ||
      t.minute > 59 || t.second > 60) {
    return std::nullopt;
  }
  return HttpTime(Seconds{to_seconds(t)});
}

std::optional<HttpTime> parse_imf_fixdate(std::string_view behind_day) {
  Cursor cursor(behind_day);
  CivilTime t;
  cursor.literal(", ");
  t.day = cursor.digits(2);
  cursor.literal(' ');
  t.month = cursor.month();
  cursor.literal(' ');
  t.year = cursor.digits(4);
  cursor.literal(' ');
  cursor.time(t);
  cursor.literal(" GMT");
  return checked(cursor, t);
}

std::optional<HttpTime> parse_rfc850(std::string_view behind_day, HttpTime now) {
  Cursor cursor(behind_day);
  CivilTime t;
  cursor.literal(", ");
  t.day = cursor.digits(2);
  cursor.literal('-');
  t.month = cursor.month();
  cursor.literal('-');
  const int year = cursor.digits(2);
  cursor.literal(' ');
  cursor.time(t);
  cursor.literal(" GMT");

  const int64_t seconds_now = now.time_since_epoch().count();
  const int64_t today =
      std::chrono::floor<std::chrono::duration<int64_t, std::ratio<86400>>>(now.time_since_epoch())
          .count();
  CivilTime limit = from_days(today);
  limit.year += 50;
  const int64_t latest = to_seconds(limit) + (seconds_now - today * kSecondsPerDay);
  t.year = limit.year - limit.year % 100 + 100 + year;
  while (t.year >= 100 && to_seconds(t) > latest) t.year -= 100;
  return checked(cursor, t);
}

std::optional<HttpTime> parse_asctime(std::string_view behind_day) {
  Cursor cursor(behind_day);
  CivilTime t;
  cursor.literal(' ');
  t.month = cursor.month();
  cursor.literal(' ');
  t.day = cursor.padded_day();
  cursor.literal(' ');
  cursor.time(t);
  cursor.literal(' ');
  t.year = cursor.digits(4);
  return checked(cursor, t);
}

char* write_two(char* out, int value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

char* write_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

std::optional<HttpTime> parse_http_date(std::string_view text, HttpTime now) {
  const uint32_t letters = three_letters(text);
  for (const std::string_view day : kDays) {
    if (letters != three_letters(day)) continue;
    const std::string_view behind = text.substr(3);
    if (behind.starts_with(',')) return parse_imf_fixdate(behind);
    if (behind.starts_with(' ')) return parse_asctime(behind);
    if (!iequals(text.substr(0, day.size()), day)) return std::nullopt;
    return parse_rfc850(text.substr(day.size()), now);
  }
  return std::nullopt;
}

char* write_http_date(char* out, HttpTime time) {
  constexpr int64_t kFirst = -62167219200;  // 0000-01-01T00:00:00Z
  constexpr int64_t kLast = 253402300799;   // 9999-12-31T23:59:59Z
  const int64_t seconds = std::clamp(time.time_since_epoch().count(), kFirst, kLast) - kFirst;
  const int64_t days = seconds / kSecondsPerDay;
  const int in_day = static_cast<int>(seconds % kSecondsPerDay);
  const CivilTime t = from_days(days + kFirst / kSecondsPerDay);

  out = write_text(out, kDays[(days + 6) % 7].substr(0, 3));  // 0000-01-01 was a Saturday
  out = write_text(out, ", ");
  out = write_two(out, t.day);
  *out++ = ' ';
  out = write_text(out, kMonths.substr(static_cast<size_t>(t.month - 1) * 3, 3));
  *out++ = ' ';
  out = write_two(out, static_cast<int>(t.year / 100));
  out = write_two(out, static_cast<int>(t.year % 100));
  *out++ = ' ';
  out = write_two(out, in_day / 3600);
  *out++ = ':';
  out = write_two(out, in_day / 60 % 60);
  *out++ = ':';
  out = write_two(out, in_day % 60);
  return write_text(out, " GMT");
}

}  // namespace seawall::http
