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
      CHECK(scene.server(0).in_use == 0);
    }
  }
}

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
      CHECK(scene.server(0).in_use == 0);
      for (const auto& wire : scene.loop.wires) CHECK(wire->closed);
    }
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

TEST_CASE("who finds all connections in use waits, in order, within the queue's bound") {
  GroupConfig config;
  config.max_connections = 1;
  config.max_pending = 2;
  Scene scene(1, config);
  Heard heard[4];
  std::unique_ptr<Exchange> exchanges[4];
  for (int i = 0; i < 4; ++i) exchanges[i] = scene.start(heard[i], get("/" + std::to_string(i)));
  CHECK(scene.loop.wires.size() == 1);
  CHECK(heard[3].all() == "failed");
  CHECK(heard[3].error.code == ErrorCode::kOverload);
  net::Wire& wire = scene.loop.last();
  wire.connected();
  for (int i = 0; i < 3; ++i) {
    CHECK(wire.take().starts_with("GET /" + std::to_string(i)));
    wire.data(kOk);
    CHECK(heard[i].all() == "head 200, complete");
  }
  CHECK(scene.loop.wires.size() == 1);
  CHECK(scene.server(0).in_use == 0);
}

TEST_CASE("all who wait and can go do so, whoever stands before them in the queue") {
  GroupConfig config;
  config.max_connections = 1;
  Scene scene(2, config);
  Heard on_a, on_b, only_b, first, second;
  auto a = scene.start(on_a);
  auto b = scene.start(on_b);
  REQUIRE(scene.loop.wires.size() == 2);
  const size_t index_of_b = b->facts().server == &scene.server(1) ? 1 : 0;
  ExchangeRequest picky = get("/only-b");
  picky.server = index_of_b;
  const auto waits_for_b = scene.start(only_b, picky);
  const auto next = scene.start(first, get("/first"));
  const auto last = scene.start(second, get("/second"));
  CHECK(only_b.events.empty());
  a.reset();  // what it held is no use to the one who waits for b
  scene.loop.turn();
  REQUIRE(scene.loop.wires.size() == 3);
  scene.loop.last().connected();
  CHECK(scene.loop.last().take().starts_with("GET /first "));
  CHECK(only_b.events.empty());
  b.reset();
  scene.loop.turn();
  REQUIRE(scene.loop.wires.size() == 4);
  scene.loop.last().connected();
  CHECK(scene.loop.last().take().starts_with("GET /only-b "));
  scene.loop.wire(2).data(kOk);
  CHECK(scene.loop.wire(2).take().starts_with("GET /second "));
}

TEST_CASE(
    "who finds a usable server full waits for it, and asks neither ejected ones nor backups") {
  enum class Other { kEjected, kBackup };
  for (const Other other : {Other::kEjected, Other::kBackup}) {
    GroupConfig config;
    config.max_connections = 1;
    config.policy = Policy::kOrdered;
    for (const char* host : {"a", "b", "c"}) {
      ServerConfig server;
      server.host = server.url = host;
      server.backup = host[0] == 'c' && other == Other::kBackup;
      config.servers.push_back(server);
    }
    config.max_ejected = 1;
    Scene scene(0);
    scene.make(config);
    scene.resolver.names = {{"a", {"10.0.0.1"}}, {"b", {"10.0.0.2"}}, {"c", {"10.0.0.3"}}};
    const auto eject = [&](size_t n) {
      for (int i = 0; i < 3; ++i) {
        scene.server(n).health().note(Outcome::kNoAnswer, scene.loop.now());
      }
    };
    if (other == Other::kEjected) eject(2);
    Heard heard[4];
    std::unique_ptr<Exchange> exchanges[4];
    for (int i = 0; i < 4; ++i) exchanges[i] = scene.start(heard[i]);
    CHECK(scene.loop.wires.size() == 2);  // a and b
    CHECK(scene.group->pending() == 2);
    exchanges[0].reset();
    scene.loop.turn();
    CHECK(scene.loop.wires.size() == 3);
    CHECK(exchanges[2]->facts().server == &scene.server(0));
    CHECK(scene.group->pending() == 1);
    eject(0);
    eject(1);
    exchanges[1].reset();  // nobody usable but a backup is left: whoever is free takes it
    scene.loop.turn();
    REQUIRE(scene.loop.wires.size() == 4);
    CHECK(exchanges[3]->facts().server == &scene.server(other == Other::kBackup ? 2 : 1));
  }
}

