#include "common/upstream/dial_order.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <span>

namespace seawall::upstream {
namespace {

struct Entry {
  net::Address address;
  uint16_t priority = 0;
  double place = 0;  // within its priority: the lowest goes first
};

void rotate(std::vector<Entry>& family, uint64_t turn) {
  if (family.empty()) return;
  std::rotate(family.begin(), family.begin() + static_cast<ptrdiff_t>(turn % family.size()),
              family.end());
}

// The families of `from`, which has one priority, in turn.
void append_interleaved(std::span<const Entry> from, std::vector<Entry>& out) {
  std::vector<Entry> v6;
  std::vector<Entry> v4;
  for (const Entry& e : from) (e.address.is_ipv4() ? v4 : v6).push_back(e);
  for (size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) out.push_back(v6[i]);
    if (i < v4.size()) out.push_back(v4[i]);
  }
}

std::vector<Entry> order_plain(const std::vector<net::Address>& addresses, uint64_t turn) {
  std::vector<Entry> v6;
  std::vector<Entry> v4;
  for (const net::Address& a : addresses) (a.is_ipv4() ? v4 : v6).push_back({.address = a});
  rotate(v6, turn);
  rotate(v4, turn);
  v6.insert(v6.end(), v4.begin(), v4.end());
  std::vector<Entry> out;
  append_interleaved(v6, out);
  return out;
}

// With exponential variates of rate w_i, the first of all is i with probability w_i / sum(w), and
// so on for those that are left. Weight 0 is a very small one.
std::vector<Entry> order_service(const net::Resolution& found, uint64_t turn) {
  std::mt19937_64 random(turn);
  std::vector<Entry> all;
  for (size_t i = 0; i < found.addresses.size(); ++i) {
    const double unit = (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;  // in (0, 1)
    const double weight = std::max<double>(found.ranks[i].weight, 1e-6);
    all.push_back({found.addresses[i], found.ranks[i].priority, -std::log(unit) / weight});
  }
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.place < b.place;
  });
  std::vector<Entry> out;
  for (auto from = all.begin(); from != all.end();) {
    const auto to = std::find_if(from, all.end(),
                                 [from](const Entry& e) { return e.priority != from->priority; });
    append_interleaved({from, to}, out);
    from = to;
  }
  return out;
}

}  // namespace

std::vector<DialTarget> dial_order(const net::Resolution& found, uint64_t turn,
                                   const std::function<bool(const net::Address&)>& failed) {
  std::vector<Entry> order =
      found.ranks.empty() ? order_plain(found.addresses, turn) : order_service(found, turn);
  std::stable_partition(order.begin(), order.end(),
                        [&](const Entry& e) { return !failed(e.address); });
  std::vector<DialTarget> out;
  for (size_t i = 0; i < order.size(); ++i) {
    out.push_back({order[i].address, i > 0 && order[i].priority > order[i - 1].priority});
  }
  return out;
}

}  // namespace seawall::upstream
