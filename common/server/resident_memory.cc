#include "common/server/resident_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "common/server/cgroup_memory.h"

namespace seawall::server {
namespace {

uint64_t page_bytes() { return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

uint64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  return file >> size >> resident ? resident * page_bytes() : 0;
}

uint64_t memory_of_machine() {
  const uint64_t pages = static_cast<uint64_t>(std::max<long>(0, ::sysconf(_SC_PHYS_PAGES)));
  const uint64_t all = pages * page_bytes();
  std::ifstream file("/proc/self/cgroup");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto allowed = cgroup_memory_limit("/sys/fs/cgroup", parse_cgroup_paths(text));
  return std::min(all, allowed.value_or(all));
}

}  // namespace seawall::server
