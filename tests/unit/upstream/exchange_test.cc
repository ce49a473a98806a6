#include "common/upstream/exchange.h"

#include "catch.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using BodyKind = ExchangeRequest::BodyKind;
using http::Method;

TEST_CASE("a request goes out whole and its answer comes back whole") {
  Scene scene;
  Heard heard;
  ExchangeRequest request = get("/path");
  request.fields = "Accept: */*\r\n";
  const auto exchange = scene.start(heard, request);
  net::Wire& wire = scene.loop.last();
  CHECK(wire.to.is_ipv4());
  CHECK(wire.written.empty());
  wire.connected();
  CHECK(wire.take() == "GET /path HTTP/1.1\r\nHost: site.test\r\nAccept: */*\r\n\r\n");
  wire.data(kOk);
  CHECK(heard.all() == "head 200, complete");
  CHECK(heard.body == "ok");
  CHECK(exchange->facts().connects == 1);
  CHECK_FALSE(exchange->facts().reused);
  CHECK(exchange->facts().bytes_received == kOk.size());
  CHECK(scene.server(0).idle_count() == 1);
  CHECK(scene.server(0).in_use() == 0);
}

TEST_CASE("without a host of its own a request names the server") {
  Scene scene;
  Heard heard;
  ExchangeRequest request = get();
  request.host.clear();
  const auto exchange = scene.start(heard, request);
  scene.loop.last().connected();
  CHECK(scene.loop.last().take() == "GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n");
}

TEST_CASE("an answer may come in any pieces") {
  const std::string answers[] = {
      std::string("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") + std::string(kOk),
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX-T: "
      "1\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    for (size_t first = 1; first < answer.size(); ++first) {
      Scene scene;
      Heard heard;
      const auto exchange = scene.start(heard);
      scene.loop.last().connected();
      scene.loop.last().data(std::string_view(answer).substr(0, first));
      scene.loop.last().data(std::string_view(answer).substr(first));
      REQUIRE(heard.has("interim 103"));
      REQUIRE(heard.has("head 200"));
      REQUIRE(heard.events.back() == "complete");
      REQUIRE(heard.body == "ok");
      REQUIRE(scene.server(0).idle_count() == 1);
    }
    Scene scene;
    Heard heard;
    const auto exchange = scene.start(heard);
    scene.loop.last().connected();
    for (char c : answer) scene.loop.last().data({&c, 1});
    CHECK(heard.events.back() == "complete");
    CHECK(heard.body == "ok");
  }
}

TEST_CASE("a connection is used again, the latest first") {
  Scene scene;
  const auto first = scene.warm();
  Heard heard;
  const auto exchange = scene.start(heard);
  CHECK(scene.loop.wires.size() == 1);
  CHECK(first->take() == "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  CHECK(exchange->facts().reused);
  CHECK(exchange->facts().connects == 0);
  const auto second = scene.warm();  // the first is busy
  CHECK(scene.loop.wires.size() == 2);
  first->data(kOk);
  CHECK(scene.server(0).idle_count() == 2);
  scene.warm();
  CHECK(scene.loop.wires.size() == 2);
}

TEST_CASE("only what ended cleanly is used again") {
  const char* answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",  // nobody asked for it
  };
  for (const char* answer : answers) {
    INFO(answer);
    Scene scene;
    Heard heard;
    const auto exchange = scene.start(heard);
    scene.loop.last().connected();
    scene.loop.last().data(answer);
    CHECK(heard.all() == "head 200, complete");
    CHECK(heard.body == "ok");
    CHECK(scene.server(0).idle_count() == 0);
    CHECK(scene.loop.last().closed);
  }
}

TEST_CASE("a body may end with its connection") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  scene.loop.last().connected();
  scene.loop.last().data("HTTP/1.1 200 OK\r\n\r\nall of it");
  CHECK(heard.all() == "head 200");
  scene.loop.last().end();
  CHECK(heard.all() == "head 200, complete");
  CHECK(heard.body == "all of it");
}

TEST_CASE("answers without a body are complete with their head") {
  struct Row {
    Method method;
    const char* token;
    const char* answer;
  };
  const Row rows[] = {{Method::kHead, "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"},
                      {Method::kGet, "GET", "HTTP/1.1 204 No Content\r\n\r\n"},
                      {Method::kGet, "GET", "HTTP/1.1 304 Not Modified\r\n\r\n"},
                      {Method::kGet, "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}};
  for (const Row& row : rows) {
    INFO(row.answer);
    Scene scene;
    Heard heard;
    const auto exchange = scene.start(heard, with_method(row.method, row.token, BodyKind::kNone));
    scene.loop.last().connected();
    scene.loop.last().data(row.answer);
    CHECK(heard.events.back() == "complete");
    CHECK(scene.server(0).idle_count() == 1);
  }
}

TEST_CASE("a request's body follows its head, chunked or as it is, through a full socket") {
  for (const BodyKind kind : {BodyKind::kLength, BodyKind::kChunked}) {
    for (const bool before_connection : {true, false}) {
      Scene scene;
      Heard heard;
      const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", kind));
      net::Wire& wire = scene.loop.last();
      wire.accepts = 7;
      if (!before_connection) wire.connected();
      CHECK(exchange->send_body("hello "));
      CHECK(exchange->send_body("world"));
      exchange->finish_body(kind == BodyKind::kChunked ? "X-Sum: 1\r\n" : "");
      if (before_connection) wire.connected();
      for (int i = 0; i < 20; ++i) wire.drain();
      CHECK(wire.take() ==
            "POST / HTTP/1.1\r\nHost: site.test\r\n\r\n" +
                std::string(kind == BodyKind::kLength
                                ? "hello world"
                                : "6\r\nhello \r\n5\r\nworld\r\n0\r\nX-Sum: 1\r\n\r\n"));
      wire.data(kOk);
      CHECK(heard.events.back() == "complete");
      CHECK(scene.server(0).idle_count() == 1);
    }
  }
}

TEST_CASE("a body that the server does not take stops its sender, and lets it go on") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", BodyKind::kLength));
  net::Wire& wire = scene.loop.last();
  wire.connected();
  wire.accepts = 0;
  const std::string block(100 * 1024, 'x');
  CHECK(exchange->send_body(block));
  CHECK(exchange->send_body(block));
  CHECK_FALSE(exchange->send_body(block));
  CHECK(heard.events.empty());
  wire.drain();  // the first block; the others are written next
  wire.drain();
  CHECK(heard.has("drained"));
}

TEST_CASE("an answer before the request's end is delivered, and the connection not used again") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", BodyKind::kChunked));
  scene.loop.last().connected();
  exchange->send_body("part");
  scene.loop.last().data(kOk);
  CHECK(heard.all() == "head 200, complete");
  CHECK(scene.server(0).idle_count() == 0);
  CHECK(exchange->send_body("more"));  // goes nowhere
  exchange->finish_body("");
}

