// The scopes of a purge log: sets of hosts for which entries count, found from an object's host by
// hash look-ups, one for each of its labels at most. Each has its prefix lengths and its wildcards.
// Not thread-safe: the log's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/hash.h"
#include "common/purge/pattern.h"

namespace seawall::purge {

struct Wildcard {
  uint64_t number = 0;
  bool soft = false;
  Pattern pattern;
};

struct Scope {
  uint64_t id = 0;                            // never used again; 0: everywhere
  std::vector<std::string> hosts;             // sorted, each once; empty: everywhere
  std::map<size_t, uint32_t> prefix_lengths;  // length → how many entries
  std::vector<Wildcard> wildcards;            // by number
  uint32_t uses = 0;                          // targets that refer to it
};

class ScopeTable {
 public:
  ScopeTable() { everywhere_.uses = 1; }

  // The scope of these hosts, made where there is none, with one use more.
  Scope* use(std::vector<std::string> hosts);
  // Gives one use back; a scope without is gone.
  void release(Scope* scope);
  // Calls `visit(const Scope&)` for each scope that `host` is in; a scope that names a host twice
  // (as itself and by a suffix) may come twice.
  template <class Visit>
  void for_each(std::string_view host, Visit visit) const {
    visit(everywhere_);
    if (by_host_.empty()) return;
    visit_all(host, visit);
    for (size_t dot = host.find('.'); dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      if (dot > 0) visit_all(host.substr(dot), visit);
    }
  }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return hash64(text); }
  };
  template <class Visit>
  void visit_all(std::string_view name, Visit& visit) const {
    const auto it = by_host_.find(name);
    if (it == by_host_.end()) return;
    for (const Scope* scope : it->second) visit(*scope);
  }

  Scope everywhere_;
  uint64_t last_id_ = 0;
  std::map<std::vector<std::string>, std::unique_ptr<Scope>> scopes_;
  // "www.example.com", and ".example.com" for `*.example.com`.
  std::unordered_map<std::string, std::vector<Scope*>, TextHash, std::equal_to<>> by_host_;
};

}  // namespace seawall::purge
