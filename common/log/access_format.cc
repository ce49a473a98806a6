// A line is made for every request, on another thread but on the same machine: no snprintf, no
// growing string, and what does not change within a second is kept.
#include "common/log/access_format.h"

#include <arpa/inet.h>

#include <cstring>
#include <string_view>

#include "common/base/ascii.h"
#include "common/base/json_string.h"
#include "common/log/time_text.h"

namespace seawall::log {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t kFixedRoom = 1024;  // names, numbers, time and address

template <size_t n>
char* write_literal(char* out, const char (&text)[n]) {
  std::memcpy(out, text, n - 1);
  return out + n - 1;
}

char* write_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* write_address(char* out, const uint8_t (&peer)[16]) {
  if (std::memcmp(peer, kMappedPrefix, sizeof kMappedPrefix) == 0) {
    for (int i = 12; i < 16; ++i) {
      if (i > 12) *out++ = '.';
      out = write_decimal(out, peer[i]);
    }
    return out;
  }
  if (!inet_ntop(AF_INET6, peer, out, INET6_ADDRSTRLEN)) return out;
  return out + std::strlen(out);
}

// `name` is `,"name":`
template <size_t n>
char* write_string_field(char* out, const char (&name)[n], std::string_view value) {
  if (value.empty()) return out;
  return write_json_string(write_literal(out, name), value);
}
template <size_t n>
char* write_number_field(char* out, const char (&name)[n], uint64_t value) {
  return write_decimal(write_literal(out, name), value);
}

char* write_apache_text(char* out, std::string_view text) {
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (c == '"' || c == '\\') {
      *out++ = '\\';
      *out++ = ch;
    } else if (c >= 0x20 && c < 0x7f) {
      *out++ = ch;
    } else {
      *out++ = '\\';
      *out++ = 'x';
      *out++ = kHex[c >> 4];
      *out++ = kHex[c & 15];
    }
  }
  return out;
}

char* write_apache_quoted(char* out, std::string_view text) {
  out = write_literal(out, " \"");
  out = write_apache_text(out, text.empty() ? "-" : text);
  *out++ = '"';
  return out;
}

}  // namespace

size_t LineFormatter::room(const AccessRecord& record, const AccessStrings& s) {
  return kFixedRoom + json_string_room(std::strlen(record.reason)) +
         json_string_room(s.site.size() + s.method.size() + s.host.size() + s.target.size() +
                          s.referer.size() + s.user_agent.size() + s.request_id.size() +
                          s.upstream.size());
}

char* LineFormatter::write(char* out, const AccessRecord& record, const AccessStrings& strings) {
  update_time(record.wall_ms);
  return format_ == AccessFormat::kJson ? write_json(out, record, strings)
                                        : write_combined(out, record, strings);
}

void LineFormatter::update_time(int64_t wall_ms) {
  const WallTime time{Millis(wall_ms)};
  const int64_t second = floor_seconds(time).time_since_epoch().count();
  if (second == second_) return;
  second_ = second;
  time_.clear();
  if (format_ == AccessFormat::kJson) {
    append_iso_time(time_, floor_seconds(time));
    time_.resize(time_.size() - 4);  // without "000Z"
  } else {
    append_apache_time(time_, time);
  }
}

char* LineFormatter::write_json(char* out, const AccessRecord& r, const AccessStrings& s) {
  out = write_literal(out, "{\"time\":\"");
  out = write_text(out, time_);
  const auto millis = static_cast<unsigned>(r.wall_ms - second_ * 1000);
  *out++ = static_cast<char>('0' + millis / 100);
  *out++ = static_cast<char>('0' + millis / 10 % 10);
  *out++ = static_cast<char>('0' + millis % 10);
  out = write_literal(out, "Z\",\"peer\":\"");
  out = write_address(out, r.peer);
  *out++ = '"';
  out = write_string_field(out, ",\"site\":", s.site);
  out = write_string_field(out, ",\"method\":", s.method);
  out = write_string_field(out, ",\"host\":", s.host);
  out = write_string_field(out, ",\"target\":", s.target);
  out = write_number_field(out, ",\"http_minor\":", r.http_minor);
  out = write_number_field(out, ",\"status\":", r.status);
  out = write_string_field(out, ",\"cache\":", to_string(r.result));
  out = write_string_field(out, ",\"reason\":", r.reason);
  out = write_number_field(out, ",\"bytes\":", r.bytes_sent);
  out = write_number_field(out, ",\"upstream_bytes\":", r.bytes_from_upstream);
  out = write_number_field(out, ",\"ttfb_us\":", r.ttfb_us);
  out = write_number_field(out, ",\"total_us\":", r.total_us);
  out = write_string_field(out, ",\"upstream\":", s.upstream);
  out = write_string_field(out, ",\"referer\":", s.referer);
  out = write_string_field(out, ",\"user_agent\":", s.user_agent);
  out = write_string_field(out, ",\"request_id\":", s.request_id);
  if (r.tls) out = write_literal(out, ",\"tls\":true");
  if (r.aborted) out = write_literal(out, ",\"aborted\":true");
  return write_literal(out, "}\n");
}

// Common Log Format, then "referer" "user-agent"; what Apache has no place for follows behind,
// where its readers don't look.
char* LineFormatter::write_combined(char* out, const AccessRecord& r, const AccessStrings& s) {
  out = write_address(out, r.peer);
  out = write_literal(out, " - - [");
  out = write_text(out, time_);
  out = write_literal(out, "] \"");
  out = write_apache_text(out, s.method);
  *out++ = ' ';
  out = write_apache_text(out, s.target);
  out = write_number_field(out, " HTTP/1.", r.http_minor);
  out = write_number_field(out, "\" ", r.status);
  out = write_number_field(out, " ", r.bytes_sent);
  out = write_apache_quoted(out, s.referer);
  out = write_apache_quoted(out, s.user_agent);
  out = write_apache_quoted(out, s.host);
  *out++ = ' ';
  out = write_text(out, to_string(r.result));
  out = write_apache_quoted(out, r.reason);
  out = write_apache_quoted(out, s.upstream);
  out = write_number_field(out, " ", r.ttfb_us);
  out = write_number_field(out, " ", r.total_us);
  out = write_apache_quoted(out, s.request_id);
  *out++ = '\n';
  return out;
}

}  // namespace seawall::log
