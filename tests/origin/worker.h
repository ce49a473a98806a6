// One thread: its own listening socket (SO_REUSEPORT), its own epoll, the connections it accepted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "tests/origin/connection.h"

namespace seawall::origin {

struct Listening {
  int socket = -1;
  std::string error;    // not empty: there is no socket
  std::string address;  // 127.0.0.1:8080, [::1]:8080
};

// `address`: numeric host:port, IPv6 in brackets; port 0 lets the system choose.
Listening listen_on(const std::string& address);

class Worker {
 public:
  // Owns `listener`. `stop`: an eventfd that is readable when all workers are to end.
  Worker(int listener, int stop, SSL_CTX* tls, Memory& memory, bool log);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run();

 private:
  struct Watched {
    std::unique_ptr<Connection> connection;
    uint32_t events = 0;  // as registered
    int64_t wake_at_ms = 0;
  };

  void accept_all();
  void drive(int socket, bool readable, bool hung_up);
  void set_wake(int socket, Watched& watched, int64_t at_ms);
  void wake_due();
  int wait_ms() const;
  void read_clocks();

  int listener_;
  int stop_;
  int epoll_;
  SSL_CTX* tls_;
  Shared shared_;
  int64_t date_second_ = 0;
  std::unordered_map<int, Watched> connections_;  // by socket
  std::set<std::pair<int64_t, int>> wakes_;       // when, socket
};

}  // namespace seawall::origin
