// Sites and their behaviors, and the table that finds both for a request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/cache/behavior.h"

namespace seawall::cache {

class PathMatcher;  // path_matcher.h

struct Site {
  std::string name;
  SourceLine source;
  std::vector<std::string> hosts;  // lower case, without port: exact, `*.example.com`, or `*`
  std::string upstream;            // default for its behaviors
  std::vector<Behavior>
      behaviors;       // first match wins; config/ ends it with a `*` that passes or caches
  uint32_t index = 0;  // position in the table, for counters

  std::shared_ptr<const PathMatcher> matcher;  // compiled from `behaviors` by SiteTable
};

// Immutable; built once per configuration snapshot.
class SiteTable {
 public:
  explicit SiteTable(std::vector<Site> sites);
  ~SiteTable();
  SiteTable(const SiteTable&) = delete;
  SiteTable& operator=(const SiteTable&) = delete;

  // `host`: lower case, without port. Exact names first, then the longest `*.` suffix, then `*`.
  // nullptr when no site serves that host. Does not allocate.
  const Site* find_site(std::string_view host) const;
  // `path`: normalised, without query. The first behavior that matches, or nullptr. Does not
  // allocate.
  static const Behavior* find_behavior(const Site& site, std::string_view path);

  const std::vector<Site>& sites() const;
  // Hash of all key and Vary rules with their hosts and patterns, in order: an edge sends it, and a
  // shield whose own differs passes without storing.
  uint64_t rules_hash() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace seawall::cache
