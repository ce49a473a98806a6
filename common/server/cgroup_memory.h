// What the control groups of a process let it have of memory, on Linux. Pure but for the files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seawall::server {

// Where a process is, by /proc/PID/cgroup (cgroups(7)): "0::/path", "5:cpu,memory:/path".
struct CgroupPaths {
  std::optional<std::string> unified;  // of version 2
  std::optional<std::string> memory;   // of version 1's memory controller
};
CgroupPaths parse_cgroup_paths(std::string_view text);

// The smallest limit in bytes from a process's group up to the root: each group is bounded by those
// above it. `mount` is where the hierarchies are, /sys/fs/cgroup. Nothing where there is no limit,
// or none that can be seen: in a container the paths may be those outside of it, and its own group
// is the root.
std::optional<uint64_t> cgroup_memory_limit(const std::string& mount, const CgroupPaths& paths);

}  // namespace seawall::server
