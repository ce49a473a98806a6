// The readers of the parts of a configuration, each with the shapes that it accepts. Called in the
// order of the table in node.cc, which is that of what depends on what.
#pragma once

#include <vector>

#include "common/config/reader.h"
#include "common/config/snapshot.h"
#include "common/config/table.h"

namespace seawall::config {

// The whole file (node.cc).
void read_node(Reader& reader, const Node& node, Snapshot& out);

// Where the node listens (listeners.cc); refuses listeners that overlap.
void read_listeners(Reader& reader, const Node& node, Snapshot& out);
void read_admin(Reader& reader, const Node& node, Snapshot& out);

void read_limits(Reader& reader, const Node& node, Snapshot& out);     // limits.cc
void read_upstreams(Reader& reader, const Node& node, Snapshot& out);  // upstreams.cc
void read_resolver(Reader& reader, const Node& node, Snapshot& out);   // resolver.cc
void read_fleet(Reader& reader, const Node& node, Snapshot& out);      // fleet.cc
// What requests need here, and how a group's are signed (auth.cc).
void read_auth(Reader& reader, const Node& node, Snapshot& out);
void read_upstream_auth(Reader& reader, const Node& node, upstream::GroupConfig& out);
void read_s3(Reader& reader, const Node& node, upstream::GroupConfig& out);
void check_signing(Reader& reader, const Node& node, upstream::GroupConfig& out);

// An address block, added to `out` (purge.cc).
void add_block(Reader& reader, const Node& node, std::vector<AddressBlock>& out);
std::vector<AddressBlock> loopback_blocks();
// Who may purge, and how (purge.cc); looks at the names of the sites.
void read_purge(Reader& reader, const Node& node, Snapshot& out);

// The sites, inline or from the file that the string names (sites.cc).
void read_sites(Reader& reader, const Node& node, Snapshot& out);
// Overwrites in `out` what `node` says (behavior.cc, with its parts in key_rules.cc and
// header_edits.cc). Does not look at `path`'s place among others.
bool read_behavior(Reader& reader, const Node& node, cache::Behavior& out);
void read_key_rules(Reader& reader, const Node& node, cache::Behavior& out);
void read_refresh(Reader& reader, const Node& node, cache::Behavior& out);  // refresh.cc
void read_header_edits(Reader& reader, const Node& node, cache::Behavior& out);

// A list of field names in lower case, none twice.
std::vector<std::string> read_field_names(Reader& reader, const Node& node);

std::vector<ShapeInfo> node_shapes();
std::vector<ShapeInfo> listener_shapes();
std::vector<ShapeInfo> limits_shapes();
std::vector<ShapeInfo> upstream_shapes();
std::vector<ShapeInfo> site_shapes();
std::vector<ShapeInfo> behavior_shapes();
std::vector<ShapeInfo> key_rules_shapes();
std::vector<ShapeInfo> purge_shapes();
std::vector<ShapeInfo> fleet_shapes();
std::vector<ShapeInfo> resolver_shapes();
std::vector<ShapeInfo> auth_shapes();
std::vector<ShapeInfo> header_edits_shapes();
std::vector<ShapeInfo> refresh_shapes();
// All of the above: every object of a configuration but maps with free names.
std::vector<ShapeInfo> all_shapes();

}  // namespace seawall::config
