// One question to a resolver, and what came back.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/net/resolver.h"

namespace seawall::net {

struct Asked {
  Asked(Resolver& resolver, std::string_view host, Millis timeout = Millis(10000)) {
    query = resolver.resolve(host, timeout, [this](Result<Resolution> r) {
      result.emplace(std::move(r));
      query.reset();  // allowed
    });
    answered_in_call = result.has_value();
  }
  bool has(std::string_view ip) const {
    if (!result || !result->ok()) return false;
    for (const Address& a : (*result)->addresses) {
      if (a.ip_string() == ip) return true;
    }
    return false;
  }
  std::string_view failing() const {
    if (!result || !result->ok() || !(*result)->failing) return "";
    return (*result)->failing;
  }
  std::optional<Result<Resolution>> result;
  std::unique_ptr<Query> query;
  bool answered_in_call = false;
};

}  // namespace seawall::net
