#include "bench/limit/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace seawall::bench {
namespace {

constexpr size_t kMaxPipelined = 64;

std::array<char, 64 * 1024>& read_buffer() {
  static std::array<char, 64 * 1024> buffer;
  return buffer;
}

Peer*& first_gone() {
  static Peer* first = nullptr;
  return first;
}

// How many requests end in `bytes`; `matched` is how far into "\r\n\r\n" the read before got.
size_t count_requests(std::string_view bytes, int& matched) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  if (matched == 0 && bytes.size() >= 4 && bytes.find(kEnd) == bytes.size() - 4) return 1;
  size_t n = 0;
  for (const char c : bytes) {
    matched = c == kEnd[static_cast<size_t>(matched)] ? matched + 1 : (c == '\r' ? 1 : 0);
    if (matched == 4) {
      matched = 0;
      ++n;
    }
  }
  return n;
}

class PlainPeer final : public Peer {
 public:
  PlainPeer(int fd, const Answer& answer) : Peer(fd), answer_(answer) {}

  void on_ready(int epoll, uint32_t events) override {
    if (owed_ == 0 || (events & EPOLLIN)) {
      auto& buffer = read_buffer();
      const ssize_t n = ::read(fd(), buffer.data(), buffer.size());
      if (n == 0 || (n < 0 && errno != EAGAIN)) return close_later();
      if (n > 0) owed_ += count_requests({buffer.data(), static_cast<size_t>(n)}, matched_);
    }
    while (owed_ > 0) {
      if (!(answer_.body_fd >= 0 ? send_one() : write_all())) {
        if (errno != EAGAIN) return close_later();
        return want(epoll, EPOLLOUT | EPOLLRDHUP);
      }
    }
    want(epoll, EPOLLIN | EPOLLRDHUP);
  }

 private:
  // Both return false with errno when the socket takes no more.
  bool write_all() {
    const size_t n = std::min(owed_, kMaxPipelined);
    iovec parts[2 * kMaxPipelined];
    for (size_t i = 0; i < n; ++i) {
      parts[2 * i] = {const_cast<char*>(answer_.head.data()), answer_.head.size()};
      parts[2 * i + 1] = {const_cast<char*>(answer_.body.data()), answer_.body.size()};
    }
    size_t first = 0;  // cut off what of the first answer went out before
    for (size_t cut = sent_; cut > 0; ++first) {
      const size_t here = std::min(cut, parts[first].iov_len);
      parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + here;
      parts[first].iov_len -= here;
      cut -= here;
      if (parts[first].iov_len != 0) break;
    }
    const ssize_t wrote = ::writev(fd(), parts + first, static_cast<int>(2 * n - first));
    if (wrote < 0) return false;
    const size_t whole = answer_.head.size() + answer_.body.size();
    owed_ -= (sent_ + static_cast<size_t>(wrote)) / whole;
    sent_ = (sent_ + static_cast<size_t>(wrote)) % whole;
    return true;
  }

  bool send_one() {
    const size_t head = answer_.head.size();
    ssize_t n;
    if (sent_ < head) {
      n = ::send(fd(), answer_.head.data() + sent_, head - sent_, MSG_MORE | MSG_NOSIGNAL);
    } else {
      off_t offset = static_cast<off_t>(sent_ - head);
      n = ::sendfile(fd(), answer_.body_fd, &offset, answer_.body.size() - (sent_ - head));
    }
    if (n < 0) return false;
    sent_ += static_cast<size_t>(n);
    if (sent_ == head + answer_.body.size()) {
      sent_ = 0;
      --owed_;
    }
    return true;
  }

  const Answer& answer_;
  size_t owed_ = 0;  // answers
  size_t sent_ = 0;  // of the one being sent
  int matched_ = 0;
};

class TlsPeer final : public Peer {
 public:
  TlsPeer(int fd, const Answer& answer, SSL_CTX* context)
      : Peer(fd), answer_(answer), ssl_(SSL_new(context)) {
    SSL_set_fd(ssl_, fd);
    SSL_set_accept_state(ssl_);
  }
  ~TlsPeer() override { SSL_free(ssl_); }

