// TlsStream against an SSL object made by hand: every split of the bytes between them, little
// room, old versions, corrupted records.
#include <numeric>

#include "catch.h"
#include "tests/unit/tls/raw_peer.h"
#include "tests/unit/tls/tls_pair.h"

namespace seawall::tls {
namespace {

SslCtxPtr raw_client(int version = TLS1_3_VERSION) {
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);  // lets it try TLS 1.1
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  return context;
}

struct Bed {
  TestCa ca;
  net::UvLoop loop;
  CertificateFiles files = ca.issue({.names = {"a.test"}});
  std::shared_ptr<const ServerContext> server = make_server({{files}, ""});
};

// Our server, a client made by hand.
struct Session {
  Session(Bed& b, SSL_CTX* client_context) : bed(b), client(client_context) {
    SSL_set_connect_state(client.ssl());
    server.stream = accept_tls(bed.loop, std::make_unique<FakeStream>(wire), bed.server, &server);
  }
  // Moves what each side has for the other, in pieces of at most `piece` bytes, until both rest.
  void talk(size_t piece = SIZE_MAX) {
    for (bool moved = true; moved;) {
      moved = false;
      client.work();
      client.give(std::exchange(wire.written, {}));
      client.work();
      std::string bytes = client.take();
      while (!bytes.empty() && wire.stream) {
        moved = true;
        wire.stream->deliver(bytes.substr(0, piece));
        bytes.erase(0, piece);
      }
      net::run_ready(bed.loop, 2);
      if (!wire.written.empty()) moved = true;
    }
  }
  Bed& bed;
  FakeStream::Wire wire;
  RawPeer client;
  net::Recorder server;
};

TEST_CASE("a handshake and a message byte by byte") {
  Bed bed;
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const SslCtxPtr context = raw_client(version);
    Session session(bed, context.get());
    session.server.stream->read_start();
    session.talk(1);
    REQUIRE(session.server.has("connected"));
    session.client.write("hello");
    session.talk(1);
    CHECK(session.server.received == "hello");
    REQUIRE(net::write_all(*session.server.stream, "world"));
    session.talk();
    CHECK(session.client.received == "world");
  }
}

TEST_CASE(
    "what is unsent of a write grows less with each piece that the peer takes, and only then") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  Session session(bed, context.get());
  session.talk();
  REQUIRE(session.server.has("connected"));
  net::Stream& stream = *session.server.stream;
  session.wire.room = 0;
  const std::string all(1'000'000, 'x');
  const iovec whole{const_cast<char*>(all.data()), all.size()};
  const Result<size_t> written = stream.try_write({&whole, 1});
  REQUIRE(written.ok());
  const iovec rest{const_cast<char*>(all.data()) + *written, all.size() - *written};
  stream.write_rest({&rest, 1});
  size_t before = stream.unsent();
  CHECK(before >= all.size());
  for (int pieces = 0; stream.write_pending(); ++pieces) {
    REQUIRE(pieces < 100);
    net::run_ready(bed.loop, 2);
    CHECK(stream.unsent() == before);
    session.wire.stream->drain(SIZE_MAX);
    CHECK(stream.unsent() < before);
    before = stream.unsent();
  }
}

TEST_CASE("a handshake and a message split at every byte") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  size_t flights = 0;
  for (size_t split = 1; split < 2000; ++split) {
    Session session(bed, context.get());
    session.server.stream->read_start();
    session.client.work();
    std::string first = session.client.take();
    const size_t in_first = std::min(split, first.size());
    session.wire.stream->deliver(first.substr(0, in_first));
    if (in_first < first.size()) session.wire.stream->deliver(first.substr(in_first));
    session.client.give(std::exchange(session.wire.written, {}));
    session.client.work();
    session.client.write("hello");
    std::string second = session.client.take();  // Finished and the message
    flights = first.size() + second.size();
    const size_t in_second = split > first.size() ? split - first.size() : second.size();
    session.wire.stream->deliver(second.substr(0, in_second));
    if (in_second < second.size()) session.wire.stream->deliver(second.substr(in_second));
    REQUIRE(session.server.received == "hello");
    if (split >= flights) break;
  }
  CHECK(flights > 200);
}

