#include "common/h1/writer.h"

#include <cassert>

#include "common/http/head.h"

namespace seawall::h1 {
namespace {

[[maybe_unused]] bool is_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

HeadWriter& HeadWriter::request_line(std::string_view method, std::string_view target) {
  assert(is_safe(method) && is_safe(target));
  return append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
}

HeadWriter& HeadWriter::status_line(uint16_t status, std::string_view reason) {
  assert(status >= 100 && status <= 999 && is_safe(reason));
  if (reason.empty()) reason = http::reason_phrase(status);
  return append("HTTP/1.1 ").append_decimal(status).append(" ").append(reason).append("\r\n");
}

HeadWriter& HeadWriter::field(std::string_view name, std::string_view value) {
  assert(is_safe(name) && is_safe(value));
  return append(name).append(": ").append(value).append("\r\n");
}

HeadWriter& HeadWriter::field(std::string_view name, uint64_t value) {
  char digits[20];
  return field(name, {digits, static_cast<size_t>(write_decimal(digits, value) - digits)});
}

size_t chunk_prefix(char* out, uint64_t size) {
  assert(size > 0);
  constexpr char kHex[] = "0123456789abcdef";
  int digits = 1;
  while (digits < 16 && size >> (4 * digits) != 0) ++digits;
  for (int i = digits; i > 0; --i) *out++ = kHex[(size >> (4 * (i - 1))) & 15];
  out[0] = '\r';
  out[1] = '\n';
  return static_cast<size_t>(digits) + 2;
}

void last_chunk(HeadWriter& writer, std::string_view trailers) {
  writer.append("0\r\n").append(trailers).append("\r\n");
}

}  // namespace seawall::h1
