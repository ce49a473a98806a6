// Configuration text, as an edge's and as a shield's. What must never happen: a problem outside the
// text, a refusal without a problem, a value whose place does not begin with it, a site that does
// not end with a behavior for all paths.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/config/sections.h"

using namespace seawall;
using namespace seawall::config;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

void check_problems(const std::vector<Problem>& problems, const std::string& text) {
  const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  for (const Problem& problem : problems) {
    if (problem.file != "fuzz.json") continue;
    require(problem.line >= 1 && problem.line <= lines && problem.column >= 1);
    require(problem.column <= static_cast<int>(problem.source_line.size()) + 2);
    require(!problem.message.empty() && !format(problem).empty());
  }
}

void read(const Document& document, Role role, const std::string& text) {
  std::vector<Problem> problems;
  const CertificateCheck no_check;
  Reader reader(role, no_check, problems);
  Snapshot snapshot;
  read_node(reader, document.root, snapshot);
  check_problems(problems, text);
  if (!problems.empty()) return;
  require(snapshot.sites != nullptr && !snapshot.groups.empty() && !snapshot.listeners.empty());
  for (const cache::Site& site : snapshot.sites->sites()) {
    require(!site.hosts.empty() && !site.upstream.empty());
    require(cache::SiteTable::find_behavior(site, "/any/path") != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<Problem> problems;
  const auto document = parse_document("fuzz.json", text, problems);
  require(document != nullptr || problems.size() >= 1);
  check_problems(problems, text);
  if (!document) return 0;
  read(*document, Role::kEdge, text);
  read(*document, Role::kShield, text);
  return 0;
}
