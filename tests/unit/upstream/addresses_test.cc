#include "common/upstream/addresses.h"

#include "catch.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

ServerConfig server(const std::string& host) {
  ServerConfig config;
  config.url = "http://" + host + ":80";
  config.host = host;
  config.port = 80;
  return config;
}

std::string ip(const net::Wire& wire) { return wire.to.ip_string(); }

// Starts a request and returns the wire of its first attempt.
std::shared_ptr<net::Wire> dial(Scene& scene, Heard& heard, std::unique_ptr<Exchange>& exchange) {
  const size_t before = scene.loop.wires.size();
  exchange = scene.start(heard);
  REQUIRE(scene.loop.wires.size() == before + 1);
  return scene.loop.wires.back();
}

// The group has one server, "a"; what its board says for the log is in `lines`.
struct LoggedScene : Scene {
  LoggedScene() : Scene(0) {
    GroupConfig config;
    config.name = "origin";
    config.servers.push_back(upstream::server("a"));
    make(std::move(config), &board);
    resolver.names["a"] = {"10.0.0.1"};
  }
  ~LoggedScene() { group.reset(); }  // before its board

  std::vector<std::string> lines;
  HealthBoard board{[this](const std::string& line) { lines.push_back(line); }};
};

TEST_CASE("each new connection goes to the next address") {
  Scene scene;
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  std::vector<std::unique_ptr<Exchange>> exchanges(6);
  Heard heard;
  std::string order;
  for (auto& exchange : exchanges) order += ip(*dial(scene, heard, exchange)).back();
  CHECK(order == "123123");
}

TEST_CASE("the next address is tried after 250 ms, and the first that connects wins") {
  for (const bool late : {false, true}) {
    Scene scene;
    scene.resolver.names["a"] = {"10.0.0.1", "2001:db8::1"};
    Heard heard;
    std::unique_ptr<Exchange> exchange;
    const auto v6 = dial(scene, heard, exchange);
    CHECK(ip(*v6) == "2001:db8::1");
    scene.loop.pass(Millis(240));
    CHECK(scene.loop.wires.size() == 1);
    scene.loop.pass(Millis(20));
    REQUIRE(scene.loop.wires.size() == 2);
    const auto v4 = scene.loop.wires.back();
    CHECK(ip(*v4) == "10.0.0.1");
    CHECK_FALSE(v6->closed);
    const auto& winner = late ? v6 : v4;
    const auto& loser = late ? v4 : v6;
    winner->connected();
    CHECK(loser->closed);
    winner->data(kOk);
    CHECK(heard.all() == "head 200, complete");
    CHECK(exchange->facts().connects == 2);
    scene.loop.pass(Millis(5000));
    CHECK(scene.loop.wires.size() == 2);
    winner->end();  // who was overtaken comes last for a while
    CHECK(ip(*dial(scene, heard, exchange)) == ip(*winner));
  }
}

TEST_CASE(
    "a failure while others are under way starts the next at once; only the last one ends it") {
  Scene scene;
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  Heard heard;
  std::unique_ptr<Exchange> exchange;
  dial(scene, heard, exchange);
  scene.loop.pass(Millis(260));
  REQUIRE(scene.loop.wires.size() == 2);
  scene.loop.wire(0).error(ErrorCode::kConnect);
  REQUIRE(scene.loop.wires.size() == 3);
  scene.loop.wire(2).error(ErrorCode::kConnect);
  scene.loop.turn();
  CHECK(heard.events.empty());
  CHECK_FALSE(scene.loop.wire(1).closed);
  scene.loop.wire(1).error(ErrorCode::kConnect);
  scene.loop.turn();
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kConnect);
}

TEST_CASE("an exchange that ends closes all that it was dialing") {
  Scene scene;
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.0.2"};
  Heard heard;
  std::unique_ptr<Exchange> exchange;
  dial(scene, heard, exchange);
  scene.loop.pass(Millis(260));
  exchange.reset();
  for (const auto& wire : scene.loop.wires) CHECK(wire->closed);
  scene.loop.pass(Millis(5000));
  CHECK(scene.loop.wires.size() == 2);
}

