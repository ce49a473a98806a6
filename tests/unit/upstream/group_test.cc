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

// A group of those servers, of which one called "spare" is a backup; "a@fra" is in a zone.
GroupConfig group_of(Policy policy, std::initializer_list<const char*> names) {
  GroupConfig config;
  config.policy = policy;
  for (const std::string name : names) {
    ServerConfig server;
    server.host = server.url = name.substr(0, name.find('@'));
    if (const size_t at = name.find('@'); at < name.size()) server.zone = name.substr(at + 1);
    server.backup = server.host == "spare";
    config.servers.push_back(server);
  }
  return config;
}

void eject(Scene& scene, size_t n) {
  for (int i = 0; i < 3; ++i) {
    scene.server(n).health().note(Outcome::kNoAnswer, scene.loop.now());
  }
}

// Whom the next requests would go to: "a b c", in that order.
std::string next_servers(Scene& scene, int requests) {
  std::string names;
  for (int i = 0; i < requests; ++i) {
    names += (i > 0 ? " " : "") + scene.group->choose({}, 0)->config().host;
  }
  return names;
}

TEST_CASE("with most of the servers ejected all are used in turn, but rather a usable backup") {
  Scene scene(0);
  scene.make(group_of(Policy::kOrdered, {"a", "b", "c", "spare"}));
  CHECK(next_servers(scene, 2) == "a a");
  eject(scene, 0);
  CHECK(next_servers(scene, 2) == "b b");
  eject(scene, 1);
  CHECK(next_servers(scene, 2) == "c c");  // two of three, but there is the spare one
  eject(scene, 3);
  CHECK(next_servers(scene, 6) == "a b c a b c");
  CHECK_FALSE(scene.group->is_down());
  eject(scene, 2);
  CHECK(scene.group->is_down());
  const std::string all = next_servers(scene, 4);
  for (const char* name : {"a", "b", "c", "spare"}) CHECK(all.find(name) != std::string::npos);
}

TEST_CASE("no group panics while one that it falls back on in the end can be asked") {
  Scene scene(0);
  scene.make(group_of(Policy::kOrdered, {"a", "b", "c"}));
  Scene second(0);
  second.make(group_of(Policy::kOrdered, {"d", "e"}));
  Scene third(0);
  third.make(group_of(Policy::kOrdered, {"f"}));
  scene.group->set_fallback(*second.group);
  second.group->set_fallback(*third.group);
  eject(scene, 0);
  eject(scene, 1);
  CHECK(next_servers(scene, 3) == "c c c");
  eject(second, 0);
  CHECK(next_servers(scene, 3) == "c c c");
  eject(second, 1);
  CHECK(next_servers(scene, 3) == "c c c");
  eject(third, 0);
  CHECK(next_servers(scene, 3) == "a b c");
}

TEST_CASE("with all regular servers ejected the backup is asked") {
  Scene scene(0);
  scene.make(group_of(Policy::kOrdered, {"a", "b", "spare"}));
  eject(scene, 0);
  eject(scene, 1);
  CHECK(next_servers(scene, 2) == "spare spare");
}

TEST_CASE("in a panic the servers of other zones are asked as well") {
  for (const Policy policy : {Policy::kRoundRobin, Policy::kLeastRequests, Policy::kOrdered}) {
    INFO(static_cast<int>(policy));
    GroupConfig config = group_of(policy, {"a@fra", "b@fra", "c@ams"});
    config.zone = "fra";
    Scene scene(0);
    scene.make(config);
    eject(scene, 0);
    CHECK(next_servers(scene, 3) == "b b b");
    eject(scene, 1);
    CHECK(next_servers(scene, 100).find('c') != std::string::npos);
  }
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
