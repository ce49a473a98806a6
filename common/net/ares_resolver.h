// A Resolver that asks DNS with c-ares: /etc/hosts first, then A and AAAA, TTLs returned; for
// names that begin with '_' SRV, and then the addresses of what they name. Reads
// /etc/resolv.conf when constructed or given other options; works without one (questions then
// fail).
#pragma once

#include <memory>
#include <string>

#include "common/net/address_query.h"
#include "common/net/resolver.h"
#include "common/net/uv_loop.h"

namespace seawall::net {

struct AresOptions {
  std::string servers{};  // "127.0.0.1:5353,…"; empty: the system's
  Millis try_timeout{1000};
  int tries = 3;
  friend bool operator==(const AresOptions&, const AresOptions&) = default;
};

class AresResolver final : public Resolver {
 public:
  explicit AresResolver(UvLoop& loop, const AresOptions& options = {});
  ~AresResolver() override;
  // The hosts of services are asked of `hosts`, which remembers them, and itself asks this. It
  // outlives the questions.
  void ask_for_hosts(Resolver& hosts) { service_hosts_ = &hosts; }
  // Questions under way fail where that changes anything.
  void configure(const AresOptions& options);
  std::unique_ptr<Query> resolve(std::string_view host, Millis timeout, Callback callback) override;

 private:
  class Channel;
  using Place = AddressQuery::Place;
  std::unique_ptr<Query> ask_in(Place place, const std::string& host, Millis timeout,
                                Callback callback);
  std::unique_ptr<Query> resolve_service(std::string_view name, Millis timeout, Callback callback);
  UvLoop& loop_;
  AresOptions options_;
  Resolver* service_hosts_ = this;
  std::unique_ptr<Channel> hosts_;
  std::unique_ptr<Channel> dns_;
};

}  // namespace seawall::net
