#include "common/upstream/dial_order.h"

#include <algorithm>
#include <cstdlib>
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
  found.ranks = {{30, 1, 0}, {10, 1, 1}, {20, 1, 2}, {10, 1, 1}};
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

TEST_CASE("within a priority which host goes first is drawn by weight, 0 hardly ever") {
  constexpr int kTurns = 4000;
  struct Host {
    uint16_t weight;
    const char* addresses;
    double share;  // of what begins at one of them
  };
  const std::vector<Host> table[] = {
      {{3, "4a", 0.75}, {1, "4b", 0.25}, {0, "4c", 0}},
      {{100, "4a", 1}, {0, "6a", 0}},  // families are those of one host
      {{3, "4a", 0.75}, {1, "6a", 0.25}},
      {{1, "6a", 0.25}, {3, "4a 6b", 0.75}},
      {{1, "4a 4b 4c", 0.5}, {1, "4d", 0.5}},  // many addresses are no weight
      {{1, "4a 4b 6a 6b", 0.25}, {3, "4c", 0.75}},
      {{0, "4a", 0.5}, {0, "6a", 0.5}},
  };
  for (const auto& hosts : table) {
    net::Resolution found;
    for (size_t i = 0; i < hosts.size(); ++i) {
      for (const net::Address& address : parse(hosts[i].addresses)) {
        found.addresses.push_back(address);
        found.ranks.push_back({1, hosts[i].weight, static_cast<uint16_t>(i)});
      }
    }
    std::vector<int> first(hosts.size());
    for (uint64_t turn = 0; turn < kTurns; ++turn) {
      const auto order = plain(dial_order(found, turn, [](const auto&) { return false; }));
      REQUIRE(std::is_permutation(order.begin(), order.end(), found.addresses.begin(),
                                  found.addresses.end()));
      for (size_t i = 0; i < hosts.size(); ++i) {
        const auto own = parse(hosts[i].addresses);
        first[i] += static_cast<int>(std::count(own.begin(), own.end(), order[0]));
      }
    }
    for (size_t i = 0; i < hosts.size(); ++i) {
      CAPTURE(hosts[0].addresses, hosts[1].addresses, i);
      CHECK(std::abs(first[i] - hosts[i].share * kTurns) < kTurns * 0.05);
    }
  }
}

TEST_CASE("a host's families are dialed in turn, then other hosts', then what more each has") {
  struct Row {
    const char* addresses;
    const char* hosts;  // a digit for each address; the first is drawn nearly always
    const char* orders[3];
  };
  const Row rows[] = {
      {"4a 6a 4b 6b", "0011", {"6a 4a 6b 4b", "6a 4a 6b 4b", "6a 4a 6b 4b"}},
      {"4a 6b 4b", "011", {"4a 6b 4b", "4a 6b 4b", "4a 6b 4b"}},
      {"4a 4b 4c 4d", "0001", {"4a 4d 4b 4c", "4b 4d 4c 4a", "4c 4d 4a 4b"}},
      {"4a 4b 6a 6b 4d", "00001", {"6a 4a 4d 6b 4b", "6b 4b 4d 6a 4a", "6a 4a 4d 6b 4b"}},
  };
  for (const Row& row : rows) {
    net::Resolution found{.addresses = parse(row.addresses)};
    for (const char* host = row.hosts; *host; ++host) {
      const auto index = static_cast<uint16_t>(*host - '0');
      found.ranks.push_back({1, static_cast<uint16_t>(index == 0 ? 65535 : 0), index});
    }
    for (uint64_t turn = 0; turn < 3; ++turn) {
      CAPTURE(row.addresses, turn);
      const auto order = dial_order(found, turn, [](const auto&) { return false; });
      CHECK(plain(order) == parse(row.orders[turn]));
      for (const DialTarget& target : order) CHECK_FALSE(target.last_resort);
    }
  }
}

}  // namespace
}  // namespace seawall::upstream
