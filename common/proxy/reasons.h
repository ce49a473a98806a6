// Of two reasons the one to tell.
#pragma once

#include "common/cache/policy.h"

namespace seawall::proxy {

// Whether it is a directive of the stored answer that forbids using it stale.
constexpr bool forbids_stale(cache::Reason reason) {
  using cache::Reason;
  return reason == Reason::kNoCache || reason == Reason::kMustRevalidate ||
         reason == Reason::kProxyRevalidate || reason == Reason::kSMaxage;
}

// What made us ask, where that is a directive; else what came of it.
constexpr cache::Reason telling_reason(cache::Reason asked, cache::Reason outcome) {
  using cache::Reason;
  const bool good = outcome == Reason::kStorable || outcome == Reason::kRevalidated;
  return forbids_stale(asked) && good ? asked : outcome;
}

}  // namespace seawall::proxy
