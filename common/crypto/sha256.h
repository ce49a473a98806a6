// SHA-256 (FIPS 180-4), and a comparison whose time tells nothing about what was compared.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seawall::crypto {

using Sha256 = std::array<uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
bool equal_in_constant_time(const Sha256& a, const Sha256& b);

// 64 hex digits; parsing takes both cases.
std::string to_hex(const Sha256& hash);
std::optional<Sha256> parse_sha256(std::string_view hex);

}  // namespace seawall::crypto
