// Who may purge what, and what the purge interface answers on: plain values that config/ fills, and
// the decision about one request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"
#include "common/cache/site.h"
#include "common/crypto/sha256.h"
#include "common/http/head.h"
#include "common/purge/purge.h"

namespace seawall::proxy {

struct Peer;

enum class PurgeScope : uint8_t {
  kUrl = 1,         // URLs and path patterns
  kTag = 2,         // tags
  kEverything = 4,  // whole hosts, whole sites, the whole node
};
std::string_view to_string(PurgeScope scope);

struct PurgeGrant {
  uint8_t scopes = 7;              // PurgeScope, or-ed
  std::vector<std::string> sites;  // by name; empty: all

  bool allows(PurgeScope scope) const { return scopes & static_cast<uint8_t>(scope); }
  bool allows(const cache::Site& site) const;
  bool allows_all_sites() const { return sites.empty(); }
};

struct PurgeToken {
  std::string name;  // in the audit log
  crypto::Sha256 sha256{};
  PurgeGrant grant;
};

struct PurgeRules {
  std::string path = "/purge";  // of POST and GET; empty: off
  std::vector<PurgeToken> tokens;
  uint32_t rate = 1000;           // purges a second of one token or address; 0: any number
  uint64_t body_bytes = 1 << 20;  // of a POST: else 413

  // `target` (as received) is the path, something below it, or it with a query. Every request asks:
  // the path's last character tells nearly always.
  bool is_path(std::string_view target) const {
    const size_t size = path.size();
    if (size == 0 || target.size() < size || target[size - 1] != path[size - 1]) return false;
    if (target.size() > size && target[size] != '/' && target[size] != '?') return false;
    return target.starts_with(path);
  }
};

struct PurgeCaller {
  std::string name;  // "token ci", "address 192.0.2.7"
  PurgeGrant grant;
};

// A token that was sent decides; without one the address does.
struct PurgeAdmission {
  enum class Outcome : uint8_t { kAdmitted, kUnknownToken, kStranger };
  Outcome outcome = Outcome::kStranger;
  PurgeCaller caller;
};
PurgeAdmission admit_purger(const PurgeRules& rules, const Peer& peer, http::Fields fields);

// The scope that a target needs.
PurgeScope scope_of(const purge::Target& target);

}  // namespace seawall::proxy