TEST_CASE("connecting takes its time-out from the last address that was tried") {
  Scene scene;
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.0.2"};
  Heard heard;
  std::unique_ptr<Exchange> exchange;
  dial(scene, heard, exchange);
  scene.loop.pass(Millis(3200));  // 250 ms and 3 s make the end
  CHECK(heard.events.empty());
  scene.loop.pass(Millis(100));
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kConnectTimeout);
}

TEST_CASE("a time for connecting below 250 ms makes the addresses follow each other") {
  GroupConfig config;
  config.timeouts.connect = Millis(100);
  Scene scene(1, config);
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.0.2"};
  Heard heard;
  std::unique_ptr<Exchange> exchange;
  const auto first = dial(scene, heard, exchange);
  scene.loop.pass(Millis(120));
  REQUIRE(scene.loop.wires.size() == 2);
  CHECK(first->closed);
  scene.loop.pass(Millis(120));
  CHECK(heard.all() == "failed");
}

TEST_CASE("an address that failed comes last for ten seconds") {
  Scene scene;
  scene.resolver.names["a"] = {"10.0.0.1", "2001:db8::1"};
  for (const int round : {0, 1, 2}) {
    CAPTURE(round);
    Heard heard;
    std::unique_ptr<Exchange> exchange;
    const auto first = dial(scene, heard, exchange);
    CHECK(ip(*first) == (round == 1 ? "10.0.0.1" : "2001:db8::1"));
    if (round == 0) {
      first->error(ErrorCode::kConnect);
      CHECK(ip(scene.loop.last()) == "10.0.0.1");
    }
    scene.loop.pass(round == 1 ? Millis(11000) : Millis(10));
  }
}

TEST_CASE("idle connections to an address that is gone are closed, running ones finish") {
  Scene scene;
  scene.resolver.names["a"] = {"10.0.0.1", "10.0.0.2"};
  scene.resolver.ttl = Seconds(5);
  std::vector<std::unique_ptr<Exchange>> exchanges(4);
  std::vector<Heard> heard(4);
  for (size_t i = 0; i < 4; ++i) {
    dial(scene, heard[i], exchanges[i])->connected();
  }
  scene.loop.wire(0).data(kOk);  // idle at .1 and .2; running at .1 and .2
  scene.loop.wire(1).data(kOk);
  CHECK(scene.server(0).idle_count() == 2);
  scene.resolver.names["a"] = {"10.0.0.2", "10.0.0.3"};
  scene.loop.pass(Seconds(4));
  CHECK(scene.server(0).idle_count() == 2);
  scene.loop.pass(Seconds(2));
  CHECK(scene.loop.wire(0).closed);
  CHECK_FALSE(scene.loop.wire(1).closed);
  CHECK(scene.server(0).idle_count() == 1);
  CHECK_FALSE(scene.loop.wire(2).closed);
  for (const size_t running : {2, 3}) {
    scene.loop.wire(running).data(kOk);
    CHECK(heard[running].all() == "head 200, complete");
  }
  CHECK(scene.loop.wire(2).closed);
  CHECK(scene.server(0).idle_count() == 2);
}

TEST_CASE("a name is asked for again by its TTL while there are connections, and not without") {
  Scene scene;
  scene.resolver.ttl = Seconds(20);
  scene.warm();
  CHECK(scene.resolver.asked == 1);
  scene.loop.pass(Seconds(50));  // the idle connection goes after 55 s
  CHECK(scene.resolver.asked == 3);
  scene.loop.pass(Seconds(600));
  CHECK(scene.resolver.asked == 3);
}

