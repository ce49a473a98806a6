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
