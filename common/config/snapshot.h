// A loaded configuration: immutable, shared by all loops, swapped whole on reload.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/cache/site.h"
#include "common/cluster/config.h"
#include "common/net/dns_settings.h"
#include "common/proxy/limits.h"
#include "common/proxy/purge_rules.h"
#include "common/proxy/request_gate.h"
#include "common/upstream/config.h"

namespace seawall::config {

enum class Role : uint8_t { kEdge, kShield };

struct Certificate {
  std::string certificate_file;
  std::string key_file;
};

struct ListenerConfig {
  std::string address = "::";  // numeric
  uint16_t port = 0;           // 0: chosen by the system, printed at start
  bool tls = false;
  std::vector<Certificate> certificates;  // chosen by SNI; the first is the default
  std::string client_ca_file;             // asks for client certificates, and verifies them
  int backlog = 4096;
  bool requires_auth = true;  // where Snapshot::auth names keys
  // The same socket: a reload keeps it.
  friend bool operator==(const ListenerConfig& a, const ListenerConfig& b) {
    return a.address == b.address && a.port == b.port && a.tls == b.tls;
  }
  uint64_t id() const;  // of what is compared
};

struct AdminConfig {
  bool enabled = true;
  std::string address = "127.0.0.1";
  uint16_t port = 0;
};

enum class Eviction : uint8_t { kLru, kS3Fifo, kSieve };

struct CacheConfig {
  uint64_t memory_bytes = 256ull << 20;
  uint32_t shards = 64;           // power of two
  uint64_t max_object_bytes = 0;  // 0: a quarter of memory_bytes
  Eviction eviction = Eviction::kSieve;
};

enum class LogFormat : uint8_t { kJson, kCombined };
enum class LogLevel : uint8_t { kError, kWarn, kInfo, kDebug };

struct LogConfig {
  std::string access_path = "-";  // "-": standard output, "": off
  LogFormat access_format = LogFormat::kJson;
  std::string error_path = "-";  // "-": standard error
  std::string audit_path;        // of purges; empty: the error log
  LogLevel level = LogLevel::kInfo;
};

// An address block, IPv4 or IPv6 (IPv4 as ::ffff:a.b.c.d).
struct AddressBlock {
  uint8_t bytes[16] = {};
  int prefix_bits = 128;
};

struct Snapshot {
  Role role = Role::kEdge;
  std::string file;
  std::string node_name;  // default: role and host name; in Via, CDN-Loop, Cache-Status
  int workers = 0;        // 0: one for each core
  std::string zone;       // empty: in none
  std::vector<ListenerConfig> listeners;
  AdminConfig admin;
  CacheConfig cache;
  LogConfig log;
  proxy::Limits limits;
  net::DnsSettings dns;
  std::vector<AddressBlock> trusted_edges;  // shield: whose internal fields are believed
  bool trust_client_certificates = false;   // shield: a verified client certificate is trusted, too
  proxy::RequestGate::Rules auth;           // without keys: requests need no signature
  std::vector<AddressBlock> purge_allowed;  // default: loopback
  proxy::PurgeRules purge;
  cluster::FleetConfig fleet;
  Seconds undo_window{300};  // in which a soft purge can be taken back
  std::vector<upstream::GroupConfig> groups;
  std::shared_ptr<const cache::SiteTable> sites;
};

}  // namespace seawall::config
