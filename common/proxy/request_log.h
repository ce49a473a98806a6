// What is counted and logged of one request when its answer has ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/cache_result.h"
#include "common/cache/reason.h"
#include "common/http/head.h"
#include "common/proxy/node.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

struct RequestLog {
  MonoTime started{};
  MonoTime first_byte{};  // 0: none yet
  uint16_t status = 0;
  CacheResult result = CacheResult::kOther;
  cache::Reason reason = cache::Reason::kNone;
  uint64_t bytes_sent = 0;
  uint64_t bytes_from_upstream = 0;  // of the body, for the one who had it fetched
  bool aborted = false;
  std::string upstream;    // who was asked
  std::string request_id;  // of errors
};

// Counters and access log; no allocation, no system call. `site` may be null.
void finish_request(Worker& worker, const Peer& peer, const cache::Site* site,
                    const http::RequestHead& head, const RequestLog& log);

}  // namespace seawall::proxy
