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
    const auto order = dial_order(parse(t.addresses), t.turn, [&](const net::Address& a) {
      return std::find(failed.begin(), failed.end(), a) != failed.end();
    });
    CHECK(order == parse(t.order));
  }
}

}  // namespace
}  // namespace seawall::upstream
