// Names to addresses, asynchronously: the seam. AresResolver (ares_resolver.h) asks DNS,
// CachingResolver (caching_resolver.h) stands before it; a simulation has its own. One loop each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/net/address.h"

namespace seawall::net {

// What an SRV record says of an address (RFC 2782).
struct ServiceRank {
  uint16_t priority = 0;  // the lowest is asked first
  uint16_t weight = 0;    // its host's share of what goes to those of its priority
  uint16_t host = 0;      // the same number for all addresses of one record
};

enum class Family : uint8_t { kNone, kIpv4, kIpv6 };
inline Family family_of(const Address& a) { return a.is_ipv4() ? Family::kIpv4 : Family::kIpv6; }

struct Resolution {
  std::vector<Address> addresses;    // never empty; in the order of preference (RFC 6724)
  Seconds ttl{0};                    // the smallest of the records'; 0 from /etc/hosts
  const char* failing = nullptr;     // DNS fails, and why: these are the last known addresses
  bool late = false;                 // it came when somebody had stopped waiting: DNS is slow
  Family missing = Family::kNone;    // DNS has answered the other half of the question only
  std::vector<ServiceRank> ranks{};  // of a service: one for each address; else empty
  std::string failing_host{};        // of a service, where DNS fails for this host only
};

// Error::detail.
inline constexpr char kDnsTimeOut[] = "DNS time-out";
// Error::detail of DNS's answer that there is nothing, as opposed to DNS failing.
inline constexpr char kNoSuchName[] = "name does not exist";
inline constexpr char kNoAddresses[] = "name has no addresses";
inline bool is_denial(const char* detail) {
  return detail == kNoSuchName || detail == kNoAddresses;
}

// A question under way. Destroying it cancels it: the callback is not called.
class Query {
 public:
  virtual ~Query() = default;
};

class Resolver {
 public:
  // Called once, never before resolve() has returned; may destroy the Query. Errors are kDns.
  using Callback = std::function<void(Result<Resolution>)>;

  virtual ~Resolver() = default;
  // `host`: a name, a numeric address (which is its own answer), or a service such as
  // "_http._tcp.example.net", whose addresses have ports; all others have port 0. The resolver
  // outlives the query.
  virtual std::unique_ptr<Query> resolve(std::string_view host, Millis timeout,
                                         Callback callback) = 0;
};

}  // namespace seawall::net
