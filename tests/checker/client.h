// A blocking HTTP/1.1 client: one connection, opened when needed, one request after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace seawall::checker {

struct Answer {
  int status = 0;
  std::string head;  // status line and fields, each ended by CRLF
  std::string body;

  // The first of that name, or nothing.
  std::string_view field(std::string_view name) const;
};

enum class Outcome : uint8_t {
  kAnswer,
  kRefused,    // no connection
  kClosed,     // before the first byte of an answer
  kCut,        // within an answer, and its framing says so
  kTimeout,    // not over in time
  kMalformed,  // not an answer, or without Content-Length
};

class Client {
 public:
  Client(uint16_t port, std::chrono::milliseconds timeout);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  uint16_t port() const { return port_; }
  // GET and POST only: an answer has a body but with 204 and 304. After anything but kAnswer the
  // connection is closed.
  Outcome ask(std::string_view request, Answer& answer);

 private:
  Outcome exchange(std::string_view request, Answer& answer);
  bool open();
  void close();
  Outcome read_more();

  const uint16_t port_;
  const std::chrono::milliseconds timeout_;
  int fd_ = -1;
  std::string read_;  // what came and is not used yet
};

// A socket that listens on a loopback port of the system's choice, told in `port`; -1 on error.
int listen_on_loopback(uint16_t& port);

}  // namespace seawall::checker
