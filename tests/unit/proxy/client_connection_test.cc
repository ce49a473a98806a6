#include "common/proxy/client_connection.h"

#include "catch.h"
#include "tests/unit/proxy/viewing.h"

namespace seawall::proxy {

TEST_CASE("the last request that a connection may carry is told so, whoever answers") {
  Viewing on;
  auto settings = std::make_shared<Settings>(*on.scene.worker.settings());
  settings->limits.requests_per_connection = 2;
  on.scene.worker.apply(settings, on.scene.worker.upstreams());
  const auto viewer = on.viewer();
  on.ask(*viewer, "/a");
  on.origin_says(kOk);
  CHECK(viewer->take().find("Connection: close") == std::string::npos);
  on.ask(*viewer, "/b");
  on.origin_says(kOk);
  CHECK(viewer->take().find("Connection: close") != std::string::npos);
  CHECK(viewer->shut_down);
  const auto old = on.viewer();
  on.ask(*old, "/a", "Connection: close\r\n");
  CHECK(old->take().find("Connection: close") != std::string::npos);
}

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

TEST_CASE("who goes on sending after the last answer is heard out, for 30 s at most") {
  Viewing on;
  const std::string refused =
      "POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 99999999999\r\n\r\n";
  const auto send_on = [&on](net::Wire& wire, int seconds) {
    for (int i = 0; i < seconds && !wire.closed; ++i) {
      wire.data("a piece of what nobody wants");
      on.scene.loop.turn();
      on.scene.loop.pass(Millis(1000));
    }
  };
  const auto fast = on.viewer();
  fast->data(refused);
  on.scene.loop.turn();
  CHECK(fast->written.starts_with("HTTP/1.1 413 "));
  REQUIRE(fast->shut_down);
  send_on(*fast, 10);
  CHECK_FALSE(fast->closed);
  on.scene.loop.pass(Millis(2100));
  CHECK(fast->closed);

  const auto endless = on.viewer();
  endless->data(refused);
  on.scene.loop.turn();
  send_on(*endless, 28);
  CHECK_FALSE(endless->closed);
  send_on(*endless, 4);
  CHECK(endless->closed);

  const auto late = on.viewer();
  late->data(refused);
  on.scene.loop.turn();
  send_on(*late, 3);
  on.scene.worker.drain();
  send_on(*late, 2);
  CHECK(late->closed);
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

TEST_CASE("an interim response that has to wait for the viewer's socket goes before the answer") {
  Viewing on;
  const auto wire = on.viewer();
  wire->accepts = 9;
  on.ask(*wire, "/a");
  on.origin_says("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
  REQUIRE(wire->is_pending);
  wire->drain();
  on.scene.loop.turn();
  CHECK(wire->take() == "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
  wire->accepts = SIZE_MAX;
  on.origin_says(kOk);
  CHECK(wire->written.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(wire->written.ends_with("\r\n\r\nok"));
}

TEST_CASE("a viewer who half-closes gets the answers to all that he has sent before") {
  Viewing on;
  const auto wire = on.viewer();
  const std::string text = "GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n";
  wire->data(text + text + text);
  wire->end();
  on.scene.loop.turn();
  on.origin_says(kOk);
  size_t answers = 0;
  for (size_t at = 0; (at = wire->written.find("\r\n\r\nok", at)) != std::string::npos; ++at) {
    ++answers;
  }
  CHECK(answers == 3);
  CHECK(wire->closed);
  CHECK_FALSE(wire->reset);
}

TEST_CASE("a body that waits to be taken when its viewer half-closes is taken; a cut one is not") {
  for (const bool whole : {true, false}) {
    Viewing on;
    const auto wire = on.viewer();
    wire->data(std::string("POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 5\r\n\r\n") +
               (whole ? "12345" : "1234"));
    wire->end();  // before the request had its turn
    on.scene.loop.turn();
    CHECK(wire->closed == !whole);
    if (!whole) continue;
    CHECK(on.origin_says(kOk).ends_with("\r\n\r\n12345"));
    CHECK(wire->written.ends_with("\r\n\r\nok"));
  }
}

TEST_CASE("what has to be validated each time is validated for each viewer, also by a 304") {
  Viewing on;
  const auto first = on.viewer();
  const auto second = on.viewer();
  on.ask(*first, "/a");
  on.origin_says(
      "HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nETag: \"1\"\r\nContent-Length: 2\r\n\r\nok");
  on.ask(*first, "/a");
  on.ask(*second, "/a");  // the origin may have answered the first one already
  on.origin_says("HTTP/1.1 304 Not Modified\r\nCache-Control: no-cache\r\nETag: \"1\"\r\n\r\n");
  CHECK(first->written.ends_with("\r\n\r\nok"));
  CHECK(second->written.empty());
  const std::string request =
      on.origin_says("HTTP/1.1 304 Not Modified\r\nCache-Control: no-cache\r\nETag: \"1\"\r\n\r\n");
  CHECK(request.find("If-None-Match: \"1\"\r\n") != std::string::npos);
  CHECK(second->written.ends_with("\r\n\r\nok"));
}

TEST_CASE("an answer that became stale while it streams is not for those who come then") {
  Viewing on;
  const auto first = on.viewer();
  on.ask(*first, "/a");
  net::Wire& slow = on.scene.loop.last();
  on.origin_says("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nContent-Length: 4\r\n\r\nol");
  on.scene.loop.pass(Seconds(4));
  const auto in_time = on.viewer();
  on.ask(*in_time, "/a");
  CHECK(on.scene.loop.wires.size() == 1);
  on.scene.loop.pass(Seconds(2));
  const auto late = on.viewer();
  on.ask(*late, "/a");
  REQUIRE(on.scene.loop.wires.size() == 2);
  on.origin_says(kOk);
  CHECK(late->written.ends_with("\r\n\r\nok"));
  slow.data("d!");
  on.scene.loop.turn();
  CHECK(first->written.ends_with("old!"));
  CHECK(in_time->written.ends_with("old!"));
}

TEST_CASE("who came after a soft purge of a tag does not get what was asked for before it") {
  for (const purge::Mode mode : {purge::Mode::kSoft, purge::Mode::kHard}) {
    Viewing on;
    const auto purge_tag = [&] {
      purge::Purge purge;
      purge.id = "p" + std::to_string(on.scene.store.purges().position());
      purge.mode = mode;
      purge.targets.push_back(purge::Target::tag("shoes", {}));
      REQUIRE(on.scene.store.apply_purge(std::move(purge), on.scene.loop.wall_now(), {}));
    };
    const std::string head =
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nCache-Tag: shoes\r\nETag: \"1\"\r\n"
        "Content-Length: 3\r\n\r\n";
    purge_tag();  // before it all
    const auto leader = on.viewer();
    const auto before = on.viewer();
    const auto after = on.viewer();
    on.ask(*leader, "/a");
    on.ask(*before, "/a");
    purge_tag();
    on.ask(*after, "/a");  // its tags are not known yet
    REQUIRE(on.scene.loop.wires.size() == 1);
    on.origin_says(head + "old");
    CHECK(leader->written.ends_with("\r\n\r\nold"));
    CHECK(before->written.ends_with("\r\n\r\nold"));
    CHECK(after->written.empty());
    on.origin_says(head + "new");
    CHECK(after->written.ends_with("\r\n\r\nnew"));
  }
}

TEST_CASE("a viewer who reads slowly is not cut in a large write; one who does not read is") {
  for (const uint32_t min_rate : {0u, 128u}) {
    INFO(min_rate);
    Viewing on;
    auto settings = std::make_shared<Settings>(*on.scene.worker.settings());
    settings->limits.min_rate = min_rate;
    on.scene.worker.apply(settings, on.scene.worker.upstreams());
    const auto wire = on.viewer();
    wire->accepts = 10;
    on.ask(*wire, "/a");
    on.origin_says(kOk);
    for (int i = 0; i < 5 && !wire->closed; ++i) {
      REQUIRE(wire->is_pending);
      wire->pending_pieces.front().iov_len -= 5;  // as if the kernel had taken them
      on.scene.loop.pass(Seconds(29));
    }
    CHECK(wire->closed == (min_rate != 0));  // 5 bytes in 30 s are none
    on.scene.loop.pass(Seconds(61));
    CHECK(wire->closed);
  }
}

TEST_CASE("who takes a write whole each time is not cut since the next one is as large") {
  Viewing on;
  const std::string half(4000, 'x');
  const auto wire = on.viewer();
  wire->accepts = 0;
  on.ask(*wire, "/a");
  on.origin_says("HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 48000\r\n\r\n" +
                 half + half);
  net::Wire& origin = on.scene.loop.last();
  for (int i = 0; i < 5; ++i) {
    on.scene.loop.pass(Millis(15500));  // 31 s for 8,000 bytes
    origin.data(half);
    on.scene.loop.pass(Millis(15500));
    origin.data(half);
    REQUIRE_FALSE(wire->closed);
    wire->drain();
    on.scene.loop.turn();
    REQUIRE(wire->is_pending);
  }
  wire->drain();
  CHECK(std::count(wire->written.begin(), wire->written.end(), 'x') >= 48000);
}

}  // namespace seawall::proxy
