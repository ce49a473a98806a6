// The limit on open descriptors, raised to what the system allows.
#pragma once

#include <cstdint>

#include "common/base/result.h"

namespace seawall::net {

// Sets the soft limit to the hard one; returns the limit that is now in force.
Result<uint64_t> raise_open_files_limit();

}  // namespace seawall::net
