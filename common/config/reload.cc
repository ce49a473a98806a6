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

}  // namespace

std::vector<std::string> not_reloadable(const Snapshot& old, const Snapshot& now) {
  std::vector<std::string> out;
  const auto compare = [&out](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) out.push_back(std::string(what) + ": " + a + " → " + b + " needs a restart");
  };
  const auto workers = [](int n) { return n == 0 ? std::string("auto") : std::to_string(n); };
  compare("role", std::string(name(old.role)), std::string(name(now.role)));
  compare("workers", workers(old.workers), workers(now.workers));
  compare("cache.shards", std::to_string(old.cache.shards), std::to_string(now.cache.shards));
  compare("cache.memory", std::to_string(old.cache.memory_bytes),
          std::to_string(now.cache.memory_bytes));
  compare("cache.eviction", std::string(name(old.cache.eviction)),
          std::string(name(now.cache.eviction)));
  return out;
}

}  // namespace seawall::config
