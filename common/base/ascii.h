// ASCII helpers for protocol text: locale-free, and safe on any byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace seawall {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }
constexpr bool is_ows(char c) { return c == ' ' || c == '\t'; }

constexpr int hex_value(char c) {  // -1 if `c` is no hexadecimal digit
  if (is_digit(c)) return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

constexpr bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

// Without optional whitespace (SP, HTAB) at both ends: RFC 9110 §5.6.3.
constexpr std::string_view trim_ows(std::string_view s) {
  while (!s.empty() && is_ows(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_ows(s.back())) s.remove_suffix(1);
  return s;
}

inline std::string to_lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = to_lower(c);
  return out;
}

// Writes `value` in decimal to `out` (at least 20 bytes); returns the end.
inline char* write_decimal(char* out, uint64_t value) {
  static constexpr char kPairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
      "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
      "9293949596979899";
  int digits = 1;
  for (uint64_t power = 10; value >= power && ++digits < 20; power *= 10) {
  }
  char* const end = out + digits;
  for (out = end; value >= 100; value /= 100) std::memcpy(out -= 2, kPairs + 2 * (value % 100), 2);
  if (value >= 10) {
    std::memcpy(out - 2, kPairs + 2 * value, 2);
  } else {
    out[-1] = static_cast<char>('0' + value);
  }
  return end;
}

}  // namespace seawall
