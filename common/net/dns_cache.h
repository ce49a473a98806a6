// What DNS answered, for as long as it may be used: positive answers by their TTL, failures for a
// few seconds, and the last known addresses for when DNS fails (RFC 8767), but not for when it says
// that there are none. Pure and bounded.
#pragma once

#include <array>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/net/dns_settings.h"
#include "common/net/resolver.h"

namespace seawall::net {

class DnsCache {
 public:
  explicit DnsCache(const DnsSettings& settings = {}) : settings_(settings) {}
  // For what is stored from now on. What is known stays, but where anything has changed failures
  // are forgotten: they may have been the old settings'. Returns whether it has.
  bool configure(const DnsSettings& settings);

  enum class State : uint8_t { kUnknown, kFresh, kFailed };
  struct Answer {
    State state = State::kUnknown;  // kUnknown: never asked, or expired
    // kFresh: the answer; else the last known one, or null where there is none that may still be
    // used. Valid until the next call that is not const.
    const Resolution* known = nullptr;
    Seconds ttl{0};            // kFresh: what is left
    const char* failure = "";  // kFailed: Error::detail
  };
  Answer find(std::string_view host, MonoTime now);
  // Returns what is to be handed out: with the TTL that it has here, and where half of it is
  // `missing` with what is known of that half, until it comes or that gets too old. That, and a
  // service with a host that is `failing`, is to be asked for again after failure_ttl. Valid as
  // find()'s.
  const Resolution& store(std::string_view host, Resolution resolution, MonoTime now);
  // `why` is an Error::detail.
  void store_failure(std::string_view host, const char* why, MonoTime now);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string host;
    Resolution known;
    MonoTime expires;
    // What is known of IPv4, of IPv6, while DNS fails.
    std::array<MonoTime, 2> usable_until{MonoTime::min(), MonoTime::min()};
    MonoTime& usable(const Address& a) { return usable_until[a.is_ipv4() ? 0 : 1]; }
    const char* failure = nullptr;
  };
  Entry& touch(std::string_view host);

  DnsSettings settings_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_host_;
};

}  // namespace seawall::net
