#include "common/server/resident_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

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
  uint64_t limit = pages * page_bytes();
  // Version 2 and 1; "max" is no number.
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    if (uint64_t allowed = 0; file >> allowed && allowed > 0) limit = std::min(limit, allowed);
  }
  return limit;
}

}  // namespace seawall::server
