#include "common/config/reload.h"

#include "catch.h"

namespace seawall::config {

TEST_CASE("a reload names each difference that needs a restart, and no other") {
  const Snapshot old;
  CHECK(not_reloadable(old, old).empty());

  Snapshot now = old;
  now.listeners.resize(2);
  now.log.level = LogLevel::kDebug;
  now.limits.connections = 1;
  now.groups.resize(1);
  now.purge_allowed.resize(1);
  now.trusted_edges.resize(1);
  now.trust_client_certificates = true;
  CHECK(not_reloadable(old, now).empty());

  now.role = Role::kShield;
  now.node_name = "other";
  now.workers = 4;
  now.admin.port = 1;
  now.cache.shards = 128;
  now.cache.memory_bytes = 1 << 20;
  now.cache.max_object_bytes = 1 << 10;
  now.cache.eviction = Eviction::kLru;
  now.log.access_format = LogFormat::kCombined;
  now.log.error_path = "error.log";
  CHECK(not_reloadable(old, now) ==
        std::vector<std::string>{
            "role: edge → shield", "node:  → other", "workers: auto → 4",
            "admin: 127.0.0.1 port 0 → 127.0.0.1 port 1", "cache.memory: 268435456 → 1048576",
            "cache.shards: 64 → 128", "cache.max_object: 0 → 1024", "cache.eviction: sieve → lru",
            "log.access: - json → - combined", "log.error.path: - → error.log"});

  Snapshot silent = old;
  silent.admin.enabled = false;
  silent.log.access_path.clear();
  CHECK(not_reloadable(old, silent) ==
        std::vector<std::string>{"admin: 127.0.0.1 port 0 → off", "log.access: - json → off"});
}

}  // namespace seawall::config