TEST_CASE("who waits for a full server is not woken for one that has failed him") {
  GroupConfig config;
  config.max_connections = 1;
  config.health.failures = 0;
  config.health.failure_ratio = 0;
  Scene scene(2, config);
  Heard holding, waiting;
  auto holder = scene.start(holding);  // a
  const auto waiter = scene.start(waiting);
  REQUIRE(scene.loop.wires.size() == 2);
  scene.loop.last().error(ErrorCode::kConnect);
  scene.loop.turn();
  CHECK(waiting.all() == "");
  CHECK(scene.loop.wires.size() == 2);
  CHECK(scene.group->pending() == 1);
  Heard passing;
  {
    const auto other = scene.start(passing);  // comes and goes at b
    REQUIRE(scene.loop.wires.size() == 3);
  }
  scene.loop.turn();
  CHECK(scene.group->pending() == 1);
  holder.reset();
  scene.loop.turn();
  REQUIRE(scene.loop.wires.size() == 4);
  CHECK(waiter->facts().server == &scene.server(0));
  scene.loop.last().connected();
  scene.loop.last().data(kOk);
  CHECK(waiting.all() == "head 200, complete");
}

TEST_CASE("a waiter that fails leaves its connection to the next") {
  GroupConfig config;
  config.max_connections = 1;
  Scene scene(1, config);
  const auto wire = scene.warm();
  Heard holding, broken, patient;
  const auto holder = scene.start(holding);
  const auto post =
      scene.start(broken, with_method(Method::kPost, "POST", ExchangeRequest::BodyKind::kNone));
  const auto waiter = scene.start(patient);
  wire->data(kOk);
  CHECK(holding.all() == "head 200, complete");
  wire->end();  // under the POST, which is not repeated
  scene.loop.turn();
  CHECK(broken.all() == "failed");
  REQUIRE(scene.loop.wires.size() == 2);
  scene.loop.last().connected();
  scene.loop.last().data(kOk);
  CHECK(patient.all() == "head 200, complete");
}

