#include <atomic>
#include <thread>

#include "catch.h"
#include "tests/unit/tls/raw_peer.h"
#include "tests/unit/tls/tls_pair.h"

namespace seawall::tls {
namespace {

// A viewer made by hand that keeps the newest session it was given.
class Viewer {
 public:
  explicit Viewer(int version, const CertificateFiles* files = nullptr)
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_session_cache_mode(context_.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context_.get(), this);
    if (files) load_certificate(context_.get(), files->certificate, files->key);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* session) {
      static_cast<Viewer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->session_.reset(session);
      return 1;
    });
  }
  // Connects; true if the session was resumed.
  bool connect(net::UvLoop& loop, std::shared_ptr<const ServerContext> server_context) {
    FakeStream::Wire wire;
    net::Recorder server;
    server.stream =
        accept_tls(loop, std::make_unique<FakeStream>(wire), std::move(server_context), &server);
    RawPeer client(context_.get());
    SSL_set_connect_state(client.ssl());
    SSL_set_tlsext_host_name(client.ssl(), "a.test");
    if (session_) SSL_set_session(client.ssl(), session_.get());
    for (int i = 0; i < 6; ++i) {
      client.work();
      const std::string bytes = client.take();
      if (!bytes.empty()) wire.stream->deliver(bytes);
      client.give(std::exchange(wire.written, {}));
    }
    client.work();
    REQUIRE(server.has("connected"));
    verified = server.stream->has_verified_peer_certificate();
    const bool resumed = SSL_session_reused(client.ssl()) == 1;
    // A ticket of TLS 1.2 that was renewed in a resumption isn't told to the callback.
    if (SSL_version(client.ssl()) == TLS1_2_VERSION) session_.reset(SSL_get1_session(client.ssl()));
    SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return resumed;
  }
  bool verified = false;

 private:
  SslCtxPtr context_;
  SessionPtr session_;
};

TEST_CASE("a viewer's session is resumed by any context with the same ticket keys") {
  TestCa ca;
  net::UvLoop loop;
  const ServerOptions options = {{ca.issue({.names = {"a.test"}})}, ""};
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto tickets = std::make_shared<TicketKeys>();
    INFO(version);
    Viewer viewer(version);
    CHECK_FALSE(viewer.connect(loop, make_server(options, tickets)));
    CHECK(viewer.connect(loop, make_server(options, tickets)));
    tickets->rotate();
    CHECK(viewer.connect(loop, make_server(options, tickets)));  // and gets a new ticket
    tickets->rotate();
    CHECK(viewer.connect(loop, make_server(options, tickets)));
    for (int i = 0; i < 2; ++i) tickets->rotate();
    CHECK_FALSE(viewer.connect(loop, make_server(options, tickets)));
    CHECK_FALSE(viewer.connect(loop, make_server(options)));  // other keys
  }
}

TEST_CASE("a session is not resumed where other client certificates are asked for") {
  TestCa ca;
  TestCa other("Other");
  net::UvLoop loop;
  const CertificateFiles files = ca.issue({.names = {"a.test"}});
  const CertificateFiles mine = ca.issue({.common_name = "edge"});
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto tickets = std::make_shared<TicketKeys>();
    const auto asking = make_server({{files}, ca.ca_file()}, tickets);
    Viewer viewer(version, &mine);
    CHECK_FALSE(viewer.connect(loop, make_server({{files}, ""}, tickets)));
    CHECK_FALSE(viewer.verified);
    CHECK_FALSE(viewer.connect(loop, asking));
    CHECK(viewer.verified);
    CHECK(viewer.connect(loop, asking));
    CHECK(viewer.verified);  // remembered in the ticket
  }
}

// Our client, a server made by hand.
struct Upstream {
  explicit Upstream(const CertificateFiles& files, int version)
      : context(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_max_proto_version(context.get(), version);
    load_certificate(context.get(), files.certificate, files.key);
    SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const uint8_t*>("x"), 1);
  }
  bool connect(net::UvLoop& loop, std::shared_ptr<const ClientContext> client_context,
               std::string_view name, std::string_view server) {
    FakeStream::Wire wire;
    net::Recorder client;
    client.stream = connect_tls(loop, std::make_unique<FakeStream>(wire), std::move(client_context),
                                name, server, &client);
    client.stream->read_start();
    RawPeer peer(context.get());
    SSL_set_accept_state(peer.ssl());
    for (int i = 0; i < 6; ++i) {
      peer.give(std::exchange(wire.written, {}));
      peer.work();
      const std::string bytes = peer.take();
      if (!bytes.empty()) wire.stream->deliver(bytes);
    }
    REQUIRE(client.has("connected"));
    CHECK(client.stream->has_verified_peer_certificate());
    return SSL_session_reused(peer.ssl()) == 1;
  }
  SslCtxPtr context;
};

TEST_CASE("sessions with an upstream are resumed for the same server and name only") {
  TestCa ca;
  net::UvLoop loop;
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Upstream upstream(ca.issue({.names = {"a.test", "b.test"}}), version);
    const auto client = make_client({.ca_file = ca.ca_file()});
    CHECK_FALSE(upstream.connect(loop, client, "a.test", "10.0.0.1:443"));
    CHECK(upstream.connect(loop, client, "a.test", "10.0.0.1:443"));
    CHECK(upstream.connect(loop, client, "a.test", "10.0.0.1:443"));  // more than once
    CHECK_FALSE(upstream.connect(loop, client, "b.test", "10.0.0.1:443"));
    CHECK_FALSE(upstream.connect(loop, client, "a.test", "10.0.0.2:443"));
    const auto another = make_client({.ca_file = ca.ca_file()});
    CHECK_FALSE(upstream.connect(loop, another, "a.test", "10.0.0.1:443"));
  }
}

TEST_CASE("loops on several threads share contexts, sessions and ticket keys") {
  TestCa ca;
  const auto tickets = std::make_shared<TicketKeys>();
  const auto server = make_server({{ca.issue({.names = {"a.test"}})}, ""}, tickets);
  const auto client = make_client({.ca_file = ca.ca_file()});
  std::atomic<int> opened = 0;
  const auto work = [&] {
    net::UvLoop loop;
    for (int i = 0; i < 40; ++i) {
      TlsPair pair(loop, server, client, "a.test");
      pair.server.stream->read_start();
      pair.client.stream->read_start();
      if (pair.finish() && pair.is_open() && net::write_all(*pair.server.stream, "x") &&
          net::run_until(loop, [&] { return pair.client.received == "x"; })) {
        ++opened;
      }
      if (i % 10 == 0) tickets->rotate();
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(opened == 80);
}

}  // namespace
}  // namespace seawall::tls
