#include "common/proxy/address_counts.h"

#include <cstring>

namespace seawall::proxy {

// ::ffff:a.b.c.d in its last 8 bytes; no /64 in use begins with 0.
uint64_t AddressCounts::key_of(const net::Address& address) {
  const std::array<uint8_t, 16> bytes = address.mapped_bytes();
  uint64_t key = 0;
  std::memcpy(&key, bytes.data() + (address.is_ipv4() ? 8 : 0), sizeof key);
  if (key == 0) std::memcpy(&key, bytes.data() + 8, sizeof key);  // ::1, or mapped already
  return key;
}

AddressCounts::Part& AddressCounts::part_of(uint64_t key) {
  return parts_[(key * 0x9e3779b97f4a7c15) >> 60];
}

bool AddressCounts::enter(const net::Address& address, uint32_t limit) {
  const uint64_t key = key_of(address);
  Part& part = part_of(key);
  std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(key);
  if (found == part.counts.end()) {
    if (limit > 0) part.counts.emplace(key, 1);
    return limit > 0;
  }
  if (found->second >= limit) return false;
  ++found->second;
  return true;
}

void AddressCounts::leave(const net::Address& address) {
  const uint64_t key = key_of(address);
  Part& part = part_of(key);
  std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(key);
  if (found != part.counts.end() && --found->second == 0) part.counts.erase(found);
}

uint32_t AddressCounts::count(const net::Address& address) {
  const uint64_t key = key_of(address);
  Part& part = part_of(key);
  std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(key);
  return found == part.counts.end() ? 0 : found->second;
}

}  // namespace seawall::proxy
