// In which order the addresses of a server are tried for one more connection. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/net/resolver.h"

namespace seawall::upstream {

struct DialTarget {
  net::Address address;
  bool last_resort = false;  // tried only when all before it have failed, not while they are slow
};

// Families in turn, IPv6 first (RFC 8305 §4); within each family as they came, but begun at another
// one each `turn`, so that all get connections. Those of a service: by priority, and within one
// host by host, drawn by weight (RFC 2782), but of each host at first only one of each family: it
// may be down, and not all are tried. Those that `failed` come last.
std::vector<DialTarget> dial_order(const net::Resolution& found, uint64_t turn,
                                   const std::function<bool(const net::Address&)>& failed);

}  // namespace seawall::upstream
