#include "common/config/cidr.h"

#include "catch.h"

namespace seawall::config {
namespace {

std::array<uint8_t, 16> address(std::string_view text) {
  return std::to_array(parse_block(text).value().bytes);
}

}  // namespace

TEST_CASE("an address block contains exactly what its prefix says") {
  const struct {
    std::string_view block;
    std::string_view address;
    bool inside;
  } table[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "9.255.255.255", false},
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "127.0.0.2", false},
      {"192.168.1.128/25", "192.168.1.128", true},
      {"192.168.1.128/25", "192.168.1.127", false},
      {"192.168.1.4/30", "192.168.1.7", true},
      {"192.168.1.4/30", "192.168.1.8", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "::1", true},
      {"::/0", "203.0.113.9", true},
      {"::1", "::1", true},
      {"::1", "::2", false},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::1", false},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
  };
  for (const auto& row : table) {
    CAPTURE(row.block, row.address);
    const std::optional<AddressBlock> block = parse_block(row.block);
    REQUIRE(block);
    CHECK(contains(*block, address(row.address)) == row.inside);
  }
}

TEST_CASE("a list contains an address when one of its blocks does") {
  const AddressBlock blocks[] = {*parse_block("10.0.0.0/8"), *parse_block("::1")};
  CHECK(contains(blocks, address("10.1.1.1")));
  CHECK(contains(blocks, address("::1")));
  CHECK_FALSE(contains(blocks, address("::2")));
  CHECK_FALSE(contains(std::span<const AddressBlock>(), address("::1")));
}

TEST_CASE("what is no address block is refused") {
  const std::string_view table[] = {"",
                                    "10",
                                    "10.0.0",
                                    "10.0.0.256",
                                    "10.0.0.0/",
                                    "10.0.0.0/33",
                                    "10.0.0.0/8x",
                                    "10.0.0.0/-8",
                                    "10.0.0.0/8/8",
                                    "10.0.0.1/8",
                                    "/8",
                                    "::1/129",
                                    "::1/127",
                                    "2001:db8::1/32",
                                    "[::1]",
                                    "::1%eth0",
                                    "localhost",
                                    " 10.0.0.1",
                                    "10.0.0.1 ",
                                    "10.0.0.1:80",
                                    "0x7f.1",
                                    "10.0.0.0/99999999999999999999999",
                                    std::string_view("10.0.0.1\0", 9)};
  for (const std::string_view text : table) {
    CAPTURE(text);
    CHECK_FALSE(parse_block(text));
  }
}

}  // namespace seawall::config
