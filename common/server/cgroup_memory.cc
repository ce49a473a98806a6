#include "common/server/cgroup_memory.h"

#include <algorithm>
#include <fstream>

namespace seawall::server {
namespace {

// Version 1 says "no limit" with the largest multiple of a page.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

// "max" is no number.
std::optional<uint64_t> read_limit(const std::string& file) {
  std::ifstream in(file);
  uint64_t bytes = 0;
  if (in >> bytes && bytes > 0 && bytes < kNoLimit) return bytes;
  return {};
}

// The smallest `name` of all folders from `root` to `path` below it.
std::optional<uint64_t> smallest(const std::string& root, std::string path, const char* name) {
  std::optional<uint64_t> out;
  // Outside of this namespace's root; what is above can't be seen.
  if (path.find("/..") != std::string::npos) path.clear();
  while (true) {
    while (path.ends_with('/')) path.pop_back();
    const std::optional<uint64_t> limit = read_limit(root + path + "/" + name);
    if (limit) out = std::min(*limit, out.value_or(*limit));
    if (path.empty()) return out;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

bool names(std::string_view controllers, std::string_view wanted) {
  while (true) {
    const size_t comma = controllers.find(',');
    if (controllers.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
}

}  // namespace

CgroupPaths parse_cgroup_paths(std::string_view text) {
  CgroupPaths out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (!path.starts_with('/')) continue;
    if (controllers.empty() && line.substr(0, first) == "0") out.unified = path;
    if (names(controllers, "memory")) out.memory = path;
  }
  return out;
}

std::optional<uint64_t> cgroup_memory_limit(const std::string& mount, const CgroupPaths& paths) {
  const auto v2 = smallest(mount, paths.unified.value_or(""), "memory.max");
  const auto v1 = smallest(mount + "/memory", paths.memory.value_or(""), "memory.limit_in_bytes");
  return v1 && v2 ? std::min(*v1, *v2) : v1 ? v1 : v2;
}

}  // namespace seawall::server
