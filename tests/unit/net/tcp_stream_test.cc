#include "common/net/tcp_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include "catch.h"
#include "tests/unit/net/pair.h"

namespace seawall::net {
namespace {

std::string pattern(size_t size) {
  std::string out(size, '\0');
  uint32_t x = 12345;
  for (char& c : out) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return out;
}

TEST_CASE("bytes go both ways, and reading starts stopped") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  REQUIRE(write_all(*pair.client.stream, "hello"));
  run_ready(loop);
  CHECK(pair.server.received.empty());
  pair.server.stream->read_start();
  REQUIRE(run_until(loop, [&] { return pair.server.received == "hello"; }));
  pair.client.stream->read_start();
  REQUIRE(write_all(*pair.server.stream, "world"));
  REQUIRE(run_until(loop, [&] { return pair.client.received == "world"; }));
  CHECK(pair.server.events == std::vector<std::string>{"data"});
}

TEST_CASE("a gathered write keeps the order of its buffers, empty ones included") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  pair.server.stream->read_start();
  const iovec parts[] = {buffer_of("a"), buffer_of(""), buffer_of("bc"), buffer_of("d")};
  const Result<size_t> written = pair.client.stream->try_write(parts);
  REQUIRE(written.ok());
  CHECK(*written == 4);
  CHECK(*pair.client.stream->try_write({}) == 0);
  REQUIRE(run_until(loop, [&] { return pair.server.received == "abcd"; }));
}

TEST_CASE("50 MB reach a slow reader whole; the writer is told when its buffers are free") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  const std::string body = pattern(50 << 20);
  REQUIRE(write_all(*pair.server.stream, body));
  CHECK(pair.server.stream->write_pending());
  run_ready(loop, 20);
  CHECK(pair.server.stream->write_pending());  // nobody reads
  // Reads one chunk per turn, resting every other.
  pair.client.received.reserve(body.size());
  pair.client.then = [&](const std::string&) { pair.client.stream->read_stop(); };
  REQUIRE(run_until(loop, [&] {
    pair.client.stream->read_start();
    return pair.client.received.size() == body.size();
  }));
  CHECK(pair.client.received == body);
  CHECK(pair.server.count("drained") == 1);
  CHECK_FALSE(pair.server.stream->write_pending());
}

TEST_CASE("shutdown sends FIN after pending bytes, and the other direction still works") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  const std::string body = pattern(20 << 20);
  REQUIRE(write_all(*pair.server.stream, body));
  REQUIRE(pair.server.stream->write_pending());
  pair.server.stream->shutdown();
  pair.client.stream->read_start();
  REQUIRE(run_until(loop, [&] { return pair.client.has("end"); }));
  CHECK(pair.client.received == body);
  CHECK(pair.client.events.back() == "end");
  pair.client.stream->read_start();  // a second FIN is not told
  pair.server.stream->read_start();
  REQUIRE(write_all(*pair.client.stream, "late"));
  REQUIRE(run_until(loop, [&] { return pair.server.received == "late"; }));
  CHECK(pair.client.count("end") == 1);
}

TEST_CASE("destruction closes at once: the peer sees FIN, or RST after reset_on_close") {
  UvLoop loop;
  for (bool reset : {false, true}) {
    Pair pair(loop);
    REQUIRE(pair.ok);
    pair.client.stream->read_start();
    if (reset) pair.server.stream->reset_on_close();
    pair.server.stream.reset();
    REQUIRE(run_until(loop, [&] { return !pair.client.events.empty(); }));
    CHECK(pair.client.events == std::vector<std::string>{reset ? "error" : "end"});
    if (!reset) continue;
    CHECK(pair.client.error.code == ErrorCode::kReset);
    CHECK(pair.client.error.side == Side::kUpstream);
    CHECK_FALSE(pair.client.error.retryable);
    CHECK(std::string(pair.client.error.detail) == "connection reset by peer");
  }
}

TEST_CASE("a pending write whose peer resets ends in on_error, once") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  const std::string body = pattern(20 << 20);
  REQUIRE(write_all(*pair.server.stream, body));
  REQUIRE(pair.server.stream->write_pending());
  pair.server.stream->read_start();
  pair.client.stream->reset_on_close();
  pair.client.stream.reset();
  REQUIRE(run_until(loop, [&] { return pair.server.has("error"); }));
  run_ready(loop);
  CHECK(pair.server.events == std::vector<std::string>{"error"});
  CHECK(pair.server.error.side == Side::kViewer);
  const iovec more = buffer_of("x");
  if (!pair.server.stream->write_pending()) CHECK_FALSE(pair.server.stream->try_write({&more, 1}));
}

