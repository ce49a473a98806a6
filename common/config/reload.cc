#include "common/config/reload.h"

#include <string_view>

namespace seawall::config {
namespace {

std::string_view name(Role role) { return role == Role::kEdge ? "edge" : "shield"; }

std::string_view name(Eviction eviction) {
  switch (eviction) {
    case Eviction::kLru:
      return "lru";
    case Eviction::kS3Fifo:
      return "s3-fifo";
    case Eviction::kSieve:
      return "sieve";
  }
  return "";
}

std::string show(const AdminConfig& admin) {
  if (!admin.enabled) return "off";
  return admin.address + " port " + std::to_string(admin.port);
}

std::string show_access(const LogConfig& log) {
  if (log.access_path.empty()) return "off";
  return log.access_path + (log.access_format == LogFormat::kJson ? " json" : " combined");
}

std::string show(const cluster::FleetConfig& fleet) {
  if (!fleet.enabled) return "none";
  return fleet.name + " at " + fleet.url + (fleet.user.empty() ? "" : " as " + fleet.user) +
         (fleet.password_file.empty() ? "" : ", password in " + fleet.password_file) +
         (fleet.ca_file.empty() ? "" : ", ca " + fleet.ca_file) +
         (fleet.verify ? "" : ", not verified") + ", forget_after " +
         std::to_string(fleet.forget_after.count()) + " ms, keep " + std::to_string(fleet.keep);
}

}  // namespace

std::vector<std::string> not_reloadable(const Snapshot& old, const Snapshot& now) {
  std::vector<std::string> out;
  const auto compare = [&out](std::string_view what, std::string_view a, std::string_view b) {
    if (a == b) return;
    out.push_back(std::string(what).append(": ").append(a).append(" → ").append(b));
  };
  const auto number = [](uint64_t n) { return std::to_string(n); };
  const auto workers = [](int n) { return n == 0 ? std::string("auto") : std::to_string(n); };
  compare("role", name(old.role), name(now.role));
  compare("node", old.node_name, now.node_name);
  compare("workers", workers(old.workers), workers(now.workers));
  compare("admin", show(old.admin), show(now.admin));
  compare("cache.memory", number(old.cache.memory_bytes), number(now.cache.memory_bytes));
  compare("cache.shards", number(old.cache.shards), number(now.cache.shards));
  compare("cache.max_object", number(old.cache.max_object_bytes),
          number(now.cache.max_object_bytes));
  compare("cache.eviction", name(old.cache.eviction), name(now.cache.eviction));
  compare("log.access", show_access(old.log), show_access(now.log));
  compare("log.error.path", old.log.error_path, now.log.error_path);
  compare("log.audit.path", old.log.audit_path, now.log.audit_path);
  if (!(old.fleet == now.fleet)) {
    compare("fleet", show(old.fleet), show(now.fleet));
  }
  compare("purge.undo_window", number(static_cast<uint64_t>(old.undo_window.count())) + " s",
          number(static_cast<uint64_t>(now.undo_window.count())) + " s");
  return out;
}

}  // namespace seawall::config
