#include "common/config/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "common/http/tokens.h"

namespace seawall::config {
namespace {

constexpr int kMappedBits = 96;  // in front of an IPv4 address: RFC 4291 §2.5.5.2

std::optional<AddressBlock> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  AddressBlock out;
  if (inet_pton(AF_INET, terminated.c_str(), out.bytes + 12) == 1) {
    out.bytes[10] = out.bytes[11] = 0xFF;
    return out;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), out.bytes) == 1) return out;
  return std::nullopt;
}

}  // namespace

std::optional<AddressBlock> parse_block(std::string_view text) {
  const size_t slash = text.find('/');
  std::optional<AddressBlock> block = parse_address(text.substr(0, slash));
  if (!block || slash == std::string_view::npos) return block;

  const std::string_view digits = text.substr(slash + 1);
  const std::optional<uint64_t> bits = http::parse_decimal(digits);
  const int base = text.find(':') == std::string_view::npos ? kMappedBits : 0;
  if (!bits || *bits > static_cast<uint64_t>(128 - base)) return std::nullopt;
  block->prefix_bits = base + static_cast<int>(*bits);
  for (int bit = block->prefix_bits; bit < 128; ++bit) {
    if (block->bytes[bit / 8] & (0x80 >> (bit % 8))) return std::nullopt;
  }
  return block;
}

bool contains(const AddressBlock& block, const std::array<uint8_t, 16>& address) {
  const size_t whole = static_cast<size_t>(block.prefix_bits) / 8;
  if (std::memcmp(block.bytes, address.data(), whole) != 0) return false;
  const int rest = block.prefix_bits % 8;
  return rest == 0 || ((block.bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool contains(std::span<const AddressBlock> blocks, const std::array<uint8_t, 16>& address) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const AddressBlock& block) { return contains(block, address); });
}

}  // namespace seawall::config
