// Names to addresses, asynchronously: the seam. AresResolver (ares_resolver.h) asks DNS,
// CachingResolver (caching_resolver.h) stands before it; a simulation has its own. One loop each.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/net/address.h"

namespace seawall::net {

struct Resolution {
  std::vector<Address> addresses;  // never empty; port 0; in the order of preference (RFC 6724)
  Seconds ttl{0};                  // the smallest of the records'; 0 from /etc/hosts
  const char* failing = nullptr;   // DNS fails, and why: these are the last known addresses
};

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
  // `host`: a name, or a numeric address (which is its own answer). The resolver outlives the
  // query.
  virtual std::unique_ptr<Query> resolve(std::string_view host, Millis timeout,
                                         Callback callback) = 0;
};

}  // namespace seawall::net
