// Address blocks in CIDR notation (RFC 4632, RFC 4291 §2.3), IPv4 and IPv6 in one form.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/config/snapshot.h"

struct sockaddr;

namespace seawall::config {

// An IPv6 address, or IPv4 as ::ffff:a.b.c.d; network byte order.
struct Address {
  uint8_t bytes[16] = {};
  friend bool operator==(const Address&, const Address&) = default;
};

// `10.0.0.1`, `2001:db8::1`, without brackets, port or zone.
std::optional<Address> parse_address(std::string_view text);
// Of AF_INET and AF_INET6; other families give nothing.
std::optional<Address> address_of(const sockaddr* address);

// `10.0.0.0/8`, `2001:db8::/32`, or one address. Nothing when malformed or when a bit is set
// behind the prefix (10.0.0.1/8): that is a typing mistake more often than not.
std::optional<AddressBlock> parse_block(std::string_view text);

bool contains(const AddressBlock& block, const Address& address);
// Whether any block does. Does not allocate.
bool contains(std::span<const AddressBlock> blocks, const Address& address);

}  // namespace seawall::config