TEST_CASE("a message that came with the handshake waits for read_start") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  Session session(bed, context.get());
  session.client.work();
  session.wire.stream->deliver(session.client.take());
  session.client.give(std::exchange(session.wire.written, {}));
  session.client.work();
  session.client.write("hello");
  session.wire.stream->deliver(session.client.take());
  CHECK(session.server.events == std::vector<std::string>{"connected"});
  CHECK_FALSE(session.wire.reads);  // back-pressure
  CHECK_FALSE(session.server.stream->idle_is_clean());
  session.server.stream->read_start();
  CHECK(session.server.received.empty());  // not within the call
  net::run_ready(bed.loop);
  CHECK(session.server.received == "hello");
  CHECK(session.wire.reads);
}

TEST_CASE("small buffers share a record, large ones fill records") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  Session session(bed, context.get());
  session.talk();
  const auto records_of = [&](std::vector<std::string> parts) {
    std::vector<iovec> buffers;
    for (const std::string& part : parts) buffers.push_back(net::buffer_of(part));
    const size_t total =
        std::accumulate(parts.begin(), parts.end(), size_t{0},
                        [](size_t sum, const std::string& part) { return sum + part.size(); });
    session.wire.written.clear();
    CHECK(*session.server.stream->try_write(buffers) == total);
    int records = 0;
    for (std::string_view w = session.wire.written; !w.empty(); ++records) {
      const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(w[i])); };
      w.remove_prefix(5 + byte(3) * 256 + byte(4));
    }
    session.client.received.clear();
    session.talk();
    CHECK(session.client.received.size() == total);
    return records;
  };
  CHECK(records_of({"a", "", "b", "c"}) == 1);
  CHECK(records_of({std::string(300, 'h'), std::string(1000, 'b')}) == 1);
  CHECK(records_of({std::string(16384, 'b')}) == 1);
  CHECK(records_of({std::string(16385, 'b')}) == 2);
  CHECK(records_of({std::string(300, 'h'), std::string(65536, 'b')}) == 5);
  CHECK(records_of({std::string(20000, 'x'), "y", std::string(20000, 'z')}) == 3);
  CHECK(records_of({std::string(200000, 'x')}) == 13);
}

TEST_CASE("an inner stream that takes little at a time gets everything in order") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  std::string body;
  for (int i = 0; body.size() < 200000; ++i) body += std::to_string(i) + ",";
  for (size_t room : {0, 1, 100, 16405, 16406, 16407, 70000, 150000}) {
    INFO(room);
    Session session(bed, context.get());
    session.talk();
    session.wire.room = room;
    std::string_view left = body;
    const iovec whole = net::buffer_of(left);
    const Result<size_t> taken = session.server.stream->try_write({&whole, 1});
    REQUIRE(taken.ok());
    CHECK(*taken < body.size());
    left.remove_prefix(*taken);
    const iovec again = net::buffer_of(left);
    CHECK(*session.server.stream->try_write({&again, 1}) == 0);  // it has ciphertext left
    const iovec rest[] = {net::buffer_of(left.substr(0, 5)), net::buffer_of(left.substr(5))};
    session.server.stream->write_rest(rest);
    for (int i = 0; i < 10000 && !session.server.has("drained"); ++i) {
      session.wire.stream->drain(7777);
      net::run_ready(bed.loop, 1);
    }
    CHECK(session.server.count("drained") == 1);
    session.talk();
    CHECK(session.client.received == body);
  }
}

TEST_CASE("shutdown sends close_notify once, behind everything, then FIN") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  Session session(bed, context.get());
  session.talk();
  session.wire.room = 10;
  const std::string body(40000, 'b');
  REQUIRE(net::write_all(*session.server.stream, body));
  session.server.stream->shutdown();
  session.server.stream->shutdown();
  CHECK_FALSE(session.wire.has_fin);
  for (int i = 0; i < 10000 && !session.wire.has_fin; ++i) session.wire.stream->drain(5000);
  session.wire.stream->drain(SIZE_MAX);
  session.talk();
  CHECK(session.client.received == body);
  CHECK(session.client.closed);
  CHECK(session.wire.has_fin);
}

