// Serialises heads and chunk framing into a caller's buffer; nothing is allocated, nothing is
// written past its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "common/base/ascii.h"
#include "common/http/field.h"

namespace seawall::h1 {

// Appends to a fixed buffer. Once something does not fit, nothing more is written and overflow()
// stays set: check it once at the end. Names and values are written as given: they come from a
// parsed head or a checked configuration, never with CR, LF or NUL (asserted in debug builds).
class HeadWriter {
 public:
  explicit HeadWriter(std::span<char> buffer)
      : begin_(buffer.data()), at_(buffer.data()), end_(buffer.data() + buffer.size()) {}

  HeadWriter& append(std::string_view text) {
    if (text.size() > static_cast<size_t>(end_ - at_)) {
      overflow_ = true;
      end_ = at_;
      return *this;
    }
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  HeadWriter& append_decimal(uint64_t value) {
    char digits[20];
    return append({digits, static_cast<size_t>(write_decimal(digits, value) - digits)});
  }

  // "GET /path HTTP/1.1\r\n"
  HeadWriter& request_line(std::string_view method, std::string_view target);
  // "HTTP/1.1 200 OK\r\n": always our version; an empty `reason` stands for the registered phrase.
  HeadWriter& status_line(uint16_t status, std::string_view reason = {});
  // "Name: value\r\n"
  HeadWriter& field(std::string_view name, std::string_view value);
  HeadWriter& field(std::string_view name, uint64_t value);
  HeadWriter& field(const http::Field& f) { return field(f.name, f.value); }
  // A block of complete lines, such as a prepared head or BodyDecoder::trailers().
  HeadWriter& lines(std::string_view block) { return append(block); }
  // The empty line.
  HeadWriter& end_head() { return append("\r\n"); }

  bool overflow() const { return overflow_; }
  size_t size() const { return static_cast<size_t>(at_ - begin_); }
  std::string_view bytes() const { return {begin_, size()}; }

 private:
  char* begin_;
  char* at_;
  char* end_;
  bool overflow_ = false;
};

// A chunk on the wire: prefix, data (never empty: that would end the body), kChunkSuffix.
inline constexpr size_t kMaxChunkPrefix = 18;
inline constexpr std::string_view kChunkSuffix = "\r\n";
// The end of a chunked body without trailers.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Writes "1a2b\r\n" to `out` (at least kMaxChunkPrefix bytes); returns its length.
size_t chunk_prefix(char* out, uint64_t size);
// The last chunk with `trailers`, a block of complete lines.
void last_chunk(HeadWriter& writer, std::string_view trailers);

}  // namespace seawall::h1
