// On real sockets; tls_wire_test.cc has what needs a peer made by hand.
#include "common/tls/tls_stream.h"

#include "catch.h"
#include "tests/unit/tls/tls_pair.h"

namespace seawall::tls {
namespace {

using net::run_ready;
using net::run_until;
using net::write_all;

std::string pattern(size_t size) {
  std::string out(size, '\0');
  uint32_t x = 12345;
  for (char& c : out) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return out;
}

struct Bed {
  TestCa ca;
  net::UvLoop loop;
  std::shared_ptr<const ServerContext> server =
      make_server({{ca.issue({.names = {"a.test"}})}, ""});
  std::shared_ptr<const ClientContext> client = make_client({.ca_file = ca.ca_file()});
};

TEST_CASE("bytes go both ways over TLS; the server knows the name that was asked for") {
  Bed bed;
  TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
  CHECK(pair.client.events.empty());
  REQUIRE(pair.finish());
  REQUIRE(pair.is_open());
  CHECK(pair.server.stream->is_tls());
  CHECK(pair.server.stream->server_name() == "a.test");
  CHECK_FALSE(pair.server.stream->has_verified_peer_certificate());
  CHECK(pair.client.stream->has_verified_peer_certificate());
  REQUIRE(write_all(*pair.client.stream, "hello"));
  run_ready(bed.loop);
  CHECK(pair.server.received.empty());  // reading starts stopped
  pair.server.stream->read_start();
  REQUIRE(run_until(bed.loop, [&] { return pair.server.received == "hello"; }));
  pair.client.stream->read_start();
  REQUIRE(write_all(*pair.server.stream, "world"));
  REQUIRE(run_until(bed.loop, [&] { return pair.client.received == "world"; }));
}

TEST_CASE("50 MB over TLS reach a slow reader whole, in either direction") {
  Bed bed;
  const std::string body = pattern(50 << 20);
  for (bool from_server : {true, false}) {
    TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
    REQUIRE(pair.finish());
    net::Recorder& writer = from_server ? pair.server : pair.client;
    net::Recorder& reader = from_server ? pair.client : pair.server;
    REQUIRE(write_all(*writer.stream, body));
    CHECK(writer.stream->write_pending());
    run_ready(bed.loop, 20);
    CHECK(writer.stream->write_pending());  // nobody reads
    reader.received.reserve(body.size());
    reader.then = [&](const std::string&) { reader.stream->read_stop(); };
    REQUIRE(run_until(bed.loop, [&] {
      reader.stream->read_start();
      return reader.received.size() == body.size();
    }));
    CHECK(reader.received == body);
    CHECK(writer.count("drained") == 1);
  }
}

TEST_CASE(
    "close_notify is the end; the other direction still works, in TLS 1.2 terms half-closed") {
  Bed bed;
  TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
  REQUIRE(pair.finish());
  const std::string body = pattern(10 << 20);
  REQUIRE(write_all(*pair.server.stream, body));
  REQUIRE(pair.server.stream->write_pending());
  pair.server.stream->shutdown();
  pair.client.stream->read_start();
  REQUIRE(run_until(bed.loop, [&] { return pair.client.has("end"); }));
  CHECK(pair.client.received == body);
  pair.server.stream->read_start();
  REQUIRE(write_all(*pair.client.stream, "late"));
  REQUIRE(run_until(bed.loop, [&] { return pair.server.received == "late"; }));
  pair.client.stream->shutdown();
  REQUIRE(run_until(bed.loop, [&] { return pair.server.has("end"); }));
  CHECK_FALSE(pair.client.has("error"));
  CHECK_FALSE(pair.server.has("error"));
}

TEST_CASE("a connection that ends without close_notify is truncated, one that is reset is reset") {
  Bed bed;
  for (bool reset : {false, true}) {
    TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
    REQUIRE(pair.finish());
    pair.client.stream->read_start();
    REQUIRE(write_all(*pair.server.stream, "half"));
    REQUIRE(run_until(bed.loop, [&] { return pair.client.received == "half"; }));
    if (reset) pair.server.stream->reset_on_close();
    pair.server.stream.reset();
    REQUIRE(run_until(bed.loop, [&] { return pair.client.has("error"); }));
    CHECK_FALSE(pair.client.has("end"));
    CHECK(pair.client.error.code == ErrorCode::kReset);
    CHECK_FALSE(pair.client.error.retryable);
    CHECK((pair.client.error.detail == kTruncated) == !reset);
  }
}

TEST_CASE("a TLS handler may destroy its stream in any callback") {
  Bed bed;
  const std::string body = pattern(10 << 20);
  for (const std::string event : {"connected", "data", "end", "error", "drained"}) {
    INFO(event);
    TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
    net::Recorder& victim = pair.server;
    victim.then = [&](const std::string& e) {
      if (e == event) victim.stream.reset();
    };
    if (event != "connected") {
      REQUIRE(pair.finish());
      if (event == "drained") {
        REQUIRE(write_all(*victim.stream, body));
        pair.client.stream->read_start();
      } else {
        victim.stream->read_start();
        REQUIRE(write_all(*pair.client.stream, "x"));
        if (event == "end") pair.client.stream->shutdown();
        if (event == "error") pair.client.stream.reset();
      }
    }
    REQUIRE(run_until(bed.loop, [&] { return !victim.stream; }));
    const size_t told = victim.events.size();
    run_ready(bed.loop);
    CHECK(victim.events.size() == told);
  }
}

TEST_CASE("a peer that resets during a pending TLS write is one error") {
  Bed bed;
  TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
  REQUIRE(pair.finish());
  const std::string body = pattern(20 << 20);
  REQUIRE(write_all(*pair.server.stream, body));
  pair.server.stream->read_start();
  pair.client.stream->reset_on_close();
  pair.client.stream.reset();
  REQUIRE(run_until(bed.loop, [&] { return pair.server.has("error"); }));
  run_ready(bed.loop);
  CHECK(pair.server.count("error") == 1);
  CHECK(pair.server.error.code == ErrorCode::kReset);
}

TEST_CASE("what is written before the handshake is complete leaves after it") {
  Bed bed;
  TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
  pair.server.stream->read_start();
  const iovec early = net::buffer_of("early");
  CHECK(*pair.client.stream->try_write({&early, 1}) == 0);
  pair.client.stream->write_rest({&early, 1});
  pair.client.stream->shutdown();
  REQUIRE(run_until(bed.loop, [&] { return pair.server.has("end"); }));
  CHECK(pair.server.received == "early");
  CHECK(pair.client.events == std::vector<std::string>{"connected", "drained"});
}

TEST_CASE("a TLS connection is clean for reuse until the server sends or closes") {
  Bed bed;
  for (int what = 0; what < 3; ++what) {
    TlsPair pair(bed.loop, bed.server, bed.client, "a.test");
    REQUIRE(pair.finish());
    pair.client.stream->read_start();
    pair.server.stream->read_start();
    REQUIRE(write_all(*pair.client.stream, "question"));
    REQUIRE(run_until(bed.loop, [&] { return pair.server.received == "question"; }));
    REQUIRE(write_all(*pair.server.stream, "answer"));  // behind the session tickets
    REQUIRE(run_until(bed.loop, [&] { return pair.client.received == "answer"; }));
    CHECK(pair.client.stream->idle_is_clean());
    pair.client.stream->read_stop();
    if (what == 0) REQUIRE(write_all(*pair.server.stream, "unasked"));
    if (what == 1) pair.server.stream->shutdown();
    if (what == 2) pair.server.stream.reset();
    CHECK(run_until(bed.loop, [&] {
      run_ready(bed.loop, 1);
      return !pair.client.stream->idle_is_clean();
    }));
  }
}

}  // namespace
}  // namespace seawall::tls
