// A Resolver that remembers (DnsCache) and lets questions for one name that come together share one
// query. When DNS fails or is slow, the last known addresses are the answer, with TTL 0 and
// `failing` (see DnsSettings::keep), well before the caller's time is over; after a failure the
// name is not asked for again for the settings' failure_ttl.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/net/dns_cache.h"
#include "common/net/loop.h"
#include "common/net/resolver.h"

namespace seawall::net {

class CachingResolver final : public Resolver {
 public:
  // `upstream` and `loop` outlive this.
  CachingResolver(Loop& loop, Resolver& upstream, const DnsSettings& settings = {});
  ~CachingResolver() override;
  // What is known stays known. Where anything has changed, failures are forgotten, and what is
  // under way is asked again: of `upstream` as it is now.
  void configure(const DnsSettings& settings);
  std::unique_ptr<Query> resolve(std::string_view host, Millis timeout, Callback callback) override;

 private:
  class Waiter;
  struct Flight;
  Flight& flight_for(std::string_view host, Millis timeout);
  void ask(const std::string& host, Flight& flight);
  void on_answer(const std::string& host, Result<Resolution> result);
  Result<Resolution> too_slow(std::string_view host);
  Result<Resolution> last_known_or(std::string_view host, const char* failure);

  Loop& loop_;
  Resolver& upstream_;
  DnsCache cache_;
  std::map<std::string, std::unique_ptr<Flight>, std::less<>> flights_;
};

}  // namespace seawall::net