  void on_ready(int epoll, uint32_t) override {
    for (;;) {
      if (owed_ > 0) {
        const std::string& text = answer_.joined;
        const int n = SSL_write(ssl_, text.data() + sent_, static_cast<int>(text.size() - sent_));
        if (n <= 0) return wait_or_close(epoll, n);
        sent_ += static_cast<size_t>(n);
        if (sent_ < text.size()) continue;
        sent_ = 0;
        --owed_;
        continue;
      }
      // One read in the usual case: a short one has emptied the socket.
      auto& buffer = read_buffer();
      const int n = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
      if (n <= 0) return wait_or_close(epoll, n);
      owed_ = count_requests({buffer.data(), static_cast<size_t>(n)}, matched_);
      if (owed_ == 1 && !SSL_has_pending(ssl_)) {
        const std::string& text = answer_.joined;
        const int wrote = SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
        if (wrote == static_cast<int>(text.size())) {
          owed_ = 0;
          return want(epoll, EPOLLIN | EPOLLRDHUP);
        }
        if (wrote <= 0) return wait_or_close(epoll, wrote);
        sent_ = static_cast<size_t>(wrote);
      }
    }
  }

 private:
  void wait_or_close(int epoll, int result) {
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ) return want(epoll, EPOLLIN | EPOLLRDHUP);
    if (error == SSL_ERROR_WANT_WRITE) return want(epoll, EPOLLOUT | EPOLLRDHUP);
    if (error == SSL_ERROR_ZERO_RETURN) SSL_shutdown(ssl_);
    close_later();
  }

  const Answer& answer_;
  SSL* const ssl_;
  size_t owed_ = 0;
  size_t sent_ = 0;
  int matched_ = 0;
};

// One half of a relay: what it reads, the other half writes. Requests and answers of the benchmark
// fit into the socket buffers, so that a short write is taken for a broken connection.
class RelayPeer final : public Peer {
 public:
  explicit RelayPeer(int fd) : Peer(fd) {}
  ~RelayPeer() override {
    if (other_) other_->other_ = nullptr;
  }
  static void join(RelayPeer* a, RelayPeer* b) {
    a->other_ = b;
    b->other_ = a;
  }

  void on_ready(int, uint32_t) override {
    auto& buffer = read_buffer();
    const ssize_t n = ::read(fd(), buffer.data(), buffer.size());
    if (n < 0 && errno == EAGAIN) return;
    const bool sent = n > 0 && ::write(other_->fd(), buffer.data(), static_cast<size_t>(n)) == n;
    if (sent) return;
    other_->close_later();
    close_later();
  }

 private:
  RelayPeer* other_ = nullptr;
};

}  // namespace

Peer::~Peer() { ::close(fd_); }

void Peer::close_later() {
  if (gone_) return;
  gone_ = true;
  next_gone_ = std::exchange(first_gone(), this);
}

void Peer::bury() {
  for (Peer* peer = std::exchange(first_gone(), nullptr); peer;) {
    delete std::exchange(peer, peer->next_gone_);
  }
}

void Peer::want(int epoll, uint32_t events) {
  if (wanted_ == events || (wanted_ == 0 && events == (EPOLLIN | EPOLLRDHUP))) return;
  wanted_ = events;
  epoll_event event{.events = events, .data = {.ptr = this}};
  ::epoll_ctl(epoll, EPOLL_CTL_MOD, fd_, &event);
}

Peer* make_peer(int fd, const Answer& answer, SSL_CTX* tls) {
  if (tls) return new TlsPeer(fd, answer, tls);
  return new PlainPeer(fd, answer);
}

Peer* make_relay(int epoll, int fd, uint16_t port) {
  const int up = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(up, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(up, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(up);
    return nullptr;
  }
  auto* viewer = new RelayPeer(fd);
  auto* upstream = new RelayPeer(up);
  RelayPeer::join(viewer, upstream);
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.ptr = upstream}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, up, &event);
  return viewer;
}

SSL_CTX* make_server_context(const std::string& certificate, const std::string& key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context,
                         1);  // one read(2) for a record, not one for its head and one for the rest
  const unsigned char id[] = "limit";
  SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    SSL_CTX_free(context);
    return nullptr;
  }
  return context;
}

}  // namespace seawall::bench
