#include "common/upstream/dial_order.h"

#include <algorithm>
#include <string>

#include "catch.h"

namespace seawall::upstream {
namespace {

// Each address is a letter: v4 "4a", v6 "6a".
std::vector<net::Address> parse(const std::string& text) {
  std::vector<net::Address> out;
  for (size_t i = 0; i + 1 < text.size(); i += 3) {
    const std::string last = std::to_string(text[i + 1] - 'a' + 1);
    const std::string ip = (text[i] == '4' ? "192.0.2." : "2001:db8::") + last;
    out.push_back(*net::Address::parse(ip, 80));
  }
  return out;
}

std::vector<net::Address> plain(const std::vector<DialTarget>& targets) {
  std::vector<net::Address> out;
  for (const DialTarget& t : targets) out.push_back(t.address);
  return out;
}

TEST_CASE("addresses are dialed family by family in turn, IPv6 first, begun at another each time") {
  const struct {
    const char* addresses;
    uint64_t turn;
    const char* failed;
    const char* order;
  } table[] = {
      {"", 7, "", ""},
      {"4a", 7, "", "4a"},
      {"4a 6a", 0, "", "6a 4a"},
      {"4a 4b 4c 6a", 0, "", "6a 4a 4b 4c"},
      {"6a 6b 4a 4b", 0, "", "6a 4a 6b 4b"},
      {"6a 6b 6c 4a", 0, "", "6a 4a 6b 6c"},
      {"4a 4b 4c", 1, "", "4b 4c 4a"},
      {"4a 4b 4c", 5, "", "4c 4a 4b"},
      {"6a 6b 4a 4b 4c", 1, "", "6b 4b 6a 4c 4a"},
      {"6a 6b 4a 4b", 0, "6a", "4a 6b 4b 6a"},
      {"6a 6b 4a 4b", 0, "6a 6b", "4a 4b 6a 6b"},
      {"6a 4a", 0, "6a 4a", "6a 4a"},
      {"4a 4b", UINT64_MAX, "", "4b 4a"},
  };
  for (const auto& t : table) {
    CAPTURE(t.addresses, t.turn, t.failed);
    const auto failed = parse(t.failed);
    const net::Resolution found{.addresses = parse(t.addresses)};
    const auto order = dial_order(found, t.turn, [&](const net::Address& a) {
      return std::find(failed.begin(), failed.end(), a) != failed.end();
    });
    CHECK(plain(order) == parse(t.order));
    for (const DialTarget& target : order) CHECK_FALSE(target.last_resort);
  }
}

TEST_CASE("a service is dialed by priority, each of them only when those before have failed") {
  net::Resolution found{.addresses = parse("4c 4a 4b 6a")};
  found.ranks = {{30, 1}, {10, 1}, {20, 1}, {10, 1}};
  for (uint64_t turn = 0; turn < 20; ++turn) {
    const auto order = dial_order(found, turn, [](const auto&) { return false; });
    CHECK(plain(order) == parse("6a 4a 4b 4c"));
    CHECK((!order[0].last_resort && !order[1].last_resort));
    CHECK((order[2].last_resort && order[3].last_resort));
    const auto failed = parse("4a 6a");
    const auto after = dial_order(found, turn, [&](const net::Address& a) {
      return std::find(failed.begin(), failed.end(), a) != failed.end();
    });
    CHECK(plain(after) == parse("4b 4c 6a 4a"));
    CHECK((!after[2].last_resort && !after[3].last_resort));
  }
}

TEST_CASE("within a priority who goes first is drawn by weight, 0 hardly ever") {
  net::Resolution found{.addresses = parse("4a 4b 4c")};
  found.ranks = {{1, 3}, {1, 1}, {1, 0}};
  int first[3] = {};
  constexpr int kTurns = 4000;
  for (uint64_t turn = 0; turn < kTurns; ++turn) {
    const auto order = dial_order(found, turn, [](const auto&) { return false; });
    for (int i = 0; i < 3; ++i) {
      if (order[0].address == found.addresses[static_cast<size_t>(i)]) ++first[i];
    }
  }
  CHECK(first[0] > kTurns * 70 / 100);
  CHECK(first[0] < kTurns * 80 / 100);
  CHECK(first[1] > kTurns * 20 / 100);
  CHECK(first[2] < kTurns / 100);
}

}  // namespace
}  // namespace seawall::upstream
