#include "common/upstream/dial_order.h"

#include <algorithm>

namespace seawall::upstream {
namespace {

using Addresses = std::vector<net::Address>;

void rotate(Addresses& family, uint64_t turn) {
  if (family.empty()) return;
  std::rotate(family.begin(), family.begin() + static_cast<ptrdiff_t>(turn % family.size()),
              family.end());
}

void append_interleaved(const Addresses& first, const Addresses& second, Addresses& out) {
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
}

}  // namespace

Addresses dial_order(const Addresses& addresses, uint64_t turn,
                     const std::function<bool(const net::Address&)>& failed) {
  Addresses v6;
  Addresses v4;
  for (const net::Address& a : addresses) (a.is_ipv4() ? v4 : v6).push_back(a);
  rotate(v6, turn);
  rotate(v4, turn);
  Addresses out;
  append_interleaved(v6, v4, out);
  std::stable_partition(out.begin(), out.end(), [&](const auto& a) { return !failed(a); });
  return out;
}

}  // namespace seawall::upstream
