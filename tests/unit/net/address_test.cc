#include "common/net/address.h"

#include <arpa/inet.h>

#include "catch.h"

namespace seawall::net {
namespace {

TEST_CASE("numeric addresses are read and written back") {
  struct Row {
    const char* in;
    const char* out;  // with port 80
  };
  for (const Row& row : {Row{"127.0.0.1", "127.0.0.1:80"}, Row{"255.255.255.0", "255.255.255.0:80"},
                         Row{"::", "[::]:80"}, Row{"::1", "[::1]:80"}, Row{"[::1]", "[::1]:80"},
                         Row{"2001:DB8:0:0::1", "[2001:db8::1]:80"}}) {
    const auto address = Address::parse(row.in, 80);
    REQUIRE(address);
    CHECK(address->to_string() == row.out);
    CHECK(address->port() == 80);
    CHECK(Address::parse_with_port(row.out) == address);
  }
}

TEST_CASE("what is not a numeric address is refused") {
  for (const char* text :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "[1.2.3.4]",
        "[::1", "::1]", ":::", "[]", "1:2:3:4:5:6:7:8:9",
        "1111111111111111111111111111111111111111111111111111"}) {
    CHECK_FALSE(Address::parse(text, 80));
  }
  CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8), 80));
  for (const char* text : {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "::1:80",
                           "[::1]80", "[::1]:", "1.2.3.4:8x", "1.2.3.4:000080"}) {
    CHECK_FALSE(Address::parse_with_port(text));
  }
}

TEST_CASE("access lists see IPv4 as mapped IPv6, and mapped peers become IPv4") {
  const auto v4 = *Address::parse("10.1.2.3", 5);
  const std::array<uint8_t, 16> expected = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  CHECK(v4.mapped_bytes() == expected);

  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(5);
  inet_pton(AF_INET6, "::ffff:10.1.2.3", &mapped.sin6_addr);
  const Address peer = Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&mapped));
  CHECK(peer == v4);
  CHECK(peer.is_ipv4());
  CHECK(Address::parse("2001:db8::1", 1)->mapped_bytes()[0] == 0x20);
}

TEST_CASE("loopback is 127/8 and ::1") {
  CHECK(Address::parse("127.9.9.9", 0)->is_loopback());
  CHECK(Address::parse("::1", 0)->is_loopback());
  CHECK(Address::parse("::ffff:127.0.0.1", 0)->is_loopback());
  CHECK_FALSE(Address::parse("128.0.0.1", 0)->is_loopback());
  CHECK_FALSE(Address::parse("::", 0)->is_loopback());
  CHECK_FALSE(Address() == *Address::parse("0.0.0.0", 1));
}

}  // namespace
}  // namespace seawall::net
