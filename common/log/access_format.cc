// A line is made for every request, on another thread but on the same machine: no snprintf, one
// string that keeps its capacity.
#include "common/log/access_format.h"

#include <arpa/inet.h>

#include <cstring>

#include "common/base/ascii.h"
#include "common/base/json_string.h"
#include "common/log/time_text.h"

namespace seawall::log {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void append_number(std::string& out, uint64_t value) {
  char digits[20];
  out.append(digits, static_cast<size_t>(write_decimal(digits, value) - digits));
}

void append_address(std::string& out, const uint8_t (&peer)[16]) {
  if (std::memcmp(peer, kMappedPrefix, sizeof kMappedPrefix) == 0) {
    for (int i = 12; i < 16; ++i) {
      if (i > 12) out += '.';
      append_number(out, peer[i]);
    }
    return;
  }
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(AF_INET6, peer, text, sizeof text)) out += text;
}

void append_json_field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_json_number(std::string& out, std::string_view name, uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

void append_json(std::string& out, const AccessRecord& r, const AccessStrings& s) {
  out += "{\"time\":\"";
  append_iso_time(out, WallTime(Millis(r.wall_ms)));
  out += "\",\"peer\":\"";
  append_address(out, r.peer);
  out += '"';
  append_json_field(out, "site", s.site);
  append_json_field(out, "method", s.method);
  append_json_field(out, "host", s.host);
  append_json_field(out, "target", s.target);
  append_json_number(out, "http_minor", r.http_minor);
  append_json_number(out, "status", r.status);
  append_json_field(out, "cache", to_string(r.result));
  append_json_field(out, "reason", r.reason);
  append_json_number(out, "bytes", r.bytes_sent);
  append_json_number(out, "upstream_bytes", r.bytes_from_upstream);
  append_json_number(out, "ttfb_us", r.ttfb_us);
  append_json_number(out, "total_us", r.total_us);
  append_json_field(out, "upstream", s.upstream);
  append_json_field(out, "referer", s.referer);
  append_json_field(out, "user_agent", s.user_agent);
  append_json_field(out, "request_id", s.request_id);
  if (r.tls) out += ",\"tls\":true";
  if (r.aborted) out += ",\"aborted\":true";
  out += "}\n";
}

void append_apache_text(std::string& out, std::string_view text) {
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += ch;
    } else if (c >= 0x20 && c < 0x7f) {
      out += ch;
    } else {
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
}

void append_apache_quoted(std::string& out, std::string_view text) {
  out += " \"";
  append_apache_text(out, text.empty() ? "-" : text);
  out += '"';
}

// Common Log Format, then "referer" "user-agent"; what Apache has no place for follows behind,
// where its readers don't look.
void append_combined(std::string& out, const AccessRecord& r, const AccessStrings& s) {
  append_address(out, r.peer);
  out += " - - [";
  append_apache_time(out, WallTime(Millis(r.wall_ms)));
  out += "] \"";
  append_apache_text(out, s.method);
  out += ' ';
  append_apache_text(out, s.target);
  out += " HTTP/1.";
  append_number(out, r.http_minor);
  out += "\" ";
  append_number(out, r.status);
  out += ' ';
  append_number(out, r.bytes_sent);
  append_apache_quoted(out, s.referer);
  append_apache_quoted(out, s.user_agent);
  append_apache_quoted(out, s.host);
  out += ' ';
  out += to_string(r.result);
  append_apache_quoted(out, r.reason);
  append_apache_quoted(out, s.upstream);
  out += ' ';
  append_number(out, r.ttfb_us);
  out += ' ';
  append_number(out, r.total_us);
  append_apache_quoted(out, s.request_id);
  out += '\n';
}

}  // namespace

void append_line(std::string& out, AccessFormat format, const AccessRecord& record,
                 const AccessStrings& strings) {
  if (format == AccessFormat::kJson) {
    append_json(out, record, strings);
  } else {
    append_combined(out, record, strings);
  }
}

}  // namespace seawall::log
