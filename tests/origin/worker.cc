#include "tests/origin/worker.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace seawall::origin {
namespace {

constexpr int kBacklog = 4096;
constexpr int kEvents = 256;

std::string bound_address(int socket) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  getnameinfo(reinterpret_cast<sockaddr*>(&address), length, host, sizeof(host), port, sizeof(port),
              NI_NUMERICHOST | NI_NUMERICSERV);
  std::string text = host;
  if (address.ss_family == AF_INET6) text.insert(0, 1, '[').push_back(']');
  return text.append(":").append(port);
}

std::string imf_fixdate(time_t now) {
  tm parts = {};
  gmtime_r(&now, &parts);
  char text[40];
  return {text, strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

Listening listen_on(const std::string& address) {
  Listening made;
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const std::string port = colon == std::string::npos ? "0" : address.substr(colon + 1);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    made.error = address + ": " + gai_strerror(error);
    return made;
  }
  made.socket = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  constexpr int kOn = 1;
  for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) {
    setsockopt(made.socket, SOL_SOCKET, option, &kOn, sizeof(kOn));
  }
  setsockopt(made.socket, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof(kOn));  // inherited on accept
  const bool bound = bind(made.socket, found->ai_addr, found->ai_addrlen) == 0 &&
                     listen(made.socket, kBacklog) == 0;
  if (!bound) made.error = address + ": " + strerror(errno);
  freeaddrinfo(found);
  if (bound) made.address = bound_address(made.socket);
  return made;
}

Worker::Worker(int listener, int stop, SSL_CTX* tls, Memory& memory, bool log)
    : listener_(listener),
      stop_(stop),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      tls_(tls),
      shared_{memory, memory.add_worker(), log, 0, {}} {
  for (const int watched : {listener_, stop_}) {
    epoll_event event = {.events = EPOLLIN, .data = {.fd = watched}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, watched, &event);
  }
}

Worker::~Worker() {
  connections_.clear();
  close(epoll_);
  close(listener_);
}

void Worker::run() {
  epoll_event events[kEvents];
  for (;;) {
    const int count = epoll_wait(epoll_, events, kEvents, wait_ms());
    read_clocks();
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (socket == stop_) return;
      if (socket == listener_) {
        accept_all();
      } else {
        drive(socket, (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0,
              (events[i].events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0);
      }
    }
    wake_due();
  }
}

void Worker::accept_all() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = socket}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    Watched& watched = connections_[socket];
    watched.connection = std::make_unique<Connection>(socket, tls_, shared_);
    watched.events = event.events;
  }
}

void Worker::drive(int socket, bool readable, bool hung_up) {
  const auto found = connections_.find(socket);
  if (found == connections_.end()) return;
  Watched& watched = found->second;
  const Connection::Wish wish = watched.connection->run(readable, hung_up);
  if (wish.close) {
    set_wake(socket, watched, 0);
    connections_.erase(found);
    return;
  }
  const uint32_t events = EPOLLRDHUP | (wish.read ? EPOLLIN : 0u) | (wish.write ? EPOLLOUT : 0u);
  if (events != watched.events) {
    epoll_event event = {.events = events, .data = {.fd = socket}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
    watched.events = events;
  }
  set_wake(socket, watched, wish.wake_at_ms);
}

void Worker::set_wake(int socket, Watched& watched, int64_t at_ms) {
  if (watched.wake_at_ms == at_ms) return;
  if (watched.wake_at_ms != 0) wakes_.erase({watched.wake_at_ms, socket});
  if (at_ms != 0) wakes_.insert({at_ms, socket});
  watched.wake_at_ms = at_ms;
}

void Worker::wake_due() {
  while (!wakes_.empty() && wakes_.begin()->first <= shared_.now_ms) {
    const int socket = wakes_.begin()->second;
    set_wake(socket, connections_.at(socket), 0);
    drive(socket, false, false);
  }
}

int Worker::wait_ms() const {
  if (wakes_.empty()) return -1;
  return static_cast<int>(std::clamp<int64_t>(wakes_.begin()->first - shared_.now_ms, 0, 1000));
}

void Worker::read_clocks() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  shared_.now_ms = now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec == date_second_) return;
  date_second_ = now.tv_sec;
  shared_.date = imf_fixdate(now.tv_sec);
}

}  // namespace seawall::origin
