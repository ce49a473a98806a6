// The SRV records (RFC 2782) of a DNS answer (RFC 1035 §4.1). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"

namespace seawall::net {

struct SrvRecord {
  std::string host;  // without the dot at the end; empty: the service is decidedly not there
  uint16_t port = 0;
  uint16_t priority = 0;  // the lowest is asked first
  uint16_t weight = 0;
};

struct SrvRecords {
  std::vector<SrvRecord> records;  // as they came
  Seconds ttl{0};                  // the smallest
};

// Of a whole message; records of other kinds (a CNAME's) count for the TTL only. kDns if malformed.
Result<SrvRecords> parse_srv_records(std::span<const unsigned char> message);

}  // namespace seawall::net
