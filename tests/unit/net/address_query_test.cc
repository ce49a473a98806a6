#include "common/net/address_query.h"

#include <map>

#include "catch.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::net {
namespace {

constexpr char kServerFailed[] = "DNS server failed";

// What one half may say: an address, or Error::detail.
Result<Resolution> half(std::string_view says, int64_t ttl = 60) {
  if (const auto address = Address::parse(says, 0)) {
    return Resolution{.addresses = {*address}, .ttl = Seconds(ttl)};
  }
  for (const char* detail : {kNoSuchName, kNoAddresses, kDnsTimeOut, kServerFailed}) {
    if (says == detail) return Error{ErrorCode::kDns, Side::kUpstream, true, detail};
  }
  FAIL("neither an address nor an error");
  return Error{};
}

std::string text_of(const Result<Resolution>& result) {
  if (!result) return result.error().detail;
  std::string out;
  for (const Address& a : result->addresses) out += (out.empty() ? "" : " ") + a.ip_string();
  if (result->missing == Family::kIpv4) out += ", IPv4 missing";
  if (result->missing == Family::kIpv6) out += ", IPv6 missing";
  return out;
}

// Each place answers when the test says.
struct Scene {
  using Place = AddressQuery::Place;
  struct Pending final : Query {
    Pending(Scene& s, Place p) : scene(s), place(p) {}
    ~Pending() override { scene.asked.erase(place); }
    Scene& scene;
    const Place place;
  };
  explicit Scene(Millis timeout = Millis(5000)) {
    auto ask = [this](Place place, Resolver::Callback callback) {
      asked[place] = std::move(callback);
      return std::make_unique<Pending>(*this, place);
    };
    query = std::make_unique<AddressQuery>(loop, timeout, ask, [this](Result<Resolution> r) {
      REQUIRE_FALSE(result);
      result.emplace(std::move(r));
      if (!keeps_query) query.reset();  // allowed
    });
  }
  void answer(Place place, std::string_view says) {
    REQUIRE(asked[place]);
    const Resolver::Callback callback = std::move(asked[place]);
    callback(half(says));
  }
  std::string answered() const { return result ? text_of(*result) : "not yet"; }

  SimLoop loop;
  bool keeps_query = false;
  std::map<Place, Resolver::Callback> asked;
  std::optional<Result<Resolution>> result;
  std::unique_ptr<AddressQuery> query;
};

}  // namespace

TEST_CASE("a name has no addresses only where both halves say so; one half will do") {
  struct Row {
    const char* ipv4;
    const char* ipv6;
    std::string answer;
  };
  const Row rows[] = {
      {"192.0.2.1", "2001:db8::1", "2001:db8::1 192.0.2.1"},
      {"192.0.2.1", kNoAddresses, "192.0.2.1"},
      {"192.0.2.1", kNoSuchName, "192.0.2.1"},
      {"192.0.2.1", kServerFailed, "192.0.2.1, IPv6 missing"},
      {"192.0.2.1", kDnsTimeOut, "192.0.2.1, IPv6 missing"},
      {kNoAddresses, "2001:db8::1", "2001:db8::1"},
      {kServerFailed, "2001:db8::1", "2001:db8::1, IPv4 missing"},
      {kNoAddresses, kNoAddresses, kNoAddresses},
      {kNoSuchName, kNoSuchName, kNoSuchName},
      {kNoSuchName, kNoAddresses, kNoAddresses},
      {kNoAddresses, kNoSuchName, kNoAddresses},
      {kNoAddresses, kServerFailed, kServerFailed},
      {kServerFailed, kNoAddresses, kServerFailed},
      {kNoSuchName, kDnsTimeOut, kDnsTimeOut},
      {kDnsTimeOut, kNoSuchName, kDnsTimeOut},
      {kDnsTimeOut, kServerFailed, kDnsTimeOut},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ipv4, row.ipv6);
    CHECK(text_of(join_halves(half(row.ipv4), half(row.ipv6))) == row.answer);
    for (const bool ipv6_first : {true, false}) {
      Scene scene;
      scene.answer(Scene::Place::kHosts, kNoSuchName);
      if (ipv6_first) scene.answer(Scene::Place::kIpv6, row.ipv6);
      scene.answer(Scene::Place::kIpv4, row.ipv4);
      if (!ipv6_first) scene.answer(Scene::Place::kIpv6, row.ipv6);
      CHECK(scene.answered() == row.answer);
    }
  }
  CHECK(join_halves(half("192.0.2.1", 7), half("2001:db8::1", 9))->ttl == Seconds(7));
  CHECK(join_halves(half("192.0.2.1", 9), half("2001:db8::1", 7))->ttl == Seconds(7));
}

TEST_CASE("what /etc/hosts has is not asked of DNS") {
  Scene scene;
  CHECK(scene.asked.size() == 1);
  scene.keeps_query = true;
  scene.answer(Scene::Place::kHosts, "192.0.2.1");
  CHECK(scene.asked.empty());
  CHECK(scene.answered() == "192.0.2.1");
}

TEST_CASE("addresses of one half wait 1.5 s for the other, and half of the time at most") {
  for (const int64_t timeout : {5000, 400}) {
    for (const auto place : {Scene::Place::kIpv4, Scene::Place::kIpv6}) {
      CAPTURE(timeout);
      Scene scene{Millis(timeout)};
      scene.answer(Scene::Place::kHosts, kNoSuchName);
      const bool is_ipv4 = place == Scene::Place::kIpv4;
      scene.answer(place, is_ipv4 ? "192.0.2.1" : "2001:db8::1");
      const Millis patience(timeout == 400 ? 200 : 1500);
      scene.loop.pass(patience - Millis(10));
      CHECK(scene.answered() == "not yet");
      scene.loop.pass(Millis(30));
      CHECK(scene.answered() ==
            (is_ipv4 ? "192.0.2.1, IPv6 missing" : "2001:db8::1, IPv4 missing"));
    }
  }
}

TEST_CASE("who keeps the query hears nothing of what comes later") {
  Scene scene;
  scene.keeps_query = true;
  scene.answer(Scene::Place::kHosts, kNoSuchName);
  scene.answer(Scene::Place::kIpv4, "192.0.2.1");
  scene.loop.pass(Millis(1600));
  CHECK(scene.answered() == "192.0.2.1, IPv6 missing");
  CHECK(scene.asked.empty());

  Scene quick;
  quick.keeps_query = true;
  quick.answer(Scene::Place::kHosts, kNoSuchName);
  quick.answer(Scene::Place::kIpv4, "192.0.2.1");
  quick.answer(Scene::Place::kIpv6, "2001:db8::1");
  quick.loop.pass(Millis(1600));
  CHECK(quick.answered() == "2001:db8::1 192.0.2.1");
}

TEST_CASE("that one half has no addresses ends nothing") {
  Scene scene;
  scene.answer(Scene::Place::kHosts, kNoSuchName);
  scene.answer(Scene::Place::kIpv6, kNoAddresses);
  scene.loop.pass(Millis(4900));
  CHECK(scene.answered() == "not yet");
  scene.answer(Scene::Place::kIpv4, kDnsTimeOut);
  CHECK(scene.answered() == kDnsTimeOut);
}

}  // namespace seawall::net
