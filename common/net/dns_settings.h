// How names are resolved: plain values that config/ fills. Defaults are the documented ones.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/time.h"

namespace seawall::net {

struct DnsSettings {
  std::string servers{};  // "192.0.2.1:53,[::1]:53", asked in turn; empty: the system's
  Seconds min_ttl{1};
  Seconds max_ttl{3600};
  Seconds failure_ttl{5};  // until a name for which DNS failed is asked for again
  Seconds keep{86400};     // beyond their TTL, last known addresses are used so long (RFC 8767)
  size_t names = 1024;     // remembered; the least recently used goes
  friend bool operator==(const DnsSettings&, const DnsSettings&) = default;
};

}  // namespace seawall::net
