// `sites`, inline or in a file of their own that edge and shield share.
#include <algorithm>
#include <map>

#include "common/cache/path_matcher.h"
#include "common/config/sections.h"
#include "common/config/suggest.h"

namespace seawall::config {
namespace {

// A site while it is read, with the nodes that later checks point at.
struct SiteDraft {
  cache::Site site;
  std::vector<const Node*> hosts;  // beside site.hosts
  cache::Behavior defaults;
};

void read_name(Reader& reader, const Node& node, SiteDraft& out) {
  if (auto name = reader.text(node, "a name, for logs and counters")) out.site.name = *name;
}

void read_hosts(Reader& reader, const Node& node, SiteDraft& out) {
  read_array(reader, node, [&](const Node& item) {
    const bool wildcard = item.is(Node::Kind::kString) && item.text.starts_with("*.");
    Node name = item;
    if (wildcard) name.text.erase(0, 2);
    const auto host =
        item.is(Node::Kind::kString) && item.text == "*" ? std::string("*") : reader.host(name);
    if (!host) return;
    out.site.hosts.push_back((wildcard ? "*." : "") + *host);
    out.hosts.push_back(&item);
  });
  if (node.is(Node::Kind::kArray) && node.items.empty()) {
    reader.error(node, "no host", "\"www.example.com\", \"*.example.com\" or \"*\" for all others");
  }
}

void read_upstream(Reader& reader, const Node& node, SiteDraft& out) {
  if (auto name = reader.upstream(node)) out.site.upstream = *name;
}

void read_defaults(Reader& reader, const Node& node, SiteDraft& out) {
  read_behavior(reader, node, out.defaults);
  if (const Node* path = node.find("path")) {
    reader.error(*path, "\"path\" in defaults", "a path in each of \"behaviors\"");
    out.defaults.pattern = "*";
  }
}

// `patterns` in order, with the node of each.
void check_reachable(Reader& reader, const std::vector<std::string>& patterns,
                     const std::vector<const Node*>& nodes) {
  for (size_t i = 0; i < patterns.size(); ++i) {
    const std::optional<size_t> before = cache::shadowed_by(patterns, i);
    if (!before) continue;
    reader.error(*nodes[i],
                 "\"" + patterns[i] + "\" can never match: \"" + patterns[*before] + "\" in line " +
                     std::to_string(nodes[*before]->at.line) + " takes all its paths",
                 "this behavior before that one: the first match wins");
  }
}

void read_behaviors(Reader& reader, const Node& node, SiteDraft& out) {
  std::vector<std::string> patterns;
  std::vector<const Node*> nodes;
  read_array(reader, node, [&](const Node& item) {
    cache::Behavior behavior = out.defaults;
    behavior.pattern.clear();
    if (!read_behavior(reader, item, behavior)) return;
    const Node* path = item.find("path");
    if (path == nullptr)
      reader.error(item, "\"path\" is missing", "a pattern such as \"/static/*\"");
    if (behavior.pattern.empty()) return;
    patterns.push_back(behavior.pattern);
    nodes.push_back(path);
    out.site.behaviors.push_back(std::move(behavior));
  });
  check_reachable(reader, patterns, nodes);
}

// The order is that of reading: behaviors start from the defaults.
constexpr Key<SiteDraft> kSiteKeys[] = {
    {"name", read_name},
    {"hosts", read_hosts, "", Presence::kRequired},
    {"upstream", read_upstream},
    {"defaults", read_defaults, "behavior"},
    {"behaviors", read_behaviors, "behavior"},
};
constexpr Shape<SiteDraft> kSite = {"site", kSiteKeys};

// What an omitted `upstream` means: the only group that is no fallback, or the one called
// "default".
std::optional<std::string> default_upstream(const Reader& reader) {
  std::vector<std::string> names = reader.upstream_names;
  if (names.size() > 1) {
    std::erase_if(names, [&](const std::string& name) {
      const auto& stand_ins = reader.fallback_names;
      return std::find(stand_ins.begin(), stand_ins.end(), name) != stand_ins.end();
    });
  }
  if (names.size() == 1) return names[0];
  if (std::find(names.begin(), names.end(), "default") != names.end()) return "default";
  return std::nullopt;
}

void complete(Reader& reader, const Node& node, SiteDraft& draft) {
  cache::Site& site = draft.site;
  if (site.name.empty() && !site.hosts.empty()) site.name = site.hosts[0];
  if (node.find("upstream") == nullptr && !reader.upstream_names.empty()) {
    if (auto name = default_upstream(reader)) {
      site.upstream = *name;
    } else {
      const std::vector<std::string_view> known(reader.upstream_names.begin(),
                                                reader.upstream_names.end());
      reader.error(node, "\"upstream\" is missing",
                   list_words(known) + "; or have a single group, or one called \"default\"");
    }
  }
  const bool closed = std::any_of(site.behaviors.begin(), site.behaviors.end(),
                                  [](const auto& behavior) { return behavior.pattern == "*"; });
  if (!closed) {
    draft.defaults.pattern = "*";
    if (draft.defaults.source.line == 0) draft.defaults.source = site.source;
    site.behaviors.push_back(draft.defaults);
  }
}

using SeenNames = std::map<std::string, const Node*, std::less<>>;

// False if a host of the site stood before, in this site or another.
bool check_hosts(Reader& reader, const SiteDraft& draft, SeenNames& seen) {
  bool ok = true;
  for (size_t i = 0; i < draft.hosts.size(); ++i) {
    const auto [first, fresh] = seen.try_emplace(draft.site.hosts[i], draft.hosts[i]);
    if (fresh) continue;
    ok = false;
    reader.error(*draft.hosts[i], "the host \"" + first->first + "\" stands twice",
                 "each host once; the first is in line " + std::to_string(first->second->at.line));
  }
  return ok;
}

void read_list(Reader& reader, const Node& node, std::vector<cache::Site>& out) {
  SeenNames hosts;
  SeenNames names;
  read_array(reader, node, [&](const Node& item) {
    SiteDraft draft;
    draft.site.source = {item.at.source->path, item.at.line};
    if (!read_object(reader, item, kSite, draft)) return;
    complete(reader, item, draft);
    const bool own_hosts = check_hosts(reader, draft, hosts);
    const auto [first, fresh] = names.try_emplace(draft.site.name, &item);
    // Two with the same first host and no names are one mistake, not two.
    if (!fresh && own_hosts && !draft.site.name.empty()) {
      reader.error(
          item, "two sites are called \"" + first->first + "\"",
          "a \"name\" of its own; the other is in line " + std::to_string(first->second->at.line));
    }
    draft.site.index = static_cast<uint32_t>(out.size());
    out.push_back(std::move(draft.site));
  });
  if (node.is(Node::Kind::kArray) && node.items.empty()) {
    reader.error(node, "no site", "at least one: {\"hosts\": [ … ], \"behaviors\": [ … ]}");
  }
}

void read_list_member(Reader& reader, const Node& node, std::vector<cache::Site>& out) {
  read_list(reader, node, out);
}

constexpr Key<std::vector<cache::Site>> kFileKeys[] = {
    {"$schema", ignore<std::vector<cache::Site>>},
    {"sites", read_list_member, "site", Presence::kRequired},
};
constexpr Shape<std::vector<cache::Site>> kFile = {"sites_file", kFileKeys};

void read_file(Reader& reader, const Node& node, std::vector<cache::Site>& out) {
  const std::optional<std::string> path = reader.file(node);
  if (!path) return;
  const auto document = load_document(*path, reader.problems());
  if (!document) return;
  const Reader::OtherFile file(reader);
  if (document->root.is(Node::Kind::kObject)) {
    read_object(reader, document->root, kFile, out);
  } else {
    read_list(reader, document->root, out);
  }
}

}  // namespace

void read_sites(Reader& reader, const Node& node, Snapshot& out) {
  std::vector<cache::Site> sites;
  const size_t before = reader.problems().size();
  if (node.is(Node::Kind::kString)) {
    read_file(reader, node, sites);
  } else if (node.is(Node::Kind::kArray)) {
    read_list(reader, node, sites);
  } else {
    reader.wrong_type(node, "an array of sites, or the path of a file with one");
  }
  if (reader.problems().size() == before) {
    out.sites = std::make_shared<const cache::SiteTable>(std::move(sites));
  }
}

std::vector<ShapeInfo> site_shapes() { return {describe(kSite), describe(kFile)}; }

}  // namespace seawall::config
