// From what a purge request says to what the log takes: URLs normalised as keys are, names of sites
// resolved to hosts, and every part checked against what its caller may.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/proxy/node.h"
#include "common/proxy/purge_form.h"
#include "common/proxy/purge_rules.h"

namespace seawall::proxy {

struct PurgeRefusal {
  uint16_t status = 400;
  std::string why;
};

struct PurgeTargets {
  std::vector<purge::Target> targets;
  std::set<const cache::Site*> sites;  // that they belong to; empty: all
  bool all_sites = false;
  bool only_urls = true;
};
inline constexpr size_t kMaxPurgeTargets = 10'000;  // of one request

// `host`: the Host that paths without one belong to; empty: there is none. Works in the worker's
// key buffer.
std::optional<PurgeRefusal> resolve_targets(Worker& worker, const PurgeForm& form,
                                            std::string_view host, http::Scheme scheme,
                                            const PurgeGrant& grant, PurgeTargets& out);
// Whether the caller may touch these: for what was not made by resolve_targets() with its grant.
std::optional<PurgeRefusal> may_purge(const cache::SiteTable& sites, const PurgeGrant& grant,
                                      const std::vector<purge::Target>& targets);

}  // namespace seawall::proxy
