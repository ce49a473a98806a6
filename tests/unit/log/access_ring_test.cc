#include "common/log/access_ring.h"

#include <atomic>
#include <string>
#include <thread>

#include "catch.h"

namespace seawall::log {
namespace {

AccessStrings request(std::string_view target) {
  return {.site = "shop",
          .method = "GET",
          .host = "example.com",
          .target = target,
          .referer = "",
          .user_agent = "agent/1",
          .request_id = "id",
          .upstream = ""};
}

TEST_CASE("a record comes out of the ring as it went in") {
  AccessRing ring;
  AccessRecord in;
  in.wall_ms = 1700000000123;
  in.bytes_sent = 1ull << 40;
  in.reason = "fresh";
  in.status = 206;
  in.result = CacheResult::kStale;
  in.tls = true;
  in.peer[15] = 7;
  CHECK(ring.push(in, request("/a?b=c")));

  AccessRecord out;
  AccessStrings strings;
  REQUIRE(ring.peek(out, strings));
  CHECK(out.wall_ms == in.wall_ms);
  CHECK(out.bytes_sent == in.bytes_sent);
  CHECK(std::string(out.reason) == "fresh");
  CHECK(out.status == 206);
  CHECK(out.result == CacheResult::kStale);
  CHECK(out.tls);
  CHECK(out.peer[15] == 7);
  CHECK(strings.site == "shop");
  CHECK(strings.method == "GET");
  CHECK(strings.host == "example.com");
  CHECK(strings.target == "/a?b=c");
  CHECK(strings.referer.empty());
  CHECK(strings.user_agent == "agent/1");
  CHECK(strings.request_id == "id");
  CHECK(strings.upstream.empty());
  ring.pop();
  CHECK_FALSE(ring.peek(out, strings));
}

TEST_CASE("peek shows the same record until pop") {
  AccessRing ring;
  ring.push({}, request("/1"));
  ring.push({}, request("/2"));
  AccessRecord record;
  AccessStrings strings;
  REQUIRE(ring.peek(record, strings));
  REQUIRE(ring.peek(record, strings));
  CHECK(strings.target == "/1");
  ring.pop();
  REQUIRE(ring.peek(record, strings));
  CHECK(strings.target == "/2");
}

TEST_CASE("strings are cut at their limit, and no other string suffers") {
  AccessRing ring;
  const std::string longer(AccessRing::kMaxString + 1, 'x');
  ring.push({}, request(longer));
  AccessRecord record;
  AccessStrings strings;
  REQUIRE(ring.peek(record, strings));
  CHECK(strings.target == longer.substr(0, AccessRing::kMaxString));
  CHECK(strings.user_agent == "agent/1");
}

TEST_CASE("a full ring drops and counts, and takes records again when there is space") {
  AccessRing ring(64 * 1024);
  const std::string target(2000, 'x');
  int taken = 0;
  while (ring.push({}, request(target))) ++taken;
  CHECK(taken >= 30);
  CHECK(taken <= 32);
  CHECK(ring.dropped() == 1);
  CHECK_FALSE(ring.push({}, request(target)));
  CHECK(ring.dropped() == 2);

  AccessRecord record;
  AccessStrings strings;
  REQUIRE(ring.peek(record, strings));
  ring.pop();
  REQUIRE(ring.peek(record, strings));
  ring.pop();
  CHECK(ring.push({}, request(target)));
  CHECK(ring.dropped() == 2);
}

TEST_CASE("records of every size go round the end of the ring whole and in order") {
  AccessRing ring(64 * 1024);
  uint64_t pushed = 0;
  uint64_t read = 0;
  AccessRecord record;
  AccessStrings strings;
  for (int round = 0; round < 5000; ++round) {
    AccessRecord in;
    in.bytes_sent = pushed;
    const std::string target(static_cast<size_t>(round * 37 % 2049), 'a' + round % 26);
    if (ring.push(in, request(target))) ++pushed;
    if (round % 3 != 0) continue;
    for (int i = 0; i < 3 && ring.peek(record, strings); ++i) {
      REQUIRE(record.bytes_sent == read);
      REQUIRE(strings.target.find_first_not_of(strings.target.empty() ? 'x' : strings.target[0]) ==
              std::string_view::npos);
      REQUIRE(strings.request_id == "id");
      ++read;
      ring.pop();
    }
  }
  CHECK(read > 4000);
}

TEST_CASE("the consumer is woken when half of the ring waits, not for each record") {
  int wakes = 0;
  AccessRing ring(64 * 1024, [&] { ++wakes; });
  const std::string target(1000, 'x');
  AccessRecord record;
  AccessStrings strings;
  for (int i = 0; i < 1000; ++i) {  // a reader that keeps up is never woken
    ring.push({}, request(target));
    while (ring.peek(record, strings)) ring.pop();
  }
  CHECK(wakes == 0);
  for (int i = 0; i < 40; ++i) ring.push({}, request(target));
  CHECK(wakes == 1);
  while (ring.push({}, request(target))) continue;
  CHECK(wakes == 2);
}

TEST_CASE("one thread writes while another reads, and nothing is lost but what was counted") {
  AccessRing ring(64 * 1024);
  constexpr uint64_t kRecords = 100000;
  std::atomic<bool> done{false};
  uint64_t read = 0;
  bool in_order = true;
  std::thread consumer([&] {
    AccessRecord record;
    AccessStrings strings;
    uint64_t expected_at_least = 0;
    for (;;) {
      const bool last = done.load(std::memory_order_acquire);
      while (ring.peek(record, strings)) {
        in_order = in_order && record.bytes_sent >= expected_at_least &&
                   strings.target.size() == record.bytes_sent % 300 &&
                   strings.user_agent == "agent/1";
        expected_at_least = record.bytes_sent + 1;
        ++read;
        ring.pop();
      }
      if (last) return;
    }
  });
  const std::string text(300, 'x');
  for (uint64_t i = 0; i < kRecords; ++i) {
    AccessRecord in;
    in.bytes_sent = i;
    ring.push(in, request(std::string_view(text).substr(0, i % 300)));
  }
  done.store(true, std::memory_order_release);
  consumer.join();
  CHECK(in_order);
  CHECK(read > 0);
  CHECK(read + ring.dropped() == kRecords);
}

}  // namespace
}  // namespace seawall::log
