// One connection to an upstream server, in use by an exchange or idle in its server's pool. Lives
// on one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/intrusive_list.h"
#include "common/net/loop.h"
#include "common/net/stream.h"

namespace seawall::upstream {

class Server;

class Connection final : public ListNode, private net::StreamHandler {
 public:
  // `server` outlives the connection.
  Connection(net::Loop& loop, Server& server, std::unique_ptr<net::Stream> stream,
             const net::Address& address);
  ~Connection();

  net::Stream& stream() { return *stream_; }
  // Puts what `wrap` makes of the stream in its place: TLS over TCP.
  template <class F>
  void secure(F&& wrap) {
    stream_ = wrap(std::move(stream_));
  }
  Server& server() { return server_; }
  const net::Address& address() const { return address_; }
  // Requests sent on it so far, the current one included.
  uint32_t uses = 0;

  // Idle: any byte, end or error from the peer, or `idle_time` passing, removes it from its pool.
  void become_idle(Millis idle_time);
  // In use again by `handler`. False when it turned out closed or dirty: destroy it.
  bool take(net::StreamHandler* handler);

 private:
  void on_data(std::span<char>) override { drop(); }
  void on_end() override { drop(); }
  void on_error(Error) override { drop(); }
  void on_drained() override {}
  void drop();

  net::Loop& loop_;
  Server& server_;
  std::unique_ptr<net::Stream> stream_;
  const net::Address address_;
  net::Timer idle_timer_ = net::Timer::to<&Connection::drop>(this);
};

}  // namespace seawall::upstream