TEST_CASE("try_write returns the error of a broken connection and calls nobody") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  pair.client.stream->reset_on_close();
  pair.client.stream.reset();
  const iovec bytes = buffer_of("x");
  Result<size_t> written = size_t{1};
  REQUIRE(run_until(loop, [&] {
    run_ready(loop, 1);
    written = pair.server.stream->try_write({&bytes, 1});
    return !written.ok();
  }));
  CHECK(written.error().code == ErrorCode::kReset);
  CHECK(pair.server.events.empty());
}

TEST_CASE("a handler may destroy its stream in any callback") {
  UvLoop loop;
  for (const std::string event : {"data", "end", "error", "drained"}) {
    Pair pair(loop);
    REQUIRE(pair.ok);
    Recorder& victim = pair.server;
    victim.then = [&](const std::string& e) {
      if (e == event) victim.stream.reset();
    };
    const std::string body = pattern(20 << 20);
    if (event == "drained") {
      REQUIRE(write_all(*victim.stream, body));
      pair.client.stream->read_start();
    } else {
      victim.stream->read_start();
      REQUIRE(write_all(*pair.client.stream, "x"));
      if (event == "error") pair.client.stream->reset_on_close();
      if (event != "data") pair.client.stream.reset();
    }
    INFO(event);
    REQUIRE(run_until(loop, [&] { return !victim.stream; }));
    const size_t told = victim.events.size();
    run_ready(loop);
    CHECK(victim.events.size() == told);
  }
}

TEST_CASE("a reset right behind data is not taken for the end") {
  UvLoop loop;
  Pair pair(loop);
  REQUIRE(pair.ok);
  REQUIRE(write_all(*pair.client.stream, "half a body"));
  pair.client.stream->reset_on_close();
  pair.client.stream.reset();
  run_ready(loop);  // both have arrived
  pair.server.stream->read_start();
  REQUIRE(run_until(loop, [&] { return pair.server.has("error"); }));
  CHECK(pair.server.count("end") == 0);
}

TEST_CASE("a stream destroyed while connecting or writing calls nobody") {
  UvLoop loop;
  Acceptor acceptor;
  auto listener = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
  REQUIRE(listener.ok());
  Recorder early;
  early.stream = connect_tcp(loop, (*listener)->local_address(), &early);
  early.stream.reset();
  Pair pair(loop);
  REQUIRE(pair.ok);
  const std::string body = pattern(20 << 20);
  REQUIRE(write_all(*pair.server.stream, body));
  pair.server.stream.reset();
  run_ready(loop);
  CHECK(early.events.empty());
  CHECK(pair.server.events.empty());
}

TEST_CASE("a refused or impossible connection is on_error, retryable, after connect returned") {
  UvLoop loop;
  Address nobody = *Address::parse("127.0.0.1", 1);
  {
    Acceptor acceptor;
    auto listener = Listener::open(loop, *Address::parse("127.0.0.1", 0), 1, &acceptor);
    REQUIRE(listener.ok());
    nobody = (*listener)->local_address();
  }
  for (const Address& to : {nobody, *Address::parse("255.255.255.255", 9)}) {
    Recorder recorder;
    recorder.stream = connect_tcp(loop, to, &recorder);
    recorder.stream->read_start();
    CHECK(recorder.events.empty());
    REQUIRE(run_until(loop, [&] { return !recorder.events.empty(); }));
    CHECK(recorder.events == std::vector<std::string>{"error"});
    CHECK(recorder.error.code == ErrorCode::kConnect);
    CHECK(recorder.error.retryable);
    CHECK(recorder.error.side == Side::kUpstream);
  }
}

TEST_CASE("an idle connection is clean until the peer sends, closes or resets") {
  UvLoop loop;
  const auto wait_until_dirty = [&](Stream& stream) {
    return run_until(loop, [&] {
      run_ready(loop, 1);
      return !stream.idle_is_clean();
    });
  };
  for (int what = 0; what < 3; ++what) {
    Pair pair(loop);
    REQUIRE(pair.ok);
    CHECK(pair.client.stream->idle_is_clean());
    if (what == 0) REQUIRE(write_all(*pair.server.stream, "unasked"));
    if (what == 1) pair.server.stream->reset_on_close();
    if (what > 0) pair.server.stream.reset();
    CHECK(wait_until_dirty(*pair.client.stream));
    CHECK(pair.client.events.empty());
  }
}

TEST_CASE("a stream adopts a connected socket, and refuses what is none") {
  UvLoop loop;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  Recorder a;
  a.take(TcpStream::adopt(loop, ends[0]));
  a.stream->read_start();
  REQUIRE(write(ends[1], "hi", 2) == 2);
  REQUIRE(run_until(loop, [&] { return a.received == "hi"; }));
  close(ends[1]);
  REQUIRE(run_until(loop, [&] { return a.has("end"); }));
}

TEST_CASE("a stream costs 24 bytes beside its handle") { CHECK(sizeof(TcpStream) <= 24); }

}  // namespace
}  // namespace seawall::net
