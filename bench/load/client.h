// A small HTTP/1.1 client over epoll for what wrk has no command for: many idle connections, new
// connections with and without TLS resumption, stampedes, an open loop. One thread, no
// verification.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/answer_reader.h"

namespace seawall::bench {

using Clock = std::chrono::steady_clock;

class Client;

class Connection {
 public:
  Connection(Client& client, SSL_SESSION* resume);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view request);  // only when open and not waiting for an answer
  void close();                         // on_close() is not called
  bool is_open() const { return state_ == State::kOpen; }
  bool is_resumed() const { return ssl_ && SSL_session_reused(ssl_) == 1; }
  SSL_SESSION* session() const { return ssl_ ? SSL_get1_session(ssl_) : nullptr; }
  bool peer_has_closed() const;  // asks the kernel

  size_t slot = 0;              // the command's own
  Clock::time_point started{};  // the command's own

 private:
  friend class Client;
  enum class State : uint8_t { kConnecting, kHandshaking, kOpen, kClosed };

  void on_ready();
  void advance();  // connect, handshake
  void flush();
  void read();
  void fail();
  void want(bool write);
  // What an SSL function returned, as bytes; 0 to wait, -1 when broken.
  ssize_t ssl_result(int result);

  Client& client_;
  int fd_ = -1;
  SSL* ssl_ = nullptr;
  State state_ = State::kConnecting;
  bool wants_write_ = true;
  std::string out_;
  size_t sent_ = 0;
  AnswerReader reader_;
};

class Commands {
 public:
  virtual void on_open(Connection& connection) = 0;
  virtual void on_answer(Connection& connection, const Answered& answer) = 0;
  virtual void on_close(Connection& connection) = 0;  // refused, reset, or closed by the server

 protected:
  ~Commands() = default;
};

class Client {
 public:
  Client(uint16_t port, bool tls, Commands& commands);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Owned by the client until it is closed. `resume` may be nullptr.
  Connection* open(SSL_SESSION* resume = nullptr);
  // Handles what is ready, waiting up to `timeout_ms`.
  void turn(int timeout_ms);
  const std::vector<std::unique_ptr<Connection>>& connections() const { return connections_; }

 private:
  friend class Connection;
  const uint16_t port_;
  Commands& commands_;
  const int epoll_;
  SSL_CTX* context_ = nullptr;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace seawall::bench
