#include "common/base/json_string.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

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

char* write_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* write_escape(char* out, unsigned char c) {
  switch (c) {
    case '"':
      return write_text(out, "\\\"");
    case '\\':
      return write_text(out, "\\\\");
    case '\n':
      return write_text(out, "\\n");
    case '\r':
      return write_text(out, "\\r");
    case '\t':
      return write_text(out, "\\t");
    default:
      out = write_text(out, "\\u00");
      *out++ = kHex[c >> 4];
      *out++ = kHex[c & 15];
      return out;
  }
}

// Whether all eight bytes are plain. The tests for zero bytes may also flag the byte above a real
// one: eight bytes that are not all plain are looked at one by one anyway.
bool all_plain(uint64_t bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](uint64_t v) { return (v - kOnes) & ~v & kHighs; };
  const uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHighs;
  const uint64_t high = bytes & kHighs;
  return (control | high | has_zero(bytes ^ (kOnes * 0x7f)) | has_zero(bytes ^ (kOnes * '"')) |
          has_zero(bytes ^ (kOnes * '\\'))) == 0;
}

}  // namespace

// Eight bytes at a time while they are plain: of a browser's request that is nearly always.
char* write_json_string(char* out, std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = p + text.size();
  *out++ = '"';
  while (p < end) {
    uint64_t bytes;
    if (end - p >= 8) {
      std::memcpy(&bytes, p, 8);
      if (all_plain(bytes)) {
        std::memcpy(out, &bytes, 8);
        p += 8;
        out += 8;
        continue;
      }
    }
    if (is_plain(*p)) {
      *out++ = static_cast<char>(*p++);
    } else if (*p < 0x80) {
      out = write_escape(out, *p++);
    } else if (const size_t n = utf8_sequence(p, end)) {
      out = write_text(out, {reinterpret_cast<const char*>(p), n});
      p += n;
    } else {
      out = write_text(out, "\xef\xbf\xbd");
      ++p;
    }
  }
  *out++ = '"';
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  const size_t before = out.size();
  out.resize(before + json_string_room(text.size()));
  const char* end = write_json_string(out.data() + before, text);
  out.resize(static_cast<size_t>(end - out.data()));
}

}  // namespace seawall
