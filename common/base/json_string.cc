#include "common/base/json_string.h"

#include <cstddef>
#include <cstdint>

namespace seawall {
namespace {

constexpr char kHex[] = "0123456789abcdef";

constexpr bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Length of the well-formed UTF-8 sequence of two to four bytes at `p`, 0 if there is none
// (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
size_t utf8_sequence(const unsigned char* p, const unsigned char* end) {
  const auto tail = [end](const unsigned char* q) { return q < end && (*q & 0xc0) == 0x80; };
  const unsigned char c = p[0];
  if (c < 0xc2 || c > 0xf4 || !tail(p + 1)) return 0;
  if (c < 0xe0) return 2;
  if (c < 0xf0) {
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f)) return 0;
    return tail(p + 2) ? 3 : 0;
  }
  if ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f)) return 0;
  return tail(p + 2) && tail(p + 3) ? 4 : 0;
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = p + text.size();
  out += '"';
  while (p < end) {
    const unsigned char* const run = p;
    while (p < end && is_plain(*p)) ++p;
    out.append(reinterpret_cast<const char*>(run), static_cast<size_t>(p - run));
    if (p == end) break;
    if (*p < 0x80) {
      append_escape(out, *p++);
    } else if (const size_t n = utf8_sequence(p, end)) {
      out.append(reinterpret_cast<const char*>(p), n);
      p += n;
    } else {
      out += "\xef\xbf\xbd";
      ++p;
    }
  }
  out += '"';
}

}  // namespace seawall
