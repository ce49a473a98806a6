#include "common/net/rlimit.h"

#include <sys/resource.h>

namespace seawall::net {

Result<uint64_t> raise_open_files_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Error{.code = ErrorCode::kSystem, .detail = "cannot read the limit of open files"};
  }
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Error{.code = ErrorCode::kSystem, .detail = "cannot raise the limit of open files"};
  }
  return static_cast<uint64_t>(limit.rlim_cur);
}

}  // namespace seawall::net
