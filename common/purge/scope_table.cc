#include "common/purge/scope_table.h"

#include <algorithm>

namespace seawall::purge {
namespace {

std::string_view indexed(std::string_view host) {
  return host.starts_with("*.") ? host.substr(1) : host;
}

}  // namespace

Scope* ScopeTable::use(std::vector<std::string> hosts) {
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  if (hosts.empty() || std::find(hosts.begin(), hosts.end(), "*") != hosts.end()) {
    ++everywhere_.uses;
    return &everywhere_;
  }
  std::unique_ptr<Scope>& scope = scopes_[hosts];
  if (!scope) {
    scope = std::make_unique<Scope>();
    scope->id = ++last_id_;
    scope->hosts = hosts;
    for (const std::string& host : hosts) {
      by_host_[std::string(indexed(host))].push_back(scope.get());
    }
  }
  ++scope->uses;
  return scope.get();
}

void ScopeTable::release(Scope* scope) {
  if (--scope->uses > 0) return;
  for (const std::string& host : scope->hosts) {
    const auto it = by_host_.find(indexed(host));
    std::erase(it->second, scope);
    if (it->second.empty()) by_host_.erase(it);
  }
  const std::vector<std::string> hosts = scope->hosts;
  scopes_.erase(hosts);
}

}  // namespace seawall::purge
