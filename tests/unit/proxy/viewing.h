// Viewers' connections to a worker whose origin is the test.
#pragma once

#include "common/proxy/client_connection.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {

inline constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok";

// Viewers on simulated wires; the origin's wires are those that the loop connects.
struct Viewing {
  Viewing() : resolver(scene.loop) {
    scene.worker.apply(scene.worker.settings(), origin(scene.loop, resolver, scene.worker));
  }

  static std::shared_ptr<Upstreams> origin(net::SimLoop& loop, net::SimResolver& resolver,
                                           Worker& worker) {
    upstream::GroupConfig config;
    config.servers.resize(1);
    config.servers[0].host = "o";
    config.servers[0].port = 80;
    resolver.names["o"] = {"10.0.0.1"};
    auto upstreams = std::make_shared<Upstreams>();
    upstreams->add(
        std::make_unique<upstream::Group>(loop, resolver, worker.head_scratch(), config, nullptr));
    return upstreams;
  }

  // Another loop of the node, which turns when the test says so.
  struct OtherLoop {
    explicit OtherLoop(Viewing& on)
        : worker(loop, on.scene.store, on.scene.node, counters, nullptr, on.scene.log) {
      worker.apply(on.scene.worker.settings(), origin(loop, resolver, worker));
    }
    net::SimLoop loop;
    net::SimResolver resolver{loop};
    metrics::LoopCounters counters{1};
    Worker worker;
  };

  std::shared_ptr<net::Wire> viewer() {
    auto wire = std::make_shared<net::Wire>();
    connect(wire, scene.worker);
    return wire;
  }
  void connect(const std::shared_ptr<net::Wire>& wire, Worker& worker) {
    auto connection = std::make_unique<ClientConnection>(worker, scene.peer);
    ClientConnection& started = *connection;
    auto stream = std::make_unique<net::SimStream>(wire, &started);
    worker.adopt(std::move(connection));
    started.start(std::move(stream));
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

}  // namespace seawall::proxy
