// Lets through what carries a right X-Seawall-Auth, once (crypto/request_auth.h). Shared by all
// loops; any thread.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/crypto/nonce_memory.h"
#include "common/crypto/request_auth.h"
#include "common/http/head.h"
#include "common/metrics/counters.h"

namespace seawall::proxy {

class RequestGate {
 public:
  struct Rules {
    std::vector<crypto::AuthKey> keys;       // any of them will do
    Seconds window{60};                      // a request's time may be so far from ours
    size_t max_nonces = 1'000'000;           // requests of the window that are remembered
    std::vector<uint64_t> open_listeners{};  // by ListenerConfig::id(): what comes there may pass
  };

  // `seen` outlives reloads, so that they let nothing through twice.
  RequestGate(Rules rules, std::shared_ptr<crypto::NonceMemory> seen)
      : rules_(std::move(rules)), seen_(std::move(seen)) {}

  // Whether what comes by that listener has to pass.
  bool guards(uint64_t listener) const {
    const std::vector<uint64_t>& open = rules_.open_listeners;
    return std::find(open.begin(), open.end(), listener) == open.end();
  }

  struct Refusal {
    const char* detail = nullptr;  // null: the request may pass
    // 403, or 503 where clocks, a rotation of keys or too many requests may be the reason: then the
    // edge that asks goes on with what it has stored, or asks somebody else.
    uint16_t status = 403;
    metrics::Counter metrics::LoopCounters::*counter = nullptr;
  };
  // A request that passes has used up its signature.
  Refusal refusal(const http::RequestHead& head, WallTime now) const;

 private:
  const Rules rules_;
  const std::shared_ptr<crypto::NonceMemory> seen_;
};

}  // namespace seawall::proxy
