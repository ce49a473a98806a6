// Walks over buffers in pieces of at most one TLS record (2^14 bytes, RFC 8446 §5.1): a large
// buffer's pieces are used in place, small buffers are copied together. For tls/ only.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

namespace seawall::tls {

class RecordCursor {
 public:
  static constexpr size_t kRecordBytes = 16 * 1024;

  RecordCursor(std::span<const iovec> buffers, std::span<char> scratch)
      : buffers_(buffers), scratch_(scratch) {
    skip_empty();
  }
  bool at_end() const { return buffers_.empty(); }

  // The next piece, valid until the next call.
  std::string_view next() {
    const std::string_view first = rest_of_first(kRecordBytes);
    advance(first.size());
    if (at_end() || first.size() == kRecordBytes) return first;
    std::memcpy(scratch_.data(), first.data(), first.size());
    size_t gathered = first.size();
    while (!at_end() && gathered < kRecordBytes) {
      const std::string_view piece = rest_of_first(kRecordBytes - gathered);
      std::memcpy(scratch_.data() + gathered, piece.data(), piece.size());
      gathered += piece.size();
      advance(piece.size());
    }
    return {scratch_.data(), gathered};
  }

 private:
  std::string_view rest_of_first(size_t at_most) const {
    const iovec& first = buffers_.front();
    return {static_cast<const char*>(first.iov_base) + offset_,
            std::min(first.iov_len - offset_, at_most)};
  }
  void advance(size_t count) {
    offset_ += count;
    if (offset_ < buffers_.front().iov_len) return;
    offset_ = 0;
    buffers_ = buffers_.subspan(1);
    skip_empty();
  }
  void skip_empty() {
    while (!buffers_.empty() && buffers_.front().iov_len == 0) buffers_ = buffers_.subspan(1);
  }

  std::span<const iovec> buffers_;
  size_t offset_ = 0;  // into the first
  std::span<char> scratch_;
};

}  // namespace seawall::tls
