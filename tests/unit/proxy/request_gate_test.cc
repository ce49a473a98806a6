#include "common/proxy/request_gate.h"

#include "catch.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

using metrics::LoopCounters;

constexpr WallTime kNow{Seconds(1'763'820'000)};
const crypto::AuthKey kKey{"edge", "a secret that is long enough"};

std::string sign(std::string_view target = "/", uint64_t nonce = 1) {
  return crypto::sign_request(kKey, {"GET", "site.test", target}, kNow, nonce);
}

struct Gate {
  explicit Gate(size_t limit = 100) : gate({{kKey}, Seconds(60), limit}, seen) {}
  RequestGate::Refusal ask(std::vector<std::string> values, const char* target = "/") {
    std::vector<std::pair<std::string, std::string>> lines = {{"Host", "site.test"}};
    for (std::string& value : values) lines.emplace_back("x-seawall-auth", std::move(value));
    return gate.refusal(TestHead("GET", target, std::move(lines)), kNow);
  }
  std::shared_ptr<crypto::NonceMemory> seen = std::make_shared<crypto::NonceMemory>();
  RequestGate gate;
};

}  // namespace

TEST_CASE("a signature opens the gate once") {
  Gate gate;
  CHECK(gate.ask({sign()}).detail == nullptr);
  CHECK(gate.ask({sign()}).counter == &LoopCounters::auth_replayed);
  CHECK(gate.ask({sign("/", 2)}).detail == nullptr);
}

TEST_CASE("listeners are guarded but those that are open") {
  const RequestGate gate({.keys = {kKey}, .open_listeners = {7, 9}}, nullptr);
  for (const uint64_t listener : {0, 7, 8, 9}) {
    CHECK(gate.guards(listener) == (listener != 7 && listener != 9));
  }
}

TEST_CASE("what is refused says why, and uses nothing up") {
  Gate gate;
  CHECK(gate.ask({}).counter == &LoopCounters::auth_missing);
  CHECK(gate.ask({sign(), sign()}).counter == &LoopCounters::auth_missing);
  CHECK(gate.ask({"v=1"}).counter == &LoopCounters::auth_invalid);
  CHECK(gate.ask({sign()}, "/other").counter == &LoopCounters::auth_invalid);
  CHECK(gate.seen->size() == 0);
  CHECK(gate.ask({sign()}).detail == nullptr);
}

TEST_CASE("the gate that comes after it knows what one has let through") {
  Gate gate;
  CHECK(gate.ask({sign()}).detail == nullptr);
  const RequestGate after({{kKey}, Seconds(60), 100}, gate.seen);
  const TestHead head("GET", "/", {{"Host", "site.test"}, {"X-Seawall-Auth", sign()}});
  CHECK(after.refusal(head, kNow).counter == &LoopCounters::auth_replayed);
}

TEST_CASE("with no room to remember nothing passes") {
  Gate gate(2);
  CHECK(gate.ask({sign("/", 1)}).detail == nullptr);
  CHECK(gate.ask({sign("/", 2)}).detail == nullptr);
  CHECK(gate.ask({sign("/", 3)}).counter == &LoopCounters::auth_replayed);
}

TEST_CASE("what may be the fault of the nodes themselves is 503, all else 403") {
  const auto by = [](const crypto::AuthKey& key, Seconds age) {
    return crypto::sign_request(key, {"GET", "site.test", "/"}, kNow - age, 1);
  };
  const crypto::AuthKey next{"next", kKey.secret};
  const crypto::AuthKey forged{kKey.id, "another secret, as long as that"};
  Gate gate(1);
  CHECK(gate.ask({by(next, Seconds(0))}).status == 503);
  CHECK(gate.ask({by(kKey, Seconds(61))}).status == 503);
  CHECK(gate.ask({by(forged, Seconds(0))}).status == 403);
  CHECK(gate.ask({}).status == 403);
  CHECK(gate.ask({sign()}).detail == nullptr);
  CHECK(gate.ask({sign()}).status == 403);
  CHECK(gate.ask({sign("/", 2)}).status == 503);
}

}  // namespace seawall::proxy
