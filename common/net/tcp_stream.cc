// The stream is a thin owner of its libuv handle. The handle outlives it until libuv's close
// callback; in between its `data` is null and callbacks do nothing. Requests belong to the handle,
// since libuv may hold them until then.
#include "common/net/tcp_stream.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cassert>
#include <cerrno>
#include <cstddef>

#include "common/net/uv_error.h"
#include "common/net/uv_loop.h"

namespace seawall::net {
namespace {

static_assert(sizeof(uv_buf_t) == sizeof(iovec) && offsetof(uv_buf_t, base) == 0 &&
                  offsetof(uv_buf_t, len) == offsetof(iovec, iov_len),
              "libuv documents that the two are the same on Unix");

const uv_buf_t* as_uv(std::span<const iovec> buffers) {
  return reinterpret_cast<const uv_buf_t*>(buffers.data());
}

}  // namespace

struct TcpStream::Handle {
  // An error that a call met, told from the loop.
  struct Failure final : Task {
    Failure(Handle& h, Error e) : handle(h), error(e) {}
    void run() override;
    Handle& handle;
    Error error;
  };

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp); }
  TcpStream* owner() { return static_cast<TcpStream*>(tcp.data); }
  Side side() const { return is_client ? Side::kUpstream : Side::kViewer; }
  int fd() const {
    uv_os_fd_t fd = -1;
    uv_fileno(reinterpret_cast<const uv_handle_t*>(&tcp), &fd);
    return fd;
  }
  void fail_later(Error error) {
    is_broken = true;
    failure = std::make_unique<Failure>(*this, error);
    UvLoop::from(tcp.loop).defer(*failure);
  }
  // The last thing that a callback does: the handler may destroy the stream.
  void fail(Error error) {
    is_broken = true;
    uv_read_stop(stream());
    owner()->handler_->on_error(error);
  }
  int pending_error() const {  // as a libuv status
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &number, &size);
    return number == 0 ? 0 : uv_translate_sys_error(number);
  }
  void send_fin() { ::shutdown(fd(), SHUT_WR); }

  uv_tcp_t tcp;  // data: the TcpStream, or null once that is gone
  std::unique_ptr<uv_write_t> write;
  std::unique_ptr<uv_connect_t> connect;
  std::unique_ptr<Failure> failure;
  bool is_client = false;
  bool wants_read = false;
  bool wants_fin = false;
  bool is_ended = false;   // FIN received
  bool is_broken = false;  // an error was or will be told
};

void TcpStream::Handle::Failure::run() { handle.fail(error); }

struct TcpStream::Events {
  static Handle* from(void* tcp) {
    return static_cast<Handle*>(tcp);  // uv_tcp_t is its first member
  }

  static void on_alloc(uv_handle_t* tcp, size_t, uv_buf_t* out) {
    const std::span<char> buffer = UvLoop::from(tcp->loop).scratch(Scratch::kRead);
    *out = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
  }

  static void on_read(uv_stream_t* tcp, ssize_t count, const uv_buf_t* buffer) {
    Handle* handle = from(tcp);
    TcpStream* owner = handle->owner();
    if (count == 0 || !owner) return;
    if (count > 0) {
      owner->handler_->on_data({buffer->base, static_cast<size_t>(count)});
      return;
    }
    // libuv (1.44) takes a RST that comes right behind data for the end: ask the socket.
    const int status = count == UV_EOF ? handle->pending_error() : static_cast<int>(count);
    if (status != 0) return handle->fail(uv_error(ErrorCode::kReset, status, handle->side()));
    handle->is_ended = true;
    owner->handler_->on_end();
  }

  static void on_written(uv_write_t* request, int status) {
    Handle* handle = from(request->handle);
    if (!handle->owner()) return;
    handle->write.reset();
    if (handle->is_broken) return;
    if (status != 0) return handle->fail(uv_error(ErrorCode::kReset, status, handle->side()));
    if (handle->wants_fin) handle->send_fin();
    handle->owner()->handler_->on_drained();
  }

  static void on_connect(uv_connect_t* request, int status) {
    Handle* handle = from(request->handle);
    TcpStream* owner = handle->owner();
    if (!owner) return;
    handle->connect.reset();
    if (status != 0) return handle->fail(connect_error(status));
    if (handle->wants_read) owner->read_start();
    if (handle->wants_fin) handle->send_fin();
    owner->handler_->on_connected();
  }

  static Error connect_error(int status) {
    Error error = uv_error(ErrorCode::kConnect, status, Side::kUpstream);
    error.retryable = true;
    return error;
  }
};

void TcpStream::Closer::operator()(Handle* handle) const {
  handle->tcp.data = nullptr;
  handle->failure.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->tcp),
           [](uv_handle_t* tcp) { delete Events::from(tcp); });
}

