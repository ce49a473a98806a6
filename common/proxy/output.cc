#include "common/proxy/output.h"

namespace seawall::proxy {

void PendingOutput::start(net::Stream& stream) { stream.write_rest(pieces_); }

Result<std::unique_ptr<PendingOutput>> Output::flush(net::Stream& stream) {
  if (empty()) return std::unique_ptr<PendingOutput>();
  size_t total = 0;
  for (size_t i = 0; i < pieces_; ++i) total += piece_[i].iov_len;
  const Result<size_t> written = stream.try_write({piece_, pieces_});
  if (!written) return written.error();
  std::unique_ptr<PendingOutput> rest;
  if (*written < total) rest = rest_after(*written);
  release_objects();
  pieces_ = used_ = 0;
  return rest;
}

void Output::release_objects() {
  for (size_t i = 0; i < objects_; ++i) object_[i]->unref();
  objects_ = 0;
}

std::unique_ptr<PendingOutput> Output::rest_after(size_t written) {
  auto rest = std::make_unique<PendingOutput>();
  rest->copied_.assign(scratch_, used_);
  for (size_t i = 0; i < objects_; ++i) {
    rest->objects_.push_back(Ref<store::Object>::adopt(object_[i]));
  }
  objects_ = 0;
  for (size_t i = 0; i < pieces_; ++i) {
    iovec piece = piece_[i];
    if (written >= piece.iov_len) {
      written -= piece.iov_len;
      continue;
    }
    char* base = static_cast<char*>(piece.iov_base);
    if (base >= scratch_ && base < scratch_ + kScratch) {
      base = rest->copied_.data() + (base - scratch_);
    }
    rest->pieces_.push_back({base + written, piece.iov_len - written});
    written = 0;
  }
  return rest;
}

}  // namespace seawall::proxy
