#include "common/proxy/output.h"

namespace seawall::proxy {
namespace {

// Smaller ones are copied: the kernel's copy costs less than its work with pages.
constexpr size_t kFromFile = 32 * 1024;
// Given to the kernel at once, where it is libuv that waits for room.
constexpr size_t kBatchBytes = 128 * 1024;

bool leaves_from_file(const iovec& piece, const store::Memory& memory) {
  return piece.iov_len >= kFromFile && memory.in_file(piece.iov_base);
}

// As much as the kernel takes; large pieces of stored bodies by their pages.
Result<size_t> write_pieces(std::span<const iovec> pieces, net::Stream& stream,
                            store::Memory& memory) {
  if (pieces.empty()) return size_t{0};
  if (!stream.can_write_files()) return stream.try_write(pieces);
  size_t written = 0;
  size_t wanted = 0;
  size_t begin = 0;  // of the pieces that have not been written
  for (size_t i = 0; i < pieces.size(); ++i) {
    wanted += pieces[i].iov_len;
    if (!leaves_from_file(pieces[i], memory)) continue;
    memory.mark_sent(pieces[i].iov_base);
    const net::FilePiece piece{memory.fd(), memory.file_offset(pieces[i].iov_base),
                               pieces[i].iov_len};
    const Result<size_t> n = stream.try_write_file(pieces.subspan(begin, i - begin), piece);
    if (!n) return n;
    written += *n;
    if (written < wanted) return written;
    begin = i + 1;
  }
  if (begin == pieces.size()) return written;
  const Result<size_t> n = stream.try_write(pieces.subspan(begin));
  if (!n) return n;
  return written + *n;
}

}  // namespace

void PendingOutput::drop(size_t bytes) {
  while (bytes > 0 && bytes >= pieces_[first_].iov_len) bytes -= pieces_[first_++].iov_len;
  if (bytes == 0) return;
  iovec& piece = pieces_[first_];
  piece = {static_cast<char*>(piece.iov_base) + bytes, piece.iov_len - bytes};
}

Result<bool> PendingOutput::go_on(net::Stream& stream, store::Memory& memory) {
  const auto left = [this] { return std::span<const iovec>(pieces_).subspan(first_); };
  if (queued_ > 0) {
    drop(std::exchange(queued_, 0));
    const Result<size_t> written = write_pieces(left(), stream, memory);
    if (!written) return written.error();
    drop(*written);
    if (first_ == pieces_.size()) return true;
  }
  size_t count = 0;
  while (count < left().size() && queued_ < kBatchBytes) queued_ += left()[count++].iov_len;
  stream.write_rest(left().first(count));
  return false;
}

Result<std::unique_ptr<PendingOutput>> Output::flush(net::Stream& stream, store::Memory& memory) {
  if (empty()) return std::unique_ptr<PendingOutput>();
  size_t total = 0;
  for (size_t i = 0; i < pieces_; ++i) total += piece_[i].iov_len;
  const Result<size_t> written = write_pieces({piece_, pieces_}, stream, memory);
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