TEST_CASE("who leaves the queue, by whatever way, makes room in it") {
  for (int how = 0; how < 4; ++how) {
    INFO(how);
    GroupConfig config;
    config.max_connections = 1;
    config.max_pending = 1;
    if (how == 2) config.timeouts.total = Millis(2000);
    Scene scene(1, config);
    Heard first, second, third;
    auto holder = scene.start(first);
    scene.loop.last().connected();
    auto waiter = scene.start(second);
    if (how == 0) waiter.reset();
    if (how == 1) waiter->abort_body();
    if (how == 2) scene.loop.pass(Millis(2100));  // total: fails the holder, too
    if (how == 3) {
      scene.loop.last().data("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
      for (int i = 0; i < 4; ++i) {
        scene.loop.pass(Seconds(10));
        scene.loop.last().data("x");
      }
    }
    scene.loop.turn();
    if (how > 0) CHECK(second.all() == "failed");
    const size_t connections = scene.loop.wires.size();
    Heard fourth;
    auto next = scene.start(third);
    if (how == 2) {
      CHECK(third.events.empty());
      continue;
    }
    CHECK(third.events.empty());  // it waits in the room that was made
    auto refused = scene.start(fourth);
    CHECK(fourth.all() == "failed");
    holder.reset();
    scene.loop.turn();
    CHECK(scene.loop.wires.size() == connections + 1);  // for `next`, and for nobody else
    scene.loop.last().connected();
    scene.loop.last().data(kOk);
    CHECK(third.all() == "head 200, complete");
    if (how > 0) CHECK(second.all() == "failed");
  }
}

TEST_CASE(
    "a server that accepts and never answers is ejected, and is asked when it is all there is") {
  Scene scene(1);
  const auto usable = [&] { return scene.server(0).health().usable(scene.loop.now()); };
  for (int i = 0; i < 3; ++i) {
    CHECK(usable());
    Heard heard;
    const auto exchange = scene.start(heard);
    scene.loop.last().connected();
    scene.loop.pass(Millis(30100));
    CHECK(heard.error.code == ErrorCode::kFirstByteTimeout);
  }
  CHECK_FALSE(usable());
  Heard heard;
  const auto exchange = scene.start(heard);
  CHECK(scene.loop.wires.size() == 4);
}

TEST_CASE("a 502 of an origin counts against it, one that a shield passes on does not") {
  for (const GroupKind kind : {GroupKind::kOrigin, GroupKind::kShield}) {
    GroupConfig config;
    config.kind = kind;
    config.health.min_requests = 4;
    Scene scene(1, config);
    scene.warm();
    for (int i = 0; i < 6; ++i) {
      Heard heard;
      const auto exchange = scene.start(heard);
      scene.loop.last().data("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n");
      CHECK(heard.all() == "head 502, complete");
    }
    CHECK(scene.server(0).health().usable(scene.loop.now()) == (kind == GroupKind::kShield));
  }
}

TEST_CASE("with most of the servers ejected all are used, with all of them the backup is") {
  GroupConfig config;
  config.policy = Policy::kOrdered;
  for (const char* host : {"a", "b", "c", "spare"}) {
    ServerConfig server;
    server.host = server.url = host;
    server.backup = server.host == "spare";
    config.servers.push_back(server);
  }
  Scene scene(0);
  scene.make(config);
  const auto eject = [&](size_t n) {
    for (int i = 0; i < 3; ++i) {
      scene.server(n).health().note(Outcome::kNoAnswer, scene.loop.now());
    }
  };
  const auto first = [&] { return scene.group->choose({}, 0)->config().host; };
  CHECK(first() == "a");
  eject(0);
  CHECK(first() == "b");
  eject(1);
  CHECK(first() == "a");  // two of three: panic
  CHECK_FALSE(scene.group->is_down());
  eject(2);
  CHECK(first() == "spare");
  eject(3);
  CHECK(scene.group->is_down());
  CHECK(first() == "a");
}

TEST_CASE("weights share the requests out, backups wait for the others to rest") {
  GroupConfig config;
  config.policy = Policy::kRoundRobin;
  for (const int weight : {1, 3}) {
    ServerConfig server;
    server.url = std::to_string(weight);
    server.weight = weight;
    config.servers.push_back(server);
  }
  ServerConfig backup;
  backup.backup = true;
  config.servers.push_back(backup);
  Scene scene(0);
  scene.make(config);
  int asked[3] = {};
  const auto first_choice = [&] {
    Heard heard;
    const auto exchange = scene.start(heard);
    for (int i = 0; i < 3; ++i)
      asked[i] += exchange->facts().server == &scene.server(static_cast<size_t>(i));
  };
  for (auto& name : {"", "a"}) scene.resolver.names[name] = {"10.0.0.1"};
  for (int i = 0; i < 40; ++i) first_choice();
  CHECK(asked[0] == 10);
  CHECK(asked[1] == 30);
  CHECK(asked[2] == 0);
  for (size_t s : {0, 1}) {
    for (int i = 0; i < 3; ++i) {
      scene.server(s).health().note(Outcome::kNoAnswer, scene.loop.now());
    }
  }
  first_choice();
  CHECK(asked[2] == 1);
}

TEST_CASE("a request for one server goes to no other") {
  Scene scene(3);
  ExchangeRequest request = get();
  request.server = 1;
  Heard heard;
  const auto exchange = scene.start(heard, request);
  scene.loop.last().error(ErrorCode::kConnect);
  scene.loop.turn();
  CHECK(scene.loop.wires.size() == 1);
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kConnect);
}

TEST_CASE("the port of an authority is left out when it is the scheme's") {
  struct Row {
    const char* host;
    uint16_t port;
    bool tls;
    const char* authority;
  };
  const Row rows[] = {{"a.test", 80, false, "a.test"},
                      {"a.test", 443, true, "a.test"},
                      {"a.test", 443, false, "a.test:443"},
                      {"::1", 8080, false, "[::1]:8080"},
                      {"::1", 80, false, "[::1]"}};
  for (const Row& row : rows) {
    ServerConfig config;
    config.host = row.host;
    config.port = row.port;
    config.tls = row.tls;
    CHECK(Server(config, 1, nullptr).authority() == row.authority);
  }
}

}  // namespace
}  // namespace seawall::upstream