TcpStream::TcpStream(UvLoop& loop) : handle_(new Handle) {
  uv_tcp_init(loop.uv(), &handle_->tcp);
  handle_->tcp.data = this;
}

TcpStream::~TcpStream() = default;

std::unique_ptr<TcpStream> TcpStream::adopt(UvLoop& loop, int fd) {
  std::unique_ptr<TcpStream> stream(new TcpStream(loop));
  if (uv_tcp_open(&stream->handle_->tcp, fd) != 0) {
    ::close(fd);
    return nullptr;
  }
  return stream;
}

std::unique_ptr<TcpStream> TcpStream::connect(UvLoop& loop, const Address& to,
                                              StreamHandler* handler) {
  std::unique_ptr<TcpStream> stream(new TcpStream(loop));
  stream->handler_ = handler;
  Handle& handle = *stream->handle_;
  handle.is_client = true;
  handle.connect = std::make_unique<uv_connect_t>();
  uv_tcp_nodelay(&handle.tcp, 1);
  const int status =
      uv_tcp_connect(handle.connect.get(), &handle.tcp, to.raw(), &Events::on_connect);
  if (status != 0) {
    handle.connect.reset();
    handle.fail_later(Events::connect_error(status));
  }
  return stream;
}

Result<size_t> TcpStream::try_write(std::span<const iovec> buffers) {
  assert(!write_pending());
  if (buffers.empty()) return size_t{0};
  const int count =
      uv_try_write(handle_->stream(), as_uv(buffers), static_cast<unsigned>(buffers.size()));
  if (count >= 0) return static_cast<size_t>(count);
  if (count == UV_EAGAIN) return size_t{0};
  return uv_error(ErrorCode::kReset, count, handle_->side());
}

Result<size_t> TcpStream::try_write_file(std::span<const iovec> before, FilePiece piece) {
  assert(!write_pending());
  const auto failed = [this] {
    return uv_error(ErrorCode::kReset, uv_translate_sys_error(errno), handle_->side());
  };
  const auto full = [] { return errno == EAGAIN || errno == EWOULDBLOCK; };
  size_t written = 0;
  if (!before.empty()) {
    size_t wanted = 0;
    for (const iovec& b : before) wanted += b.iov_len;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(before.data());
    message.msg_iovlen = before.size();
    const ssize_t n = ::sendmsg(fd(), &message, MSG_MORE | MSG_NOSIGNAL);
    if (n < 0 && !full()) return failed();
    written = n < 0 ? 0 : static_cast<size_t>(n);
    if (written < wanted) return written;
  }
  auto offset = static_cast<off_t>(piece.offset);
  while (piece.length > 0) {
    const ssize_t n = ::sendfile(fd(), piece.fd, &offset, piece.length);
    if (n < 0 && full()) break;
    if (n <= 0) return failed();
    written += static_cast<size_t>(n);
    piece.length -= static_cast<size_t>(n);
  }
  return written;
}

void TcpStream::write_rest(std::span<const iovec> buffers) {
  assert(!write_pending());
  if (handle_->is_broken) return;  // on_error() is on its way or was told
  handle_->write = std::make_unique<uv_write_t>();
  const int status = uv_write(handle_->write.get(), handle_->stream(), as_uv(buffers),
                              static_cast<unsigned>(buffers.size()), &Events::on_written);
  if (status != 0) {
    handle_->write.reset();
    handle_->fail_later(uv_error(ErrorCode::kReset, status, handle_->side()));
  }
}

bool TcpStream::write_pending() const { return handle_->write != nullptr; }

size_t TcpStream::unsent() const { return uv_stream_get_write_queue_size(handle_->stream()); }

void TcpStream::read_start() {
  handle_->wants_read = true;
  if (handle_->connect || handle_->is_ended || handle_->is_broken) return;
  const int status = uv_read_start(handle_->stream(), &Events::on_alloc, &Events::on_read);
  if (status != 0 && status != UV_EALREADY) {
    handle_->fail_later(uv_error(ErrorCode::kReset, status, handle_->side()));
  }
}

void TcpStream::read_stop() {
  handle_->wants_read = false;
  uv_read_stop(handle_->stream());
}

void TcpStream::shutdown() {
  handle_->wants_fin = true;
  if (!handle_->connect && !write_pending()) handle_->send_fin();
}

void TcpStream::reset_on_close() {
  const linger no_wait = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &no_wait, sizeof no_wait);
}

bool TcpStream::idle_is_clean() {
  if (handle_->is_ended || handle_->is_broken || handle_->connect) return false;
  char byte;
  return ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

int TcpStream::fd() const { return handle_->fd(); }

}  // namespace seawall::net
