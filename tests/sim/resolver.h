// DNS of the simulated world: answers late, with other addresses after a while, with an error, or
// never. It stands where AresResolver does, behind the real CachingResolver.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/net/resolver.h"
#include "tests/sim/loop.h"

namespace seawall::sim {

// Shared by all nodes.
struct Names {
  std::map<std::string, std::vector<std::string>, std::less<>> addresses;  // numeric
  MonoTime down_until{};
};

class SimResolver final : public net::Resolver {
 public:
  SimResolver(Scheduler& scheduler, SimLoop& loop, const Names& names)
      : scheduler_(scheduler), loop_(loop), names_(names) {}
  std::unique_ptr<net::Query> resolve(std::string_view host, Millis timeout,
                                      Callback callback) override;

 private:
  struct Question final : net::Query {
    std::string host;
    Callback callback;
  };
  void answer(Question& question);

  Scheduler& scheduler_;
  SimLoop& loop_;
  const Names& names_;
};

}  // namespace seawall::sim
