#include "tests/sim/stream.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "tests/sim/loop.h"

namespace seawall::sim {
namespace {

// Single bytes are for heads: a body that came so would take for ever.
constexpr uint64_t kSmallPieces = 600;
constexpr size_t kReadsInTurn = 8;

}  // namespace

SimStream::SimStream(SimLoop& loop, std::shared_ptr<Socket> socket, net::StreamHandler* handler)
    : loop_(loop),
      socket_(std::move(socket)),
      handler_(handler),
      is_client_(handler != nullptr),
      writes_files_(loop.chance().percent(50)),
      picky_(loop.chance().percent(25)),
      connecting_(is_client_) {
  socket_->set_user(this);
}

SimStream::~SimStream() {
  if (destroyed_) *destroyed_ = true;
  loop_.forget(*this);
  socket_->close(resets_);
}

Result<size_t> SimStream::try_write(std::span<const iovec> buffers) {
  assert(!write_pending_);
  size_t written = 0;
  size_t most = SIZE_MAX;
  if (picky_ && loop_.chance().percent(30)) most = loop_.chance().below(200);
  for (const iovec& buffer : buffers) {
    const size_t wanted = std::min(buffer.iov_len, most - written);
    const auto n = socket_->write({static_cast<const char*>(buffer.iov_base), wanted});
    if (!n && written == 0) {
      return Error{ErrorCode::kReset, is_client_ ? Side::kUpstream : Side::kViewer, false,
                   "broken pipe"};
    }
    written += n.value_or(0);
    if (n.value_or(0) < buffer.iov_len) break;
  }
  return written;
}

Result<size_t> SimStream::try_write_file(std::span<const iovec> before, net::FilePiece piece) {
  size_t wanted = 0;
  for (const iovec& buffer : before) wanted += buffer.iov_len;
  Result<size_t> written = before.empty() ? Result<size_t>(size_t{0}) : try_write(before);
  if (!written || *written < wanted) return written;
  std::string bytes(piece.length, 0);
  [[maybe_unused]] const ssize_t got =
      ::pread(piece.fd, bytes.data(), bytes.size(), static_cast<off_t>(piece.offset));
  assert(got == static_cast<ssize_t>(bytes.size()));
  const iovec whole{bytes.data(), bytes.size()};
  const Result<size_t> n = try_write({&whole, 1});
  if (!n) return wanted > 0 ? written : n;
  return *written + *n;
}

void SimStream::write_rest(std::span<const iovec> buffers) {
  assert(!write_pending_);
  if (broken_) return;
  rest_.assign(buffers.begin(), buffers.end());
  write_pending_ = true;
  loop_.add_ready(*this);
}

size_t SimStream::unsent() const {
  size_t sum = 0;
  for (const iovec& buffer : rest_) sum += buffer.iov_len;
  return sum;
}

void SimStream::read_start() {
  reading_ = true;
  loop_.add_ready(*this);
}

void SimStream::shutdown() {
  wants_fin_ = true;
  if (!connecting_ && !write_pending_) socket_->shutdown();
}

void SimStream::on_socket() { loop_.add_ready(*this); }

void SimStream::fail(ErrorCode code, const char* detail) {
  broken_ = true;
  write_pending_ = false;
  handler_->on_error(
      {code, is_client_ ? Side::kUpstream : Side::kViewer, code == ErrorCode::kConnect, detail});
}

void SimStream::handle_news() {
  if (broken_ || !handler_) return;
  if (connecting_ && !finish_connecting()) return;
  if (write_pending_ && !write_on()) return;
  if (reading_ && !ended_) read_on();
}

// False when there is no more to be done in this turn.
bool SimStream::finish_connecting() {
  if (socket_->state() == Socket::State::kConnecting) return false;
  if (socket_->state() == Socket::State::kRefused) {
    fail(ErrorCode::kConnect, "connection refused");
    return false;
  }
  connecting_ = false;
  if (wants_fin_) socket_->shutdown();
  bool destroyed = false;
  destroyed_ = &destroyed;
  handler_->on_connected();
  if (destroyed) return false;
  destroyed_ = nullptr;
  return !broken_;
}

// The same of what write_rest() was given: the bytes are read now, not when they were queued.
bool SimStream::write_on() {
  while (!rest_.empty()) {
    iovec& buffer = rest_.front();
    const auto n = socket_->write({static_cast<const char*>(buffer.iov_base), buffer.iov_len});
    if (!n) {
      fail(ErrorCode::kReset, "reset by peer");
      return false;
    }
    buffer.iov_base = static_cast<char*>(buffer.iov_base) + *n;
    buffer.iov_len -= *n;
    if (buffer.iov_len > 0) return true;
    rest_.erase(rest_.begin());
  }
  write_pending_ = false;
  if (wants_fin_) socket_->shutdown();
  bool destroyed = false;
  destroyed_ = &destroyed;
  handler_->on_drained();
  if (destroyed) return false;
  destroyed_ = nullptr;
  return !broken_;
}

size_t SimStream::piece_size() {
  if (!picky_ || received_ > kSmallPieces) return net::Loop::kReadBytes;
  static constexpr size_t kSizes[] = {1, 1, 3, 40, 300};
  return loop_.chance().pick(kSizes);
}

void SimStream::read_on() {
  for (size_t i = 0; i < kReadsInTurn && reading_; ++i) {
    // Of its very size, and gone afterwards: a sanitizer sees who reads past it, or later.
    const std::unique_ptr<char[]> buffer(new char[net::Loop::kReadBytes]);
    size_t count = 0;
    const Socket::Got got = socket_->read({buffer.get(), piece_size()}, count);
    if (got == Socket::Got::kNothing) return;
    if (got == Socket::Got::kReset) return fail(ErrorCode::kReset, "reset by peer");
    bool destroyed = false;
    destroyed_ = &destroyed;
    if (got == Socket::Got::kEnd) {
      ended_ = true;
      handler_->on_end();
    } else {
      received_ += count;
      const std::unique_ptr<char[]> exact(new char[count]);
      std::copy_n(buffer.get(), count, exact.get());
      handler_->on_data({exact.get(), count});
    }
    if (destroyed) return;
    destroyed_ = nullptr;
    if (ended_ || broken_) return;
  }
  if (reading_) loop_.add_ready(*this);
}

}  // namespace seawall::sim