TEST_CASE("an aborted request resets its connection and is told as failed, later") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard, with_method(Method::kPost, "POST", BodyKind::kLength));
  const auto wire = scene.loop.wires.back();
  wire->connected();
  exchange->abort_body();
  CHECK(heard.events.empty());
  scene.loop.turn();
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kCancelled);
  CHECK(wire->reset);
  CHECK(wire->closed);
}

TEST_CASE("aborting from within on_head ends the exchange") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  heard.abort_in_head = exchange.get();
  scene.loop.last().connected();
  scene.loop.last().data(kOk);
  scene.loop.turn();
  CHECK(heard.all() == "head 200, failed");
  CHECK(heard.body.empty());
}

TEST_CASE("101 is a tunnel for who asked, and an error for who did not") {
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nfirst";
  for (const bool asked : {true, false}) {
    Scene scene;
    Heard heard;
    ExchangeRequest request = get();
    request.upgrade = asked;
    const auto exchange = scene.start(heard, request);
    const auto wire = scene.loop.wires.back();
    wire->connected();
    wire->take();
    wire->data(answer);
    if (!asked) {
      scene.loop.turn();
      CHECK(heard.all() == "failed");
      CHECK(heard.error.code == ErrorCode::kProtocol);
      continue;
    }
    CHECK(heard.all() == "head 101");
    CHECK(heard.body == "first");
    exchange->send_body("up");
    CHECK(wire->take() == "up");
    exchange->pause();
    CHECK_FALSE(wire->reading);
    exchange->resume();
    CHECK(wire->reading);
    scene.loop.pass(Seconds(300));  // a quiet tunnel is nobody's fault
    wire->data("down");
    CHECK(heard.body == "firstdown");
    exchange->finish_body("");
    CHECK(wire->shut_down);
    wire->end();
    CHECK(heard.all() == "head 101, complete");
    CHECK(wire->closed);
  }
}

TEST_CASE("a paused answer is not read, does not time out, and goes on when resumed") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  net::Wire& wire = scene.loop.last();
  wire.connected();
  wire.data("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  exchange->pause();
  CHECK_FALSE(wire.reading);
  wire.data("d");  // was under way
  scene.loop.pass(Seconds(120));
  CHECK(heard.all() == "head 200");
  exchange->resume();
  CHECK(wire.reading);
  wire.data("efghij");
  CHECK(heard.body == "abcdefghij");
  CHECK(heard.all() == "head 200, complete");
}

TEST_CASE("an answer that is paused by its very head does not time out either") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(heard);
  heard.pause_in_head = exchange.get();
  scene.loop.last().connected();
  scene.loop.last().data("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  scene.loop.pass(Seconds(120));
  CHECK(heard.all() == "head 200");
}

TEST_CASE("destroying an exchange in any phase cancels it and leaves nothing behind") {
  enum Phase { kQueued, kResolving, kConnecting, kHead, kPartOfHead, kBody, kFailing, kDone, kEnd };
  for (int phase = kQueued; phase < kEnd; ++phase) {
    INFO(phase);
    GroupConfig config;
    config.max_connections = 1;
    Scene scene(1, config);
    Heard heard, other;
    std::unique_ptr<Exchange> first;
    if (phase == kQueued) first = scene.start(other);
    auto exchange = std::make_unique<Exchange>(*scene.group, get(), heard);
    exchange->start();
    if (phase >= kConnecting) scene.loop.turn();
    if (phase >= kHead) scene.loop.last().connected();
    if (phase >= kPartOfHead) scene.loop.last().data("HTTP/1.1 200 OK\r\nContent-Le");
    if (phase >= kBody) scene.loop.last().data("ngth: 2\r\n\r\no");
    if (phase == kFailing) scene.loop.last().error(ErrorCode::kReset);
    if (phase == kDone) scene.loop.last().data("k");
    const size_t heard_before = heard.events.size();
    exchange.reset();
    scene.loop.pass(Seconds(100));
    CHECK(heard.events.size() == heard_before);
    first.reset();
    CHECK(scene.server(0).in_use() == 0);
    CHECK(scene.group->active == 0);
    Heard next;  // the slot is free again
    scene.start(next);
    CHECK_FALSE(scene.loop.last().closed == false);
  }
}

}  // namespace
}  // namespace seawall::upstream