TEST_CASE(
    "a service has its own ports; its next priority is tried only when the first has failed") {
  for (const bool fails : {true, false}) {
    Scene scene(0);
    GroupConfig config;
    config.servers.push_back(server("a"));
    config.servers.back().srv = "_http._tcp.a";
    scene.resolver.names["_http._tcp.a"] = {"10.0.0.1:8001", "10.0.0.2:8002"};
    scene.resolver.ranks = {{10, 1, 0}, {20, 1, 1}};
    scene.make(config);
    Heard heard;
    std::unique_ptr<Exchange> exchange;
    const auto first = dial(scene, heard, exchange);
    CHECK(first->to.to_string() == "10.0.0.1:8001");
    scene.loop.pass(Millis(2000));
    CHECK(scene.loop.wires.size() == 1);
    if (fails) first->error(ErrorCode::kConnect);
    scene.loop.pass(Millis(1100));  // or its time for connecting is over
    REQUIRE(scene.loop.wires.size() == 2);
    CHECK(first->closed);
    CHECK(scene.loop.last().to.to_string() == "10.0.0.2:8002");
    scene.loop.last().connected();
    CHECK(scene.loop.last().written.find("Host: site.test") != std::string::npos);
    scene.loop.last().data(kOk);
    CHECK(heard.all() == "head 200, complete");
    CHECK(scene.server(0).idle_count() == 1);
  }
}

TEST_CASE("a numeric address is never asked for by itself") {
  Scene scene;
  GroupConfig config;
  config.servers.push_back(server("10.0.0.9"));
  scene.resolver.names["10.0.0.9"] = {"10.0.0.9"};
  scene.make(config);
  scene.warm();
  scene.loop.pass(Seconds(50));
  CHECK(scene.resolver.asked == 1);
}

TEST_CASE("connections stay while DNS fails, and go when it says that the name is gone") {
  for (const char* error : {"DNS time-out", net::kNoSuchName}) {
    CAPTURE(error);
    Scene scene;
    const auto wire = scene.warm();
    scene.resolver.names.clear();
    scene.resolver.error = error;
    scene.loop.pass(Seconds(3));
    CHECK(wire->closed == net::is_denial(error));
  }
}

TEST_CASE("the log says once that DNS fails, whether addresses are known, and that it is over") {
  LoggedScene scene;
  const std::vector<std::string>& lines = scene.lines;
  scene.warm();
  scene.resolver.failing = "DNS server failed";
  scene.loop.pass(Seconds(10));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "origin: http://a:80: no addresses from DNS: DNS server failed; "
        "the last known ones are used");
  scene.resolver.failing = nullptr;
  scene.resolver.late = true;  // slow is not well
  scene.loop.pass(Seconds(3));
  REQUIRE(lines.size() == 1);
  scene.resolver.late = false;
  scene.loop.pass(Seconds(3));
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == "origin: http://a:80: DNS answers again");
  scene.resolver.names.clear();
  scene.resolver.error = net::kNoSuchName;
  scene.loop.pass(Seconds(3));
  REQUIRE(lines.size() == 3);
  CHECK(lines[2] == "origin: http://a:80: no addresses from DNS: name does not exist");
}

TEST_CASE("the log says of which host of a service DNS has no addresses, and when that changes") {
  LoggedScene scene;
  scene.warm();
  struct Row {
    const char* failing;
    const char* host;
    std::string line;
  };
  const std::string all = "origin: http://a:80: ";
  const std::string used = "; other hosts, and what is known of it, are used";
  const Row rows[] = {
      {"down", "p", all + "no addresses from DNS of p: down" + used},
      {"down", "q", all + "no addresses from DNS of q: down" + used},
      {"down", "", all + "no addresses from DNS: down; the last known ones are used"},
      {nullptr, "", all + "DNS answers again"},
  };
  for (const Row& row : rows) {
    scene.lines.clear();
    scene.resolver.failing = row.failing;
    scene.resolver.failing_host = row.host;
    scene.loop.pass(Seconds(3));
    CHECK(scene.lines == std::vector<std::string>{row.line});
  }
}

TEST_CASE("a line that says that last known addresses are used is true") {
  for (const bool known : {true, false}) {
    CAPTURE(known);
    LoggedScene scene;
    if (known) {
      scene.resolver.failing = "DNS server failed";  // from the beginning: another server knew them
      scene.warm();
    } else {
      scene.warm();
      scene.resolver.names.clear();  // kept for long enough
      scene.resolver.error = "DNS server failed";
      scene.loop.pass(Seconds(3));
    }
    REQUIRE(!scene.lines.empty());
    CHECK((scene.lines.back().find("the last known ones are used") != std::string::npos) == known);
  }
}

}  // namespace
}  // namespace seawall::upstream
