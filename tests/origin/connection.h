// One viewer's (or shield's) connection: reads requests, sends answers in order, at the pace that
// the answer asks for. Lives on one worker, which calls it and owns it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/origin/request.h"
#include "tests/origin/response.h"
#include "tests/origin/state.h"
#include "tests/origin/transport.h"

namespace seawall::origin {

// What all connections of a worker use.
struct Shared {
  Memory& memory;
  Counts& counts;
  bool log = false;
  int64_t now_ms = 0;  // monotonic, once a turn of the loop
  std::string date;    // IMF-fixdate, once a second
};

class Connection {
 public:
  // What it waits for next.
  struct Wish {
    bool close = false;
    bool read = false;
    bool write = false;
    int64_t wake_at_ms = 0;  // 0: never
  };

  Connection(int socket, SSL_CTX* tls, Shared& shared);
  ~Connection();

  // After each event of the socket, or at wake_at_ms. `hung_up`: the peer sends no more.
  Wish run(bool readable, bool hung_up);
  int socket() const { return transport_.socket(); }

 private:
  enum class Step : uint8_t { kAgain, kWait, kClose };

  Step take(std::string_view bytes);
  Step take_held();
  Step read_once(bool* filled);
  void answer();
  Step send();
  Step send_text();
  Step send_body();
  void gather(uint64_t allowed);
  void append_last_chunk();
  uint64_t allowed_body() const;
  uint64_t body_end() const;
  Step finish();

  Transport transport_;
  Shared& shared_;
  RequestReader reader_;
  std::string held_;  // requests that came while another is answered
  Response response_;
  bool sending_ = false;
  bool head_done_ = false;
  bool ended_ = false;        // body and last chunk are in text_
  bool blocked_ = false;      // the socket takes no more
  bool waits_write_ = false;  // a TLS read wants to write
  std::string text_;          // serialised and not yet sent, from text_at_
  size_t text_at_ = 0;
  uint64_t body_at_ = 0;
  int64_t started_ms_ = 0;
};

}  // namespace seawall::origin
