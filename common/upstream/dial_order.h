// In which order the addresses of a server are tried for one more connection. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/net/address.h"

namespace seawall::upstream {

// Families in turn, IPv6 first (RFC 8305 §4); within each family as they came, but begun at another
// one each `turn`, so that all get connections. Those that `failed` come last.
std::vector<net::Address> dial_order(const std::vector<net::Address>& addresses, uint64_t turn,
                                     const std::function<bool(const net::Address&)>& failed);

}  // namespace seawall::upstream
