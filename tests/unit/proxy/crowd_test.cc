// Many who want the same, slow ones, and too many.
#include "catch.h"
#include "tests/unit/proxy/viewing.h"

namespace seawall::proxy {
namespace {

constexpr std::string_view kNonsense = "nonsense\r\n\r\n";

bool has_ok(const net::Wire& wire) {
  return wire.written.starts_with("HTTP/1.1 200 ") && wire.written.ends_with("\r\n\r\nok");
}

}  // namespace

TEST_CASE(
    "who waits for a fetch that fails tries once more, with all others, through one of them") {
  for (const bool second_fails : {false, true}) {
    Viewing on;
    const auto leader = on.viewer();
    const auto a = on.viewer();
    const auto b = on.viewer();
    for (const auto& wire : {leader, a, b}) on.ask(*wire, "/a");
    REQUIRE(on.scene.loop.wires.size() == 1);
    on.origin_says(kNonsense);
    CHECK(leader->written.starts_with("HTTP/1.1 502 "));
    CHECK(a->written.empty());
    CHECK(b->written.empty());
    REQUIRE(on.scene.loop.wires.size() == 2);
    on.origin_says(second_fails ? kNonsense : kOk);
    CHECK(on.scene.loop.wires.size() == 2);
    for (const auto& wire : {a, b}) {
      CHECK(has_ok(*wire) == !second_fails);
      CHECK(wire->written.starts_with("HTTP/1.1 502 ") == second_fails);
    }
  }
}

TEST_CASE("an error that nobody gave a lifetime answers those who have waited, and nobody later") {
  for (const std::string_view head :
       {"500 A", "502 B", "503 C\r\nRetry-After: 9", "504 D", "599 E"}) {
    INFO(head);
    Viewing on;
    const auto leader = on.viewer();
    const auto a = on.viewer();
    const auto b = on.viewer();
    const auto late = on.viewer();
    const auto later = on.viewer();
    for (const auto& wire : {leader, a, b}) on.ask(*wire, "/a");
    on.origin_says("HTTP/1.1 " + std::string(head) + "\r\nContent-Length: 4\r\n\r\noo");
    net::Wire& origin = on.scene.loop.last();
    on.ask(*late, "/a");
    CHECK(on.scene.counters.upstream_requests.get() == 2);
    origin.data("ps");
    on.scene.loop.turn();
    for (const auto& wire : {leader, a, b}) {
      CHECK(wire->written.starts_with("HTTP/1.1 " + std::string(head.substr(0, 3))));
      CHECK(wire->written.ends_with("\r\n\r\noops"));
    }
    CHECK(late->written.empty());
    on.origin_says(kOk);
    CHECK(has_ok(*late));
    on.ask(*later, "/a");
    CHECK(has_ok(*later));
    CHECK(on.scene.counters.upstream_requests.get() == 2);
  }
}

TEST_CASE("an error that must not be shared is asked about once more by those who have waited") {
  for (const std::string_view fields :
       {"Cache-Control: no-store\r\n", "Cache-Control: private\r\n", "Cache-Control: no-cache\r\n",
        "Cache-Control: must-revalidate\r\n", "Cache-Control: max-age=0\r\n", "Vary: *\r\n",
        "Set-Cookie: a=1\r\n"}) {
    for (const bool again : {false, true}) {
      INFO(fields << again);
      const std::string head = "HTTP/1.1 500 Oops\r\n" + std::string(fields);
      Viewing on;
      const auto leader = on.viewer();
      std::vector<std::shared_ptr<net::Wire>> others;
      on.ask(*leader, "/a");
      for (int i = 0; i < 5; ++i) on.ask(*others.emplace_back(on.viewer()), "/a");
      on.origin_says(head + "Content-Length: 5\r\n\r\nfirst");
      CHECK(leader->written.ends_with("\r\n\r\nfirst"));
      CHECK(on.scene.counters.upstream_requests.get() == 2);
      if (again) on.origin_says(head + "Content-Length: 6\r\n\r\nsecond");
      if (!again) on.origin_says(kOk);
      CHECK(on.scene.counters.upstream_requests.get() == 2);
      CHECK(others[0]->written.ends_with(again ? "\r\n\r\nsecond" : "\r\n\r\nok"));
      for (size_t i = 1; i < others.size(); ++i) {
        CHECK(has_ok(*others[i]) == !again);
        CHECK(others[i]->written.starts_with("HTTP/1.1 502 ") == again);
        CHECK(others[i]->written.find("second") == std::string::npos);
      }
    }
  }
}

TEST_CASE("who waited for an error gets what is stale, where it may be used so") {
  for (const std::string_view fields : {"", "Cache-Control: no-store\r\n"}) {
    INFO(fields);
    Viewing on;
    const auto first = on.viewer();
    on.ask(*first, "/a");
    on.origin_says(
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=1, stale-if-error=60\r\n"
        "Content-Length: 3\r\n\r\nold");
    on.scene.loop.pass(Seconds(5));
    std::vector<std::shared_ptr<net::Wire>> viewers;
    for (int i = 0; i < 5; ++i) on.ask(*viewers.emplace_back(on.viewer()), "/a");
    on.origin_says("HTTP/1.1 500 Oops\r\n" + std::string(fields) + "Content-Length: 2\r\n\r\nno");
    for (const auto& wire : viewers) {
      CHECK(wire->written.find("X-Cache: Stale from edge") != std::string::npos);
      CHECK(wire->written.ends_with("\r\n\r\nold"));
    }
    CHECK(on.scene.counters.upstream_requests.get() == 2);
  }
}

TEST_CASE("who has twice waited for an answer that is cut before he has any of it gets 502") {
  Viewing on;
  Viewing::OtherLoop other(on);  // slow: it turns when an answer has come, and was cut
  std::vector<std::shared_ptr<net::Wire>> waiting;
  for (int i = 0; i < 2; ++i) {
    const auto leader = on.viewer();
    on.ask(*leader, "/a");
    for (int k = 0; k < 3 && i == 0; ++k) {
      auto wire = waiting.emplace_back(std::make_shared<net::Wire>());
      on.connect(wire, other.worker);
      on.ask(*wire, "/a");
    }
    other.loop.turn();
    REQUIRE(on.scene.counters.collapsed_requests.get() + other.counters.collapsed_requests.get() ==
            static_cast<uint64_t>(3 * (i + 1)));
    on.origin_says("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nabc");
    on.scene.loop.last().error(ErrorCode::kReset);
    on.scene.loop.turn();
  }
  for (const auto& wire : waiting) CHECK(wire->written.empty());
  other.loop.turn();
  for (const auto& wire : waiting) CHECK(wire->written.starts_with("HTTP/1.1 502 "));
  CHECK(other.loop.wires.empty());
}

TEST_CASE("a time-out is not waited for twice") {
  Viewing on;
  const auto leader = on.viewer();
  const auto follower = on.viewer();
  on.ask(*leader, "/a");
  on.ask(*follower, "/a");
  on.scene.loop.last().connected();
  on.scene.loop.pass(Seconds(31));
  CHECK(leader->written.starts_with("HTTP/1.1 504 "));
  CHECK(follower->written.starts_with("HTTP/1.1 504 "));
}

TEST_CASE("who has some of an answer that breaks is cut and never told that it is whole") {
  struct Row {
    std::string_view head;
    std::string_view more;
  };
  const Row table[] = {
      {"Content-Length: 9\r\n\r\nabc", "def"},
      {"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "3\r\ndef\r\n"},
      {"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "9\r\nde"},
  };
  for (const Row& row : table) {
    INFO(row.head);
    Viewing on;
    const auto leader = on.viewer();
    const auto follower = on.viewer();
    on.ask(*leader, "/a");
    on.ask(*follower, "/a");
    on.origin_says("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n" + std::string(row.head));
    net::Wire& origin = on.scene.loop.last();
    origin.data(row.more);
    on.scene.loop.turn();
    origin.error(ErrorCode::kReset);
    on.scene.loop.turn();
    for (const auto& wire : {leader, follower}) {
      CHECK(wire->written.starts_with("HTTP/1.1 200 "));
      CHECK(wire->written.find("abc") != std::string::npos);
      CHECK_FALSE(wire->written.ends_with("0\r\n\r\n"));
      CHECK(wire->closed);
    }
    CHECK(on.scene.loop.wires.size() == 1);
  }
}

TEST_CASE("those who wait for another variant than comes form a fetch of their own together") {
  Viewing on;
  const std::string head =
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nVary: X-Device\r\nContent-Length: 2\r\n\r\n";
  const auto phone = on.viewer();
  on.ask(*phone, "/a", "X-Device: phone\r\n");
  std::vector<std::shared_ptr<net::Wire>> tablets, others;
  for (int i = 0; i < 5; ++i) {
    on.ask(*tablets.emplace_back(on.viewer()), "/a", "X-Device: tablet\r\n");
    on.ask(*others.emplace_back(on.viewer()), "/a");
  }
  on.origin_says(head + "ph");
  REQUIRE(phone->written.ends_with("\r\n\r\nph"));
  const size_t before = on.scene.loop.wires.size();
  CHECK(before <= 3);
  int asked = 0;
  for (const auto& wire : on.scene.loop.wires) {
    if (wire->closed) continue;
    if (wire->written.empty()) wire->connected();
    const std::string request = wire->take();
    if (request.empty()) continue;
    ++asked;
    wire->data(head + (request.find("tablet") != std::string::npos ? "ta" : "no"));
    on.scene.loop.turn();
  }
  CHECK(asked == 2);
  for (const auto& wire : tablets) CHECK(wire->written.ends_with("\r\n\r\nta"));
  for (const auto& wire : others) CHECK(wire->written.ends_with("\r\n\r\nno"));
}

TEST_CASE("a body that trickles in is refused, one that comes slowly but steadily is not") {
  for (const size_t piece : {size_t{1}, size_t{2000}}) {
    INFO(piece);
    Viewing on;
    const auto wire = on.viewer();
    wire->data("POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 12000\r\n\r\n");
    on.scene.loop.turn();
    on.scene.loop.last().connected();
    for (int i = 0; i < 6; ++i) {
      on.scene.loop.pass(Seconds(10));
      wire->data(std::string(piece, 'x'));
      on.scene.loop.turn();
    }
    CHECK(wire->written.starts_with("HTTP/1.1 408 ") == (piece == 1));
    if (piece > 1) {
      CHECK(on.origin_says(kOk).ends_with(std::string(12000, 'x')));
      CHECK(wire->written.ends_with("\r\n\r\nok"));
    }
  }
}

TEST_CASE("an address gets a connection back when it has ended") {
  Overload overload;
  Viewing on;
  on.scene.worker.set_overload(overload);
  REQUIRE(overload.addresses().enter(on.scene.peer.address, 1));
  on.scene.peer.counted = true;
  const auto wire = on.viewer();
  on.ask(*wire, "/a");
  CHECK(overload.addresses().count(on.scene.peer.address) == 1);
  wire->end();
  on.origin_says(kOk);
  on.scene.loop.turn();
  REQUIRE(wire->closed);
  CHECK(overload.addresses().count(on.scene.peer.address) == 0);
}

TEST_CASE("while memory runs out a crowd shares what is not stored") {
  Overload overload;
  Viewing on;
  on.scene.worker.set_overload(overload);
  overload.note_memory(95, 100);
  std::vector<std::shared_ptr<net::Wire>> viewers;
  for (int i = 0; i < 5; ++i) on.ask(*viewers.emplace_back(on.viewer()), "/a");
  on.origin_says(kOk);
  CHECK(on.scene.counters.upstream_requests.get() == 1);
  for (const auto& wire : viewers) CHECK(has_ok(*wire));
  CHECK(on.scene.store.stats().entries == 0);
}

TEST_CASE("while memory runs out nothing is fetched on for viewers who have left") {
  Overload overload;
  Viewing on;
  on.scene.worker.set_overload(overload);
  overload.note_memory(95, 100);
  const auto wire = on.viewer();
  on.ask(*wire, "/a");
  on.origin_says("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nhalf");
  net::Wire& origin = on.scene.loop.last();
  CHECK_FALSE(origin.closed);
  wire->error(ErrorCode::kReset);
  on.scene.loop.turn();
  CHECK(origin.closed);
}

TEST_CASE("while memory runs out nothing new is stored, and what is stored is served") {
  Overload overload;
  Viewing on;
  on.scene.worker.set_overload(overload);
  const auto wire = on.viewer();
  const auto hit = [&](std::string_view target) {
    wire->take();
    on.ask(*wire, target);
    const bool from_store = wire->written.find("X-Cache: Hit") != std::string::npos;
    if (!from_store) on.origin_says(kOk);
    return from_store;
  };
  CHECK_FALSE(hit("/a"));
  overload.note_memory(95, 100);
  CHECK(hit("/a"));
  CHECK_FALSE(hit("/b"));
  CHECK(wire->written.find("detail=no-space") != std::string::npos);
  CHECK_FALSE(hit("/b"));
  CHECK(on.scene.counters.shed_fills.get() == 2);
  overload.note_memory(50, 100);
  CHECK_FALSE(hit("/b"));
  CHECK(hit("/b"));
}

}  // namespace seawall::proxy
