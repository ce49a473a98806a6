// Which servers of a group are asked, as what is thought of them changes.
#include "catch.h"
#include "common/upstream/exchange.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

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
    CHECK(authority_of(config) == row.authority);
  }
}

}  // namespace
}  // namespace seawall::upstream
