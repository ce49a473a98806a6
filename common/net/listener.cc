// Over uv_poll and accept4(2) rather than uv_listen: libuv's own accept loop can neither be bounded
// nor paused without holding an accepted connection back, and spins when descriptors run out.
#include "common/net/listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>

#include "common/net/tcp_stream.h"
#include "common/net/uv_error.h"

namespace seawall::net {
namespace {

constexpr int kAcceptsPerTurn = 32;  // then others on the loop have their turn
constexpr Millis kRest{100};

Error system_error(int number) {
  return uv_error(ErrorCode::kSystem, uv_translate_sys_error(number));
}

// The socket's connection failed before it was accepted: accept(2), "Error handling".
bool concerns_one_connection(int number) {
  switch (number) {
    case ECONNABORTED:
    case EINTR:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
      return true;
    default:
      return false;
  }
}

// A bound socket, or -1 with errno.
int bind_socket(const Address& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!address.is_ipv4()) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
      ::bind(fd, address.raw(), address.raw_size()) == 0) {
    return fd;
  }
  const int why = errno;
  ::close(fd);
  errno = why;
  return -1;
}

}  // namespace

struct Listener::Handle {
  uv_poll_t poll;
  int fd = -1;
  bool is_polled = false;  // `poll` is initialised
};

void Listener::Closer::operator()(Handle* handle) const {
  if (!handle->is_polled) {
    ::close(handle->fd);
    delete handle;
    return;
  }
  uv_poll_stop(&handle->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll),
           [](uv_handle_t* poll) { delete reinterpret_cast<Handle*>(poll); });
  ::close(handle->fd);  // at once, so that the port is free when the destructor returns
}

Listener::Listener(UvLoop& loop, int fd, AcceptHandler* handler)
    : loop_(loop), handler_(handler), handle_(new Handle) {
  handle_->fd = fd;
}

Listener::~Listener() {
  if (destroyed_) *destroyed_ = true;
}

Result<std::unique_ptr<Listener>> Listener::open(UvLoop& loop, const Address& address, int backlog,
                                                 AcceptHandler* handler) {
  const int fd = bind_socket(address);
  if (fd < 0) return system_error(errno);
  return adopt(loop, fd, backlog, handler);
}

Result<std::unique_ptr<Listener>> Listener::adopt(UvLoop& loop, int fd, int backlog,
                                                  AcceptHandler* handler) {
  std::unique_ptr<Listener> listener(new Listener(loop, fd, handler));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_storage bound;
  socklen_t size = sizeof bound;
  if (::listen(fd, backlog) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return system_error(errno);
  }
  listener->local_address_ = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&bound));
  Handle& handle = *listener->handle_;
  const int status = uv_poll_init(loop.uv(), &handle.poll, fd);
  if (status != 0) return uv_error(ErrorCode::kSystem, status);
  handle.is_polled = true;
  handle.poll.data = listener.get();
  listener->poll_or_stop();
  return listener;
}

int Listener::fd() const { return handle_->fd; }

void Listener::pause() {
  paused_ = true;
  poll_or_stop();
}

void Listener::resume() {
  paused_ = false;
  poll_or_stop();
}

void Listener::on_rested() {
  resting_ = false;
  poll_or_stop();
}

void Listener::poll_or_stop() {
  if (paused_ || resting_) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
    static_cast<Listener*>(poll->data)->on_readable();
  });
}

void Listener::on_readable() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (int i = 0; i < kAcceptsPerTurn && !paused_ && !resting_; ++i) {
    sockaddr_storage peer;
    socklen_t size = sizeof peer;
    const int fd = ::accept4(handle_->fd, reinterpret_cast<sockaddr*>(&peer), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      std::unique_ptr<TcpStream> stream = TcpStream::adopt(loop_, fd);
      if (!stream) continue;
      handler_->on_accept(std::move(stream),
                          Address::from_sockaddr(reinterpret_cast<sockaddr*>(&peer)));
    } else if (errno == EAGAIN) {
      break;
    } else if (!concerns_one_connection(errno)) {
      const Error error = system_error(errno);
      resting_ = true;
      poll_or_stop();
      loop_.set_timer(rest_, kRest);
      handler_->on_accept_error(error);
    }
    if (destroyed) return;
  }
  destroyed_ = nullptr;
}

}  // namespace seawall::net
