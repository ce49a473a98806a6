// What DNS answered, for as long as it may be used: positive answers by their TTL, failures for a
// few seconds, and the last known addresses for when DNS fails. Pure and bounded.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/net/resolver.h"

namespace seawall::net {

struct DnsCacheLimits {
  Seconds min_ttl{1};
  Seconds max_ttl{3600};
  Seconds failure_ttl{5};
  size_t names = 1024;  // the least recently used goes
};

class DnsCache {
 public:
  explicit DnsCache(const DnsCacheLimits& limits = {}) : limits_(limits) {}

  enum class State : uint8_t { kUnknown, kFresh, kFailed };
  struct Answer {
    State state = State::kUnknown;  // kUnknown: never asked, or expired
    // kFresh: the addresses; else the last known ones (possibly empty). Valid until the next call
    // that is not const.
    const std::vector<Address>* addresses = nullptr;
    Seconds ttl{0};  // kFresh: what is left
  };
  Answer find(std::string_view host, MonoTime now);
  void store(std::string_view host, const Resolution& resolution, MonoTime now);
  void store_failure(std::string_view host, MonoTime now);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string host;
    std::vector<Address> addresses;
    MonoTime expires;
    bool failed = false;
  };
  Entry& touch(std::string_view host);

  DnsCacheLimits limits_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_host_;
};

}  // namespace seawall::net
