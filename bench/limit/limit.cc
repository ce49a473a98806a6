// limit: what a hit costs at the least on this machine. One thread, bare epoll: one read, one
// writev of a fixed answer, whatever was asked. Everything else is measured as a multiple of it.
//
// A request ends at an empty line (no bodies); pipelined requests in one read get their answers in
// one write. --sendfile sends the body from a memfd, --tls puts OpenSSL in between, --relay passes
// bytes to and from an upstream instead of answering (the floor of pass-through).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/limit/answer.h"
#include "bench/limit/peer.h"

namespace seawall::bench {
namespace {

[[noreturn]] void die(const char* what) {
  perror(what);
  std::exit(1);
}

int listen_on(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // inherited by what it accepts
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (::listen(fd, 4096) != 0) die("listen");
  return fd;
}

void accept_all(int epoll, int listener, const Answer& answer, SSL_CTX* tls, uint16_t relay) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    Peer* peer = relay != 0 ? make_relay(epoll, fd, relay) : make_peer(fd, answer, tls);
    if (!peer) {
      ::close(fd);
      continue;
    }
    epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.ptr = peer}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

[[noreturn]] void serve(int listener, const Answer& answer, SSL_CTX* tls, uint16_t relay) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  epoll_event events[512];
  for (;;) {
    const int n = ::epoll_wait(epoll, events, 512, -1);
    for (int i = 0; i < n; ++i) {
      auto* peer = static_cast<Peer*>(events[i].data.ptr);
      if (!peer) {
        accept_all(epoll, listener, answer, tls, relay);
      } else if (!peer->gone()) {
        peer->on_ready(epoll, events[i].events);
      }
    }
    Peer::bury();
  }
}

}  // namespace
}  // namespace seawall::bench

int main(int argc, char** argv) {
  using namespace seawall::bench;
  uint16_t port = 0;
  uint16_t relay = 0;
  int workers = 1;
  AnswerOptions answer;
  std::string certificate, key;
  CLI::App app("The least that a hit can cost: a fixed answer from bare epoll");
  app.add_option("--port", port, "on 127.0.0.1")->required();
  app.add_option("--body", answer.body_bytes, "bytes")->capture_default_str();
  app.add_option("--status", answer.status, "200, 206 or 304 (no body)")->capture_default_str();
  app.add_flag("--sendfile", answer.sendfile, "the body by sendfile from a memfd");
  auto* cert = app.add_option("--tls-cert", certificate, "PEM chain: serves TLS");
  cert->needs(app.add_option("--tls-key", key, "PEM key"));
  app.add_option("--relay", relay, "relay to that port of 127.0.0.1 instead");
  app.add_option("--workers", workers, "processes, each with its own SO_REUSEPORT listener")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  SSL_CTX* tls = certificate.empty() ? nullptr : make_server_context(certificate, key);
  if (!certificate.empty() && !tls) {
    fprintf(stderr, "limit: unreadable certificate or key\n");
    return 1;
  }
  for (int i = 1; i < workers; ++i) {
    if (::fork() != 0) continue;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    break;
  }
  serve(listen_on(port), make_answer(answer), tls, relay);
}
