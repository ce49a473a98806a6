// What goes wrong between us and a server, and what is done about it.
#include "catch.h"
#include "common/upstream/exchange.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using BodyKind = ExchangeRequest::BodyKind;
using http::Method;

TEST_CASE("a reused connection that breaks before its answer is replaced once where that is safe") {
  struct Row {
    const char* name;
    ExchangeRequest request;
    bool repeated;
  };
  const Row rows[] = {
      {"GET", get(), true},
      {"HEAD", with_method(Method::kHead, "HEAD", BodyKind::kNone), true},
      {"DELETE", with_method(Method::kDelete, "DELETE", BodyKind::kNone), true},
      {"POST", with_method(Method::kPost, "POST", BodyKind::kNone), false},
      {"PATCH", with_method(Method::kPatch, "PATCH", BodyKind::kNone), false},
      {"unknown", with_method(Method::kOther, "BREW", BodyKind::kNone), false},
  };
  for (const Row& row : rows) {
    for (int how = 0; how < 3; ++how) {
      INFO(row.name << " " << how);
      Scene scene;
      const auto old = scene.warm();
      if (how == 2) old->write_fails = true;
      Heard heard;
      const auto exchange = scene.start(heard, row.request);
      if (how == 0) old->end();
      if (how == 1) old->error(ErrorCode::kReset);
      scene.loop.turn();
      if (how == 2 && !row.repeated) old->end();  // a write that breaks says nothing of the answer
      scene.loop.turn();
      CHECK(old->closed);
      if (!row.repeated) {
        CHECK(scene.loop.wires.size() == 1);
        CHECK(heard.all() == "failed");
        CHECK(heard.error.code == ErrorCode::kReset);
        CHECK(heard.error.side == Side::kUpstream);
        continue;
      }
      REQUIRE(scene.loop.wires.size() == 2);
      CHECK(heard.events.empty());
      CHECK(exchange->facts().retries == 1);
      const auto fresh = scene.loop.wires.back();
      fresh->connected();
      CHECK(fresh->written.find("Host: site.test\r\n") != std::string::npos);
      fresh->end();  // a fresh one that breaks is not replaced
      scene.loop.turn();
      CHECK(scene.loop.wires.size() == 2);
      CHECK(heard.all() == "failed");
    }
  }
}

TEST_CASE("a retry takes a fresh connection, though more old ones wait in the pool") {
  Scene scene;
  const auto first = scene.warm();
  Heard busy;
  auto blocker = scene.start(busy);
  const auto second = scene.warm();
  first->data(kOk);
  blocker.reset();
  REQUIRE(scene.server(0).idle_count() == 2);
  Heard heard;
  const auto exchange = scene.start(heard);
  first->end();
  scene.loop.turn();
  REQUIRE(scene.loop.wires.size() == 3);
  scene.loop.last().connected();
  scene.loop.last().data(kOk);
  CHECK(heard.all() == "head 200, complete");
  CHECK_FALSE(second->closed);
}

TEST_CASE("once a byte of the answer has come, nothing is repeated") {
  Scene scene;
  const auto old = scene.warm();
  Heard heard;
  const auto exchange = scene.start(heard);
  old->data("HTTP/1.1 2");
  old->end();
  scene.loop.turn();
  CHECK(scene.loop.wires.size() == 1);
  CHECK(heard.all() == "failed");
}

TEST_CASE("a request whose body has begun is not repeated, an empty chunked one is ended again") {
  Scene scene;
  auto old = scene.warm();
  Heard heard;
  auto put = scene.start(heard, with_method(Method::kPut, "PUT", BodyKind::kChunked));
  put->send_body("x");
  old->end();
  scene.loop.turn();
  CHECK(heard.all() == "failed");

  old = scene.warm();
  Heard empty;
  put = scene.start(empty, with_method(Method::kPut, "PUT", BodyKind::kChunked));
  put->finish_body("");
  CHECK(old->take() == "PUT / HTTP/1.1\r\nHost: site.test\r\n\r\n0\r\n\r\n");
  const size_t connections = scene.loop.wires.size();
  old->end();
  scene.loop.turn();
  if (scene.loop.wires.size() == connections) {
    CHECK(empty.all() == "failed");
  } else {
    scene.loop.last().connected();
    CHECK(scene.loop.last().take() == "PUT / HTTP/1.1\r\nHost: site.test\r\n\r\n0\r\n\r\n");
  }
}

