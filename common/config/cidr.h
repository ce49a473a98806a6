// Address blocks in CIDR notation (RFC 4632, RFC 4291 §2.3), IPv4 and IPv6 in one form.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/config/snapshot.h"

namespace seawall::config {

// `10.0.0.0/8`, `2001:db8::/32`, or one address; no brackets, port or zone. Nothing when malformed
// or when a bit is set behind the prefix (10.0.0.1/8): that is a typing mistake more often than
// not.
std::optional<AddressBlock> parse_block(std::string_view text);

// `address`: net::Address::mapped_bytes(). Neither allocates.
bool contains(const AddressBlock& block, const std::array<uint8_t, 16>& address);
bool contains(std::span<const AddressBlock> blocks, const std::array<uint8_t, 16>& address);

}  // namespace seawall::config
