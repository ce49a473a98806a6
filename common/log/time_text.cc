// Calendar arithmetic by std::chrono (Howard Hinnant's days_from_civil); no locale, no time zone
// files, no snprintf: a line is made for every request.
#include "common/log/time_text.h"

#include <chrono>

namespace seawall::log {
namespace {

constexpr char kMonths[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Civil {
  int year;
  unsigned month, day, hour, minute, second, milli;
};

Civil civil(WallTime time) {
  using namespace std::chrono;
  using Days = duration<int64_t, std::ratio<86400>>;
  const Days day_count = floor<Days>(time.time_since_epoch());
  const year_month_day date{sys_days{days{day_count.count()}}};
  const auto in_day = static_cast<unsigned>((time.time_since_epoch() - day_count).count());
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          in_day / 3600000,
          in_day / 60000 % 60,
          in_day / 1000 % 60,
          in_day % 1000};
}

char* two_digits(char* p, unsigned v) {
  *p++ = static_cast<char>('0' + v / 10);
  *p++ = static_cast<char>('0' + v % 10);
  return p;
}

char* four_digits(char* p, int year) {
  const unsigned y = static_cast<unsigned>(year) % 10000;
  return two_digits(two_digits(p, y / 100), y % 100);
}

char* clock_text(char* p, const Civil& c) {
  p = two_digits(p, c.hour);
  *p++ = ':';
  p = two_digits(p, c.minute);
  *p++ = ':';
  return two_digits(p, c.second);
}

}  // namespace

void append_iso_time(std::string& out, WallTime time) {
  const Civil c = civil(time);
  char text[24];
  char* p = four_digits(text, c.year);
  *p++ = '-';
  p = two_digits(p, c.month);
  *p++ = '-';
  p = two_digits(p, c.day);
  *p++ = 'T';
  p = clock_text(p, c);
  *p++ = '.';
  *p++ = static_cast<char>('0' + c.milli / 100);
  p = two_digits(p, c.milli % 100);
  *p++ = 'Z';
  out.append(text, static_cast<size_t>(p - text));
}

void append_apache_time(std::string& out, WallTime time) {
  const Civil c = civil(time);
  char text[32];
  char* p = two_digits(text, c.day);
  *p++ = '/';
  for (int i = 0; i < 3; ++i) *p++ = kMonths[c.month - 1][i];
  *p++ = '/';
  p = four_digits(p, c.year);
  *p++ = ':';
  p = clock_text(p, c);
  out.append(text, static_cast<size_t>(p - text));
  out += " +0000";
}

}  // namespace seawall::log
