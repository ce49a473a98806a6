// What follows from a reason or an error, and of two reasons the one to tell.
#pragma once

#include "common/base/result.h"
#include "common/cache/policy.h"

namespace seawall::proxy {

// Whether it is a directive of the stored answer that forbids using it stale.
constexpr bool forbids_stale(cache::Reason reason) {
  using cache::Reason;
  return reason == Reason::kNoCache || reason == Reason::kMustRevalidate ||
         reason == Reason::kProxyRevalidate || reason == Reason::kSMaxage;
}

// Whether those who have waited for another's fetch, and got this error of it, try once more,
// through one of them. Not after a time-out: they have waited as long; nor where there is too much
// to do.
constexpr bool is_worth_another_fetch(const Error& error) {
  switch (error.code) {
    case ErrorCode::kDns:
    case ErrorCode::kConnect:
    case ErrorCode::kTls:
    case ErrorCode::kReset:
    case ErrorCode::kProtocol:
      return true;
    default:
      return false;
  }
}

// What made us ask, where that is a directive; else what came of it.
constexpr cache::Reason telling_reason(cache::Reason asked, cache::Reason outcome) {
  using cache::Reason;
  const bool good = outcome == Reason::kStorable || outcome == Reason::kRevalidated;
  return forbids_stale(asked) && good ? asked : outcome;
}

}  // namespace seawall::proxy
