// Two ends of a TCP connection over loopback, both on one loop.
#pragma once

#include "common/net/listener.h"
#include "common/net/tcp_stream.h"
#include "tests/unit/net/driver.h"

namespace seawall::net {

struct Acceptor final : AcceptHandler {
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<Address> peers;
  std::vector<Error> errors;
  std::function<void()> then;
  void on_accept(std::unique_ptr<Stream> stream, const Address& peer) override {
    streams.push_back(std::move(stream));
    peers.push_back(peer);
    if (then) then();
  }
  void on_accept_error(Error error) override { errors.push_back(error); }
};

struct Pair {
  explicit Pair(UvLoop& loop) {
    Acceptor acceptor;
    auto listener = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
    client.stream = connect_tcp(loop, (*listener)->local_address(), &client);
    ok = run_until(loop, [&] { return client.has("connected") && !acceptor.streams.empty(); });
    if (ok) server.take(std::move(acceptor.streams.front()));
    client.events.clear();
  }
  Recorder client;
  Recorder server;
  bool ok = false;
};

}  // namespace seawall::net
