#include "common/net/caching_resolver.h"

#include "catch.h"
#include "common/net/service_query.h"
#include "tests/unit/net/asked.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::net {
namespace {

// Answers the last question with what the test says.
struct Scripted final : Resolver {
  struct Pending final : Query {
    explicit Pending(Scripted& s) : dns(s) {}
    ~Pending() override {
      if (dns.last == this) dns.last = nullptr;
    }
    Scripted& dns;
    Callback callback;
  };
  std::unique_ptr<Query> resolve(std::string_view, Millis, Callback callback) override {
    ++asked;
    auto query = std::make_unique<Pending>(*this);
    query->callback = std::move(callback);
    last = query.get();
    return query;
  }
  void answer(Result<Resolution> result) {
    REQUIRE(last);
    const Callback callback = std::move(last->callback);
    callback(std::move(result));
  }
  Pending* last = nullptr;
  int asked = 0;
};

// A service whose hosts are asked of `hosts`, as AresResolver does.
struct ServiceDns final : Resolver {
  struct Records final : Query, Task {
    Records(Loop& loop, std::function<void()> a) : answer(std::move(a)) { loop.defer(*this); }
    void run() override {
      const auto call = std::move(answer);  // it may destroy this
      call();
    }
    std::function<void()> answer;
  };
  explicit ServiceDns(Loop& l) : loop(l), names(l) {}
  std::unique_ptr<Query> resolve(std::string_view host, Millis timeout,
                                 Callback callback) override {
    if (host.front() != '_') return names.resolve(host, timeout, std::move(callback));
    auto service = std::make_unique<ServiceQuery>(*hosts, timeout, std::move(callback));
    service->follow(
        std::make_unique<Records>(loop, [this, to = service.get()] { to->take(records); }));
    return service;
  }
  Loop& loop;
  SimResolver names;
  Resolver* hosts = nullptr;
  Result<SrvRecords> records = SrvRecords{{{"p", 80, 10, 1}, {"b", 80, 20, 1}}, Seconds(3600)};
};

Resolution found(const char* ip, int64_t ttl = 0) {
  return {.addresses = {*Address::parse(ip, 0)}, .ttl = Seconds(ttl)};
}
Error failed(const char* detail) { return {.code = ErrorCode::kDns, .detail = detail}; }

struct Scene {
  explicit Scene(const DnsSettings& settings = {.min_ttl = Seconds(0)})
      : resolver(loop, dns, settings) {}
  // Asks, and lets DNS answer at once.
  void learn(std::string_view host, Result<Resolution> result) {
    Asked asked(resolver, host);
    dns.answer(std::move(result));
    loop.turn();
    REQUIRE(asked.result);
  }
  SimLoop loop;
  Scripted dns;
  CachingResolver resolver;
};

TEST_CASE("when DNS fails the last known addresses are the answer, with TTL 0") {
  Scene scene;
  scene.learn("a.test", failed("down"));
  Asked again(scene.resolver, "a.test");  // within failure_ttl: not asked
  scene.loop.turn();
  REQUIRE(again.result);
  CHECK_FALSE(again.result->ok());
  CHECK(scene.dns.asked == 1);

  scene.learn("b.test", found("192.0.2.9"));
  Asked slow(scene.resolver, "b.test", Millis(30));  // no answer comes in time
  scene.loop.pass(Millis(40));
  CHECK(slow.has("192.0.2.9"));
  CHECK(scene.dns.asked == 3);
  Asked joins(scene.resolver, "b.test");  // the query under way
  CHECK(scene.dns.asked == 3);
  scene.dns.answer(failed("down"));
  scene.loop.turn();
  REQUIRE(joins.has("192.0.2.9"));
  CHECK((*joins.result)->ttl == Seconds(0));
  CHECK(joins.failing() == "down");
}

TEST_CASE("who has last known addresses waits 200 ms for new ones, or what is left of them") {
  Scene scene;
  scene.learn("a.test", found("192.0.2.9"));
  Asked second(scene.resolver, "a.test");  // DNS is silent
  scene.loop.pass(Millis(190));
  CHECK_FALSE(second.result);
  scene.loop.pass(Millis(30));
  CHECK(second.has("192.0.2.9"));
  Asked third(scene.resolver, "a.test");
  scene.loop.turn();
  CHECK(third.has("192.0.2.9"));
  CHECK(scene.dns.asked == 2);
}

TEST_CASE("whoever has less time than that gets last known addresses in half of it") {
  for (const int64_t timeout : {40, 100, 200, 300}) {
    CAPTURE(timeout);
    Scene scene;
    scene.learn("a.test", found("192.0.2.9"));
    Asked asked(scene.resolver, "a.test", Millis(timeout));
    scene.loop.pass(Millis(timeout / 2 - 10));
    CHECK_FALSE(asked.result);
    scene.loop.pass(Millis(30));  // a tick of the wheel, too
    CHECK(asked.has("192.0.2.9"));
  }
}

TEST_CASE("once DNS says that the name is gone, so are its last known addresses") {
  Scene scene;
  scene.learn("a.test", found("192.0.2.9"));
  Asked second(scene.resolver, "a.test");
  scene.dns.answer(failed(kNoSuchName));
  scene.loop.turn();
  REQUIRE(second.result);
  REQUIRE_FALSE(second.result->ok());
  CHECK(is_denial(second.result->error().detail));
}

TEST_CASE("an answer straight from DNS has a TTL within the limits, as one from memory has") {
  struct Row {
    int64_t says;
    int64_t used;
  };
  for (const Row& row : {Row{0, 5}, Row{4, 5}, Row{30, 30}, Row{61, 60}, Row{999999, 60}}) {
    CAPTURE(row.says);
    Scene scene({.min_ttl = Seconds(5), .max_ttl = Seconds(60)});
    Asked straight(scene.resolver, "a.test");
    scene.dns.answer(found("192.0.2.9", row.says));
    scene.loop.turn();
    Asked kept(scene.resolver, "a.test");
    scene.loop.turn();
    for (const Asked* asked : {&straight, &kept}) {
      REQUIRE(asked->has("192.0.2.9"));
      CHECK((*asked->result)->ttl == Seconds(row.used));
    }
    CHECK(scene.dns.asked == 1);
  }
}

TEST_CASE("an answer that comes after somebody has stopped waiting is used, and said to be late") {
  Scene scene;
  scene.learn("a.test", found("192.0.2.1", 1));
  for (const char* ip : {"192.0.2.2", "192.0.2.3"}) {
    scene.loop.pass(Millis(1100));
    Asked slow(scene.resolver, "a.test");
    scene.loop.pass(Millis(300));
    CHECK(slow.failing() == "DNS time-out");
    scene.dns.answer(found(ip, 1));
    Asked next(scene.resolver, "a.test");
    scene.loop.turn();
    REQUIRE(next.has(ip));
    CHECK(next.failing().empty());
    CHECK((*next.result)->late);
  }
  scene.loop.pass(Millis(1100));
  Asked quick(scene.resolver, "a.test");
  scene.loop.pass(Millis(100));
  scene.dns.answer(found("192.0.2.4", 1));
  scene.loop.turn();
  REQUIRE(quick.has("192.0.2.4"));
  CHECK_FALSE((*quick.result)->late);
}

TEST_CASE("other settings forget failures, and only those") {
  const DnsSettings before{.min_ttl = Seconds(0)};
  Scene scene(before);
  scene.learn("failed.test", failed("down"));
  scene.learn("denied.test", failed(kNoSuchName));
  scene.learn("fresh.test", found("192.0.2.1", 60));
  scene.learn("known.test", found("192.0.2.2"));
  scene.learn("known.test", failed("down"));
  CHECK(scene.dns.asked == 5);
  scene.resolver.configure(before);
  for (const char* host : {"failed.test", "denied.test", "fresh.test", "known.test"}) {
    Asked asked(scene.resolver, host);
    scene.loop.turn();
    CHECK(asked.result);
  }
  CHECK(scene.dns.asked == 5);

  DnsSettings after = before;
  after.servers = "192.0.2.53:53";
  scene.resolver.configure(after);
  scene.learn("failed.test", found("192.0.2.3", 60));
  scene.learn("denied.test", found("192.0.2.4", 60));
  CHECK(scene.dns.asked == 7);
  Asked fresh(scene.resolver, "fresh.test");
  scene.loop.turn();
  CHECK(fresh.has("192.0.2.1"));
  CHECK(scene.dns.asked == 7);
  Asked known(scene.resolver, "known.test");
  CHECK(scene.dns.asked == 8);
  scene.loop.pass(Millis(300));
  CHECK(known.has("192.0.2.2"));
}

TEST_CASE("what is being asked is asked again where the settings have changed") {
  Scene scene;
  Asked asked(scene.resolver, "a.test");
  scene.resolver.configure({.min_ttl = Seconds(0)});
  CHECK(scene.dns.asked == 1);
  scene.resolver.configure({.servers = "192.0.2.53:53", .min_ttl = Seconds(0)});
  CHECK(scene.dns.asked == 2);
  CHECK_FALSE(asked.result);
  scene.dns.answer(found("192.0.2.1"));
  scene.loop.turn();
  CHECK(asked.has("192.0.2.1"));
}

TEST_CASE("a service keeps the addresses of a host for which DNS fails, until DNS denies them") {
  SimLoop loop;
  ServiceDns dns(loop);
  dns.names.ttl = Seconds(3600);
  dns.names.error = "down";
  CachingResolver resolver(loop, dns);
  dns.hosts = &resolver;
  const auto learn = [&](Seconds later) {
    loop.pass(later);
    auto asked = std::make_unique<Asked>(resolver, "_s");
    loop.pass(Millis(10));
    REQUIRE((asked->result && asked->result->ok()));
    return asked;
  };
  dns.names.names = {{"p", {"192.0.2.1"}}, {"b", {"192.0.2.2"}}};
  CHECK(learn(Seconds(0))->has("192.0.2.1"));
  dns.names.names.erase("p");
  for (int i = 0; i < 3; ++i) {
    const auto asked = learn(Seconds(i == 0 ? 3601 : 6));
    CHECK(asked->has("192.0.2.1"));
    CHECK(asked->has("192.0.2.2"));
    CHECK(asked->failing() == "down");
    CHECK((*asked->result)->failing_host == "p");
    CHECK((*asked->result)->ttl <= Seconds(5));
  }
  const auto records = std::exchange(dns.records, failed("all is down"));
  const auto last_known = learn(Seconds(6));
  CHECK(last_known->has("192.0.2.1"));
  CHECK(last_known->failing() == "all is down");
  CHECK((*last_known->result)->failing_host.empty());
  dns.records = records;
  dns.names.error = kNoSuchName;
  const auto denied = learn(Seconds(6));
  CHECK_FALSE(denied->has("192.0.2.1"));
  CHECK(denied->has("192.0.2.2"));
  CHECK(denied->failing().empty());
}

TEST_CASE("a resolver may go while a service and its hosts are asked for") {
  SimLoop loop;
  ServiceDns dns(loop);
  dns.records = SrvRecords{{{"silent", 80, 1, 1}, {"A", 80, 1, 1}}, Seconds(1)};
  for (const bool waits : {true, false}) {
    auto resolver = std::make_unique<CachingResolver>(loop, dns);
    dns.hosts = resolver.get();
    Asked asked(*resolver, "_s");
    loop.pass(Millis(10));
    if (!waits) asked.query.reset();
    resolver->configure({.servers = "192.0.2.53:53"});
    loop.pass(Millis(10));
    CHECK_FALSE(asked.result);
    asked.query.reset();
    resolver.reset();
  }
}

}  // namespace
}  // namespace seawall::net
