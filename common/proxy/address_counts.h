// How many connections each address has, over all loops of a node, so that nobody takes them all.
// IPv6 addresses count by their /64, which is one customer's. Thread-safe, one short lock; touched
// when a connection begins and ends only.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "common/net/address.h"

namespace seawall::proxy {

class AddressCounts {
 public:
  // False, and nothing is counted, when the address has `limit` already.
  bool enter(const net::Address& address, uint32_t limit);
  void leave(const net::Address& address);
  uint32_t count(const net::Address& address);

 private:
  static constexpr size_t kParts = 16;
  struct alignas(64) Part {
    std::mutex mutex;
    std::unordered_map<uint64_t, uint32_t> counts;
  };
  static uint64_t key_of(const net::Address& address);
  Part& part_of(uint64_t key);

  std::array<Part, kParts> parts_;
};

}  // namespace seawall::proxy
