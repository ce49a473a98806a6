// How a node takes part in a fleet: plain values that config/ fills. Defaults are the documented
// ones.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/time.h"

namespace seawall::cluster {

struct FleetConfig {
  bool enabled = false;
  std::string url;  // as configured, for messages
  std::string host;
  uint16_t port = 6379;
  bool tls = false;
  bool verify = true;
  std::string ca_file;        // empty: the system's
  std::string user;           // empty: Redis' default user
  std::string password_file;  // its first line; read at each connect; empty: no password
  std::string name = "default";
  Millis forget_after{600'000};  // a node that is silent for so long is not waited for any more
  uint64_t keep = 100'000;       // entries of the stream, at most

  friend bool operator==(const FleetConfig&, const FleetConfig&) = default;
};

}  // namespace seawall::cluster
