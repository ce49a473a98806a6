#include "bench/load/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace seawall::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

int connect_to(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    perror("load: socket");
    std::exit(1);
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    perror("load: connect");
    std::exit(1);
  }
  return fd;
}

}  // namespace

Connection::Connection(Client& client, SSL_SESSION* resume)
    : client_(client), fd_(connect_to(client.port_)) {
  if (client.context_) {
    ssl_ = SSL_new(client.context_);
    SSL_set_fd(ssl_, fd_);
    SSL_set_connect_state(ssl_);
    if (resume) SSL_set_session(ssl_, resume);
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.ptr = this}};
  ::epoll_ctl(client_.epoll_, EPOLL_CTL_ADD, fd_, &event);
}

Connection::~Connection() { close(); }

void Connection::close() {
  if (state_ == State::kClosed) return;
  if (ssl_) {
    if (state_ == State::kOpen) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  ::close(fd_);
  state_ = State::kClosed;
}

bool Connection::peer_has_closed() const {
  char byte;
  const ssize_t n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN);
}

void Connection::want(bool write) {
  if (wants_write_ == write) return;
  wants_write_ = write;
  epoll_event event{.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.ptr = this}};
  ::epoll_ctl(client_.epoll_, EPOLL_CTL_MOD, fd_, &event);
}

void Connection::fail() {
  if (state_ == State::kClosed) return;
  close();
  client_.commands_.on_close(*this);
}

ssize_t Connection::ssl_result(int result) {
  if (result > 0) return result;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      want(false);
      return 0;
    case SSL_ERROR_WANT_WRITE:
      want(true);
      return 0;
    default:
      return -1;
  }
}

void Connection::advance() {
  if (state_ == State::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail();
    state_ = State::kHandshaking;
  }
  if (ssl_) {
    const ssize_t done = ssl_result(SSL_do_handshake(ssl_));
    if (done < 0) return fail();
    if (done == 0) return;
  }
  state_ = State::kOpen;
  want(false);
  client_.commands_.on_open(*this);
}

void Connection::on_ready() {
  if (state_ == State::kClosed) return;
  if (state_ != State::kOpen) return advance();
  if (sent_ < out_.size()) flush();
  if (state_ == State::kOpen) read();
}

void Connection::send(std::string_view request) {
  out_.assign(request);
  sent_ = 0;
  flush();
}

void Connection::flush() {
  while (sent_ < out_.size()) {
    const size_t left = out_.size() - sent_;
    ssize_t n;
    if (ssl_) {
      n = ssl_result(SSL_write(ssl_, out_.data() + sent_, static_cast<int>(left)));
    } else {
      n = ::send(fd_, out_.data() + sent_, left, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) {
        want(true);
        return;
      }
    }
    if (n < 0) return fail();
    if (n == 0) return;
    sent_ += static_cast<size_t>(n);
  }
  want(false);
}

void Connection::read() {
  static std::array<char, kReadBytes> buffer;
  for (;;) {
    ssize_t n;
    if (ssl_) {
      n = ssl_result(SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size())));
      if (n == 0) return;
    } else {
      n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n < 0 && errno == EAGAIN) return;
    }
    if (n <= 0) return fail();
    std::string_view bytes(buffer.data(), static_cast<size_t>(n));
    while (!bytes.empty()) {
      Answered answer;
      const AnswerReader::Result result = reader_.feed(bytes, answer);
      if (result == AnswerReader::Result::kBroken) return fail();
      if (result == AnswerReader::Result::kMore) continue;
      client_.commands_.on_answer(*this, answer);
      if (state_ == State::kClosed) return;
    }
    if (!ssl_ && static_cast<size_t>(n) < buffer.size()) return;
  }
}

Client::Client(uint16_t port, bool tls, Commands& commands)
    : port_(port), commands_(commands), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!tls) return;
  context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
}

Client::~Client() {
  connections_.clear();
  if (context_) SSL_CTX_free(context_);
  ::close(epoll_);
}

Connection* Client::open(SSL_SESSION* resume) {
  connections_.push_back(std::make_unique<Connection>(*this, resume));
  return connections_.back().get();
}

void Client::turn(int timeout_ms) {
  epoll_event events[256];
  const int n = ::epoll_wait(epoll_, events, 256, timeout_ms);
  bool closed = false;
  for (int i = 0; i < n; ++i) {
    auto* connection = static_cast<Connection*>(events[i].data.ptr);
    connection->on_ready();
    closed = closed || connection->state_ == Connection::State::kClosed;
  }
  if (!closed) return;
  connections_.erase(
      std::remove_if(connections_.begin(), connections_.end(),
                     [](const auto& c) { return c->state_ == Connection::State::kClosed; }),
      connections_.end());
}

}  // namespace seawall::bench
