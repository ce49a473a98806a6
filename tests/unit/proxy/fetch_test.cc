#include "common/proxy/fetch.h"

#include "catch.h"
#include "common/proxy/fetch_plan.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

using upstream::RetryRules;

constexpr std::string_view kEarlyHints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";

struct AnyVariant final : store::VariantMatcher {
  bool matches(std::string_view, std::string_view) const override { return true; }
};

// A fetch from the group "one", whose servers are at 10.0.0.1; 10.0.1.1 stands in for it. The
// origins' wires are those that the loop connects.
struct Fetching {
  explicit Fetching(size_t servers = 1, RetryRules retry = {}) : resolver(scene.loop) {
    upstream::GroupConfig one;
    one.name = "one";
    one.fallback = "two";
    one.retry = retry;
    for (size_t i = 0; i < servers; ++i) one.servers.push_back(server(std::to_string(i), 0));
    upstream::GroupConfig two;
    two.name = "two";
    two.servers.push_back(server("stand-in", 1));
    auto upstreams = std::make_shared<Upstreams>();
    for (upstream::GroupConfig& config : {std::ref(one), std::ref(two)}) {
      upstreams->add(std::make_unique<upstream::Group>(
          scene.loop, resolver, scene.worker.head_scratch(), config, nullptr));
    }
    scene.worker.apply(scene.worker.settings(), std::move(upstreams));
  }
  upstream::ServerConfig server(const std::string& host, int net) {
    upstream::ServerConfig config;
    config.host = config.url = host;
    config.port = 80;
    resolver.names[host] = {"10.0." + std::to_string(net) + ".1"};
    return config;
  }
  enum class Sharing { kShared, kAlone };
  void start(Sharing sharing = Sharing::kShared, bool may_store = true) {
    Route route;
    REQUIRE(proxy::route(scene.worker, scene.peer, head, route).status == 0);
    FetchWish wish;
    wish.request = Ref<OwnedHead>(new OwnedHead(head));
    wish.may_store = may_store;
    FetchPlan plan =
        plan_fetch(scene.worker, scene.peer, route, wish, *scene.worker.upstreams()->find("one"));
    plan.permit = sharing == Sharing::kAlone
                      ? scene.store.alone(route.key_ref())
                      : std::move(scene.store.join(route.key_ref(), AnyVariant(), {}, 0).permit);
    interest.join(plan.permit.ref());
    auto fetch = std::make_unique<Fetch>(scene.worker, std::move(plan));
    Fetch& started = *fetch;
    scene.worker.adopt(std::move(fetch));
    started.start();
    scene.loop.turn();
  }
  bool stand_in_is_asked() {
    char ip[net::Address::kMaxIpText];
    return std::string_view(ip, scene.loop.last().to.format_ip(ip)) == "10.0.1.1";
  }

  Scene scene;
  net::SimResolver resolver;
  TestHead head{"GET", "/a", {{"Host", "site.test"}}};
  store::FillInterest interest;
};

TEST_CASE("the stand-in is asked for whoever still wants the answer, viewers or the cache") {
  struct Row {
    const char* name;
    Fetching::Sharing sharing;
    bool may_store;
    bool stays;
    bool asked;
  };
  using enum Fetching::Sharing;
  const Row rows[] = {{"shared", kShared, true, false, true},
                      {"alone", kAlone, true, false, false},
                      {"a pass", kAlone, false, false, false},
                      {"alone, and the viewer waits", kAlone, true, true, true},
                      {"a pass, and the viewer waits", kAlone, false, true, true}};
  for (const Row& row : rows) {
    INFO(row.name);
    Fetching on;
    on.start(row.sharing, row.may_store);
    on.scene.loop.last().connected();
    on.scene.loop.last().end();
    on.scene.loop.turn(1);  // the stand-in is asked in the next one
    if (!row.stays) on.interest.leave();
    on.scene.loop.turn();
    CHECK(on.scene.loop.wires.size() == (row.asked ? 2 : 1));
    CHECK(on.stand_in_is_asked() == row.asked);
  }
}

TEST_CASE(
    "a request that servers have closed upon goes to the stand-in only if it may be retried") {
  struct Row {
    const char* name;
    size_t servers;
    uint8_t on;
    int floor;
    bool interim;
    bool asked;
  };
  const Row rows[] = {
      {"the only one", 1, RetryRules::kReset, 3, false, true},
      {"both", 2, RetryRules::kReset, 3, false, true},
      {"the only one, and the budget is used up", 1, RetryRules::kReset, 0, false, false},
      {"the budget is used up", 2, RetryRules::kReset, 0, false, false},
      {"the rules say no", 1, RetryRules::k503, 3, false, false},
      {"a part of the answer was told", 1, RetryRules::kReset, 3, true, false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    RetryRules retry;
    retry.on = row.on;
    retry.floor = row.floor;
    retry.budget = 0;
    Fetching on(row.servers, retry);
    on.start();
    for (size_t i = 0; i < row.servers && !on.stand_in_is_asked(); ++i) {
      net::Wire& wire = on.scene.loop.last();
      wire.connected();
      if (row.interim) wire.data(kEarlyHints);
      wire.end();
      on.scene.loop.turn();
    }
    CHECK(on.stand_in_is_asked() == row.asked);
    CHECK((on.interest->state() == store::Fill::State::kFailed) == !row.asked);
  }
}

}  // namespace
}  // namespace seawall::proxy
