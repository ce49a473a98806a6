// Each wait for a server has its limit.
#include "catch.h"
#include "common/upstream/exchange.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using BodyKind = ExchangeRequest::BodyKind;
using http::Method;

TEST_CASE("every wait has its own limit") {
  struct Row {
    const char* name;
    int phase;  // 0 resolving, 1 connecting, 2 head, 3 body
    int limit_ms;
    ErrorCode code;
  };
  const Row rows[] = {{"dns", 0, 5000, ErrorCode::kDns},
                      {"connect", 1, 3000, ErrorCode::kConnectTimeout},
                      {"first byte", 2, 30000, ErrorCode::kFirstByteTimeout},
                      {"between bytes", 3, 30000, ErrorCode::kIdleTimeout}};
  for (const Row& row : rows) {
    for (const bool total : {false, true}) {
      INFO(row.name << (total ? ", total" : ""));
      GroupConfig config;
      if (total) config.timeouts.total = Millis(1000);
      if (row.phase == 0) {
        config.servers.push_back({});
        config.servers[0].host = "silent";
      }
      Scene scene(row.phase == 0 ? 0 : 1, config);
      Heard heard;
      const auto exchange = scene.start(heard);
      if (row.phase >= 2) scene.loop.last().connected();
      if (row.phase >= 3) {
        scene.loop.last().data("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      }
      const int limit = total ? 1000 : row.limit_ms;
      scene.loop.pass(Millis(limit - 50));
      CHECK_FALSE(heard.has("failed"));
      scene.loop.pass(Millis(150));
      REQUIRE(heard.has("failed"));
      CHECK(heard.error.code == (total ? ErrorCode::kTotalTimeout : row.code));
      CHECK(scene.server(0).in_use() == 0);
      for (const auto& wire : scene.loop.wires) CHECK(wire->closed);
    }
  }
}

TEST_CASE("when the time for all has passed, it counts against a server that had half of it") {
  struct Row {
    const char* name;
    bool connects;
    bool awaits_viewer;
    int connect_ms;  // time-out of the other server, which is asked first and is silent
    bool counts;
  };
  const Row rows[] = {{"it does not let us in", false, false, 0, true},
                      {"it does not answer", true, false, 0, true},
                      {"it waits for an upload", true, true, 0, false},
                      {"it was asked second", true, false, 400, true},
                      {"it was asked at last", true, false, 850, false}};
  for (const Row& row : rows) {
    INFO(row.name);
    GroupConfig config;
    config.timeouts.total = Seconds(1);
    config.health.failures = 1;
    const bool other = row.connect_ms > 0;
    if (other) config.timeouts.connect = Millis(row.connect_ms);
    Scene scene(other ? 2 : 1, config);
    Heard heard;
    const auto exchange = scene.start(
        heard, row.awaits_viewer ? with_method(Method::kPost, "POST", BodyKind::kChunked) : get());
    if (other) scene.loop.pass(Millis(row.connect_ms + 90));
    const Server* asked = exchange->facts().server;
    REQUIRE(asked == &scene.server(other ? 1 : 0));
    if (row.connects) scene.loop.last().connected();
    scene.loop.pass(Millis(1100));
    CHECK(heard.all() == "failed");
    CHECK(heard.error.code == ErrorCode::kTotalTimeout);
    CHECK(asked->health().usable(scene.loop.now()) != row.counts);
  }
}

TEST_CASE("a slow body does not time out while bytes come, nor an upload while it goes") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", BodyKind::kChunked));
  scene.loop.last().connected();
  for (int i = 0; i < 5; ++i) {
    scene.loop.pass(Seconds(20));
    exchange->send_body("x");
  }
  exchange->finish_body("");
  scene.loop.last().data("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    scene.loop.pass(Seconds(20));
    scene.loop.last().data("x");
  }
  CHECK(heard.all() == "head 200, complete");
}

TEST_CASE("an upload that its viewer keeps waiting is not the server's silence") {
  for (const BodyKind kind : {BodyKind::kLength, BodyKind::kChunked}) {
    GroupConfig config;
    config.health.failures = 1;
    Scene scene(1, config);
    const auto usable = [&] { return scene.server(0).health().usable(scene.loop.now()); };
    Heard heard;
    const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", kind));
    scene.loop.last().connected();
    exchange->send_body("x");
    scene.loop.pass(Seconds(100));
    CHECK(heard.all() == "");
    CHECK(usable());
    exchange->finish_body("");
    scene.loop.pass(Seconds(29));  // from here on it is
    CHECK(heard.all() == "");
    scene.loop.pass(Seconds(2));
    CHECK(heard.all() == "failed");
    CHECK(heard.error.code == ErrorCode::kFirstByteTimeout);
    CHECK_FALSE(usable());
  }
}

TEST_CASE("a server that has closed under an upload without a word has its time and no more") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", BodyKind::kChunked));
  scene.loop.last().connected();
  scene.loop.last().write_fails = true;
  exchange->send_body("x");
  scene.loop.pass(Seconds(31));
  CHECK(heard.all() == "failed");
}

TEST_CASE("an upload in one large write goes on while the server takes bytes of it") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", BodyKind::kChunked));
  net::Wire& wire = scene.loop.last();
  wire.accepts = 1;
  wire.connected();
  exchange->send_body(std::string(100'000, 'x'));
  for (int i = 0; i < 5; ++i) {
    REQUIRE(wire.is_pending);
    wire.pending_pieces.front().iov_len -= 10'000;  // as if the kernel had taken them
    scene.loop.pass(Seconds(29));
  }
  CHECK(heard.all() == "");
  scene.loop.pass(Seconds(61));
  CHECK(heard.all() == "failed");
}

}  // namespace
}  // namespace seawall::upstream
