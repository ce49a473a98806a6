#include "common/proxy/client_connection.h"

#include "catch.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok";

// Viewers on simulated wires; the origin's wires are those that the loop connects.
struct Viewing {
  Viewing() : resolver(scene.loop) {
    upstream::GroupConfig config;
    config.servers.resize(1);
    config.servers[0].host = "o";
    config.servers[0].port = 80;
    resolver.names["o"] = {"10.0.0.1"};
    auto upstreams = std::make_shared<Upstreams>();
    upstreams->add(std::make_unique<upstream::Group>(scene.loop, resolver,
                                                     scene.worker.head_scratch(), config, nullptr));
    scene.worker.apply(scene.worker.settings(), std::move(upstreams));
  }

  std::shared_ptr<net::Wire> viewer() {
    auto wire = std::make_shared<net::Wire>();
    auto connection = std::make_unique<ClientConnection>(scene.worker, scene.peer);
    ClientConnection& started = *connection;
    auto stream = std::make_unique<net::SimStream>(wire, &started);
    scene.worker.adopt(std::move(connection));
    started.start(std::move(stream));
    return wire;
  }
  void ask(net::Wire& viewer, std::string_view target, std::string_view fields = "") {
    viewer.data("GET " + std::string(target) + " HTTP/1.1\r\nHost: site.test\r\n" +
                std::string(fields) + "\r\n");
    scene.loop.turn();
  }
  // The origin answers its latest request so; what that request was.
  std::string origin_says(std::string_view answer) {
    net::Wire& wire = scene.loop.last();
    if (wire.written.empty()) wire.connected();
    const std::string request = wire.take();
    wire.data(answer);
    scene.loop.turn();
    return request;
  }

  Scene scene;
  net::SimResolver resolver;
};

}  // namespace

TEST_CASE("draining closes an idle connection at once, whatever its viewer does") {
  Viewing on;
  const auto fresh = on.viewer();
  const auto used = on.viewer();
  on.ask(*used, "/a");
  on.origin_says(kOk);
  REQUIRE(used->written.ends_with("\r\n\r\nok"));
  on.scene.worker.drain();
  on.scene.loop.turn();
  for (const auto& wire : {fresh, used}) {
    CHECK(wire->shut_down);
    CHECK(wire->closed);
    CHECK_FALSE(wire->reset);
  }
  CHECK(on.scene.worker.connection_count() == 0);
}

TEST_CASE("draining lets an answer under way end, then its viewer has a second to close") {
  Viewing on;
  const auto wire = on.viewer();
  on.ask(*wire, "/a");
  on.scene.loop.last().connected();
  on.scene.worker.drain();
  on.scene.loop.pass(Seconds(5));
  REQUIRE_FALSE(wire->closed);
  on.origin_says(kOk);
  CHECK(wire->written.find("Connection: close\r\n") != std::string::npos);
  CHECK(wire->written.ends_with("\r\n\r\nok"));
  CHECK(wire->shut_down);
  CHECK_FALSE(wire->closed);
  on.scene.loop.pass(Millis(1100));
  CHECK(wire->closed);
}

TEST_CASE("draining shortens the wait for a viewer that has all of its last answer") {
  Viewing on;
  const auto wire = on.viewer();
  on.ask(*wire, "/a", "Connection: close\r\n");
  on.origin_says(kOk);
  REQUIRE(wire->shut_down);
  on.scene.loop.pass(Millis(100));
  on.scene.worker.drain();
  CHECK_FALSE(wire->closed);
  on.scene.loop.pass(Millis(1100));
  CHECK(wire->closed);
}

TEST_CASE("a field that Connection names reaches neither the key nor the origin") {
  Viewing on;
  const auto wire = on.viewer();
  on.ask(*wire, "/a", "X-Device: phone\r\nConnection: X-Device\r\n");
  const std::string request = on.origin_says(
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nVary: X-Device\r\n"
      "Content-Length: 2\r\n\r\nok");
  CHECK(request.starts_with("GET /a HTTP/1.1\r\n"));
  CHECK(request.find("X-Device") == std::string::npos);
  wire->take();
  on.ask(*wire, "/a");  // the variant of those who don't send it
  CHECK(wire->take().find("X-Cache: Hit from edge") != std::string::npos);
  on.ask(*wire, "/a", "X-Device: phone\r\n");
  CHECK(wire->take().empty());
  CHECK(on.origin_says(kOk).find("X-Device: phone\r\n") != std::string::npos);
  CHECK(wire->take().find("X-Cache: Miss") != std::string::npos);
}

}  // namespace seawall::proxy
