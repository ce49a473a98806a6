#include "common/config/reload.h"

#include "catch.h"

namespace seawall::config {

TEST_CASE("a reload names each difference that needs a restart, and no other") {
  const Snapshot old;
  CHECK(not_reloadable(old, old).empty());

  Snapshot now = old;
  now.node_name = "other";
  now.listeners.resize(2);
  now.admin.port = 1;
  now.cache.max_object_bytes = 1;
  now.log.level = LogLevel::kDebug;
  now.limits.connections = 1;
  now.groups.resize(1);
  CHECK(not_reloadable(old, now).empty());

  now.role = Role::kShield;
  now.workers = 4;
  now.cache.shards = 128;
  now.cache.memory_bytes = 1 << 20;
  now.cache.eviction = Eviction::kSieve;
  CHECK(not_reloadable(old, now) ==
        std::vector<std::string>{"role: edge → shield needs a restart",
                                 "workers: auto → 4 needs a restart",
                                 "cache.shards: 64 → 128 needs a restart",
                                 "cache.memory: 268435456 → 1048576 needs a restart",
                                 "cache.eviction: lru → sieve needs a restart"});
}

}  // namespace seawall::config
