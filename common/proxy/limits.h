// Limits toward viewers and of what is read from upstreams. Plain values that config/ fills; the
// defaults are the documented ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/time.h"

namespace seawall::proxy {

struct Limits {
  size_t head_bytes = 32 * 1024;           // request line and fields: else 431
  size_t head_fields = 100;                // else 431
  size_t url_bytes = 16 * 1024;            // else 414
  uint64_t body_bytes = 1ull << 30;        // of requests: else 413
  size_t upstream_head_bytes = 64 * 1024;  // else 502
  Millis head_time{10000};        // from the first byte of a head to its end, absolute: else 408
  Millis body_idle_time{30000};   // between bytes of a request body: else 408
  Millis keep_alive_time{65000};  // idle between requests: then closed
  Millis write_idle_time{30000};  // a viewer that takes no byte for so long is cut, before twice it
  uint32_t requests_per_connection = 100000;
  uint32_t connections = 60000;  // of viewers, all loops
  uint32_t connections_per_address =
      4096;  // the same of one address (IPv6: of its /64); 0: no limit
  // Bytes a second that a viewer sends of a body within body_idle_time, or takes of an answer
  // within write_idle_time; fewer: 408, or it is cut. 0: any.
  uint32_t min_rate = 128;
  // Of the whole process: what it sheds when this comes near is in overload.h. 0: the machine's, or
  // its control group's.
  uint64_t memory = 0;
  Millis drain_time{10000};                 // after SIGTERM
  Millis ticket_key_time{4 * 3600 * 1000};  // then session tickets get a new key
  int max_ranges = 32;                      // in one request; more are answered with the whole
};

}  // namespace seawall::proxy
