#include "common/upstream/dial_order.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace seawall::upstream {
namespace {

struct Entry {
  net::Address address;
  uint16_t priority = 0;
  bool spare = false;  // its host has others that go before
};

void rotate(std::vector<Entry>& family, uint64_t turn) {
  if (family.empty()) return;
  std::rotate(family.begin(), family.begin() + static_cast<ptrdiff_t>(turn % family.size()),
              family.end());
}

// Of one host, or of a name.
std::vector<Entry> order_plain(const std::vector<net::Address>& addresses, uint64_t turn) {
  std::vector<Entry> v6;
  std::vector<Entry> v4;
  for (const net::Address& a : addresses) (a.is_ipv4() ? v4 : v6).push_back({.address = a});
  rotate(v6, turn);
  rotate(v4, turn);
  std::vector<Entry> out;
  for (size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) out.push_back(v6[i]);
    if (i < v4.size()) out.push_back(v4[i]);
  }
  return out;
}

struct Host {
  net::ServiceRank rank;
  double place = 0;  // within its priority: the lowest goes first
  std::vector<net::Address> addresses{};
};

// In the order drawn. With exponential variates of rate w_i, the first of all is i with probability
// w_i / sum(w), and so on for those that are left. Weight 0 is a very small one.
std::vector<Host> draw_hosts(const net::Resolution& found, uint64_t turn) {
  std::mt19937_64 random(turn);
  std::vector<Host> hosts;
  for (size_t i = 0; i < found.addresses.size(); ++i) {
    const net::ServiceRank& rank = found.ranks[i];
    auto host = std::find_if(hosts.begin(), hosts.end(),
                             [&](const Host& h) { return h.rank.host == rank.host; });
    if (host == hosts.end()) {
      const double unit = (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;  // in (0, 1)
      const double weight = std::max<double>(rank.weight, 1e-6);
      host = hosts.insert(host, {.rank = rank, .place = -std::log(unit) / weight});
    }
    host->addresses.push_back(found.addresses[i]);
  }
  std::sort(hosts.begin(), hosts.end(), [](const Host& a, const Host& b) {
    return a.rank.priority != b.rank.priority ? a.rank.priority < b.rank.priority
                                              : a.place < b.place;
  });
  return hosts;
}

std::vector<Entry> order_service(const net::Resolution& found, uint64_t turn) {
  std::vector<Entry> out;
  for (const Host& host : draw_hosts(found, turn)) {
    const std::vector<Entry> own = order_plain(host.addresses, turn);
    for (size_t i = 0; i < own.size(); ++i) {
      const bool leads = i == 0 || (i == 1 && own[1].address.is_ipv4() != own[0].address.is_ipv4());
      out.push_back({own[i].address, host.rank.priority, !leads});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.spare < b.spare;
  });
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
