// How a node reaches its upstream: plain values that config/ fills. Defaults are the documented
// ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/upstream/policy.h"
#include "common/upstream/signing.h"

namespace seawall::upstream {

struct Timeouts {
  Millis dns{5000};
  Millis connect{3000};
  Millis tls{5000};
  Millis first_byte{30000};  // from request sent to final head
  Millis between_bytes{30000};
  Millis total{0};          // 0: none
  Millis pool_idle{55000};  // an idle connection is closed after this
};

struct ServerConfig {
  std::string url;  // as configured, for messages: https://host:port
  bool tls = false;
  std::string host;  // name or address, without brackets
  uint16_t port = 0;
  std::string srv;  // "_http._tcp.example.net": where it is (RFC 2782); empty: at host and port
  int weight = 1;
  bool backup = false;  // asked when no other is usable
  std::string zone;     // empty: in none
};

enum class HostRule : uint8_t { kViewer, kServer, kName };
enum class GroupKind : uint8_t {
  kOrigin,
  kShield
};  // what stands behind: decides about internal fields

struct TlsClientConfig {
  bool verify = true;
  std::string ca_file;           // empty: the system's
  std::string certificate_file;  // client certificate, optional
  std::string key_file;
  std::string sni;                // empty: the server's host name
  std::string verify_name;        // that the certificate must have; empty: that of SNI
  std::vector<std::string> pins;  // "sha256/BASE64" of keys, one of which it must have; empty: any
  bool tls13_only = false;
};

// A GET that tells whether a server is well.
struct ProbeRules {
  std::string path;  // empty: servers are not probed
  std::string host;  // empty: the server's own
  Millis interval{5000};
  double jitter = 0.2;  // of the interval, more or less
  Millis timeout{2000};
  int status = 0;    // that is expected; 0: 200 to 399
  std::string body;  // that is somewhere in the first 64 KiB
  int healthy_after = 2;
  int unhealthy_after = 3;
};

// What is sent again, and how often; see retry_budget.h.
struct RetryRules {
  enum Cause : uint8_t { kReset = 1, kTimeout = 2, k502 = 4, k503 = 8, k504 = 16 };
  static constexpr uint8_t cause_of(int status) {
    return status == 502 ? k502 : status == 503 ? k503 : status == 504 ? k504 : 0;
  }
  uint8_t on = kReset;  // causes: closed or reset before an answer, no answer in time, statuses
  int max = 2;          // for one request
  double budget = 0.2;  // of the group's requests, per loop
  int floor = 3;        // a second on top of that
  bool hedge = false;   // a second request beside one that is late: see hedged_exchange.h
};

struct HealthRules {
  int failures = 3;            // without an answer, in a row: ejects; 0: never
  double failure_ratio = 0.5;  // of all in the window: ejects; 0: never
  Millis window{10000};
  double latency_factor = 0;  // 95th percentile, of the median of the others': ejects; 0: never
  int min_requests = 20;      // in the window: fewer say nothing about ratio and latency
  Millis ejection{1000};      // doubles while it fails again, up to 30 s
  ProbeRules probe;
};

struct GroupConfig {
  std::string name;
  GroupKind kind = GroupKind::kOrigin;
  std::vector<ServerConfig> servers;
  Policy policy = Policy::kLeastRequests;  // config/ sets kConsistentHash for shields
  double load_factor = 1.25;               // kConsistentHash: of the even share, per loop
  std::string zone;                        // the node's own: its servers are asked first
  std::string fallback;                    // the group to ask while none of these is usable
  HealthRules health;
  RetryRules retry;
  Millis slow_start{10000};  // after an ejection: until it has its full weight again
  double max_ejected = 0.5;  // a larger share of the servers is not believed dead
  TlsClientConfig tls;
  Signing signing;
  Timeouts timeouts;
  HostRule host_rule = HostRule::kViewer;
  std::string host_name;          // for kName
  int max_connections = 1024;     // per server, in use by the whole node
  int max_idle = 128;             // per server and loop
  int max_pending = 1024;         // requests waiting for a connection, per group and loop
  Millis pending_time{5000};      // that a request waits so
  size_t head_bytes = 64 * 1024;  // of an answer; more is a protocol error
};

}  // namespace seawall::upstream
