#include "common/config/load.h"

#include <algorithm>
#include <tuple>

#include "common/config/sections.h"

namespace seawall::config {
namespace {

// By place; the main file before the sites file.
void sort(std::vector<Problem>& problems, const std::string& main_file) {
  std::stable_sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) {
    return std::make_tuple(a.file != main_file, a.line, a.column) <
           std::make_tuple(b.file != main_file, b.line, b.column);
  });
}

}  // namespace

LoadResult load(const std::string& path, Role role, const CertificateCheck& check) {
  LoadResult result;
  const std::unique_ptr<Document> document = load_document(path, result.problems);
  if (!document) return result;
  Reader reader(role, check, result.problems);
  auto snapshot = std::make_shared<Snapshot>();
  read_node(reader, document->root, *snapshot);
  sort(result.problems, path);
  if (result.problems.empty()) result.snapshot = std::move(snapshot);
  return result;
}

std::vector<ShapeInfo> all_shapes() {
  std::vector<ShapeInfo> all;
  for (auto* shapes : {node_shapes, listener_shapes, limits_shapes, upstream_shapes, site_shapes,
                       behavior_shapes, key_rules_shapes, header_edits_shapes, refresh_shapes,
                       purge_shapes, fleet_shapes, resolver_shapes, auth_shapes}) {
    for (ShapeInfo& shape : shapes()) all.push_back(std::move(shape));
  }
  return all;
}

}  // namespace seawall::config
