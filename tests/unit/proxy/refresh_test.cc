// What is refreshed with nobody waiting, and what is not; what a HEAD leaves alone.
#include "common/proxy/refresh.h"

#include "catch.h"
#include "tests/unit/proxy/viewing.h"

namespace seawall::proxy {
namespace {

constexpr std::string_view kSoonStale =
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=1, stale-while-revalidate=600\r\nETag: \"1\"\r\n"
    "Vary: X-Device\r\nContent-Length: 3\r\n\r\nold";

bool is_stale(const net::Wire& wire) {
  return wire.written.find("X-Cache: Stale from edge") != std::string::npos;
}

void head(Viewing& on, net::Wire& wire, std::string_view fields = "") {
  wire.data("HEAD /a HTTP/1.1\r\nHost: site.test\r\n" + std::string(fields) + "\r\n");
  on.scene.loop.turn();
}

}  // namespace

TEST_CASE("where answers can't be kept nothing is refreshed in the background") {
  Viewing on;
  const auto& asked = on.scene.counters.upstream_requests;
  const auto phone = on.viewer();
  on.ask(*phone, "/a", "X-Device: phone\r\n");
  on.origin_says(kSoonStale);
  const auto tablet = on.viewer();
  on.ask(*tablet, "/a", "X-Device: tablet\r\n");
  on.origin_says("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nno");
  REQUIRE(tablet->written.ends_with("\r\n\r\nno"));
  for (int i = 0; i < 3; ++i) {
    on.scene.loop.pass(Seconds(2));
    phone->take();
    on.ask(*phone, "/a", "X-Device: phone\r\n");
    CHECK(is_stale(*phone));
    CHECK(asked.get() == 2);
  }
  on.scene.loop.pass(Seconds(10));  // that is forgotten then
  on.ask(*phone, "/a", "X-Device: phone\r\n");
  CHECK(asked.get() == 3);
}

TEST_CASE("a HEAD gets what is stale and refreshes nothing, a GET does") {
  Viewing on;
  const auto wire = on.viewer();
  on.ask(*wire, "/a");
  on.origin_says(kSoonStale);
  on.scene.loop.pass(Seconds(3));
  wire->take();
  head(on, *wire);
  CHECK(is_stale(*wire));
  CHECK(wire->written.ends_with("\r\n\r\n"));
  CHECK(on.scene.counters.upstream_requests.get() == 1);
  wire->take();
  on.ask(*wire, "/a");
  CHECK(is_stale(*wire));
  CHECK(on.scene.counters.upstream_requests.get() == 2);
}

TEST_CASE("a 304 to a HEAD leaves what a GET has stored") {
  for (const bool in_grace : {false, true}) {
    INFO(in_grace);
    Viewing on;
    const auto wire = on.viewer();
    on.ask(*wire, "/a");
    on.origin_says(in_grace ? std::string(kSoonStale)
                            : "HTTP/1.1 200 OK\r\nCache-Control: max-age=1\r\nETag: \"1\"\r\n"
                              "Content-Length: 3\r\n\r\nold");
    on.scene.loop.pass(Seconds(3));
    const auto other = on.viewer();
    head(on, *other, "If-None-Match: \"1\"\r\n");
    if (on.scene.counters.upstream_requests.get() == 2) {
      on.origin_says("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n");
    }
    CHECK(other->written.starts_with("HTTP/1.1 304 "));
    on.scene.loop.pass(Seconds(2));
    on.ask(*wire, "/a");
    CHECK(on.origin_says(kOk).find("If-None-Match: \"1\"\r\n") != std::string::npos);
  }
}

}  // namespace seawall::proxy
