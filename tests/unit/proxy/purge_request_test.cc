#include "common/proxy/purge_request.h"

#include "catch.h"
#include "tests/unit/proxy/scene.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::proxy {
namespace {

struct Done final : net::PostedTask {
  using PostedTask::PostedTask;
  void run() override { ++runs; }
  int runs = 0;
};

constexpr std::string_view kPurged = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kNothing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

struct Purging {
  explicit Purging(int shields) : resolver(scene.loop), done(scene.loop) {
    upstream::GroupConfig config;
    config.name = "shields";
    config.kind = upstream::GroupKind::kShield;
    for (int i = 0; i < shields; ++i) {
      upstream::ServerConfig server;
      server.host = "s" + std::to_string(i);
      server.port = 80;
      config.servers.push_back(server);
      resolver.names[server.host] = {"10.0.0." + std::to_string(i + 1)};
    }
    auto upstreams = std::make_shared<Upstreams>();
    upstreams->add(std::make_unique<upstream::Group>(scene.loop, resolver,
                                                     scene.worker.head_scratch(), config, nullptr));
    group = upstreams->find("shields");
    scene.worker.apply(scene.worker.settings(), upstreams);
  }
  std::unique_ptr<PurgeRequest> start(const std::string& target = "/a") {
    const TestHead head("PURGE", target, {{"Host", "site.test"}});
    Route out;
    REQUIRE(route(scene.worker, scene.peer, head, out).status == 0);
    url_hash = out.url_hash;
    auto purge = std::make_unique<PurgeRequest>(scene.worker, scene.peer, head, out,
                                                group->servers().empty() ? nullptr : group, done);
    purge->start();
    scene.loop.turn();
    return purge;
  }
  void put() {
    store::TestKey key("http://site.test/a");
    key.url_hash = url_hash;
    REQUIRE(store::put(scene.store, key, "body"));
  }

  Scene scene;
  net::SimResolver resolver;
  upstream::Group* group = nullptr;
  Done done;
  uint64_t url_hash = 0;
};

TEST_CASE("a purge without shields takes effect here, and says whether there was something") {
  Purging p(0);
  auto purge = p.start();
  CHECK(p.done.runs == 1);
  CHECK(purge->finished());
  CHECK(purge->finish().status == 404);
  p.put();
  purge = p.start();
  const PurgeResult result = purge->finish();
  CHECK(result.status == 200);
  CHECK(result.json.find("\"url\":\"site.test/a\"") != std::string::npos);
  CHECK(result.json.find("\"objects\":1") != std::string::npos);
  CHECK(result.json.find("\"complete\":true") != std::string::npos);
  CHECK(p.scene.store.stats().entries == 0);
}

TEST_CASE("shields are purged before this node is") {
  Purging p(2);
  p.start();
  p.put();
  const size_t before = p.scene.loop.wires.size();
  const auto purge = p.start();
  REQUIRE(p.scene.loop.wires.size() == before + 2);
  for (size_t i = before; i < before + 2; ++i) {
    net::Wire& wire = p.scene.loop.wire(i);
    wire.connected();
    CHECK(wire.written.starts_with("PURGE /a HTTP/1.1\r\nHost: site.test\r\n"));
    CHECK(wire.written.find("Seawall-Internal: scheme=http, rules=abc") != std::string::npos);
  }
  p.scene.loop.wire(before).data(kPurged);
  p.scene.loop.turn();
  CHECK_FALSE(purge->finished());
  CHECK(p.scene.store.stats().entries == 1);
  p.scene.loop.wire(before + 1).data(kNothing);
  p.scene.loop.turn();
  REQUIRE(purge->finished());
  CHECK(purge->finish().status == 200);
  CHECK(p.scene.store.stats().entries == 0);
  CHECK(p.scene.worker.purge_queue().size() == 0);
}

TEST_CASE("a shield that is away is owed its purge until it has acknowledged") {
  Purging p(1);
  auto purge = p.start();
  p.scene.loop.last().error(ErrorCode::kConnect);
  p.scene.loop.turn();
  REQUIRE(purge->finished());
  const PurgeResult result = purge->finish();
  CHECK(result.status == 202);
  CHECK(result.json.find("\"complete\":false") != std::string::npos);
  purge.reset();
  CHECK(p.scene.worker.purge_queue().size() == 1);
  for (int away = 0; away < 3; ++away) {
    const size_t asked = p.scene.loop.wires.size();
    p.scene.loop.pass(Millis(1100));
    REQUIRE(p.scene.loop.wires.size() == asked + 1);
    if (away == 1) {
      p.scene.loop.last().connected();
      p.scene.loop.last().data("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    } else {
      p.scene.loop.last().error(ErrorCode::kConnect);
    }
    p.scene.loop.turn();
    CHECK(p.scene.worker.purge_queue().size() == 1);
  }
  p.scene.loop.pass(Millis(1100));
  const auto wire = p.scene.loop.wires.back();
  if (wire->written.empty()) wire->connected();
  CHECK(wire->written.find("PURGE /a HTTP/1.1\r\n") != std::string::npos);
  wire->data(kNothing);
  p.scene.loop.turn();
  CHECK(p.scene.worker.purge_queue().size() == 0);
}

TEST_CASE("a purge that comes while another waits for its shield is sent, too, and once") {
  Purging p(1);
  auto first = p.start("/first");
  p.scene.loop.last().error(ErrorCode::kConnect);
  p.scene.loop.turn();
  first->finish();
  first.reset();
  p.scene.loop.pass(Millis(1100));  // the shield is asked again, and hangs
  const auto hanging = p.scene.loop.wires.back();
  auto second = p.start("/second");
  p.scene.loop.last().error(ErrorCode::kConnect);
  p.scene.loop.turn();
  second->finish();
  second.reset();
  CHECK(p.scene.worker.purge_queue().size() == 2);
  p.scene.loop.pass(Millis(1100));
  CHECK_FALSE(hanging->closed);
  CHECK(p.scene.worker.purge_queue().size() == 2);
  hanging->connected();
  CHECK(hanging->written.starts_with("PURGE /first HTTP/1.1\r\n"));
  hanging->data(kPurged);
  p.scene.loop.turn();
  for (const auto& wire : p.scene.loop.wires) {
    if (wire->closed || wire == hanging) continue;
    wire->connected();
    CHECK(wire->written.starts_with("PURGE /second HTTP/1.1\r\n"));
    wire->data(kPurged);
  }
  p.scene.loop.pass(Millis(1100));
  CHECK(p.scene.worker.purge_queue().size() == 0);
}

}  // namespace
}  // namespace seawall::proxy
