#include "common/proxy/overload.h"

#include <thread>
#include <vector>

#include "catch.h"

namespace seawall::proxy {
namespace {

net::Address address(const char* ip) { return *net::Address::parse(ip, 1234); }

}  // namespace

TEST_CASE("memory that runs out sheds fills, then connections, and comes back with some slack") {
  constexpr uint64_t kLimit = 1000;
  using S = Shedding;
  struct Row {
    S before;
    uint64_t used;
    S after;
  };
  const Row table[] = {
      {S::kNothing, 0, S::kNothing},       {S::kNothing, 899, S::kNothing},
      {S::kNothing, 900, S::kFills},       {S::kNothing, 969, S::kFills},
      {S::kNothing, 970, S::kConnections}, {S::kNothing, 5000, S::kConnections},
      {S::kFills, 899, S::kFills},         {S::kFills, 870, S::kFills},
      {S::kFills, 869, S::kNothing},       {S::kFills, 969, S::kFills},
      {S::kFills, 970, S::kConnections},   {S::kConnections, 940, S::kConnections},
      {S::kConnections, 939, S::kFills},   {S::kConnections, 869, S::kNothing},
  };
  for (const Row& row : table) {
    INFO(static_cast<int>(row.before) << " " << row.used);
    CHECK(next_shedding(row.before, row.used, kLimit) == row.after);
  }
  CHECK(next_shedding(S::kConnections, UINT64_MAX, 0) == S::kNothing);
  CHECK(next_shedding(S::kNothing, UINT64_MAX / 2, UINT64_MAX) == S::kNothing);

  Overload overload;
  CHECK_FALSE(overload.note_memory(800, kLimit));
  CHECK(overload.note_memory(980, kLimit));
  CHECK(overload.shedding() == S::kConnections);
  CHECK_FALSE(overload.note_memory(981, kLimit));
  CHECK(overload.note_memory(0, kLimit));
  CHECK(overload.shedding() == S::kNothing);
}

TEST_CASE("an address has so many connections and no more, and gets them back") {
  AddressCounts counts;
  for (const char* ip : {"192.0.2.1", "2001:db8::1", "::1"}) {
    INFO(ip);
    CHECK(counts.enter(address(ip), 2));
    CHECK(counts.enter(address(ip), 2));
    CHECK_FALSE(counts.enter(address(ip), 2));
    CHECK(counts.count(address(ip)) == 2);
    counts.leave(address(ip));
    CHECK(counts.enter(address(ip), 2));
    counts.leave(address(ip));
    counts.leave(address(ip));
    counts.leave(address(ip));  // once too often
    CHECK(counts.count(address(ip)) == 0);
    CHECK_FALSE(counts.enter(address(ip), 0));
  }
}

TEST_CASE("IPv6 counts by /64, IPv4 by address, mapped or not") {
  AddressCounts counts;
  CHECK(counts.enter(address("2001:db8:0:1::1"), 1));
  CHECK_FALSE(counts.enter(address("2001:db8:0:1:ffff::2"), 1));
  CHECK(counts.enter(address("2001:db8:0:2::1"), 1));
  CHECK(counts.enter(address("192.0.2.1"), 1));
  CHECK(counts.enter(address("192.0.2.2"), 1));
  CHECK_FALSE(counts.enter(address("::ffff:192.0.2.1"), 1));
}

TEST_CASE("threads that come and go leave nothing behind") {
  AddressCounts counts;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counts] {
      for (int i = 0; i < 20'000; ++i) {
        const net::Address from = net::Address::from_ipv4({static_cast<uint32_t>(i % 50)}, 1);
        if (counts.enter(from, 3)) counts.leave(from);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint32_t i = 0; i < 50; ++i) CHECK(counts.count(net::Address::from_ipv4({i}, 1)) == 0);
}

}  // namespace seawall::proxy
