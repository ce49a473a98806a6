// Two ends of a TLS connection over loopback, both on one loop.
#pragma once

#include <stdexcept>

#include "common/tls/tls_stream.h"
#include "tests/unit/net/pair.h"
#include "tests/unit/tls/test_ca.h"

namespace seawall::tls {

inline std::shared_ptr<const ServerContext> make_server(
    const ServerOptions& options,
    std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>()) {
  std::string error;
  auto context = ServerContext::create(options, std::move(tickets), error);
  if (!context) throw std::runtime_error(error);
  return context;
}

inline std::shared_ptr<const ClientContext> make_client(const ClientOptions& options) {
  std::string error;
  auto context = ClientContext::create(options, error);
  if (!context) throw std::runtime_error(error);
  return context;
}

// Starts a handshake; finish() turns the loop until both sides know how it went.
struct TlsPair {
  TlsPair(net::UvLoop& l, std::shared_ptr<const ServerContext> server_context,
          std::shared_ptr<const ClientContext> client_context, std::string_view name)
      : loop(l), tcp(l) {
    server.stream = accept_tls(l, std::move(tcp.server.stream), std::move(server_context), &server);
    client.stream = connect_tls(l, std::move(tcp.client.stream), std::move(client_context), name,
                                "server", &client);
  }
  bool finish() {
    const auto known = [](const net::Recorder& r) { return r.has("connected") || r.has("error"); };
    return net::run_until(loop, [&] { return known(client) && known(server); });
  }
  bool is_open() const { return client.has("connected") && server.has("connected"); }

  net::UvLoop& loop;
  net::Pair tcp;
  net::Recorder client;
  net::Recorder server;
};

}  // namespace seawall::tls
