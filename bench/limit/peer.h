// One accepted connection of the limit program. Peers live until bury(), so that no event of the
// same epoll_wait finds a freed one.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/limit/answer.h"

namespace seawall::bench {

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  virtual ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  virtual void on_ready(int epoll, uint32_t events) = 0;
  bool gone() const { return gone_; }
  static void bury();

 protected:
  void close_later();
  int fd() const { return fd_; }
  void want(int epoll, uint32_t events);  // changes what epoll waits for, if it is not that already

 private:
  const int fd_;
  uint32_t wanted_ = 0;
  bool gone_ = false;
  Peer* next_gone_ = nullptr;
};

// `tls`: nullptr for plain TCP.
Peer* make_peer(int fd, const Answer& answer, SSL_CTX* tls);
// Connects to 127.0.0.1:`port`, too; both ends are in `epoll` when it returns (but `fd`).
Peer* make_relay(int epoll, int fd, uint16_t port);

SSL_CTX* make_server_context(const std::string& certificate, const std::string& key);

}  // namespace seawall::bench
