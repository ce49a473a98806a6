// Who waits for a connection, and who goes when one is free.
#include "catch.h"
#include "common/upstream/exchange.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

using http::Method;

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
  CHECK(scene.server(0).in_use() == 0);
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

TEST_CASE("the limit of a server is the node's, and its loops take turns") {
  HealthBoard board;
  GroupConfig config;
  config.max_connections = 1;
  Scene one(1, config, &board);
  Scene two(1, config, &board);
  const auto turn = [&] {
    one.loop.turn();
    two.loop.turn();
  };
  Heard heard[4];
  std::unique_ptr<Exchange> exchanges[4];
  for (int i = 0; i < 4; ++i) exchanges[i] = (i == 2 ? two : one).start(heard[i]);
  CHECK(one.loop.wires.size() == 1);
  CHECK(two.loop.wires.empty());
  CHECK(one.group->pending() == 2);
  CHECK(two.group->pending() == 1);
  exchanges[0].reset();
  turn();
  CHECK(one.loop.wires.size() == 2);  // it has waited longest
  exchanges[1].reset();
  turn();
  REQUIRE(two.loop.wires.size() == 1);
  CHECK(one.loop.wires.size() == 2);
  two.loop.last().connected();
  two.loop.last().data(kOk);
  CHECK(heard[2].all() == "head 200, complete");
  turn();
  CHECK(one.loop.wires.size() == 3);
  CHECK(one.group->pending() + two.group->pending() == 0);
  CHECK(board.facts(one.loop.now()).at(0).in_use == 1);
  exchanges[3].reset();
  turn();
  CHECK(board.facts(one.loop.now()).at(0).in_use == 0);
}

TEST_CASE("a slot set aside for a loop goes to who waits there, not to who has just come") {
  HealthBoard board;
  GroupConfig config;
  config.max_connections = 1;
  Scene one(1, config, &board);
  Scene two(1, config, &board);
  Heard holding, waiting, coming;
  auto holder = one.start(holding);
  const auto waiter = two.start(waiting, get("/waits"));
  holder.reset();  // the slot is set aside for the other loop, which has not turned yet
  Exchange late(*two.group, get("/late"), coming);
  late.start();
  two.loop.turn();
  REQUIRE(two.loop.wires.size() == 1);
  two.loop.last().connected();
  CHECK(two.loop.last().take().starts_with("GET /waits "));
  CHECK(two.group->pending() == 1);
  two.loop.last().data(kOk);
  two.loop.turn();
  CHECK(two.loop.last().take().starts_with("GET /late "));
}

TEST_CASE("a slot that no loop has a use for is not handed round, and is free for whoever comes") {
  HealthBoard board;
  GroupConfig config;
  config.max_connections = 1;
  config.health.failures = 0;
  config.health.failure_ratio = 0;
  Scene one(2, config, &board);
  Scene two(2, config, &board);
  Heard holding, first, second;
  const auto holder = one.start(holding);  // a
  const auto waiter = one.start(first);
  one.loop.last().error(ErrorCode::kConnect);  // b fails it: it waits for a
  one.loop.turn();
  const auto other = two.start(second);
  two.loop.last().error(ErrorCode::kConnect);
  for (int i = 0; i < 3; ++i) {
    one.loop.turn();
    two.loop.turn();
  }
  CHECK(one.group->pending() == 1);
  CHECK(two.group->pending() == 1);
  CHECK(board.facts(one.loop.now()).at(1).in_use == 0);
  Heard passing;
  const auto newcomer = two.start(passing);
  CHECK(newcomer->facts().server == &two.server(1));
}

TEST_CASE("a loop that ends leaves what was set aside for it to the others") {
  HealthBoard board;
  GroupConfig config;
  config.max_connections = 1;
  Scene one(1, config, &board);
  auto two = std::make_unique<Scene>(1, config, &board);
  Heard holding, first, second;
  auto holder = one.start(holding);
  auto waits_there = two->start(second);
  const auto waits_here = one.start(first);
  holder.reset();  // for the other loop, which does not turn any more
  CHECK(one.group->pending() == 1);
  waits_there.reset();
  two.reset();
  one.loop.turn();
  CHECK(one.group->pending() == 0);
  CHECK(board.facts(one.loop.now()).at(0).in_use == 1);
}

TEST_CASE("who waits for a full server goes to another as soon as its ejection has run out") {
  GroupConfig config;
  config.max_connections = 1;
  config.pending_time = Millis(60000);
  Scene scene(2, config);
  for (int i = 0; i < 3; ++i) {
    scene.server(1).health().note(Outcome::kNoAnswer, scene.loop.now());
  }
  Heard holding, heard;
  const auto holder = scene.start(holding);
  const auto waiter = scene.start(heard);
  scene.loop.pass(Millis(900));
  CHECK(scene.group->pending() == 1);
  scene.loop.pass(Millis(250));
  CHECK(scene.group->pending() == 0);
  CHECK(waiter->facts().server == &scene.server(1));
}

TEST_CASE("a reload that raises the limit lets those go on who wait") {
  HealthBoard board;
  GroupConfig config;
  config.max_connections = 1;
  Scene scene(1, config, &board);
  Heard holding, heard;
  const auto holder = scene.start(holding);
  const auto waiter = scene.start(heard);
  config.max_connections = 2;
  Scene newer(1, config, &board);
  scene.loop.pass(Millis(200));
  CHECK(scene.group->pending() == 0);
}

}  // namespace
}  // namespace seawall::upstream