TEST_CASE("an answer that came before the upload broke is delivered") {
  for (const bool answered : {true, false}) {
    INFO(answered);
    Scene scene;
    Heard heard;
    const auto put = scene.start(heard, with_method(Method::kPut, "PUT", BodyKind::kChunked));
    const auto wire = scene.loop.wires.back();
    wire->connected();
    CHECK(put->send_body("x"));
    wire->write_fails = true;
    CHECK(put->send_body("y"));
    CHECK(put->send_body(std::string(1 << 20, 'z')));  // goes nowhere, and stops nobody
    put->finish_body("");
    scene.loop.turn();
    CHECK(heard.events.empty());
    if (answered) {
      wire->data("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
      CHECK(heard.all() == "head 413, complete");
      CHECK(heard.body == "no");
    } else {
      wire->error(ErrorCode::kReset);
      scene.loop.turn();
      CHECK(heard.all() == "failed");
    }
    CHECK(wire->closed);
    CHECK(scene.server(0).idle_count() == 0);
  }
}

TEST_CASE("an idle connection on which anything happens is dropped") {
  for (int how = 0; how < 5; ++how) {
    Scene scene;
    const auto wire = scene.warm();
    CHECK(wire->reading);
    if (how == 0) wire->end();
    if (how == 1) wire->error(ErrorCode::kReset);
    if (how == 2) wire->data("HTTP/1.1 408 Request Timeout\r\n\r\n");
    if (how == 3) scene.loop.pass(Seconds(56));
    if (how == 4) wire->clean = false;  // closed, and we have not been told yet
    CHECK(scene.server(0).idle_count() == (how == 4 ? 1 : 0));
    Heard heard;
    const auto exchange = scene.start(heard);
    CHECK(scene.loop.wires.size() == 2);
    CHECK(wire->closed);
    CHECK(scene.server(0).idle_count() == 0);
    CHECK_FALSE(exchange->facts().reused);
  }
}

TEST_CASE(
    "a 408 to what was sent whole is a connection that was closed, no answer for the viewer") {
  using BodyKind = ExchangeRequest::BodyKind;
  constexpr std::string_view k408 = "HTTP/1.1 408 Slow\r\nContent-Length: 2\r\n\r\nno";
  struct Row {
    const char* name;
    ExchangeRequest request;
    int servers;
    bool reused;
    bool again;
  };
  const Row rows[] = {
      {"reused", get(), 1, true, true},
      {"fresh", get(), 1, false, false},
      {"fresh, and another server", get(), 2, false, true},
      {"not to be repeated", with_method(http::Method::kPost, "POST", BodyKind::kNone), 1, true,
       false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Scene scene(row.servers);
    if (row.reused) scene.warm();
    Heard heard;
    const auto exchange = scene.start(heard, row.request);
    if (!row.reused) scene.loop.last().connected();
    const auto first = scene.loop.wires.back();
    first->data(k408);
    scene.loop.turn();
    CHECK(first->closed);
    CHECK((scene.loop.wires.back() != first) == row.again);
    if (row.again) {
      scene.loop.last().connected();
      scene.loop.last().data(kOk);
    }
    CHECK(heard.all() == (row.again ? "head 200, complete" : "failed"));
    if (!row.again) CHECK(heard.error.code == ErrorCode::kReset);
  }
}

TEST_CASE("a 408 to an upload that is not complete is the viewer's to hear") {
  Scene scene;
  Heard heard;
  const auto exchange = scene.start(
      heard, with_method(http::Method::kPut, "PUT", ExchangeRequest::BodyKind::kLength));
  scene.loop.last().connected();
  exchange->send_body("abc");
  scene.loop.last().data("HTTP/1.1 408 Slow\r\nContent-Length: 2\r\n\r\nno");
  CHECK(heard.all() == "head 408, complete");
}

TEST_CASE("the pool is bounded") {
  GroupConfig config;
  config.max_idle = 2;
  Scene scene(1, config);
  std::vector<std::unique_ptr<Exchange>> exchanges;
  Heard heard;
  for (int i = 0; i < 5; ++i) exchanges.push_back(scene.start(heard));
  for (const auto& wire : scene.loop.wires) {
    wire->connected();
    wire->data(kOk);
  }
  CHECK(scene.server(0).idle_count() == 2);
  CHECK(std::count_if(scene.loop.wires.begin(), scene.loop.wires.end(),
                      [](const auto& w) { return !w->closed; }) == 2);
}

TEST_CASE("a server's next address is tried, then the next server, then it fails") {
  Scene scene(2);
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.1.1", "10.0.2.1"};
  Heard heard;
  const auto exchange = scene.start(heard);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(scene.loop.wires.size() == static_cast<size_t>(i) + 1);
    CHECK(heard.events.empty());
    scene.loop.last().error(ErrorCode::kConnect);
    scene.loop.turn();
  }
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kConnect);
  CHECK(exchange->facts().connects == 4);
}

TEST_CASE("fail-over reaches the server that works, also while another begins to rest") {
  for (const int servers : {2, 3}) {
    Scene scene(servers);
    for (int request = 0; request < 30; ++request) {
      INFO(servers << " servers, request " << request);
      Heard heard;
      const auto exchange = scene.start(heard);
      // All but b are down.
      for (int step = 0; step < 10 && heard.events.empty(); ++step) {
        net::Wire& wire = scene.loop.last();
        char ip[net::Address::kMaxIpText];
        const std::string to(ip, wire.to.format_ip(ip));
        const bool reused = exchange->facts().reused;
        if (reused || to == "10.0.0.2") {
          if (!reused) wire.connected();
          for (const auto& w : scene.loop.wires) {
            if (!w->closed && !heard.has("complete")) w->data(kOk);
          }
        } else {
          wire.error(ErrorCode::kConnect);
        }
        scene.loop.turn();
      }
      REQUIRE(heard.all() == "head 200, complete");
      scene.loop.pass(Millis(300));
    }
  }
}

TEST_CASE("a name that has no address is like a server that can't be reached") {
  Scene scene(2);
  scene.resolver.names.erase("a");
  Heard heard;
  const auto exchange = scene.start(heard);
  REQUIRE(scene.loop.wires.size() == 1);
  scene.loop.last().connected();
  scene.loop.last().data(kOk);
  CHECK(heard.all() == "head 200, complete");

  Scene dark(1);
  dark.resolver.names.clear();
  Heard nothing;
  const auto lost = dark.start(nothing);
  CHECK(nothing.all() == "failed");
  CHECK(nothing.error.code == ErrorCode::kDns);
}

TEST_CASE("a group without servers fails, and not before start() has returned") {
  Scene scene(0);
  Heard heard;
  Exchange exchange(*scene.group, get(), heard);
  exchange.start();
  CHECK(heard.events.empty());
  scene.loop.turn();
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kNoServer);
}

}  // namespace
}  // namespace seawall::upstream
