// Answers that are none: malformed, too large, cut.
#include "catch.h"
#include "common/upstream/exchange.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

TEST_CASE("what is no HTTP is a protocol error") {
  const char* answers[] = {
      "garbage\r\n\r\n",
      "HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "\r\n\r\n\r\n",
      "HTTP/1.1 999999 Big\r\n\r\n",
  };
  for (const char* answer : answers) {
    INFO(answer);
    Scene scene;
    Heard heard;
    const auto exchange = scene.start(heard);
    const auto wire = scene.loop.wires.back();
    wire->connected();
    wire->data(answer);
    scene.loop.turn();
    CHECK(heard.all() == "failed");
    CHECK(heard.error.code == ErrorCode::kProtocol);
    CHECK(wire->closed);
  }
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  scene.loop.last().connected();
  scene.loop.last().data("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX");
  scene.loop.turn();
  CHECK(heard.all() == "head 200, failed");
  CHECK(heard.error.code == ErrorCode::kProtocol);
}

TEST_CASE("an answer that is none counts against its server like silence") {
  const std::string answers[] = {
      "garbage\r\n\r\n",
      "HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked, gzip\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    INFO(answer.substr(0, 60));
    Scene scene;
    for (int i = 0; i < 3; ++i) {
      CHECK(scene.server(0).health().usable(scene.loop.now()));
      Heard heard;
      const auto exchange = scene.start(heard);
      scene.loop.last().connected();
      scene.loop.last().data(answer);
      scene.loop.turn();
      REQUIRE(heard.all() == "failed");
    }
    CHECK_FALSE(scene.server(0).health().usable(scene.loop.now()));
  }
}

TEST_CASE(
    "a body that breaks off makes of its good head a failure, but not where we had paused it, or a "
    "shield passes it on") {
  enum class End { kClosed, kReset, kBadChunk, kStalled, kTotal };
  struct Row {
    End end;
    bool counts;
    GroupKind kind = GroupKind::kOrigin;
  };
  const Row rows[] = {{End::kClosed, true},   {End::kReset, true},
                      {End::kBadChunk, true}, {End::kStalled, true},
                      {End::kTotal, false},   {End::kClosed, false, GroupKind::kShield}};
  for (const Row& row : rows) {
    for (const bool pauses : {false, true}) {
      INFO(static_cast<int>(row.end) << " " << pauses);
      GroupConfig config;
      config.kind = row.kind;
      config.health.min_requests = 4;
      config.health.failure_ratio = 0.7;
      config.health.window = Seconds(600);
      if (row.end == End::kTotal) config.timeouts.total = Seconds(20);
      Scene scene(1, config);
      scene.warm();
      for (int i = 0; i < 3; ++i) {
        CHECK(scene.server(0).health().usable(scene.loop.now()));
        Heard heard;
        const auto exchange = scene.start(heard);
        if (i > 0) scene.loop.last().connected();
        net::Wire& wire = scene.loop.last();
        wire.data("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        if (pauses) {
          exchange->pause();
          exchange->resume();
        }
        if (row.end == End::kClosed) wire.end();
        if (row.end == End::kReset) wire.error(ErrorCode::kReset);
        if (row.end == End::kBadChunk) wire.data("no chunk\r\n");
        scene.loop.turn();
        if (!heard.has("failed")) scene.loop.pass(Millis(30'100));
        CHECK(heard.all() == "head 200, failed");
      }
      CHECK(scene.server(0).health().usable(scene.loop.now()) == (!row.counts || pauses));
    }
  }
}

TEST_CASE("a head that never ends is cut off") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  const auto wire = scene.loop.wires.back();
  wire->connected();
  wire->data("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 100 && !wire->closed; ++i)
    wire->data("X: " + std::string(4096, 'x') + "\r\n");
  scene.loop.turn();
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kProtocol);
}

TEST_CASE("the head of an answer may be as large as the group allows, and no larger") {
  for (const size_t limit : {size_t{2048}, size_t{64} * 1024, size_t{256} * 1024}) {
    for (const bool fits : {true, false}) {
      INFO(limit << " " << fits);
      GroupConfig config;
      config.head_bytes = limit;
      Scene scene(1, config);
      Heard heard;
      const auto exchange = scene.start(heard);
      scene.loop.last().connected();
      std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
      head.append(limit - head.size() - 4 + (fits ? 0 : 1), 'x').append("\r\n\r\n");
      scene.loop.last().data(head);
      scene.loop.turn();
      CHECK(heard.all() == (fits ? "head 200, complete" : "failed"));
    }
  }
}

TEST_CASE("interim heads without end are cut off") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  const auto wire = scene.loop.wires.back();
  wire->connected();
  for (int i = 0; i < 1000 && !wire->closed; ++i) wire->data("HTTP/1.1 103 Early Hints\r\n\r\n");
  scene.loop.turn();
  CHECK(heard.events.back() == "failed");
  CHECK(heard.events.size() <= 101);
  CHECK(heard.error.code == ErrorCode::kProtocol);
}

TEST_CASE("a body that is cut fails after its head") {
  const char* answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"};
  for (const char* answer : answers) {
    for (const bool end : {true, false}) {
      Scene scene;
      const auto old = scene.warm();  // a reused one is not retried either
      Heard heard;
      const auto exchange = scene.start(heard);
      old->data(answer);
      if (end) {
        old->end();
      } else {
        old->error(ErrorCode::kReset);
      }
      scene.loop.turn();
      CHECK(heard.all() == "head 200, failed");
      CHECK(heard.body == "abc");
      CHECK(heard.error.code == ErrorCode::kReset);
      CHECK(scene.server(0).in_use() == 0);
    }
  }
}

}  // namespace
}  // namespace seawall::upstream