TEST_CASE("an error of the inner write is returned, and no callback is made") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  Session session(bed, context.get());
  session.talk();
  session.wire.fails = true;
  const iovec bytes = net::buffer_of("x");
  const Result<size_t> written = session.server.stream->try_write({&bytes, 1});
  REQUIRE_FALSE(written.ok());
  CHECK(std::string(written.error().detail) == "broken pipe");
  net::run_ready(bed.loop);
  CHECK(session.server.events == std::vector<std::string>{"connected"});
}

TEST_CASE("what is not an acceptable handshake is a kTls error with a reason") {
  Bed bed;
  SslCtxPtr old = raw_client(TLS1_1_VERSION);
  SslCtxPtr h2_only = raw_client();
  const unsigned char h2[] = "\x02h2";
  SSL_CTX_set_alpn_protos(h2_only.get(), h2, 3);
  struct Row {
    SSL_CTX* context;
    std::string detail;
  };
  for (const Row& row :
       {Row{old.get(), "unsupported protocol"}, Row{h2_only.get(), "no application protocol"}}) {
    Session session(bed, row.context);
    session.talk();
    CHECK(session.server.events == std::vector<std::string>{"error"});
    CHECK(session.server.error.code == ErrorCode::kTls);
    CHECK(session.server.error.side == Side::kViewer);
    CHECK_FALSE(session.server.error.retryable);
    CHECK(session.server.error.detail == row.detail);
    CHECK(session.client.failed);  // it was sent an alert
  }
  const SslCtxPtr any = raw_client();
  for (const auto& [bytes, detail] : std::vector<std::pair<std::string, std::string>>{
           {"GET / HTTP/1.1\r\n\r\n", "http request"},
           {std::string(50, '\0'), "wrong version number"},
           {std::string(50, '\xff'), "wrong version number"}}) {
    Session session(bed, any.get());
    session.wire.stream->deliver(bytes);
    CHECK(session.server.events == std::vector<std::string>{"error"});
    CHECK(session.server.error.detail == detail);
  }
  Session cut(bed, any.get());
  cut.client.work();
  cut.wire.stream->deliver(cut.client.take().substr(0, 20));
  cut.wire.stream->end();
  CHECK(cut.server.error.code == ErrorCode::kTls);
}

TEST_CASE("a viewer that offers http/1.1 gets it") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  const unsigned char both[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), both, sizeof both - 1);
  Session session(bed, context.get());
  session.talk();
  CHECK(session.server.has("connected"));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(session.client.ssl(), &chosen, &size);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
}

TEST_CASE("a corrupted byte anywhere never yields a wrong message") {
  Bed bed;
  const SslCtxPtr context = raw_client();
  for (size_t at = 0; at < 600; at += 3) {
    Session session(bed, context.get());
    session.server.stream->read_start();
    session.client.work();
    std::string first = session.client.take();
    size_t left = at;
    if (left < first.size()) first[left] ^= 0x20;
    session.wire.stream->deliver(first);
    if (session.server.has("error")) continue;
    session.client.give(std::exchange(session.wire.written, {}));
    session.client.work();
    if (session.client.failed) continue;
    session.client.write("hello");
    std::string second = session.client.take();
    left -= std::min(left, first.size());
    if (at >= first.size() && left < second.size()) second[left] ^= 0x20;
    session.wire.stream->deliver(second);
    const bool right = session.server.received == "hello";
    const bool refused = session.server.received.empty() && session.server.has("error");
    const bool waits = session.server.received.empty() && !session.server.has("error");
    CHECK((right || refused || waits));  // a longer length field makes it wait
  }
}

TEST_CASE("renegotiation is refused") {
  Bed bed;
  const SslCtxPtr context = raw_client(TLS1_2_VERSION);
  Session session(bed, context.get());
  session.server.stream->read_start();
  session.talk();
  REQUIRE(session.server.has("connected"));
  SSL_renegotiate(session.client.ssl());
  session.talk();
  session.client.write("hello");
  session.talk();
  CHECK(session.client.error.find("no renegotiation") != std::string::npos);
}

}  // namespace
}  // namespace seawall::tls
